import { ConnectionDecoder, type FrameNumbers } from '../decode/connection-decoder.ts';
import type { DumpDirection, DumpSink } from '../events.ts';
import type { DumpOptions } from '../options.ts';
import { CaptureFile } from './capture-file.ts';
import { type HeldBudget, TcpDirection } from './tcp-direction.ts';
import { ACK, FIN, makeSegment, RST, readSegment, SYN, type TcpSegment } from './tcp-segment.ts';

/** TCP connections that are followed at once; the oldest is given up for another one. */
const MOST_CONNECTIONS = 8192;

/** What a capture held besides frames. */
export interface CaptureCounts {
  /** Packets of any kind. */
  packets: number;
  /** TCP connections. */
  connections: number;
  /** By what they speak, those that are not SPDY. */
  readonly foreign: Map<string, number>;
}

interface Connection {
  readonly decoder: ConnectionDecoder;
  readonly directions: Readonly<Record<DumpDirection, TcpDirection>>;
  /** What packets of the client begin with, as `keyOf()` has it. */
  readonly client: string;
  /** Whether a direction was told to be at its end. */
  closed: boolean;
  /** Sequence number of the client's SYN, null if it was not captured. */
  readonly syn: number | null;
}

/** Finds the connections in the packets of a capture, and reads them. */
export class CaptureReader {
  readonly #options: DumpOptions;
  readonly #sink: DumpSink;
  readonly #numbers: FrameNumbers = { last: 0 };
  readonly #segment: TcpSegment = makeSegment();
  /** Under the keys of both directions. */
  readonly #connections = new Map<string, Connection>();
  readonly #file = new CaptureFile((link, bytes, start, end, time) =>
    this.#packet(link, bytes, start, end, time),
  );
  readonly #budget: HeldBudget = { held: 0 };
  #numbersGiven = 0;
  #time = 0;
  /** What there was. */
  readonly counts: CaptureCounts = { packets: 0, connections: 0, foreign: new Map() };

  constructor(sink: DumpSink, options: DumpOptions = {}) {
    this.#sink = sink;
    this.#options = options;
  }

  /**
   * Reads the next bytes of the capture.
   *
   * @throws Error for what is no capture
   */
  push(chunk: Buffer): void {
    this.#file.push(chunk);
  }

  /** The capture has ended. Returns the bytes of a packet at its end that is cut. */
  end(): number {
    for (const [key, connection] of this.#connections) {
      if (key === connection.client) this.#close(connection, this.#time, false);
    }
    this.#connections.clear();
    return this.#file.rest;
  }

  #packet(link: number, bytes: Buffer, start: number, end: number, time: number): void {
    this.counts.packets++;
    this.#time = time;
    const segment = this.#segment;
    if (!readSegment(link, bytes, start, end, segment)) return;
    const key = keyOf(bytes, segment, false);
    const { flags, sequence } = segment;
    const connection = this.#find(key, bytes, segment);
    if (connection === null || connection.decoder.done) return;
    const direction: DumpDirection = key === connection.client ? 'c2s' : 's2c';
    const own = connection.directions[direction];
    const first = (flags & SYN) === 0 ? sequence : (sequence + 1) >>> 0;
    if ((flags & SYN) !== 0) own.begin(first);
    if ((flags & ACK) !== 0) {
      const other = connection.directions[direction === 'c2s' ? 's2c' : 'c2s'];
      other.acknowledged(segment.acknowledgment, time);
    }
    if (segment.length > 0 && (flags & RST) === 0) {
      const { payload, captured, length } = segment;
      own.segment(first, bytes.subarray(payload, payload + captured), length, time);
    }
    if ((flags & FIN) !== 0) own.fin((first + segment.length) >>> 0, time);
    if ((flags & RST) !== 0) this.#close(connection, time, true);
  }

  /** The connection of a segment: one that is known, or a new one; null for a segment that begins none. */
  #find(key: string, bytes: Buffer, segment: TcpSegment): Connection | null {
    const { flags, sequence } = segment;
    const known = this.#connections.get(key);
    const opens = (flags & (SYN | ACK)) === SYN;
    if (known !== undefined) {
      // The ports are used again.
      const again = opens && key === known.client && known.syn !== sequence;
      if (!again) return known;
      this.#close(known, this.#time, false);
      this.#forget(known, keyOf(bytes, segment, true));
    }
    if ((flags & RST) !== 0 || (!opens && segment.length === 0 && (flags & SYN) === 0)) return null;
    return this.#add(key, bytes, segment, opens);
  }

  #add(key: string, bytes: Buffer, segment: TcpSegment, opens: boolean): Connection {
    const other = keyOf(bytes, segment, true);
    const { header, addresses, addressLength, flags } = segment;
    const [source, target] = [bytes.readUInt16BE(header), bytes.readUInt16BE(header + 2)];
    const from = endText(bytes, addresses, addressLength, source);
    const to = endText(bytes, addresses + addressLength, addressLength, target);
    const answers = (flags & SYN) !== 0 && !opens;
    // Without a SYN the lower port is the better guess.
    const byClient = opens || (!answers && (source > target || source === target));
    const decoder = new ConnectionDecoder(
      {
        ...this.#options,
        number: ++this.#numbersGiven,
        client: byClient ? from : to,
        server: byClient ? to : from,
        fromStart: opens || answers,
      },
      this.#sink,
      this.#numbers,
    );
    const direction = (name: DumpDirection): TcpDirection =>
      new TcpDirection(
        {
          bytes: (chunk, time) => decoder.push(name, chunk, time),
          gap: (length, time) => decoder.gap(name, length, time),
          end: (time) => decoder.end(name, time),
        },
        this.#budget,
      );
    const connection: Connection = {
      decoder,
      directions: { c2s: direction('c2s'), s2c: direction('s2c') },
      client: byClient ? key : other,
      closed: false,
      syn: opens ? segment.sequence : null,
    };
    this.counts.connections++;
    this.#makeRoom();
    this.#connections.set(key, connection).set(other, connection);
    return connection;
  }

  #makeRoom(): void {
    if (this.#connections.size < 2 * MOST_CONNECTIONS) return;
    for (const [key, oldest] of this.#connections) {
      this.#close(oldest, this.#time, false);
      this.#connections.delete(key);
      if (this.#connections.size < 2 * MOST_CONNECTIONS) return;
    }
  }

  #forget(connection: Connection, other: string): void {
    this.#connections.delete(connection.client);
    this.#connections.delete(other);
  }

  #close(connection: Connection, time: number, reset: boolean): void {
    if (connection.closed) return;
    connection.closed = true;
    const { decoder, directions } = connection;
    for (const direction of ['c2s', 's2c'] as const) {
      directions[direction].flush(time);
      decoder.end(direction, time, reset);
    }
    const { foreign } = decoder;
    if (foreign === null && decoder.found) return;
    const kind = foreign ?? 'no frame found';
    this.counts.foreign.set(kind, (this.counts.foreign.get(kind) ?? 0) + 1);
  }
}

/** Addresses and ports as they stand in the packet, or the other way round. */
function keyOf(bytes: Buffer, segment: TcpSegment, turned: boolean): string {
  const { addresses, addressLength, header } = segment;
  const half = addresses + addressLength;
  const end = half + addressLength;
  if (!turned)
    return bytes.toString('latin1', addresses, end) + bytes.toString('latin1', header, header + 4);
  const text = (from: number, to: number): string => bytes.toString('latin1', from, to);
  return (
    text(half, end) +
    text(addresses, half) +
    text(header + 2, header + 4) +
    text(header, header + 2)
  );
}

function endText(bytes: Buffer, at: number, length: 4 | 16, port: number): string {
  if (length === 4) return `${[...bytes.subarray(at, at + 4)].join('.')}:${port}`;
  const words: string[] = [];
  for (let i = 0; i < 16; i += 2) words.push(bytes.readUInt16BE(at + i).toString(16));
  // A URL has the short form of it.
  return `${new URL(`http://[${words.join(':')}]`).hostname}:${port}`;
}
