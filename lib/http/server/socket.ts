import { EventEmitter } from 'node:events';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { InvalidStateError } from '../../errors.ts';
import type { Session, SpdyStream } from '../../session/public.ts';

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
  readonly #secure: boolean;

  constructor(stream: SpdyStream, session: Session, secure: boolean) {
    super();
    this.stream = stream;
    this.session = session;
    this.#secure = secure;
    // Much middleware (`on-finished`) learns only from here that a client has gone.
    stream.once('close', () => this.emit('close', stream.aborted));
  }

  get #transport(): Transport {
    return (this.session.socket ?? {}) as Duplex as Transport;
  }

  // The connection

  get remoteAddress(): string | undefined {
    return this.#transport.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#transport.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#transport.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#transport.localAddress;
  }

  get localPort(): number | undefined {
    return this.#transport.localPort;
  }

  get localFamily(): string | undefined {
    return this.#transport.localFamily;
  }

  /** Whether the client speaks TLS, if only as far as a terminator in front of this server. */
  get encrypted(): boolean {
    return this.#secure;
  }

  get alpnProtocol(): string | false | null {
    return this.#transport.alpnProtocol ?? null;
  }

  get servername(): string | false | null | undefined {
    return (this.#transport as { servername?: string | false | null }).servername;
  }

  get authorized(): boolean {
    return this.#transport.authorized === true;
  }

  get authorizationError(): Error | undefined {
    return this.#transport.authorizationError;
  }

  address(): net.AddressInfo | object {
    return this.#transport.address?.() ?? {};
  }

  /** The client's certificate as TLS has it: an empty object if there is none, null without TLS. */
  getPeerCertificate(detailed?: boolean): tls.PeerCertificate | null {
    return this.#transport.getPeerCertificate?.(detailed as false) ?? null;
  }

  getPeerX509Certificate(): ReturnType<tls.TLSSocket['getPeerX509Certificate']> {
    return this.#transport.getPeerX509Certificate?.();
  }

  getCertificate(): ReturnType<tls.TLSSocket['getCertificate']> {
    return this.#transport.getCertificate?.() ?? null;
  }

  getCipher(): tls.CipherNameAndProtocol | null {
    return this.#transport.getCipher?.() ?? null;
  }

  getProtocol(): string | null {
    return this.#transport.getProtocol?.() ?? null;
  }

  getSession(): Buffer | undefined {
    return this.#transport.getSession?.();
  }

  isSessionReused(): boolean {
    return this.#transport.isSessionReused?.() ?? false;
  }

  /** Streams share the connection, which has no delay anyway. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#transport.setKeepAlive?.(enable, initialDelay);
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  // The stream

  get readable(): boolean {
    return !this.stream.destroyed;
  }

  get writable(): boolean {
    return !this.stream.destroyed && this.stream.writable;
  }

  get destroyed(): boolean {
    return this.stream.destroyed;
  }

  get closed(): boolean {
    return this.stream.closed;
  }

  get connecting(): boolean {
    return false;
  }

  get pending(): boolean {
    return false;
  }

  get readyState(): string {
    return this.stream.destroyed ? 'closed' : 'open';
  }

  get bytesRead(): number {
    return this.stream.bytesRead;
  }

  get readableHighWaterMark(): number {
    return this.stream.readableHighWaterMark;
  }

  get writableHighWaterMark(): number {
    return this.stream.writableHighWaterMark;
  }

  get writableLength(): number {
    return this.stream.writableLength;
  }

  /** Resets the stream with CANCEL, with INTERNAL_ERROR for an error. */
  destroy(error?: Error): this {
    if (!this.stream.destroyed) this.stream.close(error === undefined ? 5 : 6);
    return this;
  }

  destroySoon(): void {
    if (this.stream.writableFinished) this.destroy();
    else this.stream.once('finish', () => this.destroy());
  }

  /** 'timeout' is emitted on the request, the response, the server and here; when nobody listens the stream is reset. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    this.stream.setTimeout(milliseconds);
    if (listener !== undefined) this.once('timeout', listener);
    return this;
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}

  /** Bytes that are no frames have no place on the connection: always throws. */
  write(): never {
    throw new InvalidStateError('write to the response: the connection carries SPDY frames');
  }

  /** As `write()`. */
  end(): never {
    return this.write();
  }
}
