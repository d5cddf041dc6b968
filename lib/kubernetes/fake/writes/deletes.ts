import { type FakeObject, fieldsOf, isFields } from '../objects/object.ts';
import { type FakeResource, NAMESPACES, PODS } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import { stateOf } from '../pods/pod-object.ts';
import type { FakePods } from '../pods/pods.ts';
import { listOf, readSelection } from '../reads/lists.ts';
import type { ApiPlace } from '../requests/api-path.ts';
import { failure, isRefusal } from '../requests/refusals.ts';
import { beginEnd } from './ends.ts';
import type { FakeNamespaces } from './namespaces.ts';
import { type FakeWrite, notAllowed, type WriteAnswer } from './write.ts';

/** Deletes objects for clients. */
export class FakeDeletes {
  readonly #store: FakeStore;
  readonly #pods: FakePods;
  readonly #namespaces: FakeNamespaces;

  constructor(store: FakeStore, pods: FakePods, namespaces: FakeNamespaces) {
    this.#store = store;
    this.#pods = pods;
    this.#namespaces = namespaces;
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
    if (query.has('dryRun') || (Array.isArray(dryRun) && dryRun.length > 0))
      return { code: 200, body: found };
    return { code: 200, body: this.#end(place, found, grace) };
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

  /** What still runs in a pod ends before that goes. */
  letGo(resource: FakeResource, object: FakeObject): void {
    const { name, namespace = '' } = object.metadata;
    // It looks itself whether it may go.
    if (resource === NAMESPACES) return;
    if (resource !== PODS) this.#store.delete(resource, namespace, name);
    else if (stateOf(object).phase !== 'Running') this.#pods.delete(namespace, name, 0);
  }

  #end({ resource }: ApiPlace, found: FakeObject, grace: number | null): object {
    if (resource === NAMESPACES) return this.#namespaces.terminate(found);
    const ending = beginEnd(this.#store, this.#pods, resource, found, grace);
    if (ending !== null) return ending;
    // The last state of a pod is told, and of others that they are gone.
    if (resource === PODS) return found;
    const { name, uid } = found.metadata;
    const details = { name, group: resource.group, kind: resource.plural, uid };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }
}
