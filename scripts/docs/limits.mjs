import { assertSameNames, code, table } from './markdown.mjs';

const STREAM = 'RST_STREAM';
const SESSION = 'GOAWAY 1';

/*
 * Per option: [range, unit, what it bounds or does, what happens beyond it]. A range is [least, most], a list of words, BOOLEAN, RATE
 * or a text; those that can be tried are tried against the build, and the defaults are taken from it.
 */
const BOOLEAN = Symbol('boolean');
const RATE = Symbol('rate');

const ENGINE_GROUPS = {
  Streams: {
    maxConcurrentStreams: [
      [0, 4294967295],
      'streams',
      'Streams of the peer open at once. A Session announces it in its first SETTINGS; an Engine counts but announces nothing. `submitSettings()` changes it.',
      `${STREAM} 3 REFUSED_STREAM, \`ERR_SPDY_TOO_MANY_STREAMS\``,
    ],
    streamResetRate: [
      RATE,
      'resets',
      'RST_STREAM frames of the peer, and RST_STREAM that this side has to answer with. Resets that the application asks for do not count.',
      `${SESSION}, \`ERR_SPDY_TOO_MANY_RESETS\``,
    ],
    goawayRate: [RATE, 'frames', 'GOAWAY frames.', `${SESSION}, \`ERR_SPDY_TOO_MANY_GOAWAYS\``],
    lenientStreams: [
      BOOLEAN,
      '',
      'Frames for streams that are not open (never opened, or gone) are dropped without RST_STREAM. For spdystream and Kubernetes.',
      'nothing',
    ],
  },
  'Control frames and header blocks': {
    maxControlFrameSize: [
      [8192, 16777215],
      'bytes',
      'Payload of a control frame, compressed.',
      `With headers: ${STREAM} 11 FRAME_TOO_LARGE (SPDY/2: 1), \`ERR_SPDY_FRAME_TOO_LARGE\`; the block is still inflated. SETTINGS: ${SESSION}, \`ERR_SPDY_TOO_MANY_SETTINGS\`. CREDENTIAL: ${SESSION}, \`ERR_SPDY_FRAME_TOO_LARGE\`. Unknown types: skipped, reported without their payload.`,
    ],
    maxHeaderListSize: [
      [1, 16777215],
      'bytes',
      'An inflated header block; what is beyond is never kept in memory.',
      `${STREAM} 11 FRAME_TOO_LARGE (SPDY/2: 1), \`ERR_SPDY_FRAME_TOO_LARGE\``,
    ],
    maxHeaderCount: [
      [1, 1000000],
      'pairs',
      'Headers in a block, after values were split at NUL.',
      `${STREAM} 11 FRAME_TOO_LARGE (SPDY/2: 1), \`ERR_SPDY_FRAME_TOO_LARGE\``,
    ],
    maxStreamHeaderMemory: [
      [0, Number.MAX_SAFE_INTEGER],
      'bytes',
      'Memory of all headers that the peer sends on one stream: first ones, further ones, trailers, replies. 144 for each pair, besides its characters.',
      `${STREAM} 11 FRAME_TOO_LARGE (SPDY/2: 1), \`ERR_SPDY_FRAME_TOO_LARGE\``,
    ],
    maxSessionHeaderMemory: [
      [0, Number.MAX_SAFE_INTEGER],
      'bytes',
      'The same for all open streams, pushes included. A larger number of streams, once announced, raises it to 8192 for each.',
      `SYN_STREAM: ${STREAM} 3 REFUSED_STREAM, other frames: ${STREAM} 6 INTERNAL_ERROR, \`ERR_SPDY_TOO_MUCH_BUFFERED\``,
    ],
    headerRate: [
      RATE,
      'bytes',
      'Header blocks of the peer, whoever they are for: what they inflate to, and 144 for each pair. Each byte of DATA, sent or received, allows one more, each stream that ends well as much as its headers hold, and 4096, up to the burst.',
      `${SESSION}, \`ERR_SPDY_TOO_MANY_HEADERS\``,
    ],
    maxInflatedBlockSize: [
      'from `maxHeaderListSize` to 2147483647',
      'bytes',
      'What one header block may cost in inflating.',
      `${SESSION}, \`ERR_SPDY_FRAME_TOO_LARGE\``,
    ],
    maxSettingsEntries: [
      [1, 1000000],
      'entries',
      'Entries of a SETTINGS frame. Nothing is allocated for more.',
      `${SESSION}, \`ERR_SPDY_TOO_MANY_SETTINGS\``,
    ],
    settingsRate: [
      RATE,
      'frames',
      'SETTINGS frames.',
      `${SESSION}, \`ERR_SPDY_TOO_MANY_SETTINGS\``,
    ],
    credentials: [
      BOOLEAN,
      '',
      'SPDY/3 servers process CREDENTIAL frames. Otherwise they are skipped.',
      `A slot that does not exist: ${SESSION}, \`ERR_SPDY_PROTOCOL\`. SYN_STREAM with an empty slot: ${STREAM} 10 INVALID_CREDENTIALS, \`ERR_SPDY_PROTOCOL\``,
    ],
  },
  'Flow control and received data': {
    initialWindowSize: [
      [0, 2147483647],
      'bytes',
      'Receive window of each new stream (SPDY/3 and 3.1). A Session announces it; with an Engine, `submitSettings()` does. A smaller one is enforced no stricter than 65536, which the peer may still believe in.',
      `Stream window overrun: ${STREAM} 7 FLOW_CONTROL_ERROR, \`ERR_SPDY_FLOW_CONTROL\``,
    ],
    windowUpdates: [
      ['auto', 'manual', 'consume'],
      '',
      "When WINDOW_UPDATE is sent: on receipt, only by `submitWindowUpdate()`, or for what `consume()` reports; the first and last at half a window. A Session with a `SpdyStream` goes from `'auto'` to `'consume'` by itself.",
      'nothing',
    ],
    flowControl: [
      BOOLEAN,
      '',
      'False: neither side is held by windows, and no WINDOW_UPDATE is sent. For spdystream and Kubernetes.',
      'nothing',
    ],
    receiveWindowTolerance: [
      '0 to 2147483647, or `Infinity`',
      'bytes',
      'By how much a receive window may be overrun before that is an error.',
      `${STREAM} 7 for a stream, ${SESSION} for the session (SPDY/3.1), \`ERR_SPDY_FLOW_CONTROL\``,
    ],
    maxUnconsumedBytes: [
      [1, Number.MAX_SAFE_INTEGER],
      'bytes',
      "Received bytes of all streams that the application has not consumed (`windowUpdates: 'consume'`).",
      `${STREAM} 7 FLOW_CONTROL_ERROR for the stream that goes beyond, \`ERR_SPDY_TOO_MUCH_BUFFERED\``,
    ],
    sessionCreditLimit: [
      [0, Number.MAX_SAFE_INTEGER],
      'bytes',
      "Unconsumed bytes of all streams up to which the session window (SPDY/3.1) is given back on receipt (`windowUpdates: 'consume'`). A Session takes half of `maxUnconsumedBytes`.",
      'The session window is given back for what is consumed: a stream that is not read may stop others.',
    ],
    emptyDataRate: [
      RATE,
      'frames',
      'DATA frames without payload and HEADERS without a pair, both without FIN.',
      `${SESSION}, \`ERR_SPDY_TOO_MANY_EMPTY_FRAMES\``,
    ],
    windowUpdateRate: [
      RATE,
      'frames',
      'WINDOW_UPDATE frames (SPDY/3 and 3.1). Each DATA frame sent allows four more, up to the burst.',
      `${SESSION}, \`ERR_SPDY_TOO_MANY_WINDOW_UPDATES\``,
    ],
  },
  'PING and replies': {
    pingRate: [
      RATE,
      'frames',
      'PING frames of the peer, answers included.',
      `${SESSION}, \`ERR_SPDY_TOO_MANY_PINGS\``,
    ],
    maxOutstandingPings: [
      [1, 1000000],
      'PINGs',
      'PINGs of ours that wait for an answer.',
      'The call throws, or `ping()` rejects: `ERR_SPDY_TOO_MANY_PINGS`. Nothing is sent.',
    ],
    maxQueuedReplies: [
      [1, 10000000],
      'frames',
      'PING echoes and RST_STREAM answers that wait because the peer does not read.',
      `${SESSION}, \`ERR_SPDY_TOO_MANY_REPLIES\``,
    ],
  },
  'What is sent': {
    maxDataSize: [
      [1, 16777215],
      'bytes',
      'Largest payload of a DATA frame that is sent.',
      'nothing: longer data takes more frames',
    ],
    headerCompression: [
      ['indexed', 'deflate'],
      '',
      'How sent header blocks are compressed.',
      'nothing',
    ],
    sensitiveHeaders: [
      'an array of names',
      '',
      "Further names of secrets, which `'indexed'` compresses as a whole or not at all.",
      'nothing',
    ],
    compressionLevel: [[0, 9], '', "Level of `'deflate'`: 0 stores, 9 is the best.", 'nothing'],
    compressionWindowBits: [
      [9, 15],
      'bits',
      'Window of the compressor, as its base-two logarithm.',
      'nothing',
    ],
    compressionMemLevel: [[1, 9], '', "Memory of `'deflate'`.", 'nothing'],
    headerEncoding: [
      ['latin1', 'utf8'],
      '',
      'How header strings become bytes and back. `latin1` is lossless: one character is one byte.',
      'With `latin1`, a character above U+00FF throws `ERR_SPDY_INVALID_ARGUMENT`.',
    ],
  },
  Clock: {
    now: [
      'a function',
      'ms',
      'The clock of the rates. An Engine without one limits no rates; a Session brings `performance.now()`.',
      'nothing',
    ],
  },
};

