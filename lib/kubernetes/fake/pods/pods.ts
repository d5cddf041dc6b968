import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers';
import { InvalidArgumentError } from '../../../errors.ts';
import { type FakeObject, fieldsOf, isHeld, listOf, timestamp } from '../objects/object.ts';
import { PODS } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import { withEphemeralsBegun } from './ephemeral-statuses.ts';
import { containerOf, podOfManifest } from './pod-manifest.ts';
import { podObject, stateOf, withState } from './pod-object.ts';
import {
  checkPodState,
  type FakePod,
  type FakePodState,
  type ResolvedPod,
  resolvePod,
  resolvePodState,
} from './pod-options.ts';

/** What runs for the pods of a fake API server, and the folders that were made for them. */
export class FakePods {
  readonly #store: FakeStore;
  readonly #pods = new Map<string, ResolvedPod>();
  #folder: string | null = null;
  #open = false;
  #addresses = 0;

  constructor(store: FakeStore) {
    this.#store = store;
  }

  /**
   * Adds one.
   *
   * @throws InvalidArgumentError for one that is there, or cannot be
   */
  add(pod: string | FakePod): FakeObject {
    const options = typeof pod === 'string' ? { name: pod } : pod;
    const resolved = resolvePod(options);
    const { name, namespace } = resolved;
    if (this.find(namespace, name) !== null)
      throw new InvalidArgumentError(`there are two pods ${namespace}/${name}`);
    const state = resolvePodState(options);
    this.#run(resolved);
    return this.#store.put(PODS, podObject(resolved, state, this.#nextAddress()));
  }

  /** One that a client makes: it is pending, and runs a moment later. */
  create(object: FakeObject): FakeObject {
    this.#run(podOfManifest(object));
    const stored = this.#store.put(PODS, object);
    const { name, namespace = '', uid } = stored.metadata;
    setImmediate(() => {
      const now = this.#store.get(PODS, namespace, name);
      // Unless the test has said something else of it meanwhile.
      if (now?.metadata.uid !== uid || stateOf(now as FakeObject).phase !== 'Pending') return;
      const state = resolvePodState({ phase: 'Running' }, stateOf(now as FakeObject));
      this.#store.put(PODS, withState(now as FakeObject, state, this.#nextAddress()));
    });
    return stored;
  }

  /** One that a client changes. Ephemeral containers that have come to it run a moment later, if it does. */
  update(object: FakeObject): FakeObject {
    const { name, namespace = '', uid } = object.metadata;
    const stored = this.#store.put(PODS, object);
    const pod = this.find(namespace, name);
    if (pod === null || !this.#addEphemerals(pod, stored)) return stored;
    setImmediate(() => {
      const now = this.#store.get(PODS, namespace, name);
      if (now === null || now.metadata.uid !== uid || isEnding(now)) return;
      this.#store.put(PODS, withEphemeralsBegun(now));
    });
    return stored;
  }

  /**
   * Begins the end of one; with no time to give it is gone at once, unless finalizers hold it. Null if there is none. `graceSeconds` null is what the pod says.
   */
  delete(namespace: string, name: string, graceSeconds: number | null): FakeObject | null {
    const pod = this.#store.get(PODS, namespace, name);
    if (pod === null) return null;
    const { terminationGracePeriodSeconds = 30 } = fieldsOf(pod, 'spec');
    const grace = graceSeconds ?? Number(terminationGracePeriodSeconds);
    if (grace === 0 && !isHeld(pod)) return this.#store.delete(PODS, namespace, name);
    if (isEnding(pod)) return pod;
    const end = timestamp(new Date(Date.now() + grace * 1000));
    const metadata = { ...pod.metadata, deletionTimestamp: end, deletionGracePeriodSeconds: grace };
    return this.#store.put(PODS, { ...pod, metadata });
  }

  /** Forgets what runs for a pod: nothing more is begun for it. Null if there is none. */
  take(namespace: string, name: string): ResolvedPod | null {
    const pod = this.find(namespace, name);
    this.#pods.delete(`${namespace}/${name}`);
    return pod;
  }

  /** Changes the state of one. Throws InvalidArgumentError when there is none, or for a state that is none. */
  setState(name: string, state: FakePodState, namespace: string): FakeObject {
    checkPodState(state);
    const pod = this.#store.get(PODS, namespace, name);
    if (pod === null) throw new InvalidArgumentError(`there is no pod ${namespace}/${name}`);
    return this.#store.put(PODS, withState(pod, resolvePodState(state, stateOf(pod))));
  }

  /** What runs for a pod; null if there is none. */
  find(namespace: string, name: string): ResolvedPod | null {
    return this.#pods.get(`${namespace}/${name}`) ?? null;
  }

  /** What runs for all of them. */
  get all(): ResolvedPod[] {
    return [...this.#pods.values()];
  }

  /** From now on each container has a folder. */
  open(): void {
    this.#open = true;
    for (const pod of this.#pods.values()) this.#makeFolders(pod);
  }

  /** Removes the folders that were made for one. */
  async removeFoldersOf({ containers }: ResolvedPod): Promise<void> {
    const made = containers.filter(({ directory }) =>
      directory?.startsWith(`${this.#folder}${path.sep}`),
    );
    await Promise.all(made.map(({ directory }) => removeFolder(directory as string)));
  }

  /** Removes the folders that were made. */
  async removeFolders(): Promise<void> {
    if (this.#folder === null) return;
    await removeFolder(this.#folder);
    this.#folder = null;
  }

  /** Whether some have come that were not there. */
  #addEphemerals(pod: ResolvedPod, object: FakeObject): boolean {
    const wanted = listOf(fieldsOf(object, 'spec'), 'ephemeralContainers');
    const added = wanted.filter(({ name }) => !pod.containers.some((one) => one.name === name));
    pod.containers.push(...added.map((one) => containerOf(one, true)));
    if (this.#open) this.#makeFolders(pod);
    return added.length > 0;
  }

  #run(pod: ResolvedPod): void {
    this.#pods.set(`${pod.namespace}/${pod.name}`, pod);
    if (this.#open) this.#makeFolders(pod);
  }

  /** An address that no pod has; nobody can reach it. */
  #nextAddress(): string {
    this.#addresses += 1;
    const number = this.#addresses;
    return `10.244.${(number >> 8) & 255}.${number & 255}`;
  }

  #makeFolders({ containers }: ResolvedPod): void {
    for (const container of containers) {
      if (container.directory !== null) continue;
      this.#folder ??= mkdtempSync(path.join(tmpdir(), 'spdy-kube-fake-'));
      container.directory = mkdtempSync(path.join(this.#folder, `${container.name}-`));
    }
  }
}

function isEnding({ metadata }: FakeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 3 });
}
