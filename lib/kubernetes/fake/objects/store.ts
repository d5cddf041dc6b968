import { createHash } from 'node:crypto';
import { withDefaults } from './defaults.ts';
import { generationOf } from './generation.ts';
import { type FakeObject, timestamp } from './object.ts';
import { FakeResources } from './resource-registry.ts';
import { apiVersionOf, type FakeResource, NAMESPACES } from './resources.ts';

/** Something that has happened to an object. */
export interface StoreChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: FakeResource;
  /** As it is now; of one that is gone, its last state with the version of its end. */
  readonly object: FakeObject;
  /** As it was; null for one that was not there. */
  readonly previous: FakeObject | null;
  /** The version that the store has by it. */
  readonly version: number;
}

/** How many changes a client may have missed, and of how many characters of JSON. */
const HISTORY = 1000;
const HISTORY_LENGTH = 64 * 1024 * 1024;

/** A change that is kept, with the length of its object. */
interface KeptChange {
  readonly change: StoreChange;
  readonly length: number;
}

/** The objects of a fake API server. None of them is ever changed: a change puts another one in its place. */
export class FakeStore {
  /** Which resources there are. */
  readonly resources: FakeResources = new FakeResources();
  readonly #objects = new Map<string, Map<string, FakeObject>>();
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #history: KeptChange[] = [];
  #historyLength = 0;
  #version = 0;
  #forgotten = 0;

  constructor() {
    this.#ensureNamespace('default');
  }

  /** The version of the last change. */
  get version(): number {
    return this.#version;
  }

  /** One of them; null if there is none. */
  get(resource: FakeResource, namespace: string, name: string): FakeObject | null {
    const found = this.#objects.get(placeOf(resource))?.get(keyOf(namespace, name));
    return found === undefined ? null : inVersion(resource, found);
  }

  /** All of a namespace, or of all for null, in the order of their names. */
  list(resource: FakeResource, namespace: string | null = null): FakeObject[] {
    const all = [...(this.#objects.get(placeOf(resource)) ?? [])];
    return all
      .filter(([, { metadata }]) => namespace === null || metadata.namespace === namespace)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => inVersion(resource, object));
  }

  /** Whether there is such a namespace. */
  hasNamespace(namespace: string): boolean {
    return this.get(NAMESPACES, '', namespace) !== null;
  }

  /**
   * Puts an object there, new or in the place of one with its name, and returns it as it is stored. What the server makes is made, and its
   * namespace.
   */
  put(resource: FakeResource, object: FakeObject): FakeObject {
    const { name, namespace = '' } = object.metadata;
    if (namespace !== '') this.#ensureNamespace(namespace);
    const previous = this.get(resource, namespace, name);
    this.#version += 1;
    const version = String(this.#version);
    const made = this.preview(resource, object, version);
    const stored = { ...made, metadata: { ...made.metadata, resourceVersion: version } };
    const place = placeOf(resource);
    const objects = this.#objects.get(place) ?? new Map<string, FakeObject>();
    this.#objects.set(place, objects);
    objects.set(keyOf(namespace, name), stored);
    const type = previous === null ? 'ADDED' : 'MODIFIED';
    this.#tell({ type, resource, object: stored, previous, version: this.#version });
    return stored;
  }

  /** An object as it would be stored, without a version if it is new: a uid of one that is not made belongs to no other. */
  preview(resource: FakeResource, object: FakeObject, version = 'none'): FakeObject {
    const { name, namespace = '' } = object.metadata;
    const previous = this.get(resource, namespace, name);
    const { uid = uidOf(resource, object, version), creationTimestamp = timestamp() } =
      previous?.metadata ?? {};
    const generation = generationOf(object, previous);
    const counted = generation === undefined ? {} : { generation };
    const metadata = { ...object.metadata, ...counted, uid, creationTimestamp };
    return structuredClone({ ...object, metadata });
  }

  /** Takes one away; null if there is none. */
  delete(resource: FakeResource, namespace: string, name: string): FakeObject | null {
    const previous = this.get(resource, namespace, name);
    if (previous === null) return null;
    this.#objects.get(placeOf(resource))?.delete(keyOf(namespace, name));
    this.#version += 1;
    const metadata = { ...previous.metadata, resourceVersion: String(this.#version) };
    const object = { ...previous, metadata };
    this.#tell({ type: 'DELETED', resource, object, previous, version: this.#version });
    return object;
  }

  /** What has happened behind a version; null when that is not known any more. */
  changesSince(version: number): readonly StoreChange[] | null {
    if (version < this.#forgotten) return null;
    const since = this.#history.filter(({ change }) => change.version > version);
    return since.map(({ change }) => change);
  }

  /** Forgets what has happened: who has missed some of it has to read all again. */
  forget(): void {
    this.#history = [];
    this.#historyLength = 0;
    this.#forgotten = this.#version;
  }

  /** Calls `listener` with each change, until what is returned is called. */
  listen(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ensureNamespace(name: string): void {
    if (this.hasNamespace(name)) return;
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    this.put(NAMESPACES, withDefaults(object));
  }

  #tell(change: StoreChange): void {
    const { length } = JSON.stringify(change.object);
    this.#history.push({ change, length });
    this.#historyLength += length;
    if (this.#history.length > HISTORY || this.#historyLength > HISTORY_LENGTH) this.#drop();
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** Makes room for a while, not for each change. */
  #drop(): void {
    let dropped = 0;
    while (
      this.#history.length - dropped > HISTORY / 2 ||
      this.#historyLength > HISTORY_LENGTH / 2
    ) {
      const { change, length } = this.#history[dropped] as KeptChange;
      this.#historyLength -= length;
      this.#forgotten = change.version;
      dropped += 1;
    }
    this.#history.splice(0, dropped);
  }
}

/** Whether two are one, in whatever version. */
export function isSameResource(a: FakeResource, b: FakeResource): boolean {
  return a.plural === b.plural && a.group === b.group;
}

/** An object as a resource has it: versions of a custom kind differ in nothing else. */
export function inVersion(resource: FakeResource, object: FakeObject): FakeObject {
  if (resource.custom === undefined) return object;
  const apiVersion = apiVersionOf(resource);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** Where the objects of a resource are: those of all its versions together. */
function placeOf({ group, plural }: FakeResource): string {
  return `${group}/${plural}`;
}

/** No name has a NUL: objects of a namespace stand together. */
function keyOf(namespace: string, name: string): string {
  return `${namespace}\0${name}`;
}

/** The same in each run that does the same. */
function uidOf(resource: FakeResource, { metadata }: FakeObject, version: string): string {
  const words = [resource.kind, metadata.namespace, metadata.name, version].join('/');
  const hex = createHash('sha256').update(words).digest('hex').slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
