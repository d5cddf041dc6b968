import type { WebSocket } from 'ws';
import { Deadline } from '../../common/deadline.ts';
import { closeWebSocket } from '../wire/websocket.ts';
import { HeldInputWatch } from './held-input.ts';

/** What becomes of a WebSocket of channels. */
export interface WebSocketLifeInit {
  readonly socket: WebSocket;
  /** Without a byte either way until the client is sent away; 0: never. */
  readonly idleTimeoutMs: number;
  /** Is given each message. */
  readonly message: (message: Buffer) => void;
  /** The client broke the protocol. */
  readonly broken: (error: Error) => void;
}

/** Close code of a client that is sent away (RFC 6455 7.4.1). */
const GOING_AWAY = 1001;
/** Above so many waiting bytes PINGs are not answered. */
const MOST_WAITING = 65536;
/** How long a client may take for its answer to a close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2000;

/** How the WebSocket of a client lives and ends, as `ServerLife` of a session. It listens at once; the socket is resumed by whoever made this. */
export class WebSocketLife {
  /** Fired when the client is gone, or was sent away. */
  readonly signal: AbortSignal;
  /** Resolves with the close code when the connection is closed. */
  readonly closed: Promise<number>;
  readonly #init: WebSocketLifeInit;
  readonly #gone = new AbortController();
  readonly #idle = new Deadline();

  constructor(init: WebSocketLifeInit) {
    this.#init = init;
    this.signal = this.#gone.signal;
    const { socket, message, broken } = init;
    const watch = new HeldInputWatch({
      get held() {
        return socket.isPaused;
      },
      ping: () => socket.ping(() => {}),
    });
    this.busy();
    socket.on('message', (data: Buffer) => {
      this.busy();
      message(data);
    });
    socket.on('ping', (data: Buffer) => {
      this.busy();
      // One that does not read is not answered either.
      if (this.open && socket.bufferedAmount < MOST_WAITING) socket.pong(data);
    });
    socket.on('pong', () => this.busy());
    socket.on('error', broken);
    this.closed = new Promise((resolve) => {
      socket.once('close', (code) => {
        watch.stop();
        this.#idle.stop();
        resolve(code);
        this.#gone.abort();
      });
    });
  }

  /** Whether something can be sent. */
  get open(): boolean {
    const { socket } = this.#init;
    return !this.signal.aborted && socket.readyState === socket.OPEN;
  }

  /** Something has gone to the client, or come from it. */
  busy(): void {
    const { idleTimeoutMs } = this.#init;
    if (idleTimeoutMs > 0) this.#idle.start(idleTimeoutMs, () => this.end());
  }

  /** Closes behind what was sent; the client has so many milliseconds for its answer, 0: for ever. */
  finish(code: number, timeoutMs: number): void {
    closeWebSocket(this.#init.socket, code, timeoutMs);
  }

  /** Sends the client away. */
  end(): void {
    if (this.signal.aborted) return;
    this.#gone.abort();
    this.finish(GOING_AWAY, CLOSE_TIMEOUT_MS);
  }
}
