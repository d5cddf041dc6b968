import { type FakeObject, isHeld, timestamp } from '../objects/object.ts';
import { type FakeResource, PODS } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import type { FakePods } from '../pods/pods.ts';

/**
 * Begins the end of an object, and returns it as it is then; null when it is gone at once. One with finalizers waits for those, a pod for what
 * runs in it; `grace` are seconds for that, null for what the pod says.
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
  if (!isHeld(object)) {
    store.delete(resource, namespace, name);
    return null;
  }
  if (deletionTimestamp !== undefined) return object;
  return store.put(resource, withEnd(object));
}

/** An object whose end has begun. */
export function withEnd(object: FakeObject): FakeObject {
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: timestamp() } };
}
