import type { Writable } from 'node:stream';
import type { TraceLost } from './trace-events.ts';
import type { TraceListener } from './tracer.ts';

/** Bytes that may wait in the memory of a sink: a trace must not cost the process. */
const MOST_WAITING = 16 * 1024 * 1024;

/**
 * Writes the events of a trace to a stream, one object of JSON a line. What comes faster than the stream takes it is counted instead; the
 * count stands in the trace as soon as the stream takes something again, whether another event comes or not.
 */
export function traceInto(sink: Writable): TraceListener {
  let lost: TraceLost | null = null;
  const tellLost = (): void => {
    if (lost === null || sink.destroyed || sink.writableEnded) return;
    sink.write(`${JSON.stringify(lost)}\n`);
    lost = null;
  };
  return (event) => {
    if (sink.destroyed || sink.writableEnded) return;
    if (sink.writableLength > MOST_WAITING) {
      const { time, session } = event;
      if (lost === null) sink.once('drain', tellLost);
      lost = { time, session, event: 'lost', count: (lost?.count ?? 0) + 1 };
      return;
    }
    tellLost();
    sink.write(`${JSON.stringify(event)}\n`);
  };
}
