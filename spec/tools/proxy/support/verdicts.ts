import net from 'node:net';
import { confirmEnd } from '../../../../lib/common/network/socket-end.ts';
import { type Client, clientOf, type FrontProtocol } from './clients.ts';
import {
  DATA,
  END_STREAM,
  type Frame,
  frame,
  HEADERS,
  RawClient,
  RST_STREAM,
} from './h2-frames.ts';

/** What clients of these specs speak: those of HTTP/1.0 and HTTP/2 see every byte. */
export const SEEING = ['http/1.0', 'http/1.1', 'h2', 'spdy/3.1', 'spdy/3', 'spdy/2'] as const;

/** One of them. */
export type Seeing = (typeof SEEING)[number];

/** What a client takes an answer for. */
export interface Verdict {
  /** Null without an answer. */
  readonly status: number | null;
  /** Whether it looks as if all of it had come. */
  readonly whole: boolean;
}

/** A request: without a body, with one that waits for 100, or with one that does not end. */
export type Sending = 'nothing' | 'expecting' | 'endless';

/** The ports of a proxy: with TLS, and plain. */
export interface Ports {
  readonly secure: number;
  readonly plain: number;
}

/** Asks, and tells what came, once it is over. `over` is settled when the proxy takes the exchange for over. */
export async function verdictOf(
  protocol: Seeing,
  ports: Ports,
  sending: Sending,
  over: Promise<unknown>,
): Promise<Verdict> {
  if (protocol === 'http/1.0') return http10(ports.plain, sending);
  if (protocol === 'h2') return h2(ports.plain, sending);
  return message(clientOf(protocol as FrontProtocol, ports.secure), sending, over);
}

async function message(client: Client, sending: Sending, over: Promise<unknown>): Promise<Verdict> {
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(1000);
    if (sending === 'endless') await over;
  }
  const { status, whole } = await client
    .ask({
      path: '/',
      ...(sending === 'nothing' ? {} : { method: 'POST', body: pieces() }),
      ...(sending === 'expecting' ? { headers: { expect: '100-continue' } } : {}),
    })
    .catch(() => ({ status: null, whole: false }));
  await client.close();
  return { status, whole };
}

/** HTTP/1.0 knows no chunks, and no interim answers: with a length or with the end of the connection. */
async function http10(port: number, sending: Sending): Promise<Verdict> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const length = sending === 'nothing' ? '' : 'Content-Length: 2000\r\n';
  const method = sending === 'nothing' ? 'GET' : 'POST';
  socket.write(`${method} / HTTP/1.0\r\nHost: a\r\n${length}\r\n`);
  if (sending !== 'nothing') socket.write(Buffer.alloc(1000));
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const clean = await new Promise<boolean>((resolve) => {
    socket.once('end', () => confirmEnd(socket, (error) => resolve(error === null)));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  const [, status, head = '', body = ''] = /^HTTP\/1.1 (\d+) (.*?)\r\n\r\n(.*)$/s.exec(text) ?? [];
  const announced = /content-length: (\d+)/i.exec(head)?.[1];
  return {
    status: status === undefined ? null : Number(status),
    whole: announced === undefined ? clean : body.length === Number(announced),
  };
}

/** END_STREAM is what a client takes for the end. */
async function h2(port: number, sending: Sending): Promise<Verdict> {
  const client = new RawClient(port);
  client.send(
    [
      [':method', sending === 'nothing' ? 'GET' : 'POST'],
      [':scheme', 'http'],
      [':authority', 'a'],
      [':path', '/'],
      ...(sending === 'expecting' ? [['expect', '100-continue'] as const] : []),
    ],
    sending === 'nothing' ? END_STREAM : 0,
  );
  if (sending === 'endless') client.socket.write(frame(DATA, 0, 1, Buffer.alloc(1000)));
  const own = (): Frame[] => client.frames.filter(({ streamId }) => streamId === 1);
  const ended = (): boolean =>
    own().some(({ flags, type }) => type <= HEADERS && (flags & END_STREAM) !== 0);
  const gone = new Promise((resolve) => client.socket.once('close', resolve));
  while (!ended() && !own().some(({ type }) => type === RST_STREAM) && !client.socket.closed) {
    await Promise.race([new Promise((resolve) => client.socket.once('data', resolve)), gone]);
  }
  client.socket.destroy();
  return { status: statusOf(own()), whole: ended() };
}

/** 200 is one byte of HPACK; the others stand in the text that the proxy makes. */
function statusOf(frames: readonly Frame[]): number | null {
  const heads = frames.filter(({ type }) => type === HEADERS);
  if (heads.length === 0) return null;
  if (heads.some(({ payload }) => payload.includes(0x88))) return 200;
  const data = frames.filter(({ type }) => type === DATA).map(({ payload }) => payload);
  return Number(Buffer.concat(data).toString('latin1', 0, 3));
}
