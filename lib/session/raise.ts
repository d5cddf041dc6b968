/**
 * Throws outside the running call, so that what user code threw becomes an uncaught exception (as from any listener) while the
 * session, which called it, goes on.
 */
export function raise(exception: unknown): void {
  process.nextTick(rethrow, exception);
}

function rethrow(exception: unknown): never {
  throw exception;
}
