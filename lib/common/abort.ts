import { InvalidArgumentError } from '../errors.ts';
import { shown } from './check.ts';

/**
 * Calls `action` with the reason once a signal is fired, in the next tick if it was before. Returns what takes that back; without a
 * signal both do nothing.
 */
export function onAbort(
  signal: AbortSignal | null | undefined,
  action: (reason: unknown) => void,
): () => void {
  if (signal === null || signal === undefined) return () => {};
  let active = true;
  const fire = (): void => {
    if (active) action(signal.reason);
    active = false;
  };
  if (signal.aborted) process.nextTick(fire);
  else signal.addEventListener('abort', fire, { once: true });
  return () => {
    active = false;
    signal.removeEventListener('abort', fire);
  };
}

/** Checks an option `signal`, which may be one of another library (`abort-controller`); null if there is none. */
export function abortSignal(value: AbortSignal | null | undefined): AbortSignal | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object' && typeof value.aborted === 'boolean' && isTarget(value))
    return value;
  throw new InvalidArgumentError(`signal must be an AbortSignal, got ${shown(value)}`);
}

function isTarget(value: AbortSignal): boolean {
  return (
    typeof value.addEventListener === 'function' && typeof value.removeEventListener === 'function'
  );
}
