import { Deadline } from '../../../common/deadline.ts';
import type { FakeObject } from '../objects/object.ts';
import { PODS } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import { withEphemeralEnded } from './ephemeral-statuses.ts';
import type { FakeMain } from './main.ts';
import { stateOf, withMainChange } from './pod-object.ts';
import type { ResolvedContainer, ResolvedPod } from './pod-options.ts';

/** How long a main process that has ended waits to be run again: at first, and at most, in milliseconds. */
const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;

/** Runs the main process of a container from the beginning, and again as the policy of its pod says. Tells the API of it. */
export class FakeMainLife {
  readonly #store: FakeStore;
  readonly #pod: ResolvedPod;
  readonly #container: ResolvedContainer;
  readonly #main: FakeMain;
  readonly #uid: string | undefined;
  readonly #backoff = new Deadline();
  #backoffMs = FIRST_BACKOFF_MS;
  #stopped = false;

  constructor(store: FakeStore, pod: ResolvedPod, container: ResolvedContainer, main: FakeMain) {
    this.#store = store;
    this.#pod = pod;
    this.#container = container;
    this.#main = main;
    this.#uid = store.get(PODS, pod.namespace, pod.name)?.metadata.uid;
  }

  /** Starts it. */
  start(): void {
    const { namespace, name } = this.#pod;
    void this.#main.start(namespace, name).then((code) => this.#ended(code));
  }

  /** The pod ends: nothing is run again. */
  stop(): void {
    this.#stopped = true;
    this.#backoff.stop();
  }

  #ended(code: number): void {
    if (this.#stopped) return;
    const { isEphemeral, name } = this.#container;
    if (isEphemeral) {
      this.#tell((pod) => withEphemeralEnded(pod, name, code));
      return;
    }
    const { restartPolicy } = this.#pod;
    const restarts = restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && code !== 0);
    this.#tell((pod) => withMainChange(pod, name, { ended: code, restarts }));
    if (!restarts) return;
    this.#backoff.start(this.#backoffMs, () => {
      this.#tell((pod) => withMainChange(pod, name, { ended: null }));
      this.start();
    });
    this.#backoffMs = Math.min(2 * this.#backoffMs, LONGEST_BACKOFF_MS);
  }

  #tell(change: (pod: FakeObject) => FakeObject): void {
    const { namespace, name } = this.#pod;
    const pod = this.#store.get(PODS, namespace, name);
    if (pod === null || pod.metadata.uid !== this.#uid || stateOf(pod).phase !== 'Running') return;
    this.#store.put(PODS, change(pod));
  }
}
