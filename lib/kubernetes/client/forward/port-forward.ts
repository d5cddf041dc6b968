import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { abortSignal, onAbort } from '../../../common/abort.ts';
import { SpdyError } from '../../../errors.ts';
import { REFUSED_STREAM } from '../../../protocol/constants.ts';
import type { Session } from '../../../session/public.ts';
import { RemoteFailureError } from '../../errors.ts';
import { type KeepOpen, keepSessionOpen } from '../keep-open.ts';
import { leave } from '../leave.ts';
import { checkTargetNames, PORT_FORWARD_OPTION_NAMES } from '../option-names.ts';
import { abortedConnection, lost, unlessAborted } from './forward-failures.ts';
import { ForwardWay } from './forward-way.ts';
import { PodConnection } from './pod-connection.ts';
import type { PortForwardEvents } from './port-forward-events.ts';
import {
  abandon,
  ForwardListener,
  type ForwardPort,
  type ListenOptions,
  listenLocally,
} from './port-forward-listener.ts';
import {
  checkPort,
  type PortForwardRequest,
  type ReconnectLimits,
  type ResolvedPortForward,
  resolvePortForward,
} from './port-forward-options.ts';
import { StallWatch } from './stall-watch.ts';

/**
 * Connects to a pod to forward its ports: any number of connections and listeners over one connection to the cluster.
 *
 * Rejects as `upgradeToSpdy()` does: with UpgradeRefusedError, the error of the socket or of TLS, `ERR_SPDY_TIMEOUT`, `ERR_SPDY_ABORTED`,
 * InvalidArgumentError.
 */
export async function portForward(options: PortForwardRequest): Promise<PortForward> {
  checkTargetNames('portForward()', options, PORT_FORWARD_OPTION_NAMES);
  const settings = resolvePortForward(options);
  const { timeoutMs, transport, session, signal } = settings;
  const reconnect = settings.reconnect !== null;
  const way = new ForwardWay(options, { timeoutMs, transport, reconnect });
  return new PortForward(await way.open(signal, session), way, settings);
}

/** Ports of a pod, made reachable. Made by `portForward()`. */
export class PortForward extends EventEmitter<PortForwardEvents> {
  readonly #way: ForwardWay;
  readonly #settings: ResolvedPortForward;
  readonly #listeners = new Set<ForwardListener>();
  readonly #connections = new Set<PodConnection>();
  readonly #watch: StallWatch;
  readonly #end = new AbortController();
  readonly #stopAbort: () => void;
  readonly #port: ForwardPort;
  #session: Session | null = null;
  #keepOpen: KeepOpen | null = null;
  #opening: Promise<Session> | null = null;
  #nextRequestId = 0;
  #closed: Promise<void> | null = null;
  /** By `close()`: that its connections end is no error. */
  #closedOnPurpose = false;

