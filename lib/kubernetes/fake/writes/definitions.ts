import { setImmediate } from 'node:timers';
import { resourcesOf, storedResourceOf } from '../custom/definition.ts';
import { CLEANUP } from '../objects/defaults.ts';
import { type FakeObject, isHeld } from '../objects/object.ts';
import { DEFINITIONS, type FakeResource, qualified } from '../objects/resources.ts';
import { type FakeStore, isSameResource, type StoreChange } from '../objects/store.ts';
import type { FakePods } from '../pods/pods.ts';
import { beginEnd } from './ends.ts';

/** The definitions of custom resources: while there is one there is its kind. */
export class FakeDefinitions {
  readonly #store: FakeStore;
  readonly #pods: FakePods;
  /** Those that are looked through in a moment. */
  readonly #awaited = new Set<string>();

  constructor(store: FakeStore, pods: FakePods) {
    this.#store = store;
    this.#pods = pods;
    store.listen((change) => this.#changed(change));
  }

  /** Whether the definition of a resource is ending: no objects begin then. */
  isEnding(resource: FakeResource): boolean {
    if (resource.custom === undefined) return false;
    const definition = this.#store.get(DEFINITIONS, '', qualified(resource));
    return definition !== null && isEnding(definition);
  }

  #changed({ type, resource, object }: StoreChange): void {
    if (resource === DEFINITIONS) {
      const all = this.#store.list(DEFINITIONS);
      this.#store.resources.setCustom(all.flatMap(resourcesOf));
      if (type === 'DELETED') this.#removeAll(object);
    } else if (resource.custom === undefined) return;
    for (const one of this.#store.list(DEFINITIONS))
      if (isEnding(one) && isAbout(resource, storedResourceOf(one))) this.#await(one);
  }

  #await({ metadata: { name } }: FakeObject): void {
    if (this.#awaited.has(name)) return;
    this.#awaited.add(name);
    setImmediate(() => {
      this.#awaited.delete(name);
      this.#sweep(name);
    });
  }

  /** What is of a kind that ends goes first. */
  #sweep(name: string): void {
    const definition = this.#store.get(DEFINITIONS, '', name);
    if (definition === null || !isEnding(definition)) return;
    const resource = storedResourceOf(definition);
    let left = 0;
    for (const object of this.#store.list(resource))
      if (beginEnd(this.#store, this.#pods, resource, object, null) !== null) left += 1;
    if (left > 0) return;
    const { finalizers } = definition.metadata as { readonly finalizers?: readonly string[] };
    const others = (finalizers ?? []).filter((one) => one !== CLEANUP);
    const free = { ...definition, metadata: { ...definition.metadata, finalizers: others } };
    if (!isHeld(free)) this.#store.delete(DEFINITIONS, '', name);
    else if (others.length < (finalizers ?? []).length) this.#store.put(DEFINITIONS, free);
  }

  #removeAll(definition: FakeObject): void {
    const resource = storedResourceOf(definition);
    for (const { metadata } of this.#store.list(resource))
      this.#store.delete(resource, metadata.namespace ?? '', metadata.name);
  }
}

function isAbout(changed: FakeResource, own: FakeResource): boolean {
  return changed === DEFINITIONS || isSameResource(changed, own);
}

function isEnding({ metadata }: FakeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}
