import { type FakeObject, fieldsOf, isHeld, timestamp } from '../objects/object.ts';
import { type FakeResource, NAMESPACES, PODS } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import { stateOf } from '../pods/pod-object.ts';
import type { FakePods } from '../pods/pods.ts';

/**
 * Begins the end of an object, and returns it as it is then; null when it is gone at once. One with finalizers waits for those, a pod for what
 * runs in it, a namespace for what it holds; `grace` are seconds for that, null for what the pod says.
 */
export function beginEnd(
  store: FakeStore,
  pods: FakePods,
  resource: FakeResource,
  object: FakeObject,
  grace: number | null,
): FakeObject | null {
  const { name, namespace = '', deletionTimestamp } = object.metadata;
  if (resource === PODS) {
    const ending = pods.delete(namespace, name, grace);
    return store.get(PODS, namespace, name) === null ? null : ending;
  }
  if (resource === NAMESPACES) return endNamespace(store, object);
  if (!isHeld(object)) {
    store.delete(resource, namespace, name);
    return null;
  }
  if (deletionTimestamp !== undefined) return object;
  return store.put(resource, withEnd(object));
}

/** Lets go an object whose end has begun and that nobody holds any more; what still runs in a pod ends before that goes. */
export function letGo(
  store: FakeStore,
  pods: FakePods,
  resource: FakeResource,
  object: FakeObject,
): void {
  const { name, namespace = '' } = object.metadata;
  // It looks itself whether it may go.
  if (resource === NAMESPACES) return;
  if (resource !== PODS) store.delete(resource, namespace, name);
  else if (stateOf(object).phase !== 'Running') pods.delete(namespace, name, 0);
}

/** It goes when there is nothing in it, which takes a moment, or as long as its pods and finalizers take. */
function endNamespace(store: FakeStore, namespace: FakeObject): FakeObject {
  if (namespace.metadata.deletionTimestamp !== undefined) return namespace;
  const status = { ...fieldsOf(namespace, 'status'), phase: 'Terminating' };
  return store.put(NAMESPACES, { ...withEnd(namespace), status });
}

/** An object whose end has begun. */
function withEnd(object: FakeObject): FakeObject {
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: timestamp() } };
}
