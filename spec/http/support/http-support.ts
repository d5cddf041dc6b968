import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { SpdyRequestListener } from '../../../lib/http/server/events.ts';
import type { SpdyServerOptions } from '../../../lib/http/server/options.ts';
import { createServer, type SpdyServer } from '../../../lib/http/server/server.ts';
import type { Header, HeaderList } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../../../lib/protocol/version.ts';
import type { Session } from '../../../lib/session/session.ts';
import type { SessionOptions } from '../../../lib/session/session-options.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import { connect } from '../../../lib/session/transport/connect.ts';
import { sharedCertificate } from '../../support/session-pair.ts';
import { behindOf, portThroughProxy } from './through-proxy.ts';

/** How a client and a server are connected. */
export interface Way {
  readonly title: string;
  readonly version: ProtocolVersion;
  readonly tls: boolean;
}

/** Every version over TLS and plain TCP. */
export const WAYS: readonly Way[] = PROTOCOL_VERSIONS.flatMap((version) =>
  [true, false].map((tls) => ({
    title: `${version.name} over ${tls ? 'TLS' : 'TCP'}`,
    version,
    tls,
  })),
);

/** The reply to a request. */
export interface Reply {
  readonly status: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pairs: HeaderList;
  readonly body: Buffer;
  readonly trailers: HeaderList | null;
  readonly stream: SpdyStream;
}

/** A server that listens, and a session to it. */
export interface Served {
  readonly server: SpdyServer;
  readonly session: Session;
  readonly port: number;
  /** Ends both and waits for it. */
  end(): Promise<void>;
}

/** Servers that were started and not ended yet, with their sessions. */
const OPEN = new Map<SpdyServer, Session[]>();

/** Ends what a spec has left open: `afterEach(endAll)`, so that one that fails does not keep mocha from ending. */
export async function endAll(): Promise<void> {
  await Promise.all([...OPEN].map(([server, sessions]) => shut(server, ...sessions)));
}

/** Starts a server on a free port of the loopback interface. */
export async function listen(
  options: SpdyServerOptions,
  handler?: SpdyRequestListener,
): Promise<{ readonly server: SpdyServer; readonly port: number }> {
  const { key, cert } = sharedCertificate();
  const server = createServer(options.tls === false ? options : { key, cert, ...options }, handler);
  OPEN.set(server, []);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const behind = behindOf(options);
  return {
    server,
    port: behind === null ? port : await portThroughProxy(server, { port, ...behind }),
  };
}

/** A server with a session to it. */
export async function serve(
  way: Way,
  handler?: SpdyRequestListener,
  options: SpdyServerOptions = {},
  client: SessionOptions = {},
): Promise<Served> {
  const { server, port } = await listen(
    { tls: way.tls, version: way.version.id, ...options },
    handler,
  );
  const session = await connect({
    host: '127.0.0.1',
    port,
    version: way.version.id,
    tls: way.tls ? { ca: sharedCertificate().cert } : false,
    session: client,
  });
  OPEN.get(server)?.push(session);
  return { server, session, port, end: () => shut(server, session) };
}

/** Ends sessions, then the server with all that is left. */
export async function shut(server: SpdyServer, ...sessions: Session[]): Promise<void> {
  OPEN.delete(server);
  for (const session of sessions) session.destroy();
  server.closeAllConnections();
  await new Promise<void>((done) => server.close(() => done()));
}

/** Headers of a request. */
export function head(
  path = '/',
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  method = 'GET',
): HeaderList {
  const pairs: Header[] = [
    [':method', method],
    [':scheme', 'https'],
    [':host', 'example.com:8443'],
    [':path', path],
    [':version', 'HTTP/1.1'],
  ];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of typeof values === 'string' ? [values] : values) pairs.push([name, value]);
  }
  return pairs;
}

/** Sends a request and waits for the whole reply. */
export async function ask(
  session: Session,
  path = '/',
  init: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: string | Buffer;
    readonly raw?: HeaderList;
  } = {},
): Promise<Reply> {
  const { body } = init;
  const headers =
    init.raw ?? head(path, init.headers, init.method ?? (body === undefined ? 'GET' : 'POST'));
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return reply(stream);
}

/** Waits for the whole reply to a request. */
export async function reply(stream: SpdyStream): Promise<Reply> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  await new Promise<void>((resolve, reject) => {
    stream.once('end', resolve);
    stream.once('error', reject);
    stream.once('close', () => reject(new Error(`reset with ${stream.rstStatus}`)));
  });
  const pairs = stream.replyHeaders ?? [];
  return {
    status: pairs.find(([name]) => name === ':status')?.[1] ?? '',
    headers: Object.fromEntries(pairs),
    pairs,
    body: Buffer.concat(chunks),
    trailers: stream.trailers,
    stream,
  };
}
