import { RemoteFailureError } from '../errors.ts';
import type { ServerCommand } from '../server/command.ts';
import type { ForwardedConnection } from '../server/forward-session.ts';
import { forwardTo } from '../server/forward-to.ts';
import type { StreamingHandlers } from '../server/handlers.ts';
import { runProcess } from '../server/run-process.ts';
import { FakeMain } from './main.ts';
import type { ResolvedContainer, ResolvedPod } from './pod-options.ts';
import type { FakePods } from './pods.ts';

/** What the pods of a fake API server do: commands become local processes, ports are local ones. */
export class FakeWorkloads {
  readonly handlers: StreamingHandlers;
  readonly #pods: FakePods;
  readonly #mains = new Map<ResolvedContainer, FakeMain>();
  readonly #commands = new Set<Promise<number>>();

  constructor(pods: FakePods) {
    this.#pods = pods;
    this.handlers = {
      exec: (command) => this.#exec(command),
      attach: (command) => this.#attach(command),
      portForward: (connection) => this.#forward(connection),
    };
  }

  /** How many local processes run. */
  get processes(): number {
    const mains = [...this.#mains.values()].filter(({ running }) => running);
    return this.#commands.size + mains.length;
  }

  /** Ends the main processes, and waits for all others: those end with their clients. */
  async close(): Promise<void> {
    const mains = [...this.#mains.values()].map((main) => main.close());
    await Promise.allSettled([...mains, ...this.#commands]);
  }

  async #exec(command: ServerCommand): Promise<number> {
    const { directory, env } = this.#container(command);
    const running = runProcess(command, {
      cwd: directory as string,
      env: { ...process.env, ...env },
    });
    this.#commands.add(running);
    try {
      return await running;
    } finally {
      this.#commands.delete(running);
    }
  }

  async #attach(command: ServerCommand): Promise<void> {
    const container = this.#container(command);
    const main = this.#mains.get(container) ?? new FakeMain(container);
    this.#mains.set(container, main);
    await main.attach(command);
  }

  async #forward(connection: ForwardedConnection): Promise<void> {
    const { host, ports } = this.#pod(connection);
    const port = ports.get(connection.port) ?? connection.port;
    await forwardTo({ ...(host === null ? {} : { host }), port })(connection);
  }

  #pod({ namespace, pod }: { readonly namespace: string; readonly pod: string }): ResolvedPod {
    const found = this.#pods.find(namespace, pod);
    if (found === null) throw new RemoteFailureError(`pods "${pod}" not found`);
    return found;
  }

  #container(command: ServerCommand): ResolvedContainer {
    const { containers } = this.#pod(command);
    const { container } = command;
    const found = containers.find(({ name }) => container === null || name === container);
    if (found === undefined) throw new RemoteFailureError(`container ${container} not found`);
    return found;
  }
}
