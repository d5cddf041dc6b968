import { findVersion } from '../../../protocol/version.ts';
import type {
  TraceBegin,
  TraceEnd,
  TraceEvent,
  TraceFrame,
  TraceLost,
} from '../../../session/public.ts';
import { ConnectionCheck } from '../decode/connection-check.ts';
import type { FrameNumbers } from '../decode/connection-decoder.ts';
import type { DumpDirection, DumpSink } from '../events.ts';

/** What a line of a trace file holds. */
type TraceLine = TraceEvent | TraceLost;

/** A session of a trace. */
interface Traced {
  readonly connection: number;
  readonly side: 'client' | 'server';
  readonly check: ConnectionCheck;
}

/** Reads the lines of a trace file of this library. Events and members that are not known are skipped. */
export class TraceReader {
  readonly #sink: DumpSink;
  readonly #numbers: FrameNumbers = { last: 0 };
  readonly #sessions = new Map<number, Traced>();
  #connections = 0;
  #lines = 0;

  constructor(sink: DumpSink) {
    this.#sink = sink;
  }

  /**
   * Reads a line.
   *
   * @throws Error for what is no line of a trace
   */
  line(text: string): void {
    this.#lines++;
    if (text.trim() === '') return;
    const event = parse(text, this.#lines);
    if (event.event === 'begin') {
      this.#begin(event);
      return;
    }
    const session = this.#sessions.get(event.session);
    if (session === undefined) return;
    if (event.event === 'frame') this.#frame(session, event);
    else if (event.event === 'end') this.#end(session, event);
    else if (event.event === 'lost') this.#lost(session, event);
  }

  #begin(event: TraceBegin): void {
    const version = findVersion(event.version);
    const side = event.side === 'server' ? 'server' : 'client';
    if (version === null) throw new Error(`line ${this.#lines}: a session of ${event.version}`);
    const connection = ++this.#connections;
    const check = new ConnectionCheck({ version, sure: true, complete: false });
    this.#sessions.set(event.session, { connection, side, check });
    const peer = event.peer ?? null;
    this.#sink.event({
      event: 'connection',
      connection,
      time: event.time,
      client: side === 'client' ? null : peer,
      server: side === 'client' ? peer : null,
      version: version.name,
      opening: null,
    });
  }

  #frame({ connection, side, check }: Traced, frame: TraceFrame): void {
    const { time, type, stream, flags, length, headers, fields, window, sessionWindow } = frame;
    const direction: DumpDirection =
      (frame.direction === 'sent') === (side === 'client') ? 'c2s' : 's2c';
    const facts = {
      type,
      stream,
      flags,
      length,
      ...(headers === undefined ? {} : { headers }),
      ...(fields === undefined ? {} : { fields }),
      warnings: [],
    };
    check.see(direction, facts);
    this.#sink.event({
      event: 'frame',
      connection,
      time,
      number: ++this.#numbers.last,
      direction,
      offset: null,
      ...facts,
      ...(window === undefined ? {} : { window }),
      ...(sessionWindow === undefined ? {} : { sessionWindow }),
    });
  }

  #end({ connection, side }: Traced, { session, time, statistics, error }: TraceEnd): void {
    this.#sessions.delete(session);
    const { bytesSent: sent, bytesReceived: received } = statistics;
    const [c2s, s2c] = side === 'client' ? [sent, received] : [received, sent];
    const reset = error !== null;
    this.#sink.event({ event: 'end', connection, time, direction: 'c2s', reset, bytes: c2s });
    this.#sink.event({ event: 'end', connection, time, direction: 's2c', reset, bytes: s2c });
  }

  #lost({ connection }: Traced, { time, count }: TraceLost): void {
    const text = `${Number(count)} events are missing`;
    this.#sink.event({ event: 'note', connection, time, direction: null, offset: null, text });
  }
}

function parse(text: string, line: number): TraceLine {
  try {
    const event: unknown = JSON.parse(text);
    if (typeof event === 'object' && event !== null && 'event' in event) return event as TraceLine;
  } catch {}
  throw new Error(`line ${line} is no event of a trace`);
}
