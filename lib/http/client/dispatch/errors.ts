import { SpdyError } from '../../../errors.ts';

/**
 * The error that a handler is told. Where the server has reset the stream or left, undici has an error with the code `UND_ERR_SOCKET`, by
 * which its callers know what may be tried again: so it is here, with the SpdyError as its `cause`.
 */
export function errorFor(error: Error): Error {
  if (!(error instanceof SpdyError) || error.by !== 'peer') return error;
  const { code } = (error.cause ?? {}) as { code?: string };
  // The connection may also be lost by a write (EPIPE), or by silence (ETIMEDOUT).
  if (code !== 'ECONNRESET' && error.code !== 'ERR_SPDY_TRANSPORT_CLOSED') return error;
  return named('SocketError', 'UND_ERR_SOCKET', error.message, { cause: error });
}

/** The time for a part of the response is over. */
export function timedOut(part: 'headers' | 'body'): Error {
  return part === 'headers'
    ? named('HeadersTimeoutError', 'UND_ERR_HEADERS_TIMEOUT', 'no headers came in time')
    : named('BodyTimeoutError', 'UND_ERR_BODY_TIMEOUT', 'the body did not go on in time');
}

/** An upgrade was answered with something else than 101, as undici tells it. */
export function badUpgrade(): Error {
  return named('SocketError', 'UND_ERR_SOCKET', 'bad upgrade');
}

/** A request came behind `close()` of its dispatcher. */
export function clientClosed(): Error {
  return named('ClientClosedError', 'UND_ERR_CLOSED', 'The client is closed');
}

/** A request came behind the end of its dispatcher, or was open then. */
export function clientDestroyed(): Error {
  return named('ClientDestroyedError', 'UND_ERR_DESTROYED', 'The client is destroyed');
}

function named(name: string, code: string, message: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(message, options), { name, code });
}
