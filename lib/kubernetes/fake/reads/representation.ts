import { type FakeObject, isFields } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import type { FakeList } from './lists.ts';
import { tableOf } from './table.ts';

/** How objects are told: as they are, as what every object has, or as rows of a table. */
export type Representation = 'whole' | 'metadata' | 'table';

const FORMS: Readonly<Record<string, Representation>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
};

/** What a field `Accept` wants most of what there is. */
export function readAccept(accept: string | undefined): Representation | Refusal {
  for (const range of (accept ?? '*/*').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const as = parameters.find((one) => one.startsWith('as='))?.slice(3);
    if (as === undefined) return 'whole';
    if (Object.hasOwn(FORMS, as) && parameters.includes('g=meta.k8s.io'))
      return FORMS[as] as Representation;
  }
  return failure(406, 'only application/json is served');
}

/** An object or a list in such a form. */
export function represent(
  form: Representation,
  resource: FakeResource,
  answer: FakeObject | FakeList,
  query: URLSearchParams,
): object {
  if (form === 'whole') return answer;
  const items = 'items' in answer ? (answer.items as readonly FakeObject[]) : null;
  if (form === 'table') return asTable(resource, items ?? [answer as FakeObject], answer, query);
  if (items === null) return partial(answer as FakeObject);
  const { metadata } = answer;
  const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' };
  return { ...head, metadata, items: items.map(partial) };
}

function asTable(
  resource: FakeResource,
  items: readonly FakeObject[],
  { metadata }: FakeObject | FakeList,
  query: URLSearchParams,
): object {
  const include = query.get('includeObject') ?? 'Metadata';
  const row = (object: FakeObject): object | null => {
    if (include === 'None') return null;
    return include === 'Object' ? object : partial(object);
  };
  const {
    resourceVersion,
    continue: next,
    remainingItemCount,
  } = isFields(metadata) ? metadata : {};
  return tableOf(resource, items, { resourceVersion, continue: next, remainingItemCount }, row);
}

function partial({ metadata }: FakeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}
