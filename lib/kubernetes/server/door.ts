import { EventEmitter } from 'node:events';
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
  readonly deadlineMs?: number | undefined;
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

/** Who comes in. */
export interface DoorLimits {
  readonly pathPrefix: string;
  readonly maxSessions: number;
  readonly maxPendingSessions: number;
}

/** What servers of streams have in common: whose URLs they are, how many come in, what they are told who do not, and the end of all. */
export abstract class UpgradeDoor<
  Events extends Record<keyof Events, unknown[]>,
> extends EventEmitter<Events> {
  readonly #limits: DoorLimits;
  readonly #lives = new Set<Life>();
  readonly #detach: (() => void)[] = [];
  #sessions = 0;
  #pending = 0;
  #closing = false;
  #ending = false;

  constructor(limits: DoorLimits) {
    super();
    this.#limits = limits;
  }

  /** Clients that count for `maxSessions`. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Serves the 'upgrade' events of a server. If nobody else listens for them, other URLs are answered 404. Returns itself. */
  attach(server: http.Server | https.Server): this {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (this.handleUpgrade(request, socket, head)) return;
      if (server.listenerCount('upgrade') > 1) return;
      socket.on('error', ignore);
      refuse(socket, failure(404, 'NotFound', 'nothing is served under this URL'));
    };
    server.on('upgrade', onUpgrade);
    this.#detach.push(() => server.removeListener('upgrade', onUpgrade));
    return this;
  }

  /** For the 'upgrade' event of an `http.Server`: false if the URL is none of exec, attach or port forwarding, and nothing was done. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    let route: Route | null;
    try {
      route = parseRoute(request.url ?? '', this.#limits.pathPrefix);
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

  /** For requests that ask for no upgrade: answers 400 under such URLs; else false, and nothing was done. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    try {
      if (parseRoute(request.url ?? '', this.#limits.pathPrefix) === null) return false;
    } catch {
      // It is ours, and no better.
    }
    response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('Upgrade request required\n');
    return true;
  }

  /**
   * Accepts nothing more, gives clients the time of `deadlineMs`, sends those away that are still there, and resolves when their connections are
   * closed. Commands are told by their `signal`. Another call may shorten the time.
   */
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

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Serves a client to its end. What it throws before anything was answered is the answer: what an UpgradeRefusedError says, else 500. */
  protected abstract serve(visit: Visit): Promise<void>;

  /** `serve()` has thrown something else. */
  protected abstract failed(error: unknown, request: IncomingMessage): void;

  /** @throws UpgradeRefusedError (503) when nobody is let in any more */
  protected checkOpen(): void {
    if (this.#closing) throw failure(503, 'ServiceUnavailable', 'the server is closing');
  }

  /** Resolves when a client has gone, who is sent away when the time comes. */
  protected async keep(life: Life): Promise<void> {
    this.#lives.add(life);
    if (this.#ending) life.end();
    await life.closed;
    this.#lives.delete(life);
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
    const { maxSessions, maxPendingSessions } = this.#limits;
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
      await this.serve({ route, request, socket, head, started });
    } catch (exception) {
      const refusal = exception instanceof UpgradeRefusedError ? exception : null;
      if (refusal === null) this.failed(exception, request);
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
