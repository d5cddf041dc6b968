import http from 'node:http';
import net from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import tls from 'node:tls';
import { SpdyError } from '../../errors.ts';
import { firstLine, foreignProtocol } from '../../framing/foreign-protocol.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';

/** The server that is played for clients: each connection is for the test that waits for one, also behind an upgrade of HTTP/1.1. */
export class ClientStage {
  /** What listens. */
  readonly server: net.Server;
  /** Set once a client has spoken something else. */
  foreign: SpdyError | null = null;
  /** What a client has offered by ALPN without the version that was wanted last. */
  offered: readonly string[] | null = null;
  readonly #http: http.Server;
  readonly #api: string | null;
  readonly #sockets = new Set<net.Socket>();
  #version: ProtocolVersion | null = null;
  #take: ((socket: net.Socket) => void) | null = null;
  #refuse: ((error: SpdyError) => void) | null = null;

  /** `secure` is for TLS. What asks without an upgrade is passed on to `api`, if there is one. */
  constructor(secure: tls.TlsOptions | null, api: string | null) {
    this.#api = api;
    this.#http = this.#upgrader();
    const accept = (socket: net.Socket): void => this.#accept(socket);
    this.server =
      secure === null
        ? net.createServer({ noDelay: true }, accept)
        : tls.createServer({ ...secure, ALPNCallback: (hello) => this.#choose(hello) }, accept);
  }

  /** The next connection. Rejects when there is none in time, and for one of something else. */
  next(version: ProtocolVersion, timeoutMs: number): Promise<net.Socket> {
    this.#version = version;
    this.offered = null;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        [this.#take, this.#refuse] = [null, null];
      };
      const fail = (error: SpdyError): void => {
        settle();
        reject(error);
      };
      const timer = setTimeout(() => {
        fail(new SpdyError('ERR_SPDY_TIMEOUT', 'the client has not connected, or said nothing'));
      }, timeoutMs);
      this.#refuse = fail;
      this.#take = (socket) => {
        settle();
        resolve(socket);
      };
    });
  }

  /** Ends the test that is made. */
  breakOff(): void {
    this.#refuse?.(new SpdyError('ERR_SPDY_ABORTED', 'the tests were ended'));
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends everything. */
  end(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What ALPN comes to. HTTP/1.1 may become SPDY by an upgrade. */
  #choose({ protocols }: { protocols: string[] }): string | undefined {
    const name = this.#version?.name ?? '';
    const chosen = [name, 'http/1.1'].find((one) => protocols.includes(one));
    if (chosen !== undefined) return chosen;
    this.offered = protocols;
    this.#refuse?.(new SpdyError('ERR_SPDY_NEGOTIATION', `the client offers ${protocols}`, 'peer'));
    return undefined;
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.once('readable', () => {
      const start: Buffer | null = socket.read();
      if (start === null) return;
      socket.unshift(start);
      const name = foreignProtocol(start);
      if (name === null) this.#give(socket);
      else if (name === 'HTTP/1.1') this.#http.emit('connection', socket);
      else this.#isForeign(name, start, socket);
    });
  }

  /** A connection for a test. A client that comes once more has had its answer. */
  #give(socket: net.Socket): void {
    if (this.#take === null) socket.destroy();
    else this.#take(socket);
  }

  #isForeign(name: string, start: Buffer, socket: net.Socket): void {
    const line = firstLine(start);
    const words = `the client speaks ${line === '' ? name : `${name}: ${line}`}, not SPDY`;
    this.foreign ??= new SpdyError('ERR_SPDY_NOT_SPDY', words, 'peer');
    this.#refuse?.(this.foreign);
    socket.destroy();
  }

  #upgrader(): http.Server {
    const server = http.createServer((request, response) => {
      const { method = '', url = '', socket } = request;
      if (this.#api !== null) passOn(this.#api, request, response);
      else this.#isForeign('HTTP/1.1', Buffer.from(`${method} ${url} HTTP/1.1`), socket);
    });
    server.on('upgrade', (request: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
      const name = this.#version?.name ?? '';
      if (request.headers.upgrade?.toLowerCase() !== name) {
        const line = `an upgrade to ${request.headers.upgrade}`;
        this.#isForeign(line, Buffer.alloc(0), socket);
        return;
      }
      socket.write(acceptance(name, request));
      if (head.length > 0) socket.unshift(head);
      this.#give(socket);
    });
    return server;
  }
}

/** The answer to an upgrade, with the best of the protocols that Kubernetes has inside of SPDY. */
function acceptance(name: string, { headers }: http.IncomingMessage): string {
  const [inside = ''] = [headers['x-stream-protocol-version'] ?? ''].flat().join().split(/,\s*/);
  const field = inside === '' ? '' : `X-Stream-Protocol-Version: ${inside}\r\n`;
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${name.toUpperCase()}\r\n${field}\r\n`;
}

/** Asks the other server for the same path; where a client names another place, or one that is none, that is not looked at. */
function passOn(api: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { method, headers, url: path = '/' } = request;
  const further = http.request(api, { method, headers, path }, (answer) => {
    response.writeHead(answer.statusCode as number, answer.headers);
    answer.pipe(response);
  });
  further.on('error', () => response.destroy());
  response.on('close', () => further.destroy());
  request.pipe(further);
}
