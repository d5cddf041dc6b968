import { type ProtocolVersion, SPDY2, SPDY3_1 } from '../../../protocol/version.ts';
import type { DumpDirection, DumpSink } from '../events.ts';
import { ConnectionCheck } from './connection-check.ts';
import type { FrameFacts } from './control-reader.ts';
import { DirectionDecoder } from './direction-decoder.ts';
import { Opening } from './opening.ts';

/** How a connection is looked at. */
export interface ConnectionOptions {
  /** Number of the connection in the dump, from 1. */
  readonly number: number;
  /** Address and port of the client; default null. */
  readonly client?: string | null | undefined;
  /** Address and port of the server; default null. */
  readonly server?: string | null | undefined;
  /** The version of SPDY, where it is known; SPDY/3 and SPDY/3.1 look alike, and are taken for SPDY/3.1 without this. */
  readonly version?: ProtocolVersion | null | undefined;
  /** Whether the first bytes are those of the connection; default true. Else frames are looked for in what comes. */
  readonly fromStart?: boolean | undefined;
  /** Whether bytes of both directions come in the order in which they were seen; default true. Else windows are not judged. */
  readonly ordered?: boolean | undefined;
  /** Whether values of credentials and cookies are shown; default false: they are `***`. */
  readonly secrets?: boolean | undefined;
}

/** Gives frames of all connections of a dump their numbers. */
export interface FrameNumbers {
  /** The number given last. */
  last: number;
}

/** The bytes of both directions of a connection as events. It never throws for what the bytes are. */
export class ConnectionDecoder {
  readonly #options: ConnectionOptions;
  readonly #sink: DumpSink;
  readonly #numbers: FrameNumbers;
  readonly #opening: Opening;
  #halves: Readonly<Record<DumpDirection, DirectionDecoder>> | null = null;
  #check: ConnectionCheck | null = null;
  #text: string | null = null;
  #announced = false;
  #time: number | null = null;
  readonly #ended = { c2s: false, s2c: false };
  /** Why it is no SPDY, null as long as it may be. */
  foreign: string | null = null;

  /** Frames are numbered from `numbers.last` on. */
  constructor(options: ConnectionOptions, sink: DumpSink, numbers: FrameNumbers = { last: 0 }) {
    this.#options = options;
    this.#sink = sink;
    this.#numbers = numbers;
    this.#opening = new Opening({
      opened: (version, text) => this.#open(version, text),
      spdy: (direction, chunk) => this.#halves?.[direction].push(chunk),
      foreign: (direction, text) => this.#giveUp(direction, text),
    });
    if (options.fromStart === false) this.#open(null, null);
  }

  /** Whether frames were found. */
  get found(): boolean {
    return this.#announced;
  }

  /** Whether nothing is looked at any more. */
  get done(): boolean {
    return this.foreign !== null || (this.#ended.c2s && this.#ended.s2c);
  }

  /** Takes bytes of one direction, cut anywhere, that came at `time` (milliseconds since 1970 began). Nothing is kept of `chunk`. */
  push(direction: DumpDirection, chunk: Buffer, time: number | null = null): void {
    this.#time = time;
    if (this.#options.fromStart === false) this.#halves?.[direction].push(chunk);
    else this.#opening.push(direction, chunk);
  }

  /** So many bytes of a direction were not recorded. */
  gap(direction: DumpDirection, length: number, time: number | null = null): void {
    this.#time = time;
    if (this.#halves === null)
      this.#giveUp(direction, `${length} bytes are missing before SPDY begins`);
    else this.#halves[direction].gap(length);
  }

  /** A direction has ended: with FIN, by a reset, or with the input. */
  end(direction: DumpDirection, time: number | null = null, reset = false): void {
    if (this.#ended[direction]) return;
    this.#ended[direction] = true;
    this.#time = time;
    const half = this.#halves?.[direction];
    if (half === undefined || this.foreign !== null) return;
    half.end();
    if (!this.#announced) return;
    const { number: connection } = this.#options;
    this.#sink.event({ event: 'end', connection, time, direction, reset, bytes: half.bytes });
  }

  #open(found: ProtocolVersion | null, text: string | null): void {
    const { version = null, fromStart = true, secrets = false } = this.#options;
    const known = found ?? version;
    this.#text = text;
    const make = (direction: DumpDirection): DirectionDecoder =>
      new DirectionDecoder(
        {
          versionFound: (wire) => this.#versionFound(wire),
          frame: (offset, facts) => this.#frame(direction, offset, facts),
          payload: (stream, chunk) =>
            this.#sink.payload?.(this.#options.number, direction, stream, chunk),
          note: (offset, told) => {
            this.#check?.lost();
            this.#note(direction, offset, told);
          },
        },
        { version: known, fromStart, secrets },
      );
    this.#halves = { c2s: make('c2s'), s2c: make('s2c') };
    if (found !== null) this.#announce(found, true);
  }

  #versionFound(wire: 2 | 3): ProtocolVersion {
    const version = wire === 2 ? SPDY2 : SPDY3_1;
    this.#announce(version, wire === 2);
    for (const direction of ['c2s', 's2c'] as const) {
      const half = this.#halves?.[direction];
      if (half !== undefined) half.version = version;
    }
    return version;
  }

  #announce(version: ProtocolVersion, sure: boolean): void {
    if (this.#announced) return;
    this.#announced = true;
    const { number, client = null, server = null } = this.#options;
    const { fromStart = true, ordered = true } = this.#options;
    this.#check = new ConnectionCheck({ version, sure, complete: fromStart && ordered });
    this.#sink.event({
      event: 'connection',
      connection: number,
      time: this.#time,
      client,
      server,
      version: version.name,
      opening: this.#text,
    });
  }

  #frame(direction: DumpDirection, offset: number, facts: FrameFacts): void {
    const { version } = this.#options;
    if (version) this.#announce(version, true);
    const windows = this.#check?.see(direction, facts);
    this.#sink.event({
      event: 'frame',
      connection: this.#options.number,
      time: this.#time,
      number: ++this.#numbers.last,
      direction,
      offset,
      ...facts,
      ...windows,
    });
  }

  #note(direction: DumpDirection | null, offset: number | null, text: string): void {
    const { number: connection } = this.#options;
    this.#sink.event({ event: 'note', connection, time: this.#time, direction, offset, text });
  }

  #giveUp(direction: DumpDirection, text: string): void {
    if (this.foreign !== null) return;
    this.foreign = text;
    this.#note(direction, null, text);
  }
}
