import { Duplex } from 'node:stream';
import { Deadline } from '../../common/deadline.ts';
import { SpdyError } from '../../errors.ts';

/** What is needed of a WebSocket of the package `ws`. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  on(event: string, listener: (...args: never[]) => void): unknown;
  send(data: Uint8Array, options: { binary: boolean }, done: (error?: Error) => void): void;
  pong(data: Uint8Array): void;
  pause(): void;
  resume(): void;
  close(code?: number): void;
  terminate(): void;
}

type Done = (error?: Error | null) => void;

/** States of a WebSocket. */
const OPEN = 1;
const CLOSED = 3;
/** Close codes (RFC 6455 7.4.1). */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const NO_CODE = 1005;
/** Above so many waiting bytes PINGs are not answered: the peer does not read. */
const MOST_WAITING = 65536;

/** Options for `ws`, either side, that go with a `WebSocketDuplex`: large messages are refused, PINGs are answered here. */
export const WEBSOCKET_OPTIONS: {
  readonly perMessageDeflate: boolean;
  readonly maxPayload: number;
  readonly autoPong: boolean;
} = { perMessageDeflate: false, maxPayload: 1 << 20, autoPong: false };

/**
 * Closes a WebSocket behind what was sent; the other side has so many milliseconds for its answer, 0: for ever. What it still sends is read, for the
 * answer stands behind that.
 */
export function closeWebSocket(socket: WebSocketLike, code: number, timeoutMs: number): void {
  const deadline = new Deadline();
  socket.on('close', () => deadline.stop());
  socket.close(code);
  socket.resume();
  if (timeoutMs > 0) deadline.start(timeoutMs, () => socket.terminate());
}

/**
 * The bytes in the binary messages of a WebSocket as a Duplex; where a message ends means nothing. The close codes 1000, 1001 and none are the
 * end. A text message, another code and a lost connection destroy it with an error.
 */
export class WebSocketDuplex extends Duplex {
  readonly #socket: WebSocketLike;

  constructor(socket: WebSocketLike) {
    // After a close frame nothing can be sent.
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#message(data, isBinary));
    socket.on('ping', (data: Buffer) => {
      if (socket.readyState === OPEN && socket.bufferedAmount < MOST_WAITING) socket.pong(data);
    });
    socket.on('error', (error: Error) => this.destroy(error));
    socket.on('close', (code: number) => this.#closed(code));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(chunk, { binary: true }, done);
    else done(lost('the WebSocket is closed'));
  }

  override _final(done: Done): void {
    // Code 1000 takes the other side's answer; what it still sends before that is read.
    this.#socket.close(NORMAL);
    this.#socket.resume();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    if (this.#socket.readyState !== CLOSED) this.#socket.terminate();
    done(error);
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.destroyed || this.readableEnded) return;
    if (!isBinary) {
      this.#socket.close(UNSUPPORTED_DATA);
      this.destroy(lost('a text message in a WebSocket that carries SPDY'));
      return;
    }
    if (data.length > 0 && !this.push(data)) this.#socket.pause();
  }

  #closed(code: number): void {
    if (this.destroyed) return;
    if (code === NORMAL || code === GOING_AWAY || code === NO_CODE) this.push(null);
    else this.destroy(lost(`the WebSocket was closed with code ${code}`));
  }
}

function lost(message: string): SpdyError {
  return new SpdyError('ERR_SPDY_TRANSPORT_CLOSED', message, 'peer');
}
