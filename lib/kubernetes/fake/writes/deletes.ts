import { isDeepStrictEqual } from 'node:util';
import { type FakeObject, type Fields, fieldsOf, isFields } from '../objects/object.ts';
import { NAMESPACES, PODS } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import type { FakePods } from '../pods/pods.ts';
import { listOf, readSelection } from '../reads/lists.ts';
import type { ApiPlace } from '../requests/api-path.ts';
import { failure, isRefusal, type Refusal } from '../requests/refusals.ts';
import { type Propagation, withPolicy } from './dependents.ts';
import { beginEnd } from './ends.ts';
import { type FakeWrite, notAllowed, type WriteAnswer } from './write.ts';

/** Deletes objects for clients. */
export class FakeDeletes {
  readonly #store: FakeStore;
  readonly #pods: FakePods;

  constructor(store: FakeStore, pods: FakePods) {
    this.#store = store;
    this.#pods = pods;
  }

  /** Deletes one object, or says why not. */
  delete({ place, query, body }: FakeWrite, found: FakeObject): WriteAnswer {
    const options = isFields(body) ? body : {};
    const { gracePeriodSeconds = null, dryRun = [] } = options;
    const { uid, resourceVersion } = fieldsOf(options, 'preconditions');
    const { metadata } = found;
    if (place.resource === NAMESPACES && metadata.name === 'default')
      return failure(403, 'namespaces "default" is forbidden: this namespace may not be deleted');
    for (const [what, wanted, is] of [
      ['UID', uid, metadata.uid],
      ['ResourceVersion', resourceVersion, metadata.resourceVersion],
    ])
      if (wanted !== undefined && wanted !== null && wanted !== is)
        return failure(
          409,
          `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${is}`,
        );
    const asked = query.get('gracePeriodSeconds') ?? gracePeriodSeconds;
    const grace = asked === null ? null : Number(asked);
    if (grace !== null && (!Number.isInteger(grace) || grace < 0))
      return failure(400, `gracePeriodSeconds must be a number of seconds, got ${asked}`);
    const policy = readPropagation(query, options);
    if (policy !== null && typeof policy === 'object') return policy;
    if (query.has('dryRun') || (Array.isArray(dryRun) && dryRun.length > 0))
      return { code: 200, body: found };
    return { code: 200, body: this.#end(place, found, grace, policy) };
  }

  /** Deletes what the selectors of a request choose, or says why not. */
  deleteAll(write: FakeWrite): WriteAnswer {
    const { place, query } = write;
    if (place.resource === NAMESPACES) return notAllowed(write);
    const selected = readSelection(place, query);
    if (typeof selected !== 'function') return selected;
    const items = this.#store.list(place.resource, place.namespace).filter(selected);
    for (const item of items) {
      const answer = this.delete(write, item);
      if (isRefusal(answer)) return answer;
    }
    return { code: 200, body: listOf(place.resource, this.#store.version, items) };
  }

  #end(
    { resource }: ApiPlace,
    found: FakeObject,
    grace: number | null,
    policy: Propagation | null,
  ): object {
    // What is in a namespace goes with it, whatever is wanted.
    if (resource === NAMESPACES)
      return beginEnd(this.#store, this.#pods, resource, found, null) as FakeObject;
    const wanted = withPolicy(found, policy);
    const isChanged = !isDeepStrictEqual(wanted, found);
    const object = resource === PODS && isChanged ? this.#store.put(resource, wanted) : wanted;
    const ending = beginEnd(this.#store, this.#pods, resource, object, grace);
    if (ending !== null) return ending;
    // The last state of a pod is told, and of others that they are gone.
    if (resource === PODS) return found;
    const { name, uid } = found.metadata;
    const details = { name, group: resource.group, kind: resource.plural, uid };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }
}

/** What is to become of what an object owns; null for what the object itself says. */
function readPropagation(query: URLSearchParams, options: Fields): Propagation | null | Refusal {
  const { propagationPolicy, orphanDependents } = options;
  const orphans = query.get('orphanDependents') ?? orphanDependents ?? null;
  const policy = query.get('propagationPolicy') ?? propagationPolicy ?? null;
  const invalid = (problem: string): Refusal =>
    failure(422, `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: ${problem}`);
  if (orphans !== null && policy !== null)
    return invalid(
      `Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`,
    );
  if (orphans !== null) return String(orphans) === 'true' ? 'Orphan' : 'Background';
  if (policy === null || POLICIES.includes(policy as Propagation))
    return policy as Propagation | null;
  const known = [...POLICIES, 'nil'].map((one) => `"${one}"`).join(', ');
  return invalid(`Unsupported value: "${policy}": supported values: ${known}`);
}

const POLICIES: readonly Propagation[] = ['Foreground', 'Background', 'Orphan'];
