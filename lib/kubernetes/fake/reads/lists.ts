import type { FakeObject } from '../objects/object.ts';
import { apiVersionOf, type FakeResource } from '../objects/resources.ts';
import { readSelectors, type Selection } from '../objects/selectors.ts';
import type { FakeStore } from '../objects/store.ts';
import type { ApiPlace } from '../requests/api-path.ts';
import { failure, failureBecause, type Refusal } from '../requests/refusals.ts';

/** A list of the API. */
export interface FakeList {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: object;
  readonly items: readonly FakeObject[];
}

/** Which objects of a place a query selects, or the refusal of what it asks. */
export function readSelection(place: ApiPlace, query: URLSearchParams): Selection | Refusal {
  const selected = readSelectors(place.resource, query);
  if (typeof selected === 'string') return failure(400, selected);
  const { namespace, name } = place;
  return (object) =>
    (namespace === null || object.metadata.namespace === namespace) &&
    (name === null || object.metadata.name === name) &&
    selected(object);
}

/** The answer to a request for a list. */
export function readList(
  store: FakeStore,
  place: ApiPlace,
  query: URLSearchParams,
): FakeList | Refusal {
  const selected = readSelection(place, query);
  if (typeof selected !== 'function') return selected;
  const refusal = query.has('continue') ? null : versionRefusal(store, query);
  if (refusal !== null) return refusal;
  const limit = query.get('limit') ?? '0';
  if (!/^\d{1,9}$/.test(limit)) return failure(400, `limit must be a number, got "${limit}"`);
  const all = store.list(place.resource, place.namespace).filter(selected);
  const from = startOf(store, query.get('continue'));
  if (typeof from !== 'number') return from;
  const end = Number(limit) === 0 ? all.length : from + Number(limit);
  return listOf(place.resource, store.version, all.slice(from, end), {
    ...(end < all.length
      ? { continue: continueToken(store.version, end), remainingItemCount: all.length - end }
      : {}),
  });
}

/** Objects as a list. */
export function listOf(
  resource: FakeResource,
  version: number,
  items: readonly FakeObject[],
  more: object = {},
): FakeList {
  return {
    kind: resource.custom?.listKind ?? `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: String(version), ...more },
    items,
  };
}

/** The version that a query names; null for none, which `0` is too: anything will do. */
export function readVersion(query: URLSearchParams): number | null | Refusal {
  const text = query.get('resourceVersion') ?? '';
  if (text === '' || text === '0') return null;
  if (!/^\d{1,15}$/.test(text))
    return failure(400, `resourceVersion must be a version of this server, got "${text}"`);
  return Number(text);
}

/** A version that is not here yet. */
export function tooNew(version: number, current: number): Refusal {
  const message = `Too large resource version: ${version}, current: ${current}`;
  return failure(504, message, [{ reason: 'ResourceVersionTooLarge', message }]);
}

function versionRefusal(store: FakeStore, query: URLSearchParams): Refusal | null {
  const version = readVersion(query);
  if (version !== null && typeof version === 'object') return version;
  const match = query.get('resourceVersionMatch');
  if (match !== null) {
    if (match !== 'Exact' && match !== 'NotOlderThan')
      return invalidList(`resourceVersionMatch: Unsupported value: "${match}"`);
    if (!query.get('resourceVersion'))
      return invalidList('resourceVersionMatch: Forbidden: it needs a resourceVersion');
    if (match === 'Exact' && query.get('resourceVersion') === '0')
      return invalidList('resourceVersionMatch: Forbidden: "Exact" is forbidden for "0"');
  }
  if (query.has('sendInitialEvents'))
    return invalidList('sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list');
  if (version === null) return null;
  if (version > store.version) return tooNew(version, store.version);
  if (match === 'Exact' && version !== store.version)
    return failure(
      410,
      `The provided resourceVersion ${version} is too old: only the last is kept`,
    );
  return null;
}

/** Options of a list that contradict each other. */
export function invalidList(problem: string): Refusal {
  return failure(422, `ListOptions.meta.k8s.io "" is invalid: ${problem}`);
}

/** Where a list goes on: it can only as long as nothing has changed. */
function startOf(store: FakeStore, token: string | null): number | Refusal {
  if (token === null || token === '') return 0;
  const [, version, start] =
    /^v(\d{1,15})-(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString('latin1')) ?? [];
  if (start === undefined) return failure(400, 'continue key is not valid');
  if (Number(version) === store.version) return Number(start);
  const message = 'The provided continue parameter is too old to display a consistent list result.';
  return failureBecause(410, 'Expired', message);
}

function continueToken(version: number, start: number): string {
  return Buffer.from(`v${version}-${start}`).toString('base64url');
}
