import type http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Duplex } from 'node:stream';
import { checkTime } from '../../common/check.ts';
import { closeWithin } from '../../common/close-within.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { UpgradeRefusedError } from '../errors.ts';
import { httpFailure } from '../wire/status.ts';
import { parseRoute, type Route } from './routes.ts';
import { refuse } from './upgrade.ts';

/** How a server of streams closes. */
export interface CloseOptions {
  /** Milliseconds for clients to come to their end; those that have not are sent away then. Default 0: at once. */
  readonly deadlineMs?: number;
}

const CLOSE_NAMES = optionNames<CloseOptions>({ deadlineMs: true });

/** What was begun for a client. */
export interface Life {
  /** Resolves when its connection is closed. */
  readonly closed: Promise<unknown>;
  /** Sends the client away. */
  end(): void;
}

/** An upgrade that somebody asks for. */
export interface Visit {
  readonly route: Route;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** What it asks for is served: it counts for `maxPendingSessions` no longer. */
  readonly started: () => void;
}

/** What a door leads to. */
export interface DoorInit {
  readonly pathPrefix: string;
  readonly maxSessions: number;
  readonly maxPendingSessions: number;
  /** Serves a client to its end. What it throws before anything was answered is the answer: what an UpgradeRefusedError says, else 500. */
  readonly serve: (visit: Visit) => Promise<void>;
  /** It has thrown something else. */
  readonly failed: (error: unknown, request: IncomingMessage) => void;
}

/** The door of a server of streams: whose URLs they are, how many come in, what they are told who do not, and the end of all. */
export class UpgradeDoor {
  readonly #init: DoorInit;
  readonly #lives = new Set<Life>();
  readonly #detach: (() => void)[] = [];
  #sessions = 0;
  #pending = 0;
  #closing = false;
  #ending = false;

  constructor(init: DoorInit) {
    this.#init = init;
  }

  /** Those who came in and whose service is not over. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Serves the 'upgrade' events of a server. If nobody else listens for them, other URLs are answered 404. */
  attach(server: http.Server | https.Server): void {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (this.handleUpgrade(request, socket, head)) return;
      if (server.listenerCount('upgrade') > 1) return;
      socket.on('error', ignore);
      refuse(socket, failure(404, 'NotFound', 'nothing is served under this URL'));
    };
    server.on('upgrade', onUpgrade);
    this.#detach.push(() => server.removeListener('upgrade', onUpgrade));
  }

  /** False if the URL is none of these, and nothing was done. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    let route: Route | null;
    try {
      route = parseRoute(request.url ?? '', this.#init.pathPrefix);
    } catch (exception) {
      socket.on('error', ignore);
      refuse(socket, exception as UpgradeRefusedError);
      return true;
    }
    if (route === null) return false;
    socket.on('error', ignore);
    void this.#admit(route, request, socket, head);
    return true;
  }

  /** For requests that ask for no upgrade: answers 400 under these URLs; else false, and nothing was done. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    try {
      if (parseRoute(request.url ?? '', this.#init.pathPrefix) === null) return false;
    } catch {
      // It is ours, and no better.
    }
    response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('Upgrade request required\n');
    return true;
  }

  /** @throws UpgradeRefusedError (503) when nobody is let in any more */
  checkOpen(): void {
    if (this.#closing) throw failure(503, 'ServiceUnavailable', 'the server is closing');
  }

  /** Resolves when a client has gone, who is sent away when the time comes. */
  async keep(life: Life): Promise<void> {
    this.#lives.add(life);
    if (this.#ending) life.end();
    await life.closed;
    this.#lives.delete(life);
  }

  /** Lets nobody in, and sends all away when the time is up. Resolves when they are gone. */
  async close(options: CloseOptions = {}): Promise<void> {
    checkOptions('close()', options, CLOSE_NAMES);
    const { deadlineMs = 0 } = options;
    checkTime('deadlineMs', deadlineMs);
    this.#closing = true;
    for (const detach of this.#detach.splice(0)) detach();
    const gone = Promise.all([...this.#lives].map(({ closed }) => closed));
    if (deadlineMs === 0) this.#end();
    await closeWithin(deadlineMs, gone, () => this.#end());
  }

  #end(): void {
    this.#ending = true;
    for (const life of this.#lives) life.end();
  }

  /** Serves a request from the first check to the end of its session. Never rejects. */
  async #admit(
    route: Route,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const { maxSessions, maxPendingSessions, serve, failed } = this.#init;
    if (this.#closing || this.#sessions >= maxSessions || this.#pending >= maxPendingSessions) {
      const message = this.#closing ? 'the server is closing' : 'too many sessions';
      refuse(socket, failure(503, 'ServiceUnavailable', message));
      return;
    }
    this.#sessions += 1;
    this.#pending += 1;
    let pending = true;
    const started = (): void => {
      if (pending) this.#pending -= 1;
      pending = false;
    };
    try {
      if (request.method !== 'GET' && request.method !== 'POST')
        throw failure(405, 'MethodNotAllowed', 'only GET and POST are served');
      await serve({ route, request, socket, head, started });
    } catch (exception) {
      const refusal = exception instanceof UpgradeRefusedError ? exception : null;
      if (refusal === null) failed(exception, request);
      if (socket.destroyed) return;
      refuse(socket, refusal ?? failure(500, 'InternalError', 'the request could not be checked'));
    } finally {
      started();
      this.#sessions -= 1;
    }
  }
}

/** A refusal with a status. */
export function failure(code: number, reason: string, message: string): UpgradeRefusedError {
  return new UpgradeRefusedError(message, code, httpFailure(code, reason, message));
}

function ignore(): void {}
