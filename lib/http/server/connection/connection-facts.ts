import { EventEmitter } from 'node:events';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import type { Session } from '../../../session/public.ts';

/** What is asked of the connection. Transports that are no sockets lack any of it. */
type Transport = Partial<tls.TLSSocket>;

/** What `net.Socket` and `tls.TLSSocket` tell of a connection, for the one that all streams of a session share. */
export abstract class ConnectionFacts extends EventEmitter {
  /** The session that speaks on it. Its `socket` is the real one. */
  abstract readonly session: Session;

  get #transport(): Transport {
    return (this.session.socket ?? {}) as Duplex as Transport;
  }

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

  /** Addresses that were tried to connect: those of a server, none. */
  get autoSelectFamilyAttemptedAddresses(): string[] | undefined {
    return this.#transport.autoSelectFamilyAttemptedAddresses;
  }

  /** This server's certificate as an X509Certificate, undefined without TLS. */
  getX509Certificate(): ReturnType<tls.TLSSocket['getX509Certificate']> {
    return this.#transport.getX509Certificate?.();
  }

  /**
   * Keying material of the TLS connection (RFC 5705), undefined without TLS.
   *
   * @throws Error before the end of the handshake, and for a label that is not allowed
   */
  exportKeyingMaterial(length: number, label: string, context: Buffer): Buffer | undefined {
    return this.#transport.exportKeyingMaterial?.(length, label, context);
  }

  /** Signature algorithms that both sides know, best first; none without TLS. */
  getSharedSigalgs(): string[] {
    return this.#transport.getSharedSigalgs?.() ?? [];
  }

  /** As Node has it for servers: null, or an empty object. */
  getEphemeralKeyInfo(): ReturnType<tls.TLSSocket['getEphemeralKeyInfo']> {
    return this.#transport.getEphemeralKeyInfo?.() ?? null;
  }

  /** The last Finished message that this server has sent in the handshake, undefined without TLS. */
  getFinished(): Buffer | undefined {
    return this.#transport.getFinished?.();
  }

  /** The last Finished message of the client, undefined without TLS. */
  getPeerFinished(): Buffer | undefined {
    return this.#transport.getPeerFinished?.();
  }

  /** The ticket of the TLS session: undefined at a server. */
  getTLSTicket(): Buffer | undefined {
    return this.#transport.getTLSTicket?.();
  }

  /** Prints what is exchanged by TLS to stderr. */
  enableTrace(): void {
    this.#transport.enableTrace?.();
  }

  /** False: a stream comes behind the handshake. */
  get secureConnecting(): boolean {
    return false;
  }

  /** True: a client may end its side of the connection and still gets its answers. */
  get allowHalfOpen(): boolean {
    return true;
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
}
