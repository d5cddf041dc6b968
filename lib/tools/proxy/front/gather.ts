import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers';

/** What is corked until the end of this turn of the event loop. */
const waiting = new Set<Writable>();

/**
 * What is written to a connection in this turn of the event loop leaves at its end, all at once. Each answer of a back comes on a connection of its own: without
 * that each of them, and the head and the body of each, would be a write by itself.
 */
export function gather(connection: Writable): void {
  if (waiting.has(connection)) return;
  if (waiting.size === 0) setImmediate(release);
  waiting.add(connection);
  connection.cork();
}

function release(): void {
  const released = [...waiting];
  waiting.clear();
  for (const connection of released) connection.uncork();
}
