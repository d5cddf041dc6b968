import { type FakeObject, type Fields, fieldsOf, isFields, timestamp } from '../objects/object.ts';
import {
  asFieldsV1,
  type FieldValues,
  fieldValues,
  isSameField,
  type ListRules,
  readFieldsV1,
} from './field-paths.ts';

/** Who writes an object, and how. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

/** What somebody owns. */
export interface Owned {
  readonly by: Manager;
  readonly time: string;
  readonly paths: ReadonlySet<string>;
}

/** Most of those that update; what older ones own is that of one. */
const MOST_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

/** Who owns what of an object; nobody of one that a test has made. Null where that cannot be understood. */
export function ownersOf({ metadata }: FakeObject): readonly Owned[] | null {
  const { managedFields = [] } = metadata;
  if (!Array.isArray(managedFields)) return null;
  const owners = managedFields
    .filter((one) => isFields(one) && Object.keys(one).length > 0)
    .map(readOwner);
  return owners.some((one) => one === null) ? null : (owners as Owned[]);
}

/** An object that says who owns what of it. */
export function withOwners(object: FakeObject, owners: readonly Owned[]): FakeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const left = owners.filter(({ paths }) => paths.size > 0);
  if (left.length === 0) return { ...object, metadata } as FakeObject;
  const managedFields = left.map(({ by, time, paths }) => ({
    ...{ manager: by.manager, operation: by.operation, apiVersion: by.apiVersion },
    ...(time === '' ? {} : { time }),
    ...{ fieldsType: 'FieldsV1', fieldsV1: asFieldsV1(paths) },
    ...(by.subresource === '' ? {} : { subresource: by.subresource }),
  }));
  return { ...object, metadata: { ...metadata, managedFields } } as FakeObject;
}

/**
 * An object with the owners that it has after a change that is no apply: whoever makes it owns what has changed, and nobody else does any more.
 * `before` is null for a new one; `given` what its writer says of the owners, null for nothing.
 */
export function afterUpdate(
  before: FakeObject | null,
  next: FakeObject,
  by: Manager,
  given: readonly Owned[] | null,
  rules: ListRules,
): FakeObject {
  const old: FieldValues = before === null ? new Map() : fieldValues(before, 'all', rules);
  const values = fieldValues(next, 'all', rules);
  const changed = [...values.keys()].filter((path) => !isSameField(path, old, values));
  const owners = given ?? (before === null ? [] : (ownersOf(before) ?? []));
  const taken = new Set(changed);
  const kept = owners.map((owner) =>
    reduced(owner, (path) => values.has(path) && (isSame(owner.by, by) || !taken.has(path))),
  );
  return withOwners(next, limited(added(kept, by, changed)));
}

/** What somebody owns, without what does not pass. */
export function reduced(owner: Owned, passes: (path: string) => boolean): Owned {
  const paths = [...owner.paths].filter(passes);
  return paths.length === owner.paths.size ? owner : { ...owner, paths: new Set(paths) };
}

/** Whether two are one. */
export function isSame(a: Manager, b: Manager): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

/** As error messages name them. */
export function shownManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const below = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const version = operation === 'Update' ? ` using ${apiVersion}` : '';
  return `${JSON.stringify(manager)}${below}${version}`;
}

function added(owners: readonly Owned[], by: Manager, paths: readonly string[]): Owned[] {
  const index = owners.findIndex((owner) => isSame(owner.by, by));
  if (paths.length === 0) return [...owners];
  const time = timestamp();
  if (index === -1) return [...owners, { by, time, paths: new Set(paths) }];
  const { paths: had } = owners[index] as Owned;
  return owners.with(index, { by, time, paths: new Set([...had, ...paths]) });
}

function limited(owners: readonly Owned[]): readonly Owned[] {
  const updaters = owners.filter(({ by }) => by.operation === 'Update');
  if (updaters.length <= MOST_UPDATERS) return owners;
  const oldest = updaters.slice(0, updaters.length - MOST_UPDATERS + 1);
  const [{ by, time }] = oldest as [Owned];
  const paths = new Set(oldest.flatMap((owner) => [...owner.paths]));
  const ancient = { by: { ...by, manager: ANCIENT }, time, paths };
  return [ancient, ...owners.filter((owner) => !oldest.includes(owner))];
}

function readOwner(entry: Fields): Owned | null {
  const { manager, operation, apiVersion = '', time = '', subresource = '', fieldsType } = entry;
  const paths = readFieldsV1(fieldsOf(entry, 'fieldsV1'));
  if (paths === null || fieldsType !== 'FieldsV1') return null;
  if (operation !== 'Apply' && operation !== 'Update') return null;
  for (const text of [manager, apiVersion, time, subresource])
    if (typeof text !== 'string') return null;
  const by = { manager, operation, apiVersion, subresource } as Manager;
  return { by, time: time as string, paths: new Set(paths) };
}
