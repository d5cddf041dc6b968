import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Deadline } from '../../common/deadline.ts';
import { REFUSED_STREAM } from '../../protocol/constants.ts';
import type { Session, SpdyStream } from '../../session/public.ts';
import { headerValue, PORT, REQUEST_ID, STREAM_TYPE } from '../wire/protocols.ts';
import { ServerLife } from './life.ts';
import { type ForwardRequest, isPort } from './routes.ts';

/** A connection that a client forwards to a port of a pod. */
export interface ForwardedConnection {
  /** As the URL says; may be empty for one of `issuePath()`. */
  readonly namespace: string;
  /** Name of the pod; may be empty where `namespace` may. */
  readonly pod: string;
  /** Of the pod; only kubelets are told it. */
  readonly uid: string | null;
  /** 1 to 65535. */
  readonly port: number;
  /** The client's end. Both directions end on their own; destroying it resets the connection of the client. */
  readonly stream: Duplex;
  /** Fired when the client has given the connection up, or is gone, before the handler is done. */
  readonly signal: AbortSignal;
  /** The HTTP request that all connections of this client came by. */
  readonly request: IncomingMessage;
}

/** Serves one forwarded connection: resolves when it is done. What it throws is told to the client. */
export type PortForwardHandler = (connection: ForwardedConnection) => void | Promise<void>;

/** What a session of port forwarding is made of. */
export interface ForwardSessionInit {
  readonly session: Session;
  readonly asked: ForwardRequest;
  readonly request: IncomingMessage;
  readonly handler: PortForwardHandler;
  /** Most handlers at once. */
  readonly maxConnections: number;
  readonly streamCreationTimeoutMs: number;
  readonly endTimeoutMs: number;
  /** What the handler has thrown. */
  readonly failed: (error: unknown) => void;
}

/** The two streams of one connection, and what becomes of it. */
interface Pair {
  error: SpdyStream | null;
  data: SpdyStream | null;
  port: number;
  readonly gone: AbortController;
  readonly deadline: Deadline;
  started: boolean;
  failed: boolean;
}

/** The port forwarding of one client: pairs the streams of each connection and calls the handler. One that fails harms no other. */
export class ForwardSession {
  readonly life: ServerLife;
  /** Resolves when the session is closed and all handlers are done. */
  readonly done: Promise<void>;
  readonly #init: ForwardSessionInit;
  readonly #pairs = new Map<string, Pair>();
  readonly #running = new Set<Promise<void>>();

