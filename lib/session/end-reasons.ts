import { SessionError, StreamError } from '../errors.ts';
import { CANCEL, GOAWAY_INTERNAL_ERROR, GOAWAY_OK } from '../protocol/constants.ts';

/** The session was destroyed by the application. A SessionError tells the status of the GOAWAY. */
export function destroyedBy(error: Error | null): SessionError {
  if (error instanceof SessionError && error.status <= GOAWAY_INTERNAL_ERROR) return error;
  const status = error === null ? GOAWAY_OK : GOAWAY_INTERNAL_ERROR;
  const message = `the session was destroyed${error === null ? '' : `: ${error.message}`}`;
  return new SessionError('ERR_SPDY_SESSION_CLOSED', message, status, 'local', because(error));
}

/** The transport ended with streams open. */
export function transportClosed(cause: Error | null): SessionError {
  const reason = cause === null ? '' : `: ${cause.message}`;
  const message = `the transport ended while the stream was open${reason}`;
  const code = 'ERR_SPDY_TRANSPORT_CLOSED';
  return new SessionError(code, message, GOAWAY_INTERNAL_ERROR, 'peer', because(cause));
}

/** `close()` took too long. */
export function closeTimedOut(timeoutMs: number): SessionError {
  const message = `streams were still open ${timeoutMs} ms after close()`;
  return new SessionError('ERR_SPDY_TIMEOUT', message, GOAWAY_OK, 'local');
}

/** The peer takes nothing of a stream. */
export function streamStalled(streamId: number, timeoutMs: number): StreamError {
  const message = `stream ${streamId}: the peer took nothing of what waits for ${timeoutMs} ms`;
  return new StreamError('ERR_SPDY_TIMEOUT', message, streamId, CANCEL, 'local');
}

/** The transport takes nothing. */
export function sessionStalled(timeoutMs: number): SessionError {
  const message = `the transport took nothing of what waits for ${timeoutMs} ms`;
  return new SessionError('ERR_SPDY_TIMEOUT', message, GOAWAY_OK, 'local');
}

/** Keep-alive heard nothing. */
export function keepAliveTimedOut(timeoutMs: number): SessionError {
  const message = `nothing was received for ${timeoutMs} ms after a keep-alive PING`;
  return new SessionError('ERR_SPDY_TIMEOUT', message, GOAWAY_INTERNAL_ERROR, 'local');
}

/** An AbortSignal was fired. */
export function abortedBy(reason: unknown): SessionError {
  const options = { cause: reason };
  return new SessionError(
    'ERR_SPDY_ABORTED',
    'the session was aborted',
    GOAWAY_OK,
    'local',
    options,
  );
}

/** The AbortSignal of a stream was fired. */
export function streamAborted(streamId: number, reason: unknown): StreamError {
  const message = 'the stream was aborted';
  return new StreamError('ERR_SPDY_ABORTED', message, streamId, CANCEL, 'local', { cause: reason });
}

function because(cause: Error | null): ErrorOptions | undefined {
  return cause === null ? undefined : { cause };
}
