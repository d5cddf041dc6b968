import { EventEmitter } from 'node:events';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { Deadline } from '../../common/deadline.ts';
import { InvalidStateError } from '../../errors.ts';
import { CANCEL, INTERNAL_ERROR } from '../../protocol/constants.ts';
import type { Session, SpdyStream } from '../../session/public.ts';

/** How long a complete reply may take to leave when its stream was destroyed. */
const LEAVE_MS = 5000;

/** What is asked of the connection. Transports that are no sockets lack any of it. */
type Transport = Partial<tls.TLSSocket>;

/**
 * What `request.socket` is: the facts of the connection that all streams share (addresses, TLS, the client's certificate), and the life
 * of one stream. `destroy()` resets the stream, `setTimeout()` watches it, 'close' tells its end; the connection goes on.
 */
export class ServerSocket extends EventEmitter {
  /** The SPDY stream of the request. */
  readonly stream: SpdyStream;
  /** The session that the stream belongs to. Its `socket` is the real one. */
  readonly session: Session;
  /** The server that the request came to. */
  readonly server: EventEmitter;
  /** Whether the client speaks TLS, if only as far as a terminator in front of this server. May be set, as middleware does. */
  encrypted: boolean;
  /** Payload bytes of the reply that were written. */
  bytesWritten = 0;
  /** Always 0: `cork()` does nothing. */
  readonly writableCorked = 0;
  #destroyed = false;
  #closed = false;
  #error: Error | null = null;

  /** The server makes it. @internal */
  constructor(stream: SpdyStream, session: Session, server: EventEmitter, secure: boolean) {
    super();
    this.stream = stream;
    this.session = session;
    this.server = server;
    this.encrypted = secure;
  }

