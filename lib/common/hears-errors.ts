import type { EventEmitter } from 'node:events';

/**
 * Whether somebody listens for 'error', so that it may be emitted. A pipe into a stream listens too, and throws what nobody else hears:
 * from now on it is not alone.
 */
export function hearsErrors(emitter: EventEmitter): boolean {
  if (emitter.listenerCount('error') === 0) return false;
  if (emitter.listenerCount('error', ignore) === 0) emitter.on('error', ignore);
  return true;
}

function ignore(): void {}
