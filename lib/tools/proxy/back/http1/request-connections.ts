import http from 'node:http';
import type { AgentOptions } from 'node:https';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { openSocket } from '../connect.ts';
import type { ResolvedBack } from '../options.ts';
import { watchEnd } from './ending.ts';

/** The connections of `http.request()` to a back. */
export class RequestConnections {
  /** Has them. */
  readonly agent: http.Agent;
  /** By `performance.now()`: since when those that are free wait for a request. */
  readonly #freeSince = new WeakMap<Duplex, number>();

  constructor(back: ResolvedBack) {
    const { idleTimeoutMs, maxConnections } = back;
    const options: AgentOptions = {
      keepAlive: true,
      maxSockets: maxConnections,
      scheduling: 'lifo',
      // `openSocket()` knows it: a request need not look for it in its fields.
      servername: '',
      ...(idleTimeoutMs > 0 ? { timeout: idleTimeoutMs } : {}),
    };
    const agent = new http.Agent(options);
    agent.createConnection = (() => watchEnd(openSocket(back, 'http/1.1'))) as never;
    agent.keepSocketAlive = (socket) => {
      const kept = http.Agent.prototype.keepSocketAlive.call(agent, socket) as unknown as boolean;
      if (kept) {
        socket.on('data', unasked);
        this.#freeSince.set(socket, performance.now());
      }
      return kept as never;
    };
    agent.reuseSocket = (socket, request) => {
      socket.off('data', unasked);
      http.Agent.prototype.reuseSocket.call(agent, socket, request);
    };
    this.agent = agent;
  }

  /** Ends those that are not used, and the others when they are free. */
  close(): void {
    this.dropUnused(Number.POSITIVE_INFINITY);
    this.agent.maxFreeSockets = 0;
  }

  /** Ends those that are free and were not used since then. */
  dropUnused(since: number): void {
    for (const sockets of Object.values(this.agent.freeSockets)) {
      for (const socket of sockets ?? []) {
        if ((this.#freeSince.get(socket) ?? 0) < since) socket.destroy();
      }
    }
  }

  /** Ends all of them. */
  destroy(): void {
    this.agent.destroy();
  }
}

/** What comes while nobody asks would be taken for the answer to the next request. */
function unasked(this: Duplex): void {
  this.destroy();
}
