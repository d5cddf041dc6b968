import { assertSameNames, code, table } from './markdown.mjs';

/** Which classes carry a code, and when that happens. Number and meaning come from lib/errors.ts. */
const CODES = {
  ERR_SPDY_INVALID_ARGUMENT: [
    ['InvalidArgumentError'],
    'Thrown by a constructor or a call; nothing was queued.',
  ],
  ERR_SPDY_ZLIB: [
    ['SessionError', 'ZlibError'],
    "The peer's header blocks cannot be inflated: `ctrlRecvParseError`, then the session fails (GOAWAY 1). As a `ZlibError`: our own compressor failed, which no input is known to cause.",
  ],
  ERR_SPDY_UNSUPPORTED_VERSION: [
    ['UnsupportedVersionError', 'StreamError', 'SessionError'],
    'Thrown by `new Engine()`, `new Session()` and `connect()` for a version that is none. A control frame with another version field: the session fails (GOAWAY 1), after RST_STREAM 4 for a SYN_STREAM; SPDY/2 skips such frames unless they carry headers.',
  ],
  ERR_SPDY_PROTOCOL: [
    ['StreamError', 'SessionError', 'SpdyError'],
    'A frame that is not allowed in the state of its stream (RST_STREAM with the status of the [receive table](protocol.md#receiving-half-of-a-stream)) or of the session (GOAWAY 1). HTTP: a response or push that is none, a body of the wrong length; a wrong PROXY header (`SpdyError`).',
  ],
  ERR_SPDY_NOT_SPDY: [
    ['SessionError'],
    'The first bytes of the peer are those of another protocol: HTTP/1.x, HTTP/2, TLS, SSH, SMTP or FTP, POP3, IMAP, a PROXY header. The message names it, with its first line: "the peer speaks HTTP/1.1: HTTP/1.1 400 Bad Request". The session fails (GOAWAY 1), and every stream with it.',
  ],
  ERR_SPDY_INVALID_FRAME: [
    ['SessionError'],
    'A control frame with an impossible length or count: `ctrlRecvParseError`, then the session fails (GOAWAY 1).',
  ],
  ERR_SPDY_EOF: [['EOFError'], 'Thrown by `engine.recv()` when `recvCb` throws an `EOFError`.'],
  ERR_SPDY_STREAM_ID_NOT_AVAILABLE: [
    ['InvalidStateError'],
    'Thrown by `submitRequest()`, `submitSynStream()`, `request()` and `pushStream()` once id 2147483647 is reached: open a new session.',
  ],
  ERR_SPDY_STREAM_CLOSED: [
    ['StreamClosedError', 'StreamError', 'InvalidStateError'],
    'Thrown by `submitWindowUpdate()` for a stream that is not open. In `streamClose` (id 0): a push whose associated stream has gone. Given to write callbacks of a `SpdyStream` that was destroyed. HTTP: a stream ended without a response or before its body was complete; a push still waited when its response ended.',
  ],
  ERR_SPDY_STREAM_CLOSING: [
    ['StreamError'],
    'In `streamClose`: this side reset or cancelled the stream (`submitRstStream()`, `cancel()`, `stream.close()`).',
  ],
  ERR_SPDY_STREAM_SHUT_WR: [
    ['InvalidStateError'],
    'Thrown by `stream.sendHeaders()` and `stream.sendTrailers()` after this side has ended the stream. Below `SpdyStream` only as errno in `ctrlNotSend`.',
  ],
  ERR_SPDY_INVALID_STREAM_ID: [
    [],
    'Only as errno in `ctrlNotSend`: SYN_REPLY for a stream that this side opened.',
  ],
  ERR_SPDY_INVALID_STREAM_STATE: [
    [],
    'Only as errno in `ctrlNotSend`: a second SYN_REPLY, or HEADERS before SYN_REPLY on a stream of the peer.',
  ],
  ERR_SPDY_SYN_STREAM_NOT_ALLOWED: [
    ['StreamError'],
    'In `streamClose` (id 0) after `ctrlNotSend`: a request that was still waiting when our GOAWAY left, or was made after a GOAWAY.',
  ],
  ERR_SPDY_GOAWAY_ALREADY_SENT: [[], 'Only as errno in `ctrlNotSend`: a second `submitGoaway()`.'],
  ERR_SPDY_INVALID_HEADER_BLOCK: [
    ['StreamError'],
    'A header block that inflates but breaks the rules of names, values or lengths: `invalidCtrlRecv`, RST_STREAM 1.',
  ],
  ERR_SPDY_INVALID_STATE: [
    ['InvalidStateError'],
    "Thrown by a call that does not fit: `consume()` without `windowUpdates: 'consume'`, `submitCredential()` outside a SPDY/3 client, `respond()` twice or on a stream of one's own, `pushStream()` on a stream that is not an open one of the peer.",
  ],
  ERR_SPDY_TEMPORAL_CALLBACK_FAILURE: [
    ['TemporalCallbackFailureError', 'StreamError'],
    'Thrown by a data provider, or caused by a Readable or iterator that failed: RST_STREAM 6; `streamClose` carries a `StreamError` whose `cause` is what was thrown.',
  ],
  ERR_SPDY_FRAME_TOO_LARGE: [
    ['StreamError', 'SessionError', 'InvalidArgumentError'],
    'A received header block above `maxControlFrameSize`, `maxHeaderListSize` or `maxHeaderCount`, or headers of a stream above `maxStreamHeaderMemory` (RST_STREAM 11; 1 in SPDY/2), or above `maxInflatedBlockSize` (GOAWAY 1). Thrown when headers or a CREDENTIAL of ours do not fit into a frame.',
  ],
  ERR_SPDY_CALLBACK_FAILURE: [
    ['CallbackFailureError'],
    'Thrown by `send()`, `recv()` and `pull()` when `sendCb`, `recvCb` or a data provider fails for the session. A Session is destroyed with it.',
  ],
  ERR_SPDY_STREAM_RESET: [
    ['StreamError'],
    'In `streamClose`: the peer sent RST_STREAM; `status` is its status. Also a push whose request the peer cancelled.',
  ],
  ERR_SPDY_STREAM_REFUSED: [
    ['StreamError'],
    'In `streamClose`: RST_STREAM 3, or a GOAWAY that says the stream was not processed. `retryable` is true.',
  ],
  ERR_SPDY_FLOW_CONTROL: [
    ['StreamError', 'SessionError'],
    'The peer overran a receive window or overflowed a send window, or sent WINDOW_UPDATE of 0: RST_STREAM 7 for a stream, GOAWAY 1 for the session.',
  ],
  ERR_SPDY_TRANSPORT_CLOSED: [
    ['SessionError', 'StreamError', 'SpdyError'],
    'In `streamClose`: the transport ended while the stream was open; `cause` is the error of the socket, if any. As a `StreamError`: the peer ended a half-open transport (`inputEnd()`). `connect()` rejects with it when the socket closes before the session begins.',
  ],
  ERR_SPDY_SESSION_CLOSED: [
    ['SessionError', 'InvalidStateError', 'StreamError'],
    "In `streamClose`, and as 'error' after `failSession()`: the session was ended by this side. Thrown by `request()`, and `ping()` rejects with it, on a session that is closing; thrown by `attach()` on one that is closed. HTTP: the agent is closed. In `streamClose` (id 0) for requests submitted after that.",
  ],
  ERR_SPDY_TOO_MANY_STREAMS: [
    ['StreamError'],
    'The peer opened more streams than `maxConcurrentStreams`: RST_STREAM 3. HTTP: a push beyond `maxWaitingPushes`.',
  ],
  ERR_SPDY_TOO_MANY_RESETS: [['SessionError'], 'Above `streamResetRate`: GOAWAY 1.'],
  ERR_SPDY_TOO_MANY_SETTINGS: [
    ['SessionError'],
    'Above `settingsRate` or `maxSettingsEntries`: GOAWAY 1.',
  ],
  ERR_SPDY_TOO_MANY_PINGS: [
    ['SessionError', 'InvalidStateError'],
    'Above `pingRate`: GOAWAY 1. Thrown by `submitPing()`, and `ping()` rejects with it, above `maxOutstandingPings`.',
  ],
  ERR_SPDY_TOO_MANY_EMPTY_FRAMES: [['SessionError'], 'Above `emptyDataRate`: GOAWAY 1.'],
  ERR_SPDY_TOO_MANY_GOAWAYS: [['SessionError'], 'Above `goawayRate`: GOAWAY 1.'],
  ERR_SPDY_TOO_MANY_HEADERS: [['SessionError'], 'Above `headerRate`: GOAWAY 1.'],
  ERR_SPDY_TOO_MANY_WINDOW_UPDATES: [['SessionError'], 'Above `windowUpdateRate`: GOAWAY 1.'],
  ERR_SPDY_TOO_MANY_REPLIES: [['SessionError'], 'Above `maxQueuedReplies`: GOAWAY 1.'],
  ERR_SPDY_TOO_MUCH_BUFFERED: [
    ['StreamError'],
    'Above `maxUnconsumedBytes`: RST_STREAM 7. Above `maxSessionHeaderMemory`: RST_STREAM 3 for a new stream, else 6.',
  ],
  ERR_SPDY_PING_CANCELLED: [
    ['SpdyError'],
    'The promise of `session.ping()` rejects with it when the session ends first.',
  ],
  ERR_SPDY_TIMEOUT: [
    ['SessionError', 'SpdyError'],
    "`closeTimeoutMs` or `keepAlive.timeoutMs` ran out: the session is destroyed with it ('error'). `connect()` rejects with it after `timeoutMs`. HTTP: `connectTimeoutMs` of an agent, no PROXY header within `handshakeTimeoutMs`.",
  ],
  ERR_SPDY_ABORTED: [
    ['SessionError', 'StreamError', 'SpdyError'],
    'An AbortSignal was fired: of the session, of one stream, or of `connect()`; `cause` is its reason. HTTP: a request was destroyed before a response came.',
  ],
  ERR_SPDY_NEGOTIATION: [
    ['SpdyError'],
    '`connect()` rejects with it: the TLS server chose no SPDY version.',
  ],
  ERR_SPDY_UPGRADE_REFUSED: [
    ['UpgradeRefusedError'],
    'The HTTP answer was not 101: `statusCode`, `status` (a `metav1.Status`, if the body was one).',
  ],
  ERR_SPDY_REMOTE_FAILURE: [
    ['RemoteFailureError'],
    'The container could not run the command, or not connect to the port; `status` as above. An exit code is no error.',
  ],
  ERR_SPDY_CONNECTION_LOST: [
    ['ConnectionLostError'],
    'No outcome came, or output is missing: never taken for success.',
  ],
  ERR_SPDY_TARGET: [
    ['TargetError'],
    'The API server refuses to tell (`statusCode`, `status`; `missing` is the permission of RBAC), there is no such object or port, or none of its pods runs.',
  ],
  ERR_SPDY_KUBECONFIG: [
    ['KubeConfigError'],
    'The file is missing or malformed, or asks for what is not supported; a plugin that gives no credential. File and line are named.',
  ],
  ERR_SPDY_MISSING_PACKAGE: [
    ['MissingPackageError'],
    'A package that was left out of the installation is needed; the message names it.',
  ],
};

