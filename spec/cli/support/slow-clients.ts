import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { SPDY3_1 } from '../../../lib/protocol/version.ts';
import { FrameFactory, rawDataFrame } from '../../support/frame-factory.ts';

/** What a client is slow with. */
const KINDS = ['head', 'body', 'answer'] as const;
const FRONTS = ['http/1.1', 'h2', 'spdy/3.1'] as const;

type Kind = (typeof KINDS)[number];
type Front = (typeof FRONTS)[number];

const DRIPPED = 1000;
const ANSWER = '/sized?bytes=262144';

/** Clients that begin, and then go on byte by byte: a third of them each with the head of a request, with its body, and with reading its answer. */
export class SlowClients {
  readonly #sockets: { readonly socket: Socket; readonly front: Front; readonly kind: Kind }[] = [];
  #open = 0;
  #steps = 0;

  /** Connects so many, one after the other. */
  static async open(port: number, count: number): Promise<SlowClients> {
    const clients = new SlowClients();
    for (let i = 0; i < count; i++) {
      const front = FRONTS[i % FRONTS.length] as Front;
      const kind = KINDS[Math.floor(i / FRONTS.length) % KINDS.length] as Kind;
      await clients.#connect(port, front, kind);
    }
    return clients;
  }

  /** How many have a connection. */
  get connected(): number {
    return this.#open;
  }

  /** Each of them sends a byte, or reads one. */
  step(): void {
    const at = BEGUN + this.#steps++;
    for (const { socket, front, kind } of this.#sockets) {
      if (kind === 'answer') socket.read(1);
      else if (!socket.writable) continue;
      // What is compressed has to make sense.
      else if (front === 'spdy/3.1' && kind === 'head')
        socket.write(SPDY_HEAD.subarray(at, at + 1));
      else socket.write('a');
    }
  }

  /** None of them does anything any more; resolves when the other side has ended all connections. */
  async ended(): Promise<void> {
    await Promise.all(
      this.#sockets.map(async ({ socket }) => {
        socket.resume();
        if (!socket.closed) await once(socket, 'close');
      }),
    );
  }

  async #connect(port: number, front: Front, kind: Kind): Promise<void> {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    this.#open++;
    socket.once('close', () => this.#open--);
    socket.pause();
    this.#sockets.push({ socket, front, kind });
    socket.write(BEGINNINGS[front][kind]);
  }
}

const HOST = '127.0.0.1';

const SPDY_HEAD = spdyHead('GET', '/', 1);
/** Bytes of it that come at once. */
const BEGUN = 20;

/** What each kind sends at once. A body is dripped behind the head of its only frame. */
const BEGINNINGS: Readonly<Record<Front, Readonly<Record<Kind, string | Buffer>>>> = {
  'http/1.1': {
    head: `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Slow: `,
    body: `POST /echo HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${DRIPPED}\r\n\r\n`,
    answer: `GET ${ANSWER} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
  },
  h2: {
    // The frame is longer than what has come of it.
    head: Buffer.concat([h2Preface(), h2Frame(1, 5, h2Head('GET', '/'), DRIPPED)]),
    body: Buffer.concat([
      h2Preface(),
      h2Frame(1, 4, h2Head('POST', '/echo')),
      h2Frame(0, 0, Buffer.alloc(0), DRIPPED),
    ]),
    answer: Buffer.concat([h2Preface(), h2Frame(1, 5, h2Head('GET', ANSWER))]),
  },
  'spdy/3.1': {
    head: SPDY_HEAD.subarray(0, BEGUN),
    body: Buffer.concat([
      spdyHead('POST', '/echo', 0),
      rawDataFrame(1, Buffer.alloc(DRIPPED)).subarray(0, 8),
    ]),
    answer: spdyHead('GET', ANSWER, 1),
  },
};

function h2Preface(): Buffer {
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  ]);
}

/** A frame of stream 1 (of stream 0 there is none here) that announces `more` bytes than it has. */
function h2Frame(type: number, flags: number, payload: Buffer, more = 0): Buffer {
  const head = Buffer.from([0, 0, 0, type, flags, 0, 0, 0, 1]);
  head.writeUIntBE(payload.length + more, 0, 3);
  return Buffer.concat([head, payload]);
}

/** Fields without indexing and Huffman codes (RFC 7541 6.2.2). */
function h2Head(method: 'GET' | 'POST', path: string): Buffer {
  const text = (value: string): Buffer[] => [Buffer.from([value.length]), Buffer.from(value)];
  return Buffer.concat([
    Buffer.from([method === 'GET' ? 0x82 : 0x83, 0x86, 0x04]),
    ...text(path),
    Buffer.from([0x01]),
    ...text(HOST),
  ]);
}

function spdyHead(method: string, path: string, flags: number): Buffer {
  const fields = [
    [':method', method],
    [':path', path],
    [':version', 'HTTP/1.1'],
    [':host', HOST],
    [':scheme', 'http'],
  ] as const;
  return new FrameFactory(SPDY3_1).synStream(1, fields, { flags });
}
