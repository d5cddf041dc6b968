import { setImmediate } from 'node:timers';
import { type FakeObject, isHeld } from '../objects/object.ts';
import { NAMESPACES } from '../objects/resources.ts';
import type { FakeStore, StoreChange } from '../objects/store.ts';
import type { FakePods } from '../pods/pods.ts';
import { beginEnd } from './ends.ts';

/** How namespaces go whose end has begun: what is in one goes first. */
export class FakeNamespaces {
  readonly #store: FakeStore;
  readonly #pods: FakePods;
  /** Those that are looked through in a moment. */
  readonly #awaited = new Set<string>();

  constructor(store: FakeStore, pods: FakePods) {
    this.#store = store;
    this.#pods = pods;
    store.listen((change) => this.#changed(change));
  }

  /** Takes one away at once, with all that is in it; false when there is none. */
  remove(name: string): boolean {
    for (const resource of this.#store.resources.all)
      for (const { metadata } of resource.namespaced ? this.#store.list(resource, name) : [])
        this.#store.delete(resource, name, metadata.name);
    return this.#store.delete(NAMESPACES, '', name) !== null;
  }

  /** Whether the end of one has begun. */
  isEnding(name: string): boolean {
    const namespace = this.#store.get(NAMESPACES, '', name);
    return namespace !== null && isEnding(namespace);
  }

  #changed({ resource, object: { metadata } }: StoreChange): void {
    const name = resource === NAMESPACES ? metadata.name : (metadata.namespace ?? '');
    if (this.#awaited.has(name) || !this.isEnding(name)) return;
    this.#awaited.add(name);
    setImmediate(() => {
      this.#awaited.delete(name);
      this.#sweep(name);
    });
  }

  #sweep(name: string): void {
    if (!this.isEnding(name)) return;
    let left = 0;
    for (const resource of this.#store.resources.all) {
      if (!resource.namespaced) continue;
      for (const object of this.#store.list(resource, name))
        if (beginEnd(this.#store, this.#pods, resource, object, null) !== null) left += 1;
    }
    const namespace = this.#store.get(NAMESPACES, '', name) as FakeObject;
    if (left === 0 && !isHeld(namespace)) this.#store.delete(NAMESPACES, '', name);
  }
}

function isEnding({ metadata }: FakeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}
