import {
  ERROR_CODES,
  type ErrorCode,
  SessionError,
  SpdyError,
  StreamError,
} from '../../../lib/errors.ts';

/** What an error says, for deep comparison. */
export interface Facts {
  readonly name: string;
  readonly code: string;
  readonly errno: number;
  readonly by: string;
  readonly message: string;
  readonly status?: number;
  readonly streamId?: number;
}

/** What an error of this package says; null stands for no error, and anything else is thrown. */
export function facts(error: unknown): Facts | null {
  if (error === null || error === undefined) return null;
  if (!(error instanceof SpdyError)) throw error;
  const { name, code, errno, by, message } = error;
  const common = { name, code, errno, by, message };
  if (error instanceof StreamError) {
    return { ...common, status: error.status, streamId: error.streamId };
  }
  return error instanceof SessionError ? { ...common, status: error.status } : common;
}

/** What a call throws; null if it returns. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
    return null;
  } catch (exception) {
    return exception;
  }
}

/** What an error says that a call throws. */
export function failureOf(call: () => unknown): Facts | null {
  return facts(thrownBy(call));
}

/** The facts of an InvalidArgumentError. */
export function invalidArgument(message: string): Facts {
  return {
    name: 'InvalidArgumentError',
    code: 'ERR_SPDY_INVALID_ARGUMENT',
    errno: -501,
    by: 'local',
    message,
  };
}

/** The facts of the SessionError for a rule that the peer broke. */
export function sessionFault(message: string, code: ErrorCode = 'ERR_SPDY_PROTOCOL'): Facts {
  const { errno } = ERROR_CODES[code];
  return { name: 'SessionError', code, errno, by: 'peer', message, status: 1 };
}

/** The facts of the StreamError for a rule that the peer broke on a stream; `message` without the stream. */
export function streamFault(
  streamId: number,
  status: number,
  message: string,
  code: ErrorCode = 'ERR_SPDY_PROTOCOL',
): Facts {
  const { errno } = ERROR_CODES[code];
  const text = `stream ${streamId}: ${message}`;
  return { name: 'StreamError', code, errno, by: 'peer', message: text, status, streamId };
}