/** What each class is for, and its own fields. */
const CLASSES = {
  SpdyError: "Base of all: `code`, `errno`, `by` (`'local'` or `'peer'`).",
  InvalidArgumentError: 'A call with an argument that is out of range or malformed.',
  InvalidStateError: 'A call that does not fit the state of the session or stream.',
  UnsupportedVersionError: 'A SPDY version that is not spoken here.',
  ZlibError: 'Header compression failed on this side.',
  EOFError: 'The transport ended; thrown by a `recvCb` to say so, and by `recv()`.',
  CallbackFailureError: 'An I/O callback or a data provider failed for the whole session.',
  TemporalCallbackFailureError: 'To be thrown by a data provider that fails for its stream only.',
  StreamClosedError: 'A call for a stream that is not open.',
  StreamError: 'One stream failed: also `streamId`, `status` (of the RST_STREAM), `retryable`.',
  SessionError: 'The session failed and all its streams end: also `status` (of the GOAWAY).',
};

/** Where an error number of Spdylay appears that no code of ours stands for. */
const NUMBERS_WITHOUT_CODE = {
  ERR_WOULDBLOCK: 'to be returned by `sendCb` and `recvCb`',
  ERR_DEFERRED: 'to be returned by a data provider',
  ERR_DEFERRED_DATA_EXIST: 'never: the data items of a stream are sent one behind the other',
  ERR_GZIP: 'never: `node:zlib` inflates bodies',
  ERR_FATAL: 'a boundary: numbers below it are fatal in Spdylay',
  ERR_NOMEM: 'never: V8 ends the process',
};