  /** Made by `portForward()` and nobody else. */
  constructor(session: Session, way: ForwardWay, settings: ResolvedPortForward) {
    super();
    this.#way = way;
    this.#settings = settings;
    this.#watch = new StallWatch(settings.stallTimeoutMs, this.#connections);
    this.#port = {
      connect: (port, options) => this.connect(port, options),
      failed: (error, port) => {
        if (!this.#closedOnPurpose) this.emit('connectionError', error, port);
      },
      closed: (listener) => this.#listeners.delete(listener),
    };
    this.#adopt(session);
    this.#stopAbort = onAbort(settings.signal, (cause) => {
      void this.#finish(
        new SpdyError('ERR_SPDY_ABORTED', 'the port forward was aborted', 'local', { cause }),
      );
    });
  }

  /** Whether there is a connection to the cluster. */
  get connected(): boolean {
    return this.#session !== null && this.#session.state.phase === 'open';
  }

  /** Name of the pod that it leads to at this moment; null behind a URL. */
  get pod(): string | null {
    return this.#way.pod;
  }

  /** Whether everything has ended. */
  get closed(): boolean {
    return this.#closed !== null;
  }

  /** Forwarded connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** The listeners that are open. */
  get forwards(): readonly ForwardListener[] {
    return [...this.#listeners];
  }

  /**
   * Connects to a port of the pod: its number or name, of a service (`svc/NAME`) one of its own ports. The stream must be read: all share one connection without flow control of its own, so that an unread
   * one holds the others (see `stallTimeoutMs`).
   *
   * Rejects with RemoteFailureError when the server refuses, with ConnectionLostError, with `ERR_SPDY_TIMEOUT`; when the signal is fired
   * with `ERR_SPDY_ABORTED`; after `close()` with `ERR_SPDY_SESSION_CLOSED`. With `reconnect` also as `portForward()`. Whether something
   * listens on the port is only known later: the stream is destroyed with RemoteFailureError then.
   */
  async connect(
    port: number | string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PodConnection> {
    const wanted = checkPort('port', port);
    const signal = abortSignal(options.signal);
    const [session, number] =
      this.#readyNow(wanted, signal) ?? (await unlessAborted(this.#ready(wanted), signal));
    try {
      return await this.#accepted(session, number, signal);
    } catch (error) {
      if (!(error instanceof RemoteFailureError) || this.#settings.reconnect === null) throw error;
      this.#way.doubt();
      const [next, again] = await unlessAborted(this.#ready(wanted), signal);
      // Nothing was sent: the next pod does as well.
      if (next === session) throw error;
      return await this.#accepted(next, again, signal);
    }
  }

  /**
   * Listens on a local port and forwards each connection to a port of the pod.
   *
   * Rejects with the error of the local socket, as EADDRINUSE, and with InvalidArgumentError.
   */
  async listen(remotePort: number | string, options: ListenOptions = {}): Promise<ForwardListener> {
    checkPort('remotePort', remotePort);
    if (this.#closed !== null) throw abandon([]);
    const servers = await listenLocally(options);
    if (this.#closed !== null) throw abandon(servers);
    const listener = new ForwardListener(this.#port, remotePort, servers);
    this.#listeners.add(listener);
    return listener;
  }

  /** Ends all listeners and connections, and the connection to the cluster. */
  close(): Promise<void> {
    this.#closedOnPurpose = true;
    return this.#finish(null);
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #accepted(
    session: Session,
    port: number,
    signal: AbortSignal | null,
  ): Promise<PodConnection> {
    const connection = this.#open(session, port);
    const stopAbort = onAbort(signal, (reason) => connection.destroy(abortedConnection(reason)));
    try {
      await connection.accepted;
    } finally {
      stopAbort();
    }
    // The server may have told of a failure in the same breath.
    if (connection.errored !== null) throw connection.errored;
    return connection;
  }

  #open(session: Session, port: number): PodConnection {
    const { replyTimeoutMs } = this.#settings;
    let connection: PodConnection;
    try {
      connection = new PodConnection(session, port, this.#nextRequestId++, replyTimeoutMs);
    } catch (cause) {
      throw lost(cause);
    }
    this.#connections.add(connection);
    this.#watch.start(session);
    connection.once('close', () => this.#connections.delete(connection));
    connection.once('error', (error) => {
      if (error instanceof RemoteFailureError) this.#way.doubt();
    });
    return connection;
  }

  /** What `#ready()` resolves with, where nothing has to be waited for; else null. */
  #readyNow(port: number | string, signal: AbortSignal | null): [Session, number] | null {
    const session = this.#session;
    const number = this.#way.portNow(port);
    if (number === null || session === null || signal?.aborted === true) return null;
    return this.#closed === null && this.#isUsable(session) ? [session, number] : null;
  }

  /** Whether connections may be opened on a session without a look at its pod. */
  #isUsable(session: Session): boolean {
    const trusted = this.#settings.reconnect === null || !this.#way.doubted;
    return trusted && session.state.phase === 'open';
  }

  /** The session, or another one after it was lost or its pod is gone; and the number of a port there. */
  async #ready(port: number | string): Promise<[Session, number]> {
    return [await this.#current(), await this.#way.port(port, this.#end.signal)];
  }

  async #current(): Promise<Session> {
    if (this.#closed !== null) throw abandon([]);
    const session = this.#session;
    const { reconnect } = this.#settings;
    if (session !== null && this.#isUsable(session)) return session;
    if (reconnect === null) throw lost(session?.state.transportError);
    this.#opening ??= this.#renew(session, reconnect).finally(() => {
      this.#opening = null;
    });
    return await this.#opening;
  }

  /** A session that is open is left if its pod is gone. */
  async #renew(former: Session | null, limits: ReconnectLimits): Promise<Session> {
    if (former?.state.phase === 'open') {
      if (!(await this.#way.isGone(this.#end.signal))) return former;
      if (this.#closed !== null) throw abandon([]);
      this.#lose(former, null);
      void leave(former);
    }
    return await this.#reconnect(limits);
  }

  async #reconnect(limits: ReconnectLimits): Promise<Session> {
    const { attempts, maxDelayMs } = limits;
    const { signal } = this.#end;
    let delayMs = limits.minDelayMs;
    for (let attempt = 1; ; attempt++) {
      try {
        const session = await this.#way.open(signal, this.#settings.session);
        this.#adopt(session);
        this.emit('reconnect');
        return session;
      } catch (error) {
        if (signal.aborted) throw abandon([]);
        if (attempt === attempts || !this.#way.isWorthRetrying(error)) throw error;
      }
      await delay(delayMs, null, { signal }).catch(() => {
        throw abandon([]);
      });
      delayMs = Math.min(2 * delayMs, maxDelayMs);
    }
  }

  #adopt(session: Session): void {
    this.#session = session;
    this.#keepOpen = keepSessionOpen(session, this.#settings.keepOpen);
    // Servers open none.
    session.on('stream', (stream) => stream.close(REFUSED_STREAM));
    let failure: Error | null = null;
    session.on('error', (error) => {
      failure = error;
    });
    session.once('close', () => this.#lose(session, failure ?? session.state.transportError));
  }

  /** The connection to the cluster has ended. */
  #lose(session: Session, cause: Error | null): void {
    if (this.#session !== session || this.#closed !== null) return;
    this.#session = null;
    const error = lost(cause);
    this.emit('disconnect', error);
    if (this.#settings.reconnect === null) void this.#finish(error);
  }

  #finish(error: Error | null): Promise<void> {
    this.#closed ??= this.#tidyUp(error);
    return this.#closed;
  }

  async #tidyUp(error: Error | null): Promise<void> {
    this.#stopAbort();
    this.#keepOpen?.stop();
    this.#watch.stop();
    this.#end.abort();
    for (const connection of this.#connections) connection.destroy(error ?? undefined);
    const listeners = [...this.#listeners].map((listener) =>
      error === null ? listener.close() : listener.fail(error),
    );
    const session = this.#session === null ? null : leave(this.#session);
    await Promise.all([...listeners, session]);
    this.emit('close', error);
  }
}
