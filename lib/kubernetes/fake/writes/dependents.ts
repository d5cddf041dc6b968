import { setImmediate } from 'node:timers';
import { type FakeObject, isHeld, listOf, textOf } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import type { FakeStore, StoreChange } from '../objects/store.ts';
import { isTextList } from '../objects/texts.ts';
import type { FakePods } from '../pods/pods.ts';
import { beginEnd, letGo } from './ends.ts';

/** What holds an object until what it owns has gone, or has been set free. */
const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Where an object is. */
interface Place {
  readonly resource: FakeResource;
  readonly namespace: string;
  readonly name: string;
}

/** What becomes of the objects that others own (`ownerReferences`) when those go: they follow, a moment later, or are set free. */
export class FakeDependents {
  readonly #store: FakeStore;
  readonly #pods: FakePods;
  /** All objects, by their uids. */
  readonly #places = new Map<string, Place>();
  /** The uids of those that one owns, by its uid. */
  readonly #owned = new Map<string, Set<string>>();
  /** Those that are looked at in a moment. */
  readonly #awaited = new Set<string>();

  constructor(store: FakeStore, pods: FakePods) {
    this.#store = store;
    this.#pods = pods;
    store.listen((change) => this.#changed(change));
  }

  /** Takes an object away in a moment that names owners, of which none is there. */
  check(object: FakeObject): void {
    if (!this.#isLost(object)) return;
    const { uid = '' } = object.metadata;
    setImmediate(() => {
      const place = this.#places.get(uid);
      const now = place === undefined ? null : this.#at(place);
      if (now !== null && this.#isLost(now))
        this.#end({ resource: (place as Place).resource, object: now }, false);
    });
  }

  #changed({ type, resource, object, previous }: StoreChange): void {
    const { uid = '', namespace = '', name } = object.metadata;
    if (type !== 'DELETED') this.#places.set(uid, { resource, namespace, name });
    else this.#places.delete(uid);
    const now = type === 'DELETED' ? [] : ownersOf(object);
    const before = previous === null ? [] : ownersOf(previous);
    for (const owner of now) {
      const owned = this.#owned.get(owner) ?? new Set();
      this.#owned.set(owner, owned.add(uid));
    }
    for (const owner of before) {
      if (now.includes(owner)) continue;
      this.#owned.get(owner)?.delete(uid);
      if (this.#owned.get(owner)?.size === 0) this.#owned.delete(owner);
      // It may have waited for this one.
      if (this.#places.has(owner)) this.#await(owner);
    }
    const isOver = type === 'DELETED' ? this.#owned.has(uid) : waits(object);
    if (isOver) this.#await(uid);
  }

  #await(uid: string): void {
    if (this.#awaited.has(uid)) return;
    this.#awaited.add(uid);
    setImmediate(() => {
      this.#awaited.delete(uid);
      this.#settle(uid);
    });
  }

  #settle(uid: string): void {
    const place = this.#places.get(uid);
    const owner = place === undefined ? null : this.#at(place);
    if (owner === null) for (const one of this.#dependentsOf(uid)) this.#end(one, false);
    else if (waits(owner)) this.#settleEnd(place as Place, owner);
  }

  /** An owner whose end has begun. */
  #settleEnd({ resource }: Place, owner: FakeObject): void {
    const { uid = '' } = owner.metadata;
    const finalizers = finalizersOf(owner);
    const isOrphaning = finalizers.includes(ORPHAN);
    let left = 0;
    for (const one of this.#dependentsOf(uid)) {
      if (isOrphaning) this.#free(one, [uid]);
      else if (this.#end(one, true) && isBlocking(one.object, uid)) left += 1;
    }
    if (left > 0) return;
    const others = finalizers.filter((one) => one !== (isOrphaning ? ORPHAN : FOREGROUND));
    const free = { ...owner, metadata: { ...owner.metadata, finalizers: others } };
    const put = this.#store.put(resource, free);
    if (!isHeld(put)) letGo(this.#store, this.#pods, resource, put);
  }

  /** Ends one, unless somebody else owns it who stays; false where it is gone, or free. */
  #end({ resource, object }: Dependent, isForeground: boolean): boolean {
    const stays = (owner: string): boolean => {
      const place = this.#places.get(owner);
      if (place === undefined || !this.#isThere(owner, object)) return false;
      return !waits(this.#at(place) as FakeObject);
    };
    const owners = ownersOf(object);
    const gone = owners.filter((owner) => !stays(owner));
    if (gone.length < owners.length) {
      this.#free({ resource, object }, gone);
      return false;
    }
    if (object.metadata.deletionTimestamp !== undefined) return true;
    const { uid = '' } = object.metadata;
    const blocks = [...this.#dependentsOf(uid)].some((one) => isBlocking(one.object, uid));
    const policy = isForeground && blocks ? 'Foreground' : null;
    const whole = withPolicy(object, policy);
    if (policy !== null) this.#store.put(resource, whole);
    return beginEnd(this.#store, this.#pods, resource, whole, null) !== null;
  }

  /** Takes owners from one. */
  #free({ resource, object }: Dependent, owners: readonly string[]): void {
    const left = listOf(object.metadata, 'ownerReferences').filter(
      (one) => !owners.includes(textOf(one, 'uid')),
    );
    const { ownerReferences: _, ...rest } = object.metadata;
    const metadata = left.length === 0 ? rest : { ...rest, ownerReferences: left };
    this.#store.put(resource, { ...object, metadata: metadata as FakeObject['metadata'] });
  }

  /** Whether an object names owners, of which none is there. */
  #isLost(object: FakeObject): boolean {
    const owners = ownersOf(object);
    return owners.length > 0 && !owners.some((owner) => this.#isThere(owner, object));
  }

  #dependentsOf(uid: string): Dependent[] {
    const places = [...(this.#owned.get(uid) ?? [])].map((one) => this.#places.get(one) as Place);
    return places.map((place) => ({
      resource: place.resource,
      object: this.#at(place) as FakeObject,
    }));
  }

  /** Whether an owner is there for an object: where that is, or in no namespace. */
  #isThere(owner: string, { metadata: { namespace = '' } }: FakeObject): boolean {
    const place = this.#places.get(owner);
    return place !== undefined && (place.namespace === '' || place.namespace === namespace);
  }

  #at({ resource, namespace, name }: Place): FakeObject | null {
    return this.#store.get(resource, namespace, name);
  }
}

/** An object that somebody owns. */
interface Dependent {
  readonly resource: FakeResource;
  readonly object: FakeObject;
}

/** How what an object owns goes with it; null as the object itself says. */
export type Propagation = 'Foreground' | 'Background' | 'Orphan';

/** An object that is to end so. */
export function withPolicy(object: FakeObject, policy: Propagation | null): FakeObject {
  if (policy === null) return object;
  const { finalizers: _, ...rest } = object.metadata;
  const others = finalizersOf(object).filter((one) => one !== FOREGROUND && one !== ORPHAN);
  const own = { Foreground: [FOREGROUND], Orphan: [ORPHAN], Background: [] }[policy];
  const all = [...others, ...own];
  const metadata = { ...rest, ...(all.length === 0 ? {} : { finalizers: all }) };
  return { ...object, metadata: metadata as FakeObject['metadata'] };
}

/** Whether an object ends, and waits for what it owns. */
function waits(object: FakeObject): boolean {
  if (object.metadata.deletionTimestamp === undefined) return false;
  const finalizers = finalizersOf(object);
  return finalizers.includes(FOREGROUND) || finalizers.includes(ORPHAN);
}

function finalizersOf({ metadata: { finalizers } }: FakeObject): readonly string[] {
  return isTextList(finalizers) ? finalizers : [];
}

function ownersOf({ metadata }: FakeObject): string[] {
  return listOf(metadata, 'ownerReferences').map((one) => textOf(one, 'uid'));
}

function isBlocking({ metadata }: FakeObject, owner: string): boolean {
  return listOf(metadata, 'ownerReferences').some(
    ({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion === true,
  );
}
