import { setImmediate } from 'node:timers';
import { type FakeObject, type Fields, isHeld, listOf, textOf } from '../objects/object.ts';
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
        this.#end({ resource: (place as Place).resource, object: now }, null);
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
      if (now.includes(owner) && isBlocking(object, owner)) continue;
      if (!now.includes(owner)) this.#disown(owner, uid);
      // It may have waited for this one.
      if (this.#places.has(owner)) this.#await(owner);
    }
    const isOver = type === 'DELETED' ? this.#owned.has(uid) : waits(object);
    if (isOver) this.#await(uid);
  }

  #disown(owner: string, uid: string): void {
    const owned = this.#owned.get(owner);
    owned?.delete(uid);
    if (owned?.size === 0) this.#owned.delete(owner);
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
    if (owner === null) for (const one of this.#dependentsOf(uid)) this.#end(one, uid);
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
      else if (this.#end(one, null) && isBlocking(one.object, uid)) left += 1;
    }
    if (left > 0) return;
    const others = finalizers.filter((one) => one !== (isOrphaning ? ORPHAN : FOREGROUND));
    const free = { ...owner, metadata: { ...owner.metadata, finalizers: others } };
    const put = this.#store.put(resource, free);
    if (!isHeld(put)) letGo(this.#store, this.#pods, resource, put);
  }

  /** Ends one, unless somebody owns it who stays; false where it is gone, or free. `lost` is an owner that has gone; null where none has just now. */
  #end({ resource, object }: Dependent, lost: string | null): boolean {
    if (object.metadata.deletionTimestamp !== undefined) return true;
    const owners = listOf(object.metadata, 'ownerReferences').map((reference) => {
      const owner = textOf(reference, 'uid');
      return { owner, state: owner === lost ? 'gone' : this.#stateOf(reference, object) };
    });
    if (owners.some(({ state }) => state === 'unknown')) return true;
    const gone = owners.filter(({ state }) => state !== 'there');
    if (gone.length < owners.length) {
      const uids = gone.map(({ owner }) => owner);
      this.#free({ resource, object }, uids);
      return false;
    }
    const isForeground = owners.some(({ state }) => state === 'waiting');
    const whole = isForeground ? this.#inForeground(object) : object;
    if (whole !== object) this.#store.put(resource, whole);
    return beginEnd(this.#store, this.#pods, resource, whole, null) !== null;
  }

  /** One that ends before its owner, as what it owns does before it. */
  #inForeground(object: FakeObject): FakeObject {
    const { uid = '' } = object.metadata;
    const dependents = this.#dependentsOf(uid);
    if (!dependents.some((one) => isBlocking(one.object, uid))) return object;
    // In a circle each would wait for the next one.
    const isCircle = dependents.some((one) => endsInForeground(one.object));
    return withPolicy(isCircle ? unblocking(object) : object, 'Foreground');
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
    const references = listOf(object.metadata, 'ownerReferences');
    return (
      references.length > 0 && references.every((one) => this.#stateOf(one, object) === 'gone')
    );
  }

  #dependentsOf(uid: string): Dependent[] {
    const places = [...(this.#owned.get(uid) ?? [])].map((one) => this.#places.get(one) as Place);
    return places.map((place) => ({
      resource: place.resource,
      object: this.#at(place) as FakeObject,
    }));
  }

  /** How it is with an owner: it is looked for where the object is, or in no namespace. */
  #stateOf(reference: Fields, { metadata: { namespace = '' } }: FakeObject): OwnerState {
    const { apiVersion, kind, uid } = reference;
    const resource = this.#store.resources.ofKind(apiVersion, kind);
    if (resource === null || (resource.namespaced && namespace === '')) return 'unknown';
    const place = resource.namespaced ? namespace : '';
    const owner = this.#store.get(resource, place, textOf(reference, 'name'));
    if (owner?.metadata.uid !== uid) return 'gone';
    return endsInForeground(owner as FakeObject) ? 'waiting' : 'there';
  }

  #at({ resource, namespace, name }: Place): FakeObject | null {
    return this.#store.get(resource, namespace, name);
  }
}

/** `waiting` ends behind what it owns; of an `unknown` one nobody can tell: its kind is not served, or it cannot own this object. */
type OwnerState = 'there' | 'waiting' | 'gone' | 'unknown';

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

function endsInForeground(object: FakeObject): boolean {
  return waits(object) && finalizersOf(object).includes(FOREGROUND);
}

/** An object for which no owner waits. */
function unblocking(object: FakeObject): FakeObject {
  const references = listOf(object.metadata, 'ownerReferences');
  const ownerReferences = references.map((one) => ({ ...one, blockOwnerDeletion: false }));
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
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
