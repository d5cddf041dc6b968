import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Deadline } from '../../../common/deadline.ts';
import { resetConnection } from '../../../common/network/socket-end.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { bodyOfTunnel, cutOff } from '../message/message-body.ts';
import type { FrontRequest, Reply, ResponseHead, Sink } from '../relay/exchange.ts';
import { EarlyBytes } from './early-bytes.ts';
import { MessageReply, readMessage } from './message-front.ts';

/** How long a client may take to end a connection of which it has got its answer. */
const LEAVE_MS = 5000;

const HOP_PROTOCOLS = /^(?:h2c|tls|https?)(?:\/|$)/i;

/** Reads a request by HTTP/1.1 that asks for another protocol, or for a tunnel; text says what is wrong with it. */
export function readSwitching(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): FrontRequest | string {
  const read = readMessage(request);
  if (typeof read === 'string') return read;
  if (read.body !== null && read.method !== 'CONNECT')
    return 'a body before the change of protocol';
  if (head.length > 0) socket.unshift(head);
  const upgrade = read.method === 'CONNECT' ? null : upgradeOf(request);
  const ordinary = upgrade === null && read.method !== 'CONNECT';
  return { ...read, body: ordinary ? null : bodyOfTunnel(socket), upgrade };
}

/** What a client wants to change to, without what is between it and this proxy: HTTP/2 and TLS would hide requests from it. */
function upgradeOf({ headers }: IncomingMessage): string | null {
  const offers = (headers.upgrade ?? '').split(',').map((offer) => offer.trim());
  return offers.filter((offer) => offer !== '' && !HOP_PROTOCOLS.test(offer)).join(', ') || null;
}

/** The answer to a request by HTTP/1.1 that may become a tunnel: another answer than that ends the connection. */
export class SocketReply implements Reply {
  readonly takesPush = false;
  readonly keepsConnection = false;
  readonly #request: IncomingMessage;
  readonly #socket: Socket;
  readonly #leaveMs: number;
  readonly #early: EarlyBytes;
  /** An ordinary answer. */
  #plain: MessageReply | null = null;
  #over = false;

  constructor(request: IncomingMessage, socket: Duplex, leaveMs: number = LEAVE_MS) {
    this.#request = request;
    this.#leaveMs = leaveMs;
    this.#socket = socket as Socket;
    socket.on('error', () => {});
    socket.once('end', this.#left);
    this.#early = new EarlyBytes(socket);
  }

  inform(): void {}

  respond(head: ResponseHead, bodiless: boolean): void {
    const { status, message, fields } = head;
    this.#socket.off('end', this.#left);
    this.#early.giveBack();
    const tunnel =
      this.#request.method === 'CONNECT' ? status >= 200 && status < 300 : status === 101;
    const socket = this.#socket;
    if (tunnel) {
      const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(`HTTP/1.1 ${status} ${message}\r\n${lines}\r\n`, 'latin1');
      return;
    }
    const response = new ServerResponse(this.#request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => this.#leave());
    socket.on('drain', () => response.emit('drain'));
    // What the client still sends is of no use.
    socket.resume();
    this.#plain = new MessageReply(this.#request, response);
    this.#plain.respond(head, bodiless);
  }

  write(chunk: Uint8Array): boolean {
    return this.#plain === null ? this.#socket.write(chunk) : this.#plain.write(chunk);
  }

  end(trailers: HeaderList): void {
    this.#over = true;
    if (this.#plain === null) this.#socket.end();
    else this.#plain.end(trailers);
  }

  reset(): void {
    this.#over = true;
    resetConnection(this.#socket);
  }

  onDrain(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  push(): Sink | null {
    return null;
  }

  abandon(): void {}

  onGone(listener: (cause: Error) => void): void {
    const socket = this.#socket;
    socket.once('close', () => {
      if (!this.#over || socket.errored !== null) listener(cutOff(socket.errored));
    });
  }

  /** A client that has nothing more to say before it is answered has gone, as elsewhere in HTTP/1.1. */
  readonly #left = (): void => {
    this.#socket.destroy();
  };

  /** Nobody else watches a connection that is no tunnel, and takes no other request either. */
  #leave(): void {
    const socket = this.#socket;
    const deadline = new Deadline();
    deadline.start(this.#leaveMs, () => socket.destroy());
    socket.once('close', () => deadline.stop());
    socket.end();
  }
}