const SESSION_OPTIONS = {
  settings: [
    'object or entries',
    '',
    'Further values of the first SETTINGS frame, or replacements for its own.',
    'nothing',
  ],
  settingsTiming: [
    ['start', 'afterFirstFrame', 'never'],
    '',
    'When that SETTINGS frame leaves.',
    'nothing',
  ],
  sessionWindowSize: [
    [65536, 2147483647],
    'bytes',
    'Receive window of the session (SPDY/3.1), announced by WINDOW_UPDATE.',
    `Overrun: ${SESSION}, \`ERR_SPDY_FLOW_CONTROL\``,
  ],
  highWaterMark: [
    [1, 1073741823],
    'bytes',
    'High-water marks of the Duplex, both ways.',
    'Backpressure: providers are not asked, `write()` returns false.',
  ],
  inboundHighWaterMark: [
    [1, Number.MAX_SAFE_INTEGER],
    'bytes',
    "Unconsumed bytes above which the session stops reading from the transport, where the peer knows no flow control (SPDY/2, or `flowControl: false`). Else half of `maxUnconsumedBytes` counts. Only with `windowUpdates: 'consume'` or with a `SpdyStream`.",
    'The transport is not read until enough was consumed. All streams wait.',
  ],
  closeTimeoutMs: [
    [0, 2147483647],
    'ms, 0: never',
    'How long `close()` waits for open streams.',
    "The session is destroyed with `ERR_SPDY_TIMEOUT` ('error'); the streams end with it.",
  ],
  lingerTimeoutMs: [
    [0, 2147483647],
    'ms, 0: never',
    'How long the last bytes may make no progress, and how long the peer may take to close after them.',
    'The transport is destroyed, without an error.',
  ],
  keepAlive: [
    '`{ intervalMs, timeoutMs }`, each from 1 to 2147483647',
    'ms',
    'PING after `intervalMs` without a received byte, then `timeoutMs` for any byte to come.',
    "The session is destroyed with `ERR_SPDY_TIMEOUT` ('error'); the streams end with it.",
  ],
  idleTimeoutMs: [
    [0, 2147483647],
    'ms, 0: never',
    'How long no stream may begin or end, and no payload or PING pass, either way. Other frames, and parts of frames, do not count.',
    "'timeout' is emitted; without a listener the session closes in order.",
  ],
  stallTimeoutMs: [
    [0, 2147483647],
    'ms, 0: never',
    'How long bytes may wait without any progress, since the peer keeps a window shut or the transport takes nothing. Off for Kubernetes.',
    "The stream is destroyed with `ERR_SPDY_TIMEOUT` (RST_STREAM 5 CANCEL); for the transport, the session ('error').",
  ],
  idleIgnoresPing: [BOOLEAN, '', 'PING frames do not count for `idleTimeoutMs`.', 'nothing'],
  signal: [
    'an AbortSignal',
    '',
    'Ends the session.',
    "The session is destroyed with `ERR_SPDY_ABORTED` ('error'); the streams end with it.",
  ],
  settingsStore: [
    'a SettingsStore',
    '',
    'Where a client keeps values that servers ask it to keep.',
    'nothing',
  ],
  settingsKey: [
    'a string',
    '',
    'Names the origin and its address in the store.',
    '`settingsStore` without it throws `ERR_SPDY_INVALID_ARGUMENT`.',
  ],
};

