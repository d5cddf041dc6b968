import { type FakeObject, type Fields, isFields, timestamp } from '../objects/object.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import {
  asFieldsV1,
  type FieldValues,
  fieldValues,
  isSameField,
  type ListRules,
  OWN_RULES,
  outerPaths,
  pathOf,
  shownPath,
  stepOf,
} from './field-paths.ts';
import {
  isSame,
  type Manager,
  type Owned,
  ownersOf,
  reduced,
  shownManager,
  withOwners,
} from './managed-fields.ts';

/** Who owns all of an object that nobody has applied anything to, and of which no owner is known. */
const BEFORE = 'before-first-apply';

/**
 * What an object becomes when somebody applies a configuration to it: fields that are given are as that has them, those that only they had given before
 * and do not give any more go. Refused (409) where others own fields of another value, unless `force` takes these.
 */
export function applyConfiguration(
  live: FakeObject,
  config: FakeObject,
  by: Manager,
  part: 'status' | 'rest' | 'all',
  force: boolean,
  rules: ListRules,
): FakeObject | Refusal {
  const applied = fieldValues(config, part, rules);
  const values = fieldValues(live, 'all', rules);
  const owners = ownersBefore(live, values, by);
  const others = owners.filter((owner) => !isSame(owner.by, by));
  const taken = (path: string): boolean =>
    applied.has(path) &&
    !isEmptyObject(path, applied, rules) &&
    !isSameField(path, applied, values);
  const conflicts = others.flatMap((owner) =>
    [...owner.paths].filter(taken).map((path) => ({ by: owner.by, path })),
  );
  if (conflicts.length > 0 && !force) return conflictRefusal(conflicts);
  const before = owners.find((owner) => isSame(owner.by, by));
  const merged = structuredClone(mergeFields(live, partOf(config, part), rules));
  const held = withOuter([...others.map(({ paths }) => paths), applied.keys()]);
  const given = [...(before?.paths ?? [])].filter((path) => !held.has(path));
  removeFields(merged, asFieldsV1(given));
  const own = ownedBy(config, by, part, before, rules);
  const kept = owners.map((owner) =>
    owner === before ? own : reduced(owner, (path) => !taken(path)),
  );
  return withOwners(merged as FakeObject, before === undefined ? [...kept, own] : kept);
}

/** What somebody owns who applies a configuration. */
export function ownedBy(
  config: FakeObject,
  by: Manager,
  part: 'status' | 'rest' | 'all',
  before: Owned | undefined,
  rules: ListRules,
): Owned {
  const paths = new Set(fieldValues(config, part, rules).keys());
  const isOld =
    before?.paths.size === paths.size && [...paths].every((path) => before.paths.has(path));
  return isOld ? before : { by, time: timestamp(), paths };
}

function ownersBefore(live: FakeObject, values: FieldValues, by: Manager): readonly Owned[] {
  const owners = ownersOf(live) ?? [];
  if (owners.length > 0) return owners;
  const unknown: Manager = { ...by, manager: BEFORE, operation: 'Update', subresource: '' };
  return [{ by: unknown, time: timestamp(), paths: new Set(values.keys()) }];
}

/** Whether a field is there, and nothing is said of what is in it. */
function isEmptyObject(path: string, values: FieldValues, rules: ListRules): boolean {
  const value = values.get(path);
  if (!isFields(value) || Object.keys(value).length > 0) return false;
  const names = pathOf(path)
    .filter((step) => step.startsWith('f:'))
    .map((step) => step.slice(2));
  const name = names.pop() ?? '';
  const outer = names.reduce((within, one) => within.below(one), rules);
  return !outer.isAtom(name);
}

/** Fields, and all in which they are. */
function withOuter(groups: readonly Iterable<string>[]): ReadonlySet<string> {
  const all = new Set<string>();
  for (const paths of groups) {
    for (const path of paths) {
      all.add(path);
      for (const outer of outerPaths(path)) all.add(outer);
    }
  }
  return all;
}

