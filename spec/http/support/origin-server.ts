import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import type { SpdyAgentOptions } from '../../../lib/http/client/agent-options.ts';
import { SERVER } from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../../../lib/protocol/version.ts';
import { Session } from '../../../lib/session/session.ts';
import type { SessionOptions } from '../../../lib/session/session-options.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import { npnGetVersion } from '../../../lib/session/transport/negotiate.ts';
import { sharedCertificate } from '../../support/session-pair.ts';
import { portThroughProxy } from './through-proxy.ts';

/** What a server of the specs does with a stream. */
export type StreamHandler = (stream: SpdyStream, headers: HeaderList) => void;

/** How a server of the specs is made. */
export interface OriginOptions {
  /** ALPN; empty for none. */
  readonly protocols?: readonly string[];
  /** Without TLS, with this version. */
  readonly plain?: ProtocolVersion;
  readonly session?: SessionOptions;
  readonly handler?: StreamHandler;
  /** Where HTTP/1.1 is chosen. */
  readonly http?: http.RequestListener;
  /** Whether it is a proxy. Default false. */
  readonly connects?: boolean;
}

const NAMES: readonly string[] = PROTOCOL_VERSIONS.map(({ name }) => name);

/** The value of a header, empty if it is missing. */
export function fieldOf(headers: HeaderList, name: string): string {
  return headers.find((header) => header[0] === name)?.[1] ?? '';
}

/** Headers of a reply. */
export function reply(status: number | string, ...fields: [string, string][]): HeaderList {
  return [[':status', String(status)], [':version', 'HTTP/1.1'], ...fields];
}

/** Replies with `status` and a text. */
export function answer(stream: SpdyStream, text: string, ...fields: [string, string][]): void {
  stream.respond(reply('200 OK', ...fields));
  stream.end(text);
}

/** A server that is made of Sessions and knows nothing of HTTP. */
export class OriginServer {
  readonly sessions: Session[] = [];
  /** Status of each RST_STREAM that came. */
  readonly resets: number[] = [];
  readonly server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #scheme: string;
  readonly #options: OriginOptions;
  #port = 0;
  handler: StreamHandler;
  readonly http: http.Server;

  constructor(options: OriginOptions = {}) {
    this.#options = options;
    this.handler = options.handler ?? ((stream) => answer(stream, 'hello'));
    this.http = http.createServer(options.http ?? ((_request, response) => response.end('one')));
    this.#scheme = options.plain === undefined ? 'https' : 'http';
    if (options.plain === undefined) {
      const { key, cert } = sharedCertificate();
      const { protocols = NAMES } = options;
      const alpn = protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] };
      const server = tls.createServer({ key, cert, ...alpn }, (socket) => {
        const version = npnGetVersion(socket.alpnProtocol);
        if (version === 0) this.http.emit('connection', socket);
        else this.#serve(socket, version);
      });
      server.on('tlsClientError', () => {});
      this.server = server;
    } else {
      const { id } = options.plain;
      this.server = net.createServer((socket) => this.#serve(socket, id));
    }
    this.server.on('connection', (socket: net.Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
    });
  }

  get port(): number {
    return this.#port;
  }

  /** A URL of this server. */
  url(path = '/'): string {
    return `${this.#scheme}://localhost:${this.port}${path}`;
  }

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { plain, protocols = NAMES, connects = false } = this.#options;
    const { port } = this.server.address() as AddressInfo;
    const version = plain?.name ?? null;
    this.#port =
      version === null && protocols.length === 0
        ? port
        : await portThroughProxy(this.server, { port, version, protocols, connects });
    return this;
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #serve(socket: net.Socket, version: 2 | 3 | 4): void {
    const session = new Session(SERVER, version, this.#options.session);
    this.sessions.push(session);
    session.on('error', () => {});
    session.on('rstStream', ({ status }) => this.resets.push(status));
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      this.handler(stream, headers);
    });
    session.attach(socket);
  }
}

/** Servers and agents of one spec file: made by the specs, ended behind each of them. */
export class Stage {
  readonly #servers: OriginServer[] = [];
  readonly #agents: SpdyAgent[] = [];

  async server(options: OriginOptions = {}): Promise<OriginServer> {
    const server = await new OriginServer(options).listen();
    this.#servers.push(server);
    return server;
  }

  agent(options: SpdyAgentOptions = {}): SpdyAgent {
    const agent = new SpdyAgent({ tls: { ca: sharedCertificate().cert }, ...options });
    this.#agents.push(agent);
    return agent;
  }

  /** Ends everything. */
  async end(): Promise<void> {
    for (const agent of this.#agents.splice(0)) agent.destroy();
    await Promise.all(this.#servers.splice(0).map((server) => server.close()));
  }
}

/** Reads a body to its end. */
export async function textOf(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