  constructor(init: ForwardSessionInit) {
    this.#init = init;
    this.life = new ServerLife(init.session, (stream) => this.#accept(stream));
    this.done = this.life.closed.then(async () => {
      for (const pair of this.#pairs.values()) {
        pair.deadline.stop();
        // Also where both directions have ended: its handler may wait for that.
        pair.gone.abort();
      }
      await Promise.all(this.#running);
    });
  }

  #accept(stream: SpdyStream): void {
    const type = headerValue(stream.headers, STREAM_TYPE);
    const port = portOf(headerValue(stream.headers, PORT));
    if ((type !== 'error' && type !== 'data') || port === null) {
      stream.close();
      return;
    }
    const id = requestIdOf(stream, type);
    if (!this.#pairs.has(id) && this.#running.size >= this.#init.maxConnections) {
      // Connections that were given up count as long as their handlers take to notice.
      stream.close(REFUSED_STREAM);
      return;
    }
    const pair = this.#pairs.get(id) ?? this.#open(id, port);
    if (pair[type] !== null) {
      stream.close();
      this.#fail(id, pair, `a second ${type} stream for the same connection`);
      return;
    }
    stream.respond();
    pair[type] = stream;
    if (type === 'error') stream.resume();
    else pair.port = port;
    stream.once('close', () => this.#closed(id, pair, type));
    if (pair.error !== null && pair.data !== null) this.#start(id, pair);
  }

  #open(id: string, port: number): Pair {
    const deadline = new Deadline();
    const gone = new AbortController();
    const pair = { error: null, data: null, port, gone, deadline, started: false, failed: false };
    this.#pairs.set(id, pair);
    const { streamCreationTimeoutMs } = this.#init;
    if (streamCreationTimeoutMs > 0) {
      const message = `the streams of the connection were not there within ${streamCreationTimeoutMs} ms`;
      deadline.start(streamCreationTimeoutMs, () => this.#fail(id, pair, message));
    }
    return pair;
  }

  #start(id: string, pair: Pair): void {
    pair.deadline.stop();
    pair.started = true;
    const running = Promise.resolve().then(() => this.#serve(id, pair));
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  async #serve(id: string, pair: Pair): Promise<void> {
    const { asked, request, handler, failed } = this.#init;
    const { namespace, pod, uid } = asked;
    const { port } = pair;
    const stream = pair.data as SpdyStream;
    const { signal } = pair.gone;
    let reason = '';
    // Clients up to kubectl 1.31 let go of their side only when the error stream has ended as well: the end of the target is all they wait for.
    const targetEnded = (): void => {
      if (!pair.failed) pair.error?.end();
    };
    stream.once('finish', targetEnded);
    try {
      await handler({ namespace, pod, uid, port, stream, signal, request });
    } catch (exception) {
      if (!signal.aborted) failed(exception);
      const message = exception instanceof Error ? exception.message : String(exception);
      reason = failureText(asked, port, message);
    }
    stream.removeListener('finish', targetEnded);
    if (pair.failed) return;
    await this.#finish(id, pair, reason);
  }

  /** Ends a pair that was not complete, or not right. */
  #fail(id: string, pair: Pair, reason: string): void {
    if (pair.failed) return;
    pair.failed = true;
    pair.gone.abort();
    void this.#finish(id, pair, reason);
  }

  /** FIN on the data stream, behind the last byte; then the error stream with what there is to say, and FIN. */
  async #finish(id: string, pair: Pair, reason: string): Promise<void> {
    pair.deadline.stop();
    const { data, error } = pair;
    if (data !== null) {
      // Nobody reads it any more.
      data.resume();
      await ended(data);
    }
    if (error !== null) await ended(error, reason);
    this.#forget(id, pair);
    if (this.life.over) return;
    const open = [data, error].filter((stream) => stream?.destroyed === false);
    const { endTimeoutMs } = this.#init;
    if (open.length === 0 || endTimeoutMs === 0) return;
    // A client that does not finish its direction keeps no streams.
    pair.deadline.start(endTimeoutMs, () => {
      for (const stream of open) stream?.close();
    });
  }

  #closed(id: string, pair: Pair, type: 'error' | 'data'): void {
    const other = type === 'data' ? pair.error : pair.data;
    const complete = pair.data?.inputEnded === true && pair.data.writableFinished;
    if (type === 'data' && !complete) pair.gone.abort();
    if (!pair.started) {
      // A half of a pair that was reset: nothing comes of it.
      if (other === null || other.destroyed) {
        pair.deadline.stop();
        this.#forget(id, pair);
      }
      return;
    }
    if (other === null || other.destroyed) pair.deadline.stop();
  }

  #forget(id: string, pair: Pair): void {
    if (this.#pairs.get(id) === pair) this.#pairs.delete(id);
  }
}

/** What a client is told of a connection that has failed. */
export function failureText({ pod, uid }: ForwardRequest, port: number, message: string): string {
  return `error forwarding port ${port} to pod ${pod}, uid ${uid ?? ''}: ${message}`;
}

/** Ends a stream with a text, and waits until that has left or cannot any more. */
async function ended(stream: SpdyStream, text = ''): Promise<void> {
  if (stream.destroyed || stream.writableFinished) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.removeListener('finish', done);
      stream.removeListener('close', done);
      resolve();
    };
    stream.on('finish', done);
    stream.on('close', done);
    if (!stream.writableEnded) stream.end(text);
  });
}

/** What the two streams of a connection have in common. Ancient clients send no id: their data stream comes right behind the error stream. */
function requestIdOf(stream: SpdyStream, type: 'error' | 'data'): string {
  const id = headerValue(stream.headers, REQUEST_ID);
  if (id !== null && id !== '') return id;
  return `stream ${type === 'error' ? stream.id : stream.id - 2}`;
}

function portOf(text: string | null): number | null {
  if (text === null || !/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return isPort(port) ? port : null;
}
