import { type FakeObject, fieldsOf, isFields, isHeld, timestamp } from '../objects/object.ts';
import { type FakeResource, PODS, qualified, RESOURCES } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import { stateOf } from '../pods/pod-object.ts';
import type { FakePods } from '../pods/pods.ts';
import { listOf, readSelection } from '../reads/lists.ts';
import type { ApiPlace } from '../requests/api-path.ts';
import { failure, isRefusal, type Refusal } from '../requests/refusals.ts';
import type { FakeWrite, WriteAnswer } from './write.ts';

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
    if (place.resource.kind === 'Namespace') {
      const refusal = this.#namespaceRefusal(metadata.name);
      if (refusal !== null) return refusal;
    }
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
    if (resource !== PODS) this.#store.delete(resource, namespace, name);
    else if (stateOf(object).phase !== 'Running') this.#pods.delete(namespace, name, 0);
  }

  #end({ resource }: ApiPlace, found: FakeObject, grace: number | null): object {
    const { name, namespace = '', uid, deletionTimestamp = timestamp() } = found.metadata;
    if (resource === PODS) return this.#pods.delete(namespace, name, grace) ?? found;
    if (isHeld(found))
      return this.#store.put(resource, {
        ...found,
        metadata: { ...found.metadata, deletionTimestamp },
      });
    if (resource.kind === 'Namespace') this.#empty(name);
    this.#store.delete(resource, namespace, name);
    const details = { name, group: resource.group, kind: resource.plural, uid };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }

  /** Why a namespace stays; null if it may go. */
  #namespaceRefusal(namespace: string): Refusal | null {
    const words = `namespaces "${namespace}"`;
    if (namespace === 'default')
      return failure(403, `${words} is forbidden: this namespace may not be deleted`);
    for (const resource of RESOURCES) {
      if (!resource.namespaced) continue;
      const held = this.#store.list(resource, namespace).find(isHeld);
      if (held !== undefined) {
        const what = `${qualified(resource)} "${held.metadata.name}"`;
        return failure(409, `${words} cannot be deleted here: ${what} has finalizers`);
      }
    }
    return null;
  }

  /** Everything in a namespace goes with it. */
  #empty(namespace: string): void {
    for (const resource of RESOURCES) {
      if (!resource.namespaced) continue;
      for (const { metadata } of this.#store.list(resource, namespace)) {
        if (resource === PODS) this.#pods.delete(namespace, metadata.name, 0);
        else this.#store.delete(resource, namespace, metadata.name);
      }
    }
  }
}
