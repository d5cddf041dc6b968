import { nextTick } from 'node:process';

/**
 * Throws outside the running call, so that what user code threw becomes an uncaught exception (as from any listener) while the
 * session, which called it, goes on.
 */
export function raise(exception: unknown): void {
  nextTick(rethrow, exception);
}

function rethrow(exception: unknown): never {
  throw exception;
}
