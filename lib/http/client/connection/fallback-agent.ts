import http from 'node:http';
import type { Duplex } from 'node:stream';
import { type ConnectPlan, openConnection } from './connect.ts';

/** An agent of `http` whose first connection is one that ALPN gave to HTTP/1.1, and that makes further ones as the agent would. */
export class FallbackAgent extends http.Agent {
  readonly #plan: ConnectPlan;
  #spare: Duplex | null;

  constructor(plan: ConnectPlan, socket: Duplex | null) {
    const { keepAlive, maxSockets } = plan.settings;
    super({ keepAlive, maxSockets });
    this.#plan = { ...plan, http1: true };
    this.#spare = socket;
    // The server may end it before it is used.
    socket?.on('error', ignore);
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | undefined {
    const spare = this.#spare;
    this.#spare = null;
    if (spare !== null && !spare.destroyed) {
      spare.off('error', ignore);
      return spare;
    }
    openConnection(this.#plan).then(
      ({ socket }) => callback?.(null, socket),
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
    return undefined;
  }

  /** Closes connections as soon as nothing uses them. */
  retire(hard: boolean): void {
    this.#spare?.destroy();
    this.#spare = null;
    if (hard) {
      this.destroy();
      return;
    }
    this.keepSocketAlive = () => false;
    for (const sockets of Object.values(this.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  }
}

function ignore(): void {}
