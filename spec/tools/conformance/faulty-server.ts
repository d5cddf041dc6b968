import { once } from 'node:events';
import net from 'node:net';
import { FrameDecoder } from '../../../lib/engine/receive/frame-decoder.ts';
import { FrameEncoder } from '../../../lib/engine/send/frame-encoder.ts';
import type { FrameSink } from '../../../lib/framing/frame-sink.ts';
import { PING, SYN_STREAM } from '../../../lib/protocol/constants.ts';
import type { ControlFrame, Header, HeaderBlockFrame } from '../../../lib/protocol/frames.ts';

/** What a server makes of each thing that comes. */
export interface Mistakes {
  /** Answers to requests, PING to anything. */
  readonly answers?: boolean;
  /** Further fields of replies. */
  readonly fields?: readonly Header[];
  /** Fields of replies that are missing. */
  readonly without?: readonly string[];
  /** Bytes of bodies. */
  readonly length?: number;
  /** RST_STREAM with status 6 for every stream. */
  readonly resets?: boolean;
  /** GOAWAY for everything. */
  readonly gives?: boolean;
  /** A push with an odd id. */
  readonly pushes?: boolean;
}

/** A server for SPDY/3.1 that knows no rule and makes mistakes. */
export async function faultyServer(
  mistakes: Mistakes,
): Promise<{ readonly port: number; end(): Promise<void> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const sink = new FaultySink(mistakes, (bytes) => socket.write(bytes));
    const decoder = new FrameDecoder('spdy/3.1', sink);
    socket.on('data', (chunk) => {
      decoder.read(chunk);
      // Whatever it was.
      if (decoder.stopped) decoder.resume();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    end: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

class FaultySink implements FrameSink {
  readonly #mistakes: Mistakes;
  readonly #send: (bytes: Buffer) => void;
  readonly #make = new FrameEncoder('spdy/3.1');

  constructor(mistakes: Mistakes, send: (bytes: Buffer) => void) {
    this.#mistakes = mistakes;
    this.#send = send;
  }

  headerBlock(): void {}

  control(frame: ControlFrame): void {
    const { answers = false, gives = false, pushes = false, resets = false } = this.#mistakes;
    if (gives) this.#send(this.#make.goaway(0, 1));
    if (resets && 'streamId' in frame) this.#send(this.#make.rstStream(frame.streamId, 6));
    if (frame.type === SYN_STREAM && pushes)
      this.#send(this.#make.synStream({ streamId: 9, flags: 2 }, [['a', 'b']]));
    if (!answers) return;
    if (frame.type === SYN_STREAM) this.#reply(frame.streamId);
    else if (frame.type === PING) this.#send(this.#make.ping(frame.id));
  }

  badHeaders(frame: HeaderBlockFrame): void {
    this.control(frame);
  }

  dataStart(streamId: number): void {
    if (this.#mistakes.resets === true) this.#send(this.#make.rstStream(streamId, 6));
    if (this.#mistakes.gives === true) this.#send(this.#make.goaway(0, 1));
  }

  dataChunk(): void {}

  dataEnd(): void {}

  wrongVersion(): void {}

  unknown(): void {
    if (this.#mistakes.gives === true) this.#send(this.#make.goaway(0, 1));
  }

  parseError(): void {}

  #reply(streamId: number): void {
    const { fields = [], length = 100, without = [] } = this.#mistakes;
    const headers: Header[] = [[':status', '200 OK'], [':version', 'HTTP/1.1'], ...fields];
    const kept = headers.filter(([name]) => !without.includes(name));
    this.#send(this.#make.synReply(streamId, kept));
    this.#send(this.#make.data(streamId, Buffer.alloc(length, 'x'), 1));
  }
}