/** Defaults that are no value of the resolved options. */
const DEFAULT_TEXTS = {
  headerCompression: "`'indexed'`; with `compressionLevel`: `'deflate'`",
  sensitiveHeaders: 'none',
  compressionLevel: 'server 9, client 0',
  compressionWindowBits: "13 for `'indexed'`, 11 for `'deflate'`",
  headerRate:
    '4194304, then 4194304 per second; 64 times `maxHeaderListSize` if that is more; at once also 8192 for each of `maxConcurrentStreams`',
  maxStreamHeaderMemory: '102400: `maxHeaderListSize` and 144 for each of `maxHeaderCount`',
  maxSessionHeaderMemory:
    'server 1048576, client 16777216; more with 8192 for each of `maxConcurrentStreams`, or 8 times `maxStreamHeaderMemory`',
  maxInflatedBlockSize: 'the larger of 1048576 and 4 times `maxHeaderListSize`',
  now: 'none',
  settings: 'none',
  keepAlive: 'off',
  signal: 'none',
  settingsStore: 'none',
  settingsKey: 'none; `connect()` makes one',
};

/** The generated parts of docs/limits.md. */
export async function renderLimits(load) {
  const { resolveOptions } = await load('engine/options/options');
  const { resolveSessionOptions } = await load('session/session-options');
  const { CLIENT, SERVER } = await load('protocol/constants');
  const { SPDY3_1 } = await load('protocol/version');
  const resolved = { ...resolveOptions(SERVER, {}) };
  if (resolved.compressionLevel !== 9 || resolveOptions(CLIENT, {}).compressionLevel !== 0) {
    throw new Error('the default of compressionLevel is another one');
  }
  if (resolved.maxInflatedBlockSize !== 1048576)
    throw new Error('maxInflatedBlockSize is another one');
  const described = Object.assign({}, ...Object.values(ENGINE_GROUPS));
  assertSameNames('engine options', Object.keys(resolved), Object.keys(described));

  const parts = {};
  for (const [group, options] of Object.entries(ENGINE_GROUPS)) {
    const rows = rowsOf(options, resolved, (given) => resolveOptions(SERVER, given));
    parts[`engine options: ${group}`] = limitTable(rows);
  }
  const settled = {
    ...resolveSessionOptions(SPDY3_1, {}),
    inboundHighWaterMark: resolveSessionOptions(SPDY3_1, { flowControl: false }).inboundLimit,
  };
  const rows = rowsOf(SESSION_OPTIONS, settled, (given) => resolveSessionOptions(SPDY3_1, given));
  parts['session options'] = limitTable(rows);
  return parts;
}