  get #transport(): Transport {
    return (this.session.socket ?? {}) as Duplex as Transport;
  }

  // The connection

  /** Address of the client, undefined when the connection has gone or is no socket. */
  get remoteAddress(): string | undefined {
    return this.#transport.remoteAddress;
  }

  /** Port of the client. */
  get remotePort(): number | undefined {
    return this.#transport.remotePort;
  }

  /** `'IPv4'` or `'IPv6'`. */
  get remoteFamily(): string | undefined {
    return this.#transport.remoteFamily;
  }

  /** Address at which the client has connected. */
  get localAddress(): string | undefined {
    return this.#transport.localAddress;
  }

  /** Port at which the client has connected. */
  get localPort(): number | undefined {
    return this.#transport.localPort;
  }

  /** `'IPv4'` or `'IPv6'`. */
  get localFamily(): string | undefined {
    return this.#transport.localFamily;
  }

  /** What was negotiated by TLS; false for nothing, null without TLS. */
  get alpnProtocol(): string | false | null {
    return this.#transport.alpnProtocol ?? null;
  }

  /** The host name that the client asked for in TLS (SNI), false if none. */
  get servername(): string | false | null | undefined {
    return (this.#transport as { servername?: string | false | null }).servername;
  }

  /** Whether the client has shown a certificate that a CA of this server has signed. False without TLS. */
  get authorized(): boolean {
    return this.#transport.authorized === true;
  }

  /** Why it is not authorized. */
  get authorizationError(): Error | undefined {
    return this.#transport.authorizationError;
  }

  /** Address at which the client has connected, empty when the connection has gone. */
  address(): net.AddressInfo | object {
    return this.#transport.address?.() ?? {};
  }

  /** The client's certificate as TLS has it: an empty object if there is none, null without TLS. */
  getPeerCertificate(detailed?: boolean): tls.PeerCertificate | null {
    return this.#transport.getPeerCertificate?.(detailed as false) ?? null;
  }

  /** The client's certificate as an X509Certificate, undefined without one. */
  getPeerX509Certificate(): ReturnType<tls.TLSSocket['getPeerX509Certificate']> {
    return this.#transport.getPeerX509Certificate?.();
  }

  /** This server's certificate: an empty object if there is none, null without TLS. */
  getCertificate(): ReturnType<tls.TLSSocket['getCertificate']> {
    return this.#transport.getCertificate?.() ?? null;
  }

  /** The cipher suite in use, null without TLS. */
  getCipher(): tls.CipherNameAndProtocol | null {
    return this.#transport.getCipher?.() ?? null;
  }

  /** The version of TLS, as `TLSv1.3`; null without TLS. */
  getProtocol(): string | null {
    return this.#transport.getProtocol?.() ?? null;
  }

  /** The TLS session, undefined without one. */
  getSession(): Buffer | undefined {
    return this.#transport.getSession?.();
  }

  /** Whether TLS has resumed an earlier session. */
  isSessionReused(): boolean {
    return this.#transport.isSessionReused?.() ?? false;
  }

  /** Streams share the connection, which has no delay anyway. */
  setNoDelay(): this {
    return this;
  }

  /** TCP keep-alive of the connection, with its delay in milliseconds: it counts for all of the connection's streams. */
  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#transport.setKeepAlive?.(enable, initialDelay);
    return this;
  }

  /** Does nothing: the connection is that of all its streams. See `Session.ref()`. */
  ref(): this {
    return this;
  }

  /** Does nothing, as `ref()`. */
  unref(): this {
    return this;
  }

  // The stream

  /** Whether the stream is there still. */
  get readable(): boolean {
    return !this.destroyed;
  }

  /** Whether the response may still be written. */
  get writable(): boolean {
    return !this.destroyed && this.stream.writable;
  }

  /** Whether the stream has ended or was reset. */
  get destroyed(): boolean {
    return this.#destroyed || this.stream.destroyed;
  }

  /** Whether the stream has emitted 'close'. */
  get closed(): boolean {
    return this.#closed;
  }

  /** False: a stream has its connection from birth. */
  get connecting(): boolean {
    return false;
  }

  /** False, as `connecting`. */
  get pending(): boolean {
    return false;
  }

  /** `'open'`, or `'closed'` when the stream has ended. */
  get readyState(): string {
    return this.destroyed ? 'closed' : 'open';
  }

  /** Bytes of the request body received. */
  get bytesRead(): number {
    return this.stream.bytesRead;
  }

  /** Bytes that the stream keeps unread before it stops reading. */
  get readableHighWaterMark(): number {
    return this.stream.readableHighWaterMark;
  }

  /** Bytes that may be written before `write()` of the response gives false. */
  get writableHighWaterMark(): number {
    return this.stream.writableHighWaterMark;
  }

  /** Bytes written that have not left. */
  get writableLength(): number {
    return this.stream.writableLength;
  }

  /**
   * Resets the stream: with CANCEL, or with INTERNAL_ERROR for an error, which is emitted before 'close' for those who listen. What was
   * written before still leaves, a complete reply for 5 seconds at most.
   */
  destroy(error?: Error | null): this {
    if (this.destroyed) return this;
    this.#destroyed = true;
    this.#error = error ?? null;
    const { stream } = this;
    const status = this.#error === null ? CANCEL : INTERNAL_ERROR;
    // Who destroys a request hears of that first, and of the end of the stream then.
    process.nextTick(() => {
      if (!stream.writableEnded || stream.writableFinished) {
        stream.close(status);
        return;
      }
      const deadline = new Deadline();
      deadline.start(LEAVE_MS, () => stream.close(status));
      stream.once('finish', () => process.nextTick(() => stream.close(status)));
      stream.once('close', () => deadline.stop());
    });
    return this;
  }

  /** Resets the stream when what was written has left. */
  destroySoon(): void {
    this.destroy();
  }

  /** The stream has ended, for this reason if it was one: 'error' for those who listen. @internal */
  failed(cause: Error | null): void {
    this.#error ??= cause;
    this.#destroyed = true;
    if (this.#error !== null && this.listenerCount('error') > 0) this.emit('error', this.#error);
  }

  /** Nothing follows: 'close'. @internal */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Much middleware (`on-finished`) learns only from here that a client has gone.
    this.emit('close', this.#error !== null);
  }

  /** 'timeout' is emitted on the request, the response, the server and here; when nobody listens the stream is reset. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    this.stream.setTimeout(milliseconds);
    if (listener !== undefined) this.once('timeout', listener);
    return this;
  }

  /** Does nothing: pause the request. */
  pause(): this {
    return this;
  }

  /** Does nothing, as `pause()`. */
  resume(): this {
    return this;
  }

  /** Does nothing: what is written in one tick leaves together. */
  cork(): void {}

  /** Does nothing, as `cork()`. */
  uncork(): void {}

  /** Bytes that are no frames have no place on the connection: always throws. */
  write(): never {
    throw new InvalidStateError('write to the response: the connection carries SPDY frames');
  }

  /** Ends the stream, as servers do that close connections in order: `destroySoon()`. With a chunk it throws as `write()` does. */
  end(chunk?: unknown): this {
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') this.write();
    this.destroySoon();
    return this;
  }
}
