import { Deadline } from '../../../common/deadline.ts';
import type { DataSource, ReadCtrl } from '../../../engine/data-provider.ts';
import { Engine } from '../../../engine/engine.ts';
import type { EngineHandler } from '../../../engine/engine-handler.ts';
import type { SessionError, StreamError } from '../../../errors.ts';
import {
  CLIENT,
  DEFAULT_WINDOW_SIZE,
  FLAG_SETTINGS_NONE,
  GOAWAY,
  READ_EOF,
  SETTINGS,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
  SYN_REPLY,
} from '../../../protocol/constants.ts';
import type { ControlFrame, HeaderList, SynReplyFrame } from '../../../protocol/frames.ts';
import type { ProtocolVersion } from '../../../protocol/version.ts';
import type { LoadPlan } from '../plan.ts';
import type { ConnectionOwner, LoadConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { LoadSocket } from './load-socket.ts';
import type { LoadMessage } from './message.ts';

/** Pushes that the server may send at once; they are counted as bytes alone. */
const MAX_PUSHES = 100;
const PRIORITY = 3;
const LINGER_MS = 1000;
/** A connection has no more stream ids (SPDY/3 2.3.2): odd ones below 2^31. */
const MAX_REQUESTS = 2 ** 30;

/** SPDY by an engine on a socket, without a stream object for each request. */
export class SpdyConnection implements LoadConnection, EngineHandler {
  readonly #engine: Engine;
  readonly #socket: LoadSocket;
  readonly #owner: ConnectionOwner;
  /** Bytes of a SYN_REPLY before its headers. */
  readonly #replyHead: number;
  readonly #linger = new Deadline();
  #error: Error | null = null;
  #maxStreams = Number.POSITIVE_INFINITY;
  #requests = 0;
  #receiving = false;
  /** The server wants no more requests, or the connection has ended. */
  #leaving = false;
  #closing = false;
  #destroyed = false;

  constructor(
    version: ProtocolVersion,
    socket: LoadSocket,
    plan: LoadPlan,
    owner: ConnectionOwner,
  ) {
    this.#socket = socket;
    this.#owner = owner;
    this.#replyHead = version.replyFixedLength;
    const { headerCompression, windowSize, sessionWindowSize } = plan;
    const options = {
      headerCompression,
      initialWindowSize: windowSize,
      maxConcurrentStreams: MAX_PUSHES,
    };
    this.#engine = new Engine(CLIENT, version.id, options, this);
    this.#engine.submitSettings(FLAG_SETTINGS_NONE, [
      { id: SETTINGS_MAX_CONCURRENT_STREAMS, flags: 0, value: MAX_PUSHES },
      ...(version.streamWindows
        ? [{ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: windowSize }]
        : []),
    ]);
    const more = sessionWindowSize - DEFAULT_WINDOW_SIZE;
    if (version.sessionWindow && more > 0) this.#engine.submitWindowUpdate(0, more);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.flush());
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => this.#closed());
  }

  get maxStreams(): number {
    return this.#maxStreams;
  }

  get retiring(): boolean {
    return this.#leaving || this.#engine.failed || this.#requests === MAX_REQUESTS;
  }

  request({ spdy, body }: LoadMessage, exchange: Exchange): void {
    const source = body === null ? null : new BodySource(body);
    this.#engine.submitRequest(PRIORITY, spdy, source, exchange);
    this.#requests++;
  }

  flush(): void {
    if (this.#receiving || this.#destroyed) return;
    const engine = this.#engine;
    const socket = this.#socket;
    while (socket.writable && !socket.writableNeedDrain) {
      const bytes = engine.pull();
      if (bytes === null) break;
      socket.write(bytes);
    }
    if (engine.failed && !engine.wantWrite()) this.#endSocket();
  }

  close(): void {
    if (this.#closing) return;
    if (!this.#engine.failed) this.#engine.submitGoaway();
    this.flush();
    this.#endSocket();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket.destroy();
  }

  onCtrlRecv(frame: ControlFrame): void {
    if (frame.type === SYN_REPLY) {
      this.#reply(frame);
    } else if (frame.type === SETTINGS) {
      this.#maxStreams = this.#engine.insight.peerMaxStreams;
      this.#owner.roomChanged();
    } else if (frame.type === GOAWAY) {
      this.#leaving = true;
      this.#owner.roomChanged();
    }
  }

  onDataRecv(_flags: number, _streamId: number, length: number): void {
    this.#owner.counts.dataBytes += length;
  }

  onStreamClose(streamId: number, _status: number, error: StreamError | SessionError | null): void {
    const exchange = this.#engine.getStreamUserData(streamId) as Exchange | null | undefined;
    // Pushes have none.
    if (exchange && !this.#destroyed) this.#owner.finished(exchange, error ?? unanswered(exchange));
  }

  onSessionError(error: SessionError): void {
    this.#error ??= error;
  }

  #reply({ streamId, headers, length }: SynReplyFrame): void {
    const { counts } = this.#owner;
    counts.headerBytes += length - this.#replyHead;
    counts.headerText += textLength(headers);
    const exchange = this.#engine.getStreamUserData(streamId) as Exchange | null | undefined;
    if (!exchange) return;
    exchange.status = statusOf(headers);
    this.#owner.replied();
  }

  #receive(chunk: Buffer): void {
    if (this.#destroyed) return;
    this.#owner.counts.bytes += chunk.length;
    this.#receiving = true;
    this.#engine.receive(chunk);
    this.#receiving = false;
    this.flush();
  }

  /** Behind what is written; a server that keeps its side open does not keep this one. */
  #endSocket(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.end();
    this.#linger.start(LINGER_MS, () => this.#socket.destroy());
  }

  #closed(): void {
    this.#linger.stop();
    if (this.#destroyed) return;
    this.#leaving = true;
    this.#engine.transportEnd();
    this.#destroyed = true;
    this.#owner.ended(this.#error);
  }
}

/** A body that is in memory. */
class BodySource implements DataSource {
  readonly stable = true;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  readCb(_streamId: number, length: number, control: ReadCtrl): Uint8Array {
    const piece = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += piece.length;
    if (this.#at === this.#bytes.length) control.flags = READ_EOF;
    return piece;
  }
}

function statusOf(headers: HeaderList): number {
  for (const [name, value] of headers) {
    if (name === ':status') return Number.parseInt(value, 10) || 0;
  }
  return 0;
}

function textLength(headers: HeaderList): number {
  let length = 0;
  for (const [name, value] of headers) length += name.length + value.length;
  return length;
}

function unanswered({ status }: Exchange): Error | null {
  return status === 0 ? new Error('the answer has no status') : null;
}