function limitTable(rows) {
  return table(['Option', 'Default', 'Range', 'Unit', 'Meaning', 'Beyond it'], rows);
}

function rowsOf(options, resolved, resolve) {
  return Object.entries(options).map(([name, [range, unit, meaning, beyond]]) => {
    tryRange(name, range, resolve);
    return [
      code(name),
      defaultText(name, resolved[name]),
      rangeText(range),
      unit || '-',
      meaning,
      beyond,
    ];
  });
}

/** The limits of a range must be accepted, and what is beside them refused. */
function tryRange(name, range, resolve) {
  const accepts = (value) => {
    try {
      resolve({ [name]: value });
      return true;
    } catch {
      return false;
    }
  };
  let good = [];
  let bad = [];
  if (range === BOOLEAN)
    [good, bad] = [[true, false], name === 'idleIgnoresPing' ? [] : [1, 'yes']];
  else if (range === RATE) {
    [good, bad] = [
      [{ burst: 0, perSecond: 0 }],
      [{ burst: -1, perSecond: 0 }, { burst: 1 }, null, 5],
    ];
  } else if (Array.isArray(range) && typeof range[0] === 'string') [good, bad] = [range, ['other']];
  else if (Array.isArray(range)) {
    good = range;
    bad = [range[0] - 1, 0.5, '1'];
    if (range[1] < Number.MAX_SAFE_INTEGER) bad.push(range[1] + 1);
  }
  for (const value of good)
    if (!accepts(value)) throw new Error(`${name}: ${String(value)} is refused`);
  for (const value of bad)
    if (accepts(value)) throw new Error(`${name}: ${String(value)} is accepted`);
}

function defaultText(name, value) {
  if (name in DEFAULT_TEXTS) return DEFAULT_TEXTS[name];
  if (value === undefined) throw new Error(`${name} has no default`);
  if (typeof value === 'object') return `${value.burst}, then ${value.perSecond} per second`;
  return typeof value === 'string' ? code(`'${value}'`) : String(value);
}

function rangeText(range) {
  if (range === BOOLEAN) return 'true, false';
  if (range === RATE) return '`{ burst, perSecond }`, each from 0';
  if (!Array.isArray(range)) return range;
  if (typeof range[0] === 'string') return range.map((word) => code(`'${word}'`)).join(', ');
  const [least, most] = range;
  return most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `${least} to ${most}`;
}
