import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StreamingServer } from '../../lib/kubernetes/server/streaming-server.ts';
import { type DecodedFrame, FrameDecoder } from './frame-decoder.ts';
import { FrameFactory } from './frame-factory.ts';
import { SPDY31 } from './raw-command.ts';
import { memoryConnection, until } from './session-pair.ts';
import { type Cut, shred, WHOLE } from './shred.ts';

/** A client of a streaming server that is only bytes. Its upgrade request has been read by HTTP already. */
export class RawStreamingClient {
  readonly socket: Duplex;
  readonly make: FrameFactory = new FrameFactory(SPDY31);
  readonly frames: DecodedFrame[] = [];
  /** The head of the answer; empty before it is there. */
  head = '';
  /** The server has ended, or reset, its direction. */
  over = false;
  readonly #decoder = new FrameDecoder(SPDY31);

  constructor(
    server: StreamingServer,
    path: string,
    protocols: readonly string[] = ['v4.channel.k8s.io'],
  ) {
    const { client, server: end } = memoryConnection();
    this.socket = client;
    client.on('error', () => {});
    client.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const event of ['end', 'close']) {
      client.once(event, () => {
        this.over = true;
      });
    }
    server.handleUpgrade(upgradeRequest(path, protocols), end, Buffer.alloc(0));
  }

  /** Sends bytes, cut as given, as fast as the server takes them. */
  async send(bytes: Uint8Array, cut: Cut = WHOLE): Promise<void> {
    for (const piece of shred(Buffer.from(bytes), cut)) {
      if (this.socket.destroyed) return;
      if (!this.socket.write(piece))
        await until(() => this.socket.destroyed || !this.socket.writableNeedDrain);
    }
  }

  /** Names of the frames that came. */
  get names(): string[] {
    return this.frames.map(({ frame }) => String(frame.type));
  }

  /** The bytes of a stream so far. */
  body(id: number): Buffer {
    return Buffer.concat(
      this.frames
        .filter(({ frame }) => frame.type === 'DATA' && frame.streamId === id)
        .map(({ data }) => data),
    );
  }

  /** Whether the server has finished a stream. */
  finished(id: number): boolean {
    return this.frames.some(
      ({ frame }) => frame.type === 'DATA' && frame.streamId === id && Number(frame.flags) === 1,
    );
  }

  #take(chunk: Buffer): void {
    if (this.head.endsWith('\r\n\r\n')) {
      this.frames.push(...this.#decoder.push(chunk));
      return;
    }
    const text = this.head + chunk.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    this.head = end < 0 ? text : text.slice(0, end + 4);
    if (end >= 0 && text.length > end + 4) this.#take(Buffer.from(text.slice(end + 4), 'latin1'));
  }
}

/** What an `http.Server` would say of such a request. */
function upgradeRequest(path: string, protocols: readonly string[]): IncomingMessage {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': protocols.join(', '),
  };
  const headersDistinct = { 'x-stream-protocol-version': protocols };
  return { method: 'POST', url: path, headers, headersDistinct } as unknown as IncomingMessage;
}
