import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { RemoteFailureError } from '../../errors.ts';
import type { ServerCommand } from '../../server/command.ts';
import type { ForwardedConnection } from '../../server/forward-session.ts';
import { forwardTo } from '../../server/forward-to.ts';
import type { StreamingHandlers } from '../../server/handlers.ts';
import { runProcess } from '../../server/run-process.ts';
import { type FakeObject, isHeld } from '../objects/object.ts';
import { PODS } from '../objects/resources.ts';
import type { FakeStore, StoreChange } from '../objects/store.ts';
import { runningEphemerals } from './ephemeral-statuses.ts';
import { FakeMain } from './main.ts';
import { FakeMainLife } from './main-life.ts';
import { stateOf, withState } from './pod-object.ts';
import type { ResolvedContainer, ResolvedPod } from './pod-options.ts';
import type { FakePods } from './pods.ts';

/** The exit code of a command whose container has ended. */
const KILLED = 137;

/** What runs in a pod at the moment. */
interface Running {
  /** Fired when the pod ends. */
  readonly end: AbortController;
  readonly mains: Map<ResolvedContainer, FakeMain>;
  readonly lives: FakeMainLife[];
  readonly commands: Set<Promise<number>>;
}

/**
 * What the pods of a fake API server do: commands become local processes, ports are local ones. As a kubelet it sees to what becomes of the
 * objects: the streams of a pod that ends are ended, and when nothing runs in it any more it is gone.
 */
export class FakeWorkloads {
  readonly handlers: StreamingHandlers;
  readonly #store: FakeStore;
  readonly #pods: FakePods;
  readonly #running = new Map<ResolvedPod, Running>();
  /** The pod that a connection was made for: another one of its name is not meant. */
  readonly #bound = new WeakMap<IncomingMessage, Running>();
  readonly #ending = new Set<Promise<unknown>>();
  /** What runs in pods that end. */
  readonly #leaving = new Set<Running>();
  #open = false;

  constructor(store: FakeStore, pods: FakePods) {
    this.#store = store;
    this.#pods = pods;
    this.handlers = {
      exec: (command) => this.#exec(command),
      attach: (command) => this.#attach(command),
      portForward: (connection) => this.#forward(connection),
    };
    store.listen((change) => this.#changed(change));
  }

  /** How many local processes run. */
  get processes(): number {
    let count = 0;
    for (const { mains, commands } of [...this.#running.values(), ...this.#leaving]) {
      count += commands.size;
      for (const { running } of mains.values()) if (running) count += 1;
    }
    return count;
  }

  /** From now on a request means the pod that is there now. */
  bind(request: IncomingMessage, namespace: string, name: string): void {
    const pod = this.#pods.find(namespace, name);
    if (pod !== null) this.#bound.set(request, this.#runningOf(pod));
  }

  /** Ends the main processes, and waits for all others: those end with their clients. */
  async close(): Promise<void> {
    const all = [...this.#running.values()];
    for (const { lives } of all) for (const life of lives) life.stop();
    const mains = all.flatMap((running) => [...running.mains.values()].map((main) => main.close()));
    const commands = all.flatMap((running) => [...running.commands]);
    await Promise.allSettled([...mains, ...commands, ...this.#ending]);
  }

  #changed({ type, resource, object, previous }: StoreChange): void {
    if (resource !== PODS) return;
    const { name, namespace = '', deletionTimestamp, uid } = object.metadata;
    const began = previous !== null && stateOf(previous).phase === 'Running';
    if (type !== 'DELETED' && stateOf(object).phase === 'Running' && !began)
      this.#begin(this.#pods.find(namespace, name));
    if (previous === null) return;
    if (type !== 'DELETED') this.#beginEphemerals(object, previous);
    const gone = type === 'DELETED';
    const isEnding =
      deletionTimestamp !== undefined && previous.metadata.deletionTimestamp === undefined;
    const stops = stateOf(object).phase !== 'Running' && began;
    if (!gone && !isEnding && !stops) return;
    const pod = gone ? this.#pods.take(namespace, name) : this.#pods.find(namespace, name);
    if (pod === null) return;
    const ended = this.#end(pod).then(async () => {
      if (gone) await this.#pods.removeFoldersOf(pod);
      else if (isEnding) this.#leave(namespace, name, uid);
    });
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }

  /** Nothing runs in a pod that ends: it goes, or waits for those who want to be asked before. */
  #leave(namespace: string, name: string, uid: string | undefined): void {
    const pod = this.#store.get(PODS, namespace, name);
    if (pod === null || pod.metadata.uid !== uid) return;
    if (!isHeld(pod)) this.#store.delete(PODS, namespace, name);
    else if (stateOf(pod).phase === 'Running')
      this.#store.put(PODS, withState(pod, { ...stateOf(pod), phase: 'Failed', ready: false }));
  }

  /** From now on a pod runs. */
  #begin(pod: ResolvedPod | null): void {
    if (pod === null) return;
    const running = this.#runningOf(pod);
    for (const container of pod.containers) {
      // Those have had their life, or begin with their own status.
      if (container.isEphemeral) continue;
      if (container.logs.current.ended) container.logs.renew();
      if (container.start && this.#open) this.#live(pod, running, container);
    }
  }

  /** Ephemeral containers of a pod that run from now on. Those that have nothing to do begin with their first client. */
  #beginEphemerals(object: FakeObject, previous: FakeObject): void {
    const before = runningEphemerals(previous);
    const began = runningEphemerals(object).filter((name) => !before.includes(name));
    const { name, namespace = '' } = object.metadata;
    const pod = this.#pods.find(namespace, name);
    if (pod === null || began.length === 0) return;
    const running = this.#runningOf(pod);
    for (const container of pod.containers)
      if (container.start && container.isEphemeral && began.includes(container.name))
        this.#live(pod, running, container);
  }

