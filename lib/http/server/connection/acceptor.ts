import net from 'node:net';
import tls from 'node:tls';
import { Deadline } from '../../../common/deadline.ts';
import { explainTls } from '../../../common/network/tls-error.ts';
import { givenOptions } from '../../../common/option-names.ts';
import { SpdyError } from '../../../errors.ts';
import { findVersion, type ProtocolVersion } from '../../../protocol/version.ts';
import { npnGetVersion } from '../../../session/public.ts';
import type { EventedServer } from '../events.ts';
import type { H2Handler, ResolvedServerOptions, SpdyServerOptions } from '../options.ts';
import { readOpening } from './opening.ts';
import {
  type ProxyHeader,
  proxyAllows,
  readProxyHeader,
  showAddresses,
  showClient,
} from './proxy-protocol.ts';

/** How long a client that speaks nothing of what is spoken here may take to read that. */
const EXPLANATION_MS = 5000;

/** What becomes of connections whose protocol is known. */
export interface AcceptorHost {
  /** Emits the events of connections. */
  readonly server: EventedServer;
  /** Speaks SPDY on it. */
  begin(socket: net.Socket, version: ProtocolVersion, secure: boolean): void;
  /** Speaks HTTP/1.1 on it; null if that is not spoken. */
  readonly beginHttp1: ((socket: net.Socket) => void) | null;
}

/** Listens, and finds out what each connection speaks: by ALPN, by a PROXY header, or known beforehand. */
export class Acceptor {
  /** The TCP or TLS server that listens. */
  readonly listener: net.Server | tls.Server;
  readonly #options: ResolvedServerOptions;
  readonly #host: AcceptorHost;
  readonly #proxyAllows: (address: string) => boolean;

  constructor(given: SpdyServerOptions, options: ResolvedServerOptions, host: AcceptorHost) {
    this.#options = options;
    this.#host = host;
    this.#proxyAllows = proxyAllows(options.proxyProtocol ?? { allow: [] });
    this.listener = options.secure ? this.#openTls(given) : this.#openPlain(given);
  }

