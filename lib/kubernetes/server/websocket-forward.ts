import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers';
import type { WebSocket } from 'ws';
import { Deadline } from '../../common/deadline.ts';
import { type ChannelCodec, codecOf } from '../wire/channels.ts';
import { ForwardChannel } from './forward-channel.ts';
import { failureText, type PortForwardHandler } from './forward-session.ts';
import type { ForwardRequest } from './routes.ts';
import { WebSocketLife } from './websocket-life.ts';

/** What a port forwarding over the channels of a WebSocket is made of. */
export interface WebSocketForwardInit {
  readonly socket: WebSocket;
  readonly asked: ForwardRequest;
  /** As it was negotiated; '' for none. */
  readonly subprotocol: string;
  readonly request: IncomingMessage;
  readonly handler: PortForwardHandler;
  readonly endTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** What a handler has thrown. */
  readonly failed: (error: unknown) => void;
  /** The client broke the protocol. */
  readonly broken: (error: Error) => void;
}

/** Close codes (RFC 6455 7.4.1) of a client that has ended its connections, or says nothing; and of a connection that has failed. */
const ORDERLY: readonly number[] = [1000, 1001, 1005];
const NORMAL = 1000;
const FAILED = 1011;
/** How long targets may take for the last bytes of a client that has gone, in milliseconds. */
const FLUSH_TIMEOUT_MS = 30_000;

/**
 * The port forwarding of one client over the channels of a WebSocket: one connection to each port of the query, from the beginning. The data
 * of the port at index i is on channel 2i, what is to be said about its failure on channel 2i + 1; the first message of either is the number of
 * the port. No direction can end alone: a close frame ends them all.
 */
export class WebSocketForward {
  /** How it ends: as with a session. */
  readonly life: WebSocketLife;
  /** Resolves when the connection is closed and all handlers are done. */
  readonly done: Promise<void>;
  readonly #init: WebSocketForwardInit;
  readonly #codec: ChannelCodec;
  readonly #channels: readonly ForwardChannel[];
  readonly #gone = new AbortController();
  #hasFailed = false;

  constructor(init: WebSocketForwardInit) {
    this.#init = init;
    const { socket, asked, subprotocol, idleTimeoutMs, broken } = init;
    this.#codec = codecOf(subprotocol);
    const message = (data: Buffer): void => this.#message(data);
    this.life = new WebSocketLife({ socket, idleTimeoutMs, message, broken });
    this.#channels = asked.ports.map((port, index) => {
      const number = Buffer.alloc(2);
      number.writeUInt16LE(port);
      this.#send(2 * index, number, () => {});
      this.#send(2 * index + 1, number, () => {});
      return new ForwardChannel({
        wanted: () => this.#resume(),
        send: (data, done) => this.#send(2 * index, data, done),
      });
    });
    const closed = this.life.closed.then((code) => this.#closed(code));
    socket.resume();
    const handled = new Promise((next) => setImmediate(next)).then(() => this.#run());
    this.done = Promise.all([closed, handled]).then(() => {});
  }

  #message(message: Buffer): void {
    const decoded = this.#codec.decode(message);
    // Error channels are for the other direction.
    if (decoded === null || decoded.channel % 2 !== 0) return;
    if (this.#channels[decoded.channel / 2]?.accept(decoded.data) === false)
      this.#init.socket.pause();
  }

  /** Reads on when everybody has room. */
  #resume(): void {
    if (this.#channels.every(({ hasRoom }) => hasRoom)) this.#init.socket.resume();
  }

  async #run(): Promise<void> {
    const { asked } = this.#init;
    await Promise.all(asked.ports.map((port, index) => this.#serve(port, index)));
    if (!this.life.open) return;
    this.life.finish(this.#hasFailed ? FAILED : NORMAL, this.#init.endTimeoutMs);
  }

  async #serve(port: number, index: number): Promise<void> {
    const { asked, request, handler, failed } = this.#init;
    const { namespace, pod, uid } = asked;
    const stream = this.#channels[index] as ForwardChannel;
    const { signal } = this.#gone;
    let reason = '';
    try {
      await handler({ namespace, pod, uid, port, stream, signal, request });
      // The handler resets it.
      if (stream.destroyed && !stream.writableFinished) reason = 'the connection was reset';
    } catch (exception) {
      if (!signal.aborted) failed(exception);
      reason = exception instanceof Error ? exception.message : String(exception);
    }
    await stream.finished();
    if (reason === '' || !this.life.open) return;
    this.#hasFailed = true;
    this.#send(2 * index + 1, Buffer.from(failureText(asked, port, reason)), () => {});
  }

  /** What came before a close frame is for the targets yet; what came before the loss of the connection is of no use. */
  #closed(code: number): void {
    const orderly = ORDERLY.includes(code);
    const ended = this.#channels.map((channel) =>
      orderly ? channel.endInput() : void channel.destroy(),
    );
    const deadline = new Deadline();
    deadline.start(FLUSH_TIMEOUT_MS, () => {
      for (const channel of this.#channels) channel.destroy();
    });
    void Promise.all(ended).then(() => {
      deadline.stop();
      this.#gone.abort();
    });
  }

  #send(channel: number, data: Buffer, done: (error?: Error | null) => void): void {
    this.life.busy();
    const { binary } = this.#codec;
    this.#init.socket.send(this.#codec.encode(channel, data), { binary }, done);
  }
}
