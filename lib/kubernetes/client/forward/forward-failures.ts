import { onAbort } from '../../../common/abort.ts';
import { SpdyError } from '../../../errors.ts';
import { ConnectionLostError } from '../../errors.ts';

/** The connection to the cluster is lost. */
export function lost(cause: unknown): ConnectionLostError {
  const options = cause instanceof Error ? { cause } : {};
  return new ConnectionLostError('the connection to the cluster was lost', null, options);
}

/** A signal has ended one connection. */
export function abortedConnection(cause: unknown): SpdyError {
  return new SpdyError('ERR_SPDY_ABORTED', 'the connection was aborted', 'local', { cause });
}

/** What a promise comes to, unless a signal is fired first. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | null): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopAbort = onAbort(signal, (reason) => reject(abortedConnection(reason)));
    promise.then(resolve, reject).finally(stopAbort);
  });
}