  #openTls(given: SpdyServerOptions): tls.Server {
    const { protocols, handshakeTimeoutMs } = this.#options;
    const { server } = this.#host;
    const alpn = given.ALPNCallback === undefined ? { ALPNProtocols: [...protocols] } : {};
    const listener = tls.createServer({
      ...alpn,
      ...(handshakeTimeoutMs > 0 ? { handshakeTimeout: handshakeTimeoutMs } : {}),
      // Answers by HTTP/1.1 that are written in pieces would wait for the client's acknowledgement.
      noDelay: true,
      ...givenOptions(given),
      // Who ends within the handshake has gone: a half of it serves nobody.
      allowHalfOpen: false,
    });
    const clients = this.#options.proxyProtocol === null ? null : this.#readBeforeTls(listener);
    listener.on('secureConnection', (socket) => {
      const header = clients?.get(endsOf(socket));
      if (header?.proxied === true) showAddresses(socket, header);
      // Clients that have asked all that they want may end their half before the answers are there.
      socket.allowHalfOpen = given.allowHalfOpen ?? true;
      server.emit('connection', socket);
      this.#accept(socket, socket.alpnProtocol ?? false, true);
    });
    listener.on('tlsClientError', (error, socket) => {
      // After a handshake that took too long the connection is still open.
      socket.destroy();
      server.emit('tlsClientError', explainTls(error), socket);
    });
    return listener;
  }

  /** Reads the PROXY header of each connection before its handshake. Yields the headers of those that are open, by their ends: no event tells both sockets. */
  #readBeforeTls(listener: tls.Server): ReadonlyMap<string, ProxyHeader> {
    const headers = new Map<string, ProxyHeader>();
    const handshakes = listener.listeners('connection');
    listener.removeAllListeners('connection');
    listener.on('connection', (socket) => {
      const ends = endsOf(socket);
      // Connections of unix sockets have no names.
      const named = socket.remoteAddress !== undefined;
      this.#readProxyHeader(socket, (header) => {
        if (named) headers.set(ends, header);
        socket.once('close', () => {
          // The next connection from there may be here already.
          if (headers.get(ends) === header) headers.delete(ends);
        });
        for (const shakeHands of handshakes) shakeHands.call(listener, socket);
      });
    });
    return headers;
  }

  #openPlain(given: SpdyServerOptions): net.Server {
    const { proxyProtocol, sniff, version } = this.#options;
    const listener = net.createServer({
      noDelay: true,
      allowHalfOpen: given.allowHalfOpen ?? true,
    });
    listener.on('connection', (socket) => {
      this.#host.server.emit('connection', socket);
      if (proxyProtocol !== null) this.#readProxyHeader(socket, this.#behindTerminator(socket));
      else if (sniff) this.#readOpening(socket, false);
      else this.#host.begin(socket, version, false);
    });
    return listener;
  }

  #readOpening(socket: net.Socket, secure: boolean): void {
    const { handshakeTimeoutMs, version } = this.#options;
    const spdy3 = version.name === 'spdy/3' ? 'spdy/3' : 'spdy/3.1';
    socket.on('error', () => {});
    readOpening(socket, handshakeTimeoutMs, spdy3, (protocol) => {
      if (protocol === null) socket.destroy();
      else this.#accept(socket, protocol, secure);
    });
  }

  /** What follows the header of a terminator is spoken without TLS. */
  #behindTerminator(socket: net.Socket): (header: ProxyHeader) => void {
    return (header) => {
      if (header.alpn === null && this.#options.sniff) this.#readOpening(socket, header.tls);
      else this.#accept(socket, header.alpn ?? false, header.tls);
    };
  }

  #readProxyHeader(socket: net.Socket, done: (header: ProxyHeader) => void): void {
    socket.on('error', () => {});
    const refuse = (error: Error): void => {
      socket.destroy();
      this.#host.server.emit('proxyError', error, socket);
    };
    if (!this.#proxyAllows(socket.remoteAddress ?? '')) {
      const message = `PROXY header: ${socket.remoteAddress ?? 'a unix socket'} may not send one`;
      refuse(new SpdyError('ERR_SPDY_PROTOCOL', message, 'peer'));
      return;
    }
    readProxyHeader(socket, this.#options.handshakeTimeoutMs, (error, header) => {
      if (header === null) {
        refuse(error as Error);
        return;
      }
      if (header.proxied && this.#options.secure) showAddresses(socket, header);
      else if (header.proxied) showClient(socket, header);
      this.#host.server.emit('proxyHeader', header, socket);
      if (!socket.destroyed) done(header);
    });
  }

  /** Serves a connection in the protocol that was negotiated; false for none. */
  #accept(socket: net.Socket, protocol: string | false, secure: boolean): void {
    const { defaultVersion, h2, versions } = this.#options;
    const { begin, beginHttp1, server } = this.#host;
    const version = findVersion(npnGetVersion(protocol));
    // With NPN, which a terminator may speak, the client chooses: also what nobody has offered.
    if (version !== null && versions.includes(version)) begin(socket, version, secure);
    else if (protocol === false && defaultVersion !== null) begin(socket, defaultVersion, secure);
    else if (protocol === 'h2' && h2 !== null) giveToH2(h2, socket as tls.TLSSocket);
    else if (beginHttp1 !== null && (protocol === false || protocol.startsWith('http/1.')))
      beginHttp1(socket);
    else if (!server.emit('unknownProtocol', socket)) explain(socket, this.#options.protocols);
  }
}

/** Both ends of a connection as text: no other one that is open has the same. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: net.Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function giveToH2(h2: H2Handler, socket: tls.TLSSocket): void {
  // A session of Node's http2 would outlive a client that ends its half, and keep the connection.
  socket.allowHalfOpen = false;
  if (typeof h2 === 'function') h2(socket);
  else h2.emit(h2 instanceof tls.Server ? 'secureConnection' : 'connection', socket);
}

/** Says in text what is spoken here, to a client that speaks nothing of it. */
function explain(socket: net.Socket, protocols: readonly string[]): void {
  const text = `This server speaks ${protocols.join(', ')}; TLS clients choose by ALPN.\n`;
  socket.on('error', () => {});
  socket.resume();
  socket.end(
    `HTTP/1.1 426 Upgrade Required\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
  const deadline = new Deadline();
  deadline.start(EXPLANATION_MS, () => socket.destroy());
  socket.once('close', () => deadline.stop());
}