  #live(pod: ResolvedPod, running: Running, container: ResolvedContainer): void {
    const life = new FakeMainLife(this.#store, pod, container, mainOf(running, container));
    running.lives.push(life);
    life.start();
  }

  /** The server listens: what has waited for it begins. */
  open(): void {
    this.#open = true;
    for (const pod of this.#pods.all) {
      const object = this.#store.get(PODS, pod.namespace, pod.name);
      if (object !== null && stateOf(object).phase === 'Running') this.#begin(pod);
    }
  }

  /** Ends what runs in a pod; resolves when it has ended. */
  async #end(pod: ResolvedPod): Promise<void> {
    const running = this.#runningOf(pod);
    // What comes from now on is another life of it.
    this.#running.delete(pod);
    this.#leaving.add(running);
    running.end.abort();
    for (const life of running.lives) life.stop();
    const mains = [...running.mains.values()].map((main) => main.close());
    await Promise.allSettled([...mains, ...running.commands]);
    this.#leaving.delete(running);
    for (const { logs } of pod.containers) logs.current.end();
  }

  async #exec(command: ServerCommand): Promise<number> {
    const { pod, running } = this.#podOf(command);
    const { directory, env } = containerOf(pod, command.container);
    const child = runProcess(command, {
      cwd: directory as string,
      env: { ...process.env, ...env },
      signal: running.end.signal,
    });
    running.commands.add(child);
    try {
      const code = await child;
      return running.end.signal.aborted ? KILLED : code;
    } finally {
      running.commands.delete(child);
    }
  }

  async #attach(command: ServerCommand): Promise<void> {
    const { pod, running } = this.#podOf(command);
    const container = containerOf(pod, command.container);
    const main = mainOf(running, container);
    if (container.isEphemeral) {
      if (main.ended) throw new RemoteFailureError(`container not found ("${container.name}")`);
      if (!main.running) this.#live(pod, running, container);
    }
    await main.attach(command);
  }

  async #forward(connection: ForwardedConnection): Promise<void> {
    const { pod, running } = this.#podOf(connection);
    const { host, ports } = pod;
    const port = ports.get(connection.port) ?? connection.port;
    const { signal } = running.end;
    // What the pod has not sent is never taken for its end.
    const reset = (): void => void connection.stream.destroy();
    signal.addEventListener('abort', reset, { once: true });
    try {
      await forwardTo({ ...(host === null ? {} : { host }), port })(connection);
    } finally {
      signal.removeEventListener('abort', reset);
    }
  }

  #podOf(asked: PodRequest): { readonly pod: ResolvedPod; readonly running: Running } {
    const { namespace, pod: name, request } = asked;
    const pod = this.#pods.find(namespace, name);
    const running = pod === null ? null : this.#runningOf(pod);
    const bound = this.#bound.get(request) ?? running;
    if (pod === null || running === null || bound !== running || running.end.signal.aborted)
      throw new RemoteFailureError(`pods "${name}" not found`);
    return { pod, running };
  }

  #runningOf(pod: ResolvedPod): Running {
    const found = this.#running.get(pod);
    if (found !== undefined) return found;
    const running: Running = {
      end: new AbortController(),
      mains: new Map(),
      lives: [],
      commands: new Set(),
    };
    // Each forwarded connection listens.
    setMaxListeners(0, running.end.signal);
    this.#running.set(pod, running);
    return running;
  }
}

function mainOf({ mains }: Running, container: ResolvedContainer): FakeMain {
  const main = mains.get(container) ?? new FakeMain(container);
  mains.set(container, main);
  return main;
}

/** What names a pod. */
interface PodRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly request: IncomingMessage;
}

function containerOf({ containers }: ResolvedPod, name: string | null): ResolvedContainer {
  const found = containers.find((container) => name === null || container.name === name);
  if (found === undefined) throw new RemoteFailureError(`container ${name} not found`);
  return found;
}
