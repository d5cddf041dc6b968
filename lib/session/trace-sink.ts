import type { Writable } from 'node:stream';
import type { TraceListener } from './tracer.ts';

/** Bytes that may wait in the memory of a sink: a trace must not cost the process. */
const MOST_WAITING = 16 * 1024 * 1024;

/** Writes the events of a trace to a stream, one object of JSON a line. What comes faster than the stream takes it is counted instead. */
export function traceInto(sink: Writable): TraceListener {
  let lost = 0;
  return (event) => {
    if (sink.destroyed || sink.writableEnded) return;
    if (sink.writableLength > MOST_WAITING) {
      lost++;
      return;
    }
    const { time, session } = event;
    if (lost > 0) {
      sink.write(`${JSON.stringify({ time, session, event: 'lost', count: lost })}\n`);
      lost = 0;
    }
    sink.write(`${JSON.stringify(event)}\n`);
  };
}
