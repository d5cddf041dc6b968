import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import {
  createStreamingServer,
  type StreamingHandlers,
  type StreamingServer,
  type StreamingServerOptions,
} from '../../lib/kubernetes/index.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { SPDY3_1 } from '../../lib/protocol/version.ts';
import { FrameFactory } from './frame-factory.ts';
import { RawPeer, until } from './session-pair.ts';

/** A streaming server on a port of its own. */
export interface ServedStreams {
  readonly streaming: StreamingServer;
  readonly server: http.Server;
  readonly port: number;
  /** What handlers have thrown, and how sessions failed. */
  readonly errors: unknown[];
  /** Closes it, and waits until every connection has ended. */
  stop(): Promise<void>;
}

/** Starts a streaming server. */
export async function serveStreams(
  handlers: StreamingHandlers,
  options: StreamingServerOptions = {},
): Promise<ServedStreams> {
  const streaming = createStreamingServer(handlers, options);
  const errors: unknown[] = [];
  streaming.on('handlerError', (error) => errors.push(error));
  streaming.on('sessionError', (error) => errors.push(error));
  const server = http.createServer();
  streaming.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    await streaming.close();
    server.close();
    await once(server, 'close');
  };
  return { streaming, server, port: (server.address() as AddressInfo).port, errors, stop };
}

/** How a raw client asks. */
export interface RawRequest {
  readonly method?: string;
  /** What `Upgrade` says. */
  readonly upgrade?: string;
  readonly protocols?: readonly string[];
  /** Further lines of the request. */
  readonly lines?: readonly string[];
  /** Frames that go out with the request in one write. */
  readonly pipelined?: (make: FrameFactory) => readonly Uint8Array[];
}

/** A raw client behind the answer. */
export interface RawClient {
  /** Status line and fields of the answer. */
  readonly head: string;
  readonly peer: RawPeer;
  readonly socket: net.Socket;
}

/** Asks for an upgrade by hand, and speaks frames by hand from then on. */
export async function rawClient(
  port: number,
  path: string,
  request: RawRequest = {},
): Promise<RawClient> {
  const { method = 'POST', upgrade = 'SPDY/3.1', protocols = ['v4.channel.k8s.io'] } = request;
  const make = new FrameFactory(SPDY3_1);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: a',
    'Content-Length: 0',
    'Connection: Upgrade',
    `Upgrade: ${upgrade}`,
    ...protocols.map((name) => `X-Stream-Protocol-Version: ${name}`),
    ...(request.lines ?? []),
  ];
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const frames = request.pipelined?.(make) ?? [];
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...frames]));
  const head = await readHead(socket);
  return { head, peer: new RawPeer(socket, SPDY3_1, make), socket };
}

/** Asks for an upgrade that is refused; the whole answer, when the server has closed. */
export async function refusedClient(
  port: number,
  path: string,
  request: RawRequest = {},
): Promise<string> {
  const lines = [
    `${request.method ?? 'POST'} ${path} HTTP/1.1`,
    'Host: a',
    'Connection: Upgrade',
    `Upgrade: ${request.upgrade ?? 'SPDY/3.1'}`,
    ...(request.protocols ?? ['v4.channel.k8s.io']).map(
      (name) => `X-Stream-Protocol-Version: ${name}`,
    ),
    ...(request.lines ?? []),
  ];
  const socket = net.connect(port, '127.0.0.1');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** Waits for the head of an HTTP answer and returns it; what came behind it is put back. */
export async function readHead(socket: net.Socket): Promise<string> {
  let text = Buffer.alloc(0);
  for (;;) {
    await once(socket, 'readable');
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read())
      text = Buffer.concat([text, chunk]);
    const end = text.indexOf('\r\n\r\n');
    if (end === -1) continue;
    socket.unshift(text.subarray(end + 4));
    return text.toString('latin1', 0, end);
  }
}

/** Headers of a stream of a command. */
export function streamType(type: string): HeaderList {
  return [['streamtype', type]];
}

/** Headers of a stream of port forwarding. */
export function forwardStream(type: string, port: number | string, id?: number): HeaderList {
  const headers: [string, string][] = [
    ['streamtype', type],
    ['port', String(port)],
  ];
  if (id !== undefined) headers.push(['requestid', String(id)]);
  return headers;
}

/** SYN_STREAMs of a command, with ids 1, 3, 5... */
export function framesOf(make: FrameFactory, ...types: readonly string[]): Buffer[] {
  return types.map((type, i) => make.synStream(2 * i + 1, streamType(type)));
}

/** Opens streams of a command, with ids 1, 3, 5... */
export function openStreams(peer: RawPeer, ...types: readonly string[]): void {
  peer.send(...framesOf(peer.make, ...types));
}

/** Bytes that came on a stream. */
export function bytesOn(peer: RawPeer, streamId: number): Buffer {
  return Buffer.concat(
    peer.frames
      .filter(({ frame }) => frame.type === 'DATA' && frame.streamId === streamId)
      .map(({ data }) => data),
  );
}

/** Whether a stream was finished by the server. */
export function isFinished(peer: RawPeer, streamId: number): boolean {
  return peer.frames.some(
    ({ frame }) => frame.type === 'DATA' && frame.streamId === streamId && frame.flags === 1,
  );
}

/** Waits for FIN on a stream, and returns its bytes as text. */
export async function textOn(peer: RawPeer, streamId: number): Promise<string> {
  await until(() => isFinished(peer, streamId));
  return bytesOn(peer, streamId).toString();
}

/** Statuses of the RST_STREAM frames for a stream. */
export function resetsOf(peer: RawPeer, streamId: number): unknown[] {
  return peer.frames
    .filter(({ frame }) => frame.type === 'RST_STREAM' && frame.streamId === streamId)
    .map(({ frame }) => frame.status);
}

/** Whether a stream was accepted. */
export function isAccepted(peer: RawPeer, streamId: number): boolean {
  return peer.frames.some(({ frame }) => frame.type === 'SYN_REPLY' && frame.streamId === streamId);
}

/** The path of an exec at an API server. */
export function execPath(query: string, verb = 'exec'): string {
  return `/api/v1/namespaces/ns/pods/p1/${verb}?container=c1&${query}`;
}

/** The path of a port forwarding at an API server. */
export const FORWARD_PATH = '/api/v1/namespaces/ns/pods/p1/portforward';
