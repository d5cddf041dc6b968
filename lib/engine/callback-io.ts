import { CallbackFailureError, EOFError } from '../errors.ts';
import { ERR_WOULDBLOCK } from '../protocol/constants.ts';
import type { EngineHandler } from './engine-handler.ts';
import type { Reporter } from './reporter.ts';

/** Bytes that `recvCb` is asked for, as Spdylay does. */
const RECV_LENGTH = 16384;

/** Asks `recvCb` for bytes; null when it has none now. */
export function askForBytes(handler: EngineHandler): Uint8Array | null {
  if (handler.recvCb === undefined) {
    throw new CallbackFailureError('recv() without data needs a recvCb');
  }
  let result: Uint8Array | number | null | undefined;
  try {
    result = handler.recvCb(RECV_LENGTH);
  } catch (exception) {
    if (exception instanceof EOFError) throw exception;
    throw failure('recvCb failed', exception);
  }
  if (result === null || result === undefined || result === ERR_WOULDBLOCK) return null;
  if (!(result instanceof Uint8Array)) {
    throw new CallbackFailureError(`recvCb returned ${String(result)}`);
  }
  if (result.length > RECV_LENGTH) {
    throw new CallbackFailureError(
      `recvCb returned ${result.length} bytes when asked for ${RECV_LENGTH}`,
    );
  }
  return result.length === 0 ? null : result;
}

/** Offers bytes to `sendCb` once; returns how many it took. Without a `sendCb` all count as taken. */
export function handOver(handler: EngineHandler, report: Reporter, bytes: Buffer): number {
  if (handler.sendCb === undefined) return bytes.length;
  let taken: number | null | undefined;
  report.enter();
  try {
    taken = handler.sendCb(bytes);
  } catch (exception) {
    throw failure('sendCb failed', exception);
  } finally {
    report.leave();
  }
  if (taken === ERR_WOULDBLOCK || taken === undefined || taken === null) return 0;
  if (!Number.isInteger(taken) || taken < 0 || taken > bytes.length) {
    throw new CallbackFailureError(`sendCb returned ${String(taken)} for ${bytes.length} bytes`);
  }
  return taken;
}

function failure(message: string, cause: unknown): CallbackFailureError {
  return cause instanceof CallbackFailureError
    ? cause
    : new CallbackFailureError(message, { cause });
}