/** The generated parts of docs/errors.md. */
export async function renderErrors(load) {
  const errors = await load('errors');
  const constants = await load('protocol/constants');
  return {
    'error-classes': classTable(errors),
    'error-codes': codeTable(errors),
    'error-numbers': numberTable(errors, constants),
  };
}

function classTable(errors) {
  const classes = Object.keys(errors).filter((name) => /Error$/.test(name));
  assertSameNames('error classes', classes, Object.keys(CLASSES));
  const rows = Object.entries(CLASSES).map(([name, what]) => {
    const parent = Object.getPrototypeOf(errors[name]).name;
    return [code(name), code(parent), defaultCode(errors[name]), what];
  });
  return table(['Class', 'Extends', 'Default code', 'Meaning'], rows);
}

/** The code that a class has unless it is given another one. */
function defaultCode(ErrorClass) {
  try {
    return code(new ErrorClass('message').code);
  } catch {
    // It wants the code first.
    return 'given';
  }
}

function codeTable({ ERROR_CODES }) {
  assertSameNames('error codes', Object.keys(ERROR_CODES), Object.keys(CODES));
  const rows = Object.entries(ERROR_CODES).map(([name, { errno, meaning }]) => {
    const [classes, when] = CODES[name];
    return [code(name), errno, classes.map(code).join(', ') || 'none', meaning, when];
  });
  return table(['Code', 'errno', 'Class', 'Meaning', 'When'], rows);
}

function numberTable({ ERROR_CODES, strerror }, constants) {
  const numbers = Object.keys(constants)
    .filter((name) => name.startsWith('ERR_'))
    .sort((a, b) => constants[b] - constants[a]);
  const rows = numbers.map((name) => {
    const number = constants[name];
    const codes = Object.keys(ERROR_CODES).filter((key) => ERROR_CODES[key].errno === number);
    if (codes.length === 0 && !(name in NUMBERS_WITHOUT_CODE)) {
      throw new Error(`${name} stands in no description`);
    }
    const text = codes.length === 0 ? NUMBERS_WITHOUT_CODE[name] : codes.map(code).join(', ');
    return [code(name), number, text, strerror(number)];
  });
  return table(['Number', 'Value', 'Codes', '`strerror()`'], rows);
}
