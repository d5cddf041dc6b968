import { once } from 'node:events';
import net from 'node:net';

/** Types of frames of HTTP/2, and flags. */
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const GOAWAY = 7;
export const END_STREAM = 1;
export const END_HEADERS = 4;

/** A frame as it came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** A frame as it goes. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** A field whose name and value stand as they are. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value, 'latin1'),
  ]);
}

/** A client that sees frames. */
export class RawClient {
  readonly socket: net.Socket;
  readonly frames: Frame[] = [];
  #rest: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => this.#read(chunk));
    this.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.socket.write(frame(SETTINGS, 0, 0));
  }

  send(fields: readonly (readonly [string, string])[], flags: number = END_STREAM): void {
    const block = Buffer.concat(fields.map(([name, value]) => literal(name, value)));
    this.socket.write(frame(HEADERS, END_HEADERS | flags, 1, block));
  }

  /** The frames of stream 1 until one of this type. */
  async until(type: number): Promise<Frame[]> {
    for (;;) {
      const own = this.frames.filter(({ streamId }) => streamId === 1);
      if (own.some((it) => it.type === type)) return own;
      await once(this.socket, 'data');
    }
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + length) return;
      const [type = 0, flags = 0] = this.#rest.subarray(3, 5);
      const streamId = this.#rest.readUInt32BE(5) & 0x7fffffff;
      this.frames.push({ type, flags, streamId, payload: this.#rest.subarray(9, 9 + length) });
      this.#rest = this.#rest.subarray(9 + length);
    }
  }
}
