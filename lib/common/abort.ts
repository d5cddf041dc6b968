import { nextTick } from 'node:process';
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
  if (signal.aborted) {
    nextTick(fire);
    return () => {
      active = false;
    };
  }
  const waiters = waitersOf(signal);
  waiters.add(fire);
  return () => {
    active = false;
    waiters.delete(fire);
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

/**
 * What waits for a signal, as one listener: a signal may be shared by all requests of a program, and Node 20 tells of a leak when it has
 * more than ten listeners.
 */
class Waiters {
  readonly #signal: AbortSignal;
  readonly #actions = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(action: () => void): void {
    if (this.#actions.size === 0) this.#signal.addEventListener('abort', this.#fire);
    this.#actions.add(action);
  }

  delete(action: () => void): void {
    if (!this.#actions.delete(action) || this.#actions.size > 0) return;
    this.#signal.removeEventListener('abort', this.#fire);
  }

  readonly #fire = (): void => {
    const errors: unknown[] = [];
    for (const action of this.#actions) {
      try {
        action();
      } catch (error) {
        errors.push(error);
      }
      this.delete(action);
    }
    if (errors.length > 0) throw errors[0];
  };
}

const WAITERS = new WeakMap<AbortSignal, Waiters>();

function waitersOf(signal: AbortSignal): Waiters {
  let waiters = WAITERS.get(signal);
  if (waiters === undefined) {
    waiters = new Waiters(signal);
    WAITERS.set(signal, waiters);
  }
  return waiters;
}
