/** Who caused an error: our own side (misuse, cancelling, failing) or the peer. */
export type Cause = 'local' | 'peer';

/** Facts of one error code: Spdylay's number and what the code means. */
interface ErrorFacts {
  readonly errno: number;
  readonly meaning: string;
}

/**
 * Every stable error code, with Spdylay's error number where it has one (`ERR_PROTO`, -505, for what Spdylay
 * does not tell apart). The table in the documentation is made from this one.
 */
export const ERROR_CODES = {
  ERR_SPDY_INVALID_ARGUMENT: { errno: -501, meaning: 'an argument is out of range or malformed' },
  ERR_SPDY_ZLIB: { errno: -502, meaning: 'a header block could not be inflated' },
  ERR_SPDY_UNSUPPORTED_VERSION: { errno: -503, meaning: 'a SPDY version that is not spoken here' },
  ERR_SPDY_PROTOCOL: { errno: -505, meaning: 'the peer broke a rule of the protocol' },
  ERR_SPDY_NOT_SPDY: { errno: -505, meaning: 'the peer speaks another protocol' },
  ERR_SPDY_INVALID_FRAME: { errno: -506, meaning: 'a frame with a wrong length or layout' },
  ERR_SPDY_EOF: { errno: -507, meaning: 'the transport ended' },
  ERR_SPDY_STREAM_ID_NOT_AVAILABLE: {
    errno: -509,
    meaning: 'all stream ids of this side are used up',
  },
  ERR_SPDY_STREAM_CLOSED: { errno: -510, meaning: 'the stream is closed or was never open' },
  ERR_SPDY_STREAM_CLOSING: { errno: -511, meaning: 'the stream was reset by this side' },
  ERR_SPDY_STREAM_SHUT_WR: { errno: -512, meaning: 'this side has already finished the stream' },
  ERR_SPDY_INVALID_STREAM_ID: {
    errno: -513,
    meaning: 'the frame does not fit who opened the stream',
  },
  ERR_SPDY_INVALID_STREAM_STATE: {
    errno: -514,
    meaning: 'the frame does not fit the state of the stream',
  },
  ERR_SPDY_SYN_STREAM_NOT_ALLOWED: { errno: -516, meaning: 'no new streams after GOAWAY' },
  ERR_SPDY_GOAWAY_ALREADY_SENT: { errno: -517, meaning: 'GOAWAY was sent before' },
  ERR_SPDY_INVALID_HEADER_BLOCK: { errno: -518, meaning: 'a header block with forbidden content' },
  ERR_SPDY_INVALID_STATE: {
    errno: -519,
    meaning: 'the call does not fit the state of the session',
  },
  ERR_SPDY_TEMPORAL_CALLBACK_FAILURE: {
    errno: -521,
    meaning: 'a data provider failed for its stream only',
  },
  ERR_SPDY_FRAME_TOO_LARGE: { errno: -522, meaning: 'a frame or header block above a limit' },
  ERR_SPDY_CALLBACK_FAILURE: { errno: -902, meaning: 'an I/O callback or a data provider failed' },
  ERR_SPDY_STREAM_RESET: { errno: -505, meaning: 'the stream was reset with RST_STREAM' },
  ERR_SPDY_STREAM_REFUSED: {
    errno: -505,
    meaning: 'the stream was refused unprocessed; it is safe to retry',
  },
  ERR_SPDY_FLOW_CONTROL: { errno: -505, meaning: 'a window was overrun or overflowed' },
  ERR_SPDY_TRANSPORT_CLOSED: {
    errno: -507,
    meaning: 'the transport ended while streams were open',
  },
  ERR_SPDY_SESSION_CLOSED: { errno: -519, meaning: 'the session is closed' },
  ERR_SPDY_TOO_MANY_STREAMS: { errno: -505, meaning: 'the peer opened more streams than it may' },
  ERR_SPDY_TOO_MANY_RESETS: { errno: -505, meaning: 'streams are opened and reset too fast' },
  ERR_SPDY_TOO_MANY_SETTINGS: {
    errno: -505,
    meaning: 'SETTINGS frames or entries above the limit',
  },
  ERR_SPDY_TOO_MANY_PINGS: { errno: -505, meaning: 'PING frames above the limit' },
  ERR_SPDY_TOO_MANY_EMPTY_FRAMES: {
    errno: -505,
    meaning: 'frames that carry nothing above the limit',
  },
  ERR_SPDY_TOO_MANY_GOAWAYS: { errno: -505, meaning: 'GOAWAY frames above the limit' },
  ERR_SPDY_TOO_MANY_HEADERS: { errno: -505, meaning: 'header blocks above the limit' },
  ERR_SPDY_TOO_MANY_WINDOW_UPDATES: {
    errno: -505,
    meaning: 'WINDOW_UPDATE frames above the limit',
  },
  ERR_SPDY_TOO_MANY_REPLIES: {
    errno: -505,
    meaning: 'control replies pile up, the peer does not read them',
  },
  ERR_SPDY_TOO_MUCH_BUFFERED: {
    errno: -505,
    meaning: 'received bytes or headers pile up above the limit',
  },
  ERR_SPDY_PING_CANCELLED: {
    errno: -505,
    meaning: 'the session ended before the PING was answered',
  },
  ERR_SPDY_TIMEOUT: { errno: -505, meaning: 'a timer of the session ran out' },
  ERR_SPDY_ABORTED: { errno: -505, meaning: 'ended by an AbortSignal' },
  ERR_SPDY_NEGOTIATION: { errno: -503, meaning: 'the peers agreed on no SPDY version' },
  ERR_SPDY_UPGRADE_REFUSED: {
    errno: -505,
    meaning: 'Kubernetes: the server did not switch to SPDY',
  },
  ERR_SPDY_REMOTE_FAILURE: {
    errno: -505,
    meaning: 'Kubernetes: the other side could not run the command or forward the connection',
  },
  ERR_SPDY_CONNECTION_LOST: {
    errno: -507,
    meaning: 'Kubernetes: the connection ended before the outcome was known',
  },
  ERR_SPDY_TARGET: {
    errno: -505,
    meaning: 'Kubernetes: no pod was found for a name, selector or port',
  },
  ERR_SPDY_KUBECONFIG: {
    errno: -501,
    meaning: 'Kubernetes: a kubeconfig that cannot be read or used',
  },
  ERR_SPDY_MISSING_PACKAGE: { errno: -519, meaning: 'an optional package is not installed' },
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Numbers that callbacks return or that only Spdylay has. */
const OTHER_ERRNOS: Readonly<Record<number, string>> = {
  0: 'success',
  [-504]: 'nothing can be done now without blocking',
  [-508]: 'the data comes later',
  [-515]: 'data of the stream is waiting already',
  [-520]: 'a gzip body could not be inflated',
  [-901]: 'out of memory',
};

/** The phrase for one of Spdylay's error numbers; 0 is success. */
export function strerror(errno: number): string {
  // The annotation checks the table: `satisfies` on an export is too much for isolatedDeclarations.
  const table: Readonly<Record<string, ErrorFacts>> = ERROR_CODES;
  for (const facts of Object.values(table)) if (facts.errno === errno) return facts.meaning;
  return OTHER_ERRNOS[errno] ?? `unknown error ${errno}`;
}

/** What Node's sockets fail with when their peer is gone; one for all, without a stack of its own. */
const CONNECTION_RESET: { readonly cause: Error } = {
  cause: Object.freeze(
    Object.assign(new Error('read ECONNRESET'), {
      code: 'ECONNRESET',
      syscall: 'read',
      stack: 'Error: read ECONNRESET',
    }),
  ),
};

/** Codes of a peer that ends what it had begun. */
const RESETS: readonly ErrorCode[] = [
  'ERR_SPDY_STREAM_RESET',
  'ERR_SPDY_STREAM_REFUSED',
  'ERR_SPDY_TRANSPORT_CLOSED',
];

/**
 * Base of every error of this package. Where the peer has reset the stream or left, `cause` is what the transport failed with, or else
 * an Error with the code 'ECONNRESET': programs that look for that find it there.
 */
export class SpdyError extends Error {
  /** Stable code, for programs. */
  readonly code: ErrorCode;
  /** Spdylay's error number. */
  readonly errno: number;
  /** Who caused it. */
  readonly by: Cause;

  /** `message` is for people, `code` for programs; where a class has a code of its own, that is the default. */
  constructor(code: ErrorCode, message: string, by: Cause = 'local', options?: ErrorOptions) {
    super(
      message,
      by === 'peer' && RESETS.includes(code) ? (options ?? CONNECTION_RESET) : options,
    );
    this.code = code;
    this.errno = ERROR_CODES[code].errno;
    this.by = by;
  }

  /** The name of its class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** A call with an argument that is out of range or malformed (Spdylay -501). */
export class InvalidArgumentError extends SpdyError {
  constructor(message: string, code: ErrorCode = 'ERR_SPDY_INVALID_ARGUMENT') {
    super(code, message);
  }
}

/** A call that does not fit the state of the session (Spdylay -519). */
export class InvalidStateError extends SpdyError {
  constructor(message: string, code: ErrorCode = 'ERR_SPDY_INVALID_STATE') {
    super(code, message);
  }
}

/** A SPDY version that is not spoken here (Spdylay -503). */
export class UnsupportedVersionError extends SpdyError {
  constructor(message: string, code: ErrorCode = 'ERR_SPDY_UNSUPPORTED_VERSION') {
    super(code, message);
  }
}

/** Header compression failed (Spdylay -502). */
export class ZlibError extends SpdyError {
  constructor(message: string, by: Cause = 'local') {
    super('ERR_SPDY_ZLIB', message, by);
  }
}

/** The transport ended: raised by `recv()`, and by a `recvCb` to say so (Spdylay -507). */
export class EOFError extends SpdyError {
  constructor(message = 'the transport ended') {
    super('ERR_SPDY_EOF', message);
  }
}

/** An I/O callback or a data provider failed for the whole session (Spdylay -902). */
export class CallbackFailureError extends SpdyError {
  constructor(message = 'a callback failed', options?: ErrorOptions) {
    super('ERR_SPDY_CALLBACK_FAILURE', message, 'local', options);
  }
}

/** Thrown by a data provider to fail its own stream only (Spdylay -521). */
export class TemporalCallbackFailureError extends SpdyError {
  constructor(message = 'the data provider failed', options?: ErrorOptions) {
    super('ERR_SPDY_TEMPORAL_CALLBACK_FAILURE', message, 'local', options);
  }
}

/** A call for a stream that is closed or was never open (Spdylay -510). */
export class StreamClosedError extends SpdyError {
  constructor(message: string) {
    super('ERR_SPDY_STREAM_CLOSED', message);
  }
}

/** One stream failed; the session goes on. */
export class StreamError extends SpdyError {
  /** The stream, 0 when it never got an id. */
  readonly streamId: number;
  /** Status of the RST_STREAM that was or would be sent or received (SPDY/3 2.6.3). */
  readonly status: number;

  constructor(
    code: ErrorCode,
    message: string,
    streamId: number,
    status: number,
    by: Cause,
    options?: ErrorOptions,
  ) {
    super(code, message, by, options);
    this.streamId = streamId;
    this.status = status;
  }

  /** Whether the peer surely did not process the stream, so that it may be tried again. */
  get retryable(): boolean {
    return this.code === 'ERR_SPDY_STREAM_REFUSED';
  }
}

/** The session failed; all its streams end. */
export class SessionError extends SpdyError {
  /** Status of the GOAWAY that was or would be sent or received (SPDY/3 2.6.6). */
  readonly status: number;

  constructor(code: ErrorCode, message: string, status: number, by: Cause, options?: ErrorOptions) {
    super(code, message, by, options);
    this.status = status;
  }
}
