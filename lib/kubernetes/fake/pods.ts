import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InvalidArgumentError } from '../../errors.ts';
import type { FakeObject } from './object.ts';
import { podObject, stateOf, withState } from './pod-object.ts';
import {
  checkPodState,
  type FakePod,
  type FakePodState,
  type ResolvedPod,
  resolvePod,
  resolvePodState,
} from './pod-options.ts';
import { PODS } from './resources.ts';
import type { FakeStore } from './store.ts';

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
    this.run(resolved);
    return this.#store.put(PODS, podObject(resolved, state, this.nextAddress()));
  }

  /** What runs for a pod that is there, or comes. */
  run(pod: ResolvedPod): void {
    this.#pods.set(`${pod.namespace}/${pod.name}`, pod);
    if (this.#open) this.#makeFolders(pod);
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

  /** An address that no pod has; nobody can reach it. */
  nextAddress(): string {
    this.#addresses += 1;
    const number = this.#addresses;
    return `10.244.${(number >> 8) & 255}.${number & 255}`;
  }

  /** From now on each container has a folder. */
  open(): void {
    this.#open = true;
    for (const pod of this.#pods.values()) this.#makeFolders(pod);
  }

  /** Removes the folders that were made. */
  async removeFolders(): Promise<void> {
    if (this.#folder === null) return;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    this.#folder = null;
  }

  #makeFolders({ containers }: ResolvedPod): void {
    for (const container of containers) {
      if (container.directory !== null) continue;
      this.#folder ??= mkdtempSync(path.join(tmpdir(), 'spdy-kube-fake-'));
      container.directory = mkdtempSync(path.join(this.#folder, `${container.name}-`));
    }
  }
}
