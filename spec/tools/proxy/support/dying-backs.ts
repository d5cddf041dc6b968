import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { createServer } from '../../../../lib/http/server/server.ts';
import type { Sending } from './verdicts.ts';

/** How a connection ends: in order, or with RST. */
export type Death = 'fin' | 'reset';

/** What a client has to get of a back that dies: an answer of the proxy, one of the back that looks cut off, or one that is whole. */
export type Expected = 'failed' | 'cut' | 'whole';

/** When a back dies. */
export interface Phase<Dies> {
  readonly title: string;
  readonly expected: Expected;
  readonly sending?: Sending;
  readonly death?: Death;
  /** Answers a request, and dies. */
  readonly dies: Dies;
}

const OK = 'HTTP/1.1 200 OK\r\n';
const SIZED = `${OK}Content-Length: 1000\r\n\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** What a back of HTTP/1.1 has said by then; null: it dies before a word has come to it. */
export const HTTP1_PHASES: readonly Phase<string | null>[] = [
  { title: 'behind the connection', expected: 'failed', dies: null },
  { title: 'behind the request', expected: 'failed', dies: '' },
  { title: 'in the line of the status', expected: 'failed', dies: 'HTTP/1.1 20' },
  { title: 'in the head', expected: 'failed', dies: `${OK}Content-Le` },
  { title: 'behind 103', expected: 'failed', dies: 'HTTP/1.1 103 Early Hints\r\n\r\n' },
  { title: 'behind the head, with content-length', expected: 'cut', dies: SIZED },
  { title: 'in a body with content-length', expected: 'cut', dies: `${SIZED}begun` },
  { title: 'behind the head, chunked', expected: 'cut', dies: CHUNKED },
  { title: 'in a chunk', expected: 'cut', dies: `${CHUNKED}8\r\nbeg` },
  { title: 'between chunks', expected: 'cut', dies: `${CHUNKED}5\r\nbegun\r\n` },
  { title: 'in the last chunk', expected: 'cut', dies: `${CHUNKED}5\r\nbegun\r\n0\r\n` },
  { title: 'in the trailers', expected: 'cut', dies: `${CHUNKED}5\r\nbegun\r\n0\r\nX-Sum: 4` },
  {
    title: 'in a body that the connection ends',
    expected: 'cut',
    death: 'reset',
    dies: `${OK}\r\nbegun`,
  },
  // Nobody can know better.
  {
    title: 'at the end of a body that the connection ends',
    expected: 'whole',
    death: 'fin',
    dies: `${OK}\r\nbegun`,
  },
  { title: 'while 100 is waited for', expected: 'failed', sending: 'expecting', dies: '' },
  {
    title: 'behind 100',
    expected: 'failed',
    sending: 'expecting',
    dies: 'HTTP/1.1 100 Continue\r\n\r\n',
  },
  { title: 'in an upload', expected: 'failed', sending: 'endless', dies: '' },
  {
    title: 'in an upload and its answer',
    expected: 'cut',
    sending: 'endless',
    dies: `${SIZED}begun`,
  },
  {
    title: 'in an upload, behind its answer',
    expected: 'whole',
    sending: 'endless',
    death: 'fin',
    dies: `${OK}Content-Length: 5\r\n\r\nbegun`,
  },
  {
    title: 'in an upload, behind its empty answer',
    expected: 'whole',
    sending: 'endless',
    death: 'fin',
    dies: `${OK}Content-Length: 0\r\n\r\n`,
  },
];

/** What a handler does, and how the connection is ended then. */
type Dying = (request: IncomingMessage, response: ServerResponse, die: () => void) => void;

const begun: Dying = (_request, response, die) => {
  response.writeHead(200);
  response.write('begun', die);
};

/** When a back of HTTP/2 or SPDY dies. */
export const FRAMED_PHASES: readonly Phase<Dying | null>[] = [
  { title: 'behind the connection', expected: 'failed', dies: null },
  { title: 'behind the request', expected: 'failed', dies: (_request, _response, die) => die() },
  {
    title: 'behind the head',
    expected: 'cut',
    dies: (_request, response, die) => {
      response.writeHead(200);
      response.flushHeaders();
      setImmediate(die);
    },
  },
  { title: 'in the body', expected: 'cut', dies: begun },
  {
    title: 'in a body with content-length',
    expected: 'cut',
    dies: (_request, response, die) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('begun', die);
    },
  },
  {
    title: 'in an upload',
    expected: 'failed',
    sending: 'endless',
    dies: (request, _response, die) => request.once('data', die),
  },
  {
    title: 'in an upload and its answer',
    expected: 'cut',
    sending: 'endless',
    dies: (request, response, die) => {
      request.once('data', () => begun(request, response, die));
    },
  },
];

/** A back, and its end. */
export interface DyingBack {
  readonly back: string;
  close(): void;
}

/** Says `text` to whoever asks by HTTP/1.1, and dies. */
export async function dyingHttp1(
  text: string | null,
  sending: Sending,
  death: Death,
): Promise<DyingBack> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    if (text === null) {
      end(socket, death);
      return;
    }
    let asked = '';
    const heard = (chunk: Buffer): void => {
      asked += chunk.toString('latin1');
      const body = asked.split('\r\n\r\n').slice(1).join('\r\n\r\n');
      if (!asked.includes('\r\n\r\n') || (sending === 'endless' && body === '')) return;
      socket.off('data', heard).resume();
      if (text === '') end(socket, death);
      else socket.write(text, 'latin1', () => setImmediate(end, socket, death));
    };
    socket.on('data', heard);
  });
  return listening(server, 'http/1.1', server);
}

/** Does what it is told with whoever asks by HTTP/2 or SPDY, and dies. */
export async function dyingFramed(
  protocol: 'h2' | 'spdy/3.1' | 'spdy/3' | 'spdy/2',
  dies: Dying | null,
  death: Death,
): Promise<DyingBack> {
  let latest: net.Socket | null = null;
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', () => {}).resume();
    response.on('error', () => {});
    const socket = latest as net.Socket;
    dies?.(request, response, () => end(socket, death));
  };
  const server =
    protocol === 'h2'
      ? http2.createServer(handler as never)
      : createServer({ tls: false, version: protocol }, handler as never);
  server.on('sessionError', () => {});
  const listener = 'listener' in server ? server.listener : server;
  (listener as net.Server).prependListener('connection', (socket) => {
    latest = socket;
    socket.on('error', () => {});
    if (dies === null) end(socket, death);
  });
  return listening(server as net.Server, protocol, listener as net.Server);
}

function end(socket: net.Socket, death: Death): void {
  if (death === 'reset') socket.resetAndDestroy();
  // end() of a server of SPDY would answer first.
  else socket.destroy();
}

async function listening(
  server: net.Server,
  protocol: string,
  listener: net.Server,
): Promise<DyingBack> {
  const sockets = new Set<net.Socket>();
  listener.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    back: `${protocol}+http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