function conflictRefusal(
  conflicts: readonly { readonly by: Manager; readonly path: string }[],
): Refusal {
  const causes = conflicts.map(({ by, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${shownManager(by)}`,
    field: shownPath(path),
  }));
  const [first] = causes as [(typeof causes)[0]];
  const words = causes.length === 1 ? `${first.message}: ${first.field}` : groups(causes);
  return failure(
    409,
    `Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${words}`,
    causes,
  );
}

/** Those with each owner together. */
function groups(causes: readonly { readonly message: string; readonly field: string }[]): string {
  const fields = new Map<string, string[]>();
  for (const { message, field } of causes)
    fields.set(message, [...(fields.get(message) ?? []), field]);
  return [...fields]
    .map(([message, all]) => `${message.replace('conflict', 'conflicts')}:\n- ${all.join('\n- ')}`)
    .join('\n');
}

/** What of a configuration counts. */
function partOf(config: FakeObject, part: 'status' | 'rest' | 'all'): Fields {
  const { status, ...rest } = config;
  if (part === 'status') return status === undefined ? {} : { status };
  return part === 'all' ? config : rest;
}

function mergeFields(live: Fields, config: Fields, rules: ListRules): Fields {
  const entries = Object.entries(config).map(([name, value]) => [
    name,
    mergeValue(name, live[name], value, name === 'metadata' ? OWN_RULES : rules),
  ]);
  return { ...live, ...Object.fromEntries(entries) };
}

function mergeValue(name: string, live: unknown, value: unknown, rules: ListRules): unknown {
  const inner = rules.below(name);
  if (isFields(live) && isFields(value) && !rules.isAtom(name))
    return mergeFields(live, value, inner);
  if (!Array.isArray(live) || !Array.isArray(value)) return value;
  if (rules.isSet(name)) return [...new Set([...live, ...value])];
  const keys = rules.keysOf(name, value);
  return keys === null || rules.keysOf(name, live) === null
    ? value
    : mergeItems(keys, live, value, inner);
}

/** Items in the order of the configuration; those that it does not have stay where they are between them. */
function mergeItems(
  keys: readonly string[],
  live: readonly Fields[],
  value: readonly Fields[],
  rules: ListRules,
): Fields[] {
  const old = new Map(live.map((item) => [stepOf(keys, item), item]));
  const given = new Set(value.map((item) => stepOf(keys, item)));
  const rest = [...old].filter(([step]) => !given.has(step));
  const place = new Map([...old.keys()].map((step, index) => [step, index]));
  const merged: Fields[] = [];
  for (const item of value) {
    const step = stepOf(keys, item);
    const at = place.get(step);
    while (at !== undefined && rest[0] !== undefined && (place.get(rest[0][0]) as number) < at)
      merged.push((rest.shift() as [string, Fields])[1]);
    merged.push(mergeFields(old.get(step) ?? {}, item, rules));
  }
  return [...merged, ...rest.map(([, item]) => item)];
}

/** Takes fields and items away (as `fieldsV1` has them), and what is empty by that; false where nothing is left of `value`. */
function removeFields(value: unknown, fields: Fields): boolean {
  const steps = Object.entries(fields).filter(([step]) => step !== '.') as [string, Fields][];
  if (steps.length === 0) return true;
  if (Array.isArray(value)) {
    const left = withoutItems(value, steps);
    value.splice(0, value.length, ...left);
    return left.length > 0;
  }
  if (!isFields(value)) return true;
  for (const [step, below] of steps) {
    const name = step.slice(2);
    if (!step.startsWith('f:') || !Object.hasOwn(value, name)) continue;
    if (isMember(below) || !removeFields(value[name], below)) Reflect.deleteProperty(value, name);
  }
  return Object.keys(value).length > 0;
}

function withoutItems(items: readonly unknown[], steps: readonly [string, Fields][]): unknown[] {
  const removed = new Map(steps);
  const names = steps
    .filter(([step]) => step.startsWith('k:'))
    .map(([step]) => Object.keys(JSON.parse(step.slice(2)) as Fields));
  const ways = [...new Map(names.map((keys) => [keys.join(), keys])).values()];
  return items.filter((item) => {
    const own = isFields(item) ? ways.map((keys) => stepOf(keys, item)) : [];
    const below = [...own, `v:${JSON.stringify(item)}`]
      .map((step) => removed.get(step))
      .find(isFields);
    return below === undefined || (!isMember(below) && removeFields(item, below));
  });
}

/** Whether it goes as a whole. */
function isMember(fields: Fields): boolean {
  return '.' in fields || Object.keys(fields).length === 0;
}
