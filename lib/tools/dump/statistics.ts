import type { DumpDirection, DumpEvent, DumpFrame } from './events.ts';

/** Frames of one kind. */
export interface FrameCount {
  /** How many. */
  frames: number;
  /** Their bytes, frame headers included. */
  bytes: number;
}

/** Header blocks of one direction. */
export interface HeaderCount {
  /** How many could be inflated. */
  blocks: number;
  /** Bytes as they were sent. */
  compressed: number;
  /** Bytes inflated. */
  plain: number;
}

/** The time in which a sender had no window. */
export interface Stall {
  /** Number of the connection. */
  readonly connection: number;
  /** Whose bytes had to wait. */
  readonly direction: DumpDirection;
  /** Id of the stream, 0 for the session. */
  readonly stream: number;
  /** Milliseconds since 1970 at which the window was used up; null without times. */
  readonly from: number | null;
  /** Milliseconds until there was a window again; null if that was never, or there are no times. */
  readonly duration: number | null;
}

/** Figures of a dump, as JSON. */
export interface DumpFigures {
  /** Connections that speak SPDY. */
  readonly connections: number;
  /** Streams that were opened: by clients, by servers. */
  readonly streams: Readonly<Record<DumpDirection, number>>;
  /** Frames by their types, in each direction. */
  readonly frames: Readonly<Record<string, Readonly<Record<DumpDirection, FrameCount>>>>;
  /** Header compression of each direction. */
  readonly headers: Readonly<Record<DumpDirection, HeaderCount>>;
  /** How often each status was in RST_STREAM. */
  readonly resets: Readonly<Record<string, number>>;
  /** The longest times without a window: at most 20, the longest first. */
  readonly stalls: readonly Stall[];
  /** How often a window was used up. */
  readonly stallCount: number;
  /** Warnings of frames. */
  readonly warnings: number;
  /** Milliseconds from the first event to the last one; null without times. */
  readonly duration: number | null;
  /** Entries of a HAR. */
  readonly exchanges: number;
}

const MOST_STALLS = 20;
/** Senders without a window that are watched at once. */
const MOST_STALLED = 10_000;

/** Counts what events tell. */
export class DumpStatistics {
  #connections = 0;
  readonly #streams = { c2s: 0, s2c: 0 };
  readonly #frames = new Map<string, Record<DumpDirection, FrameCount>>();
  readonly #headers = { c2s: noHeaders(), s2c: noHeaders() };
  readonly #resets = new Map<string, number>();
  /** Senders without a window, by connection, direction and stream. */
  readonly #stalled = new Map<string, Stall>();
  #stalls: Stall[] = [];
  #stallCount = 0;
  #warnings = 0;
  #first: number | null = null;
  #last: number | null = null;
  #exchanges = 0;

  /** Counts an event. */
  add(event: DumpEvent): void {
    const { time } = event;
    if (time !== null) {
      this.#first ??= time;
      this.#last = Math.max(this.#last ?? time, time);
    }
    if (event.event === 'frame') this.#frame(event);
    else if (event.event === 'connection') this.#connections++;
    else if (event.event === 'exchange') this.#exchanges++;
    else if (event.event === 'end') this.#endOf(event.connection, event.direction);
  }

  /** The figures so far. */
  toJSON(): DumpFigures {
    const open = [...this.#stalled.values()];
    return {
      connections: this.#connections,
      streams: { ...this.#streams },
      frames: Object.fromEntries(this.#frames),
      headers: this.#headers,
      resets: Object.fromEntries(this.#resets),
      stalls: longest([...this.#stalls, ...open]),
      stallCount: this.#stallCount,
      warnings: this.#warnings,
      duration: this.#first === null || this.#last === null ? null : this.#last - this.#first,
      exchanges: this.#exchanges,
    };
  }

  #frame(frame: DumpFrame): void {
    const { type, direction, length, headerBytes, warnings, fields } = frame;
    let counts = this.#frames.get(type);
    if (counts === undefined) {
      counts = { c2s: { frames: 0, bytes: 0 }, s2c: { frames: 0, bytes: 0 } };
      this.#frames.set(type, counts);
    }
    counts[direction].frames++;
    counts[direction].bytes += length + 8;
    this.#warnings += warnings.length;
    if (headerBytes !== undefined && headerBytes.plain > 0) {
      const all = this.#headers[direction];
      all.blocks++;
      all.compressed += headerBytes.compressed;
      all.plain += headerBytes.plain;
    }
    if (type === 'SYN_STREAM') this.#streams[direction]++;
    if (type === 'RST_STREAM') {
      const status = String(fields?.status ?? '?');
      this.#resets.set(status, (this.#resets.get(status) ?? 0) + 1);
      for (const side of ['c2s', 's2c'] as const) this.#end(keyOf(frame, side, frame.stream), null);
    }
    if (type === 'DATA') this.#data(frame);
    else if (type === 'WINDOW_UPDATE') this.#update(frame);
  }

  #data(frame: DumpFrame): void {
    const { direction, window, sessionWindow, stream, flags } = frame;
    // Who has nothing left to send does not wait.
    const done = flags.includes('FIN');
    if (window !== undefined && window !== null && window <= 0 && !done) this.#begin(frame, stream);
    if (sessionWindow !== undefined && sessionWindow !== null && sessionWindow <= 0)
      this.#begin(frame, 0);
    if (done) this.#end(keyOf(frame, direction, stream), null);
  }

  #update(frame: DumpFrame): void {
    const { direction, stream, window, sessionWindow } = frame;
    const sender = direction === 'c2s' ? 's2c' : 'c2s';
    const left = stream === 0 ? sessionWindow : window;
    if (left === undefined || left === null || left <= 0) return;
    this.#end(keyOf(frame, sender, stream), frame.time);
  }

  #begin(frame: DumpFrame, stream: number): void {
    const { connection, direction, time } = frame;
    const key = keyOf(frame, direction, stream);
    if (this.#stalled.has(key)) return;
    this.#stallCount++;
    if (this.#stalled.size >= MOST_STALLED) return;
    this.#stalled.set(key, { connection, direction, stream, from: time, duration: null });
  }

  #end(key: string, time: number | null): void {
    const stall = this.#stalled.get(key);
    if (stall === undefined) return;
    this.#stalled.delete(key);
    const duration = time === null || stall.from === null ? null : time - stall.from;
    this.#stalls.push({ ...stall, duration });
    if (this.#stalls.length > 50 * MOST_STALLS) this.#stalls = longest(this.#stalls);
  }

  #endOf(connection: number, direction: DumpDirection): void {
    for (const [key, stall] of this.#stalled) {
      if (stall.connection === connection && stall.direction === direction) this.#end(key, null);
    }
  }
}

function noHeaders(): HeaderCount {
  return { blocks: 0, compressed: 0, plain: 0 };
}

function keyOf({ connection }: DumpFrame, direction: DumpDirection, stream: number): string {
  return `${connection} ${direction} ${stream}`;
}

/** The longest first; those that never ended before all. */
function longest(stalls: readonly Stall[]): Stall[] {
  const length = ({ duration }: Stall): number => duration ?? Number.MAX_VALUE;
  return [...stalls].sort((a, b) => length(b) - length(a)).slice(0, MOST_STALLS);
}
