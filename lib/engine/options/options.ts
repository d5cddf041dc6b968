import { checkObject, checkRange, shown } from '../../common/check.ts';
import { PAIR_COST } from '../../common/header-cost.ts';
import { LastEqual } from '../../common/last-equal.ts';
import type { Settled } from '../../common/option-names.ts';
import { InvalidArgumentError, UnsupportedVersionError } from '../../errors.ts';
import type { FrameLimits } from '../../framing/frame-limits.ts';
import type { HeaderEncoding } from '../../framing/header-list.ts';
import {
  CLIENT,
  MAX_FRAME_LENGTH,
  MAX_WINDOW_SIZE,
  MIN_CONTROL_FRAME_LIMIT,
  OPT_MAX_RECV_CTRL_FRAME_BUFFER,
  OPT_NO_AUTO_WINDOW_UPDATE,
  OPT_NO_AUTO_WINDOW_UPDATE2,
  SERVER,
  type Side,
} from '../../protocol/constants.ts';
import { findVersion, type ProtocolVersion, type SessionVersion } from '../../protocol/version.ts';
import { choice, flag, integer, names, type RateLimit, rate } from './option-checks.ts';

/**
 * Checks which end of which protocol an engine shall be.
 *
 * @throws InvalidArgumentError for a side that is none
 * @throws UnsupportedVersionError for a version that is none
 */
export function checkEnd(side: Side, version: SessionVersion): ProtocolVersion {
  if (side !== CLIENT && side !== SERVER) {
    throw new InvalidArgumentError(`side must be CLIENT (1) or SERVER (2), got ${shown(side)}`);
  }
  const protocol = findVersion(version);
  if (protocol !== null) return protocol;
  throw new UnsupportedVersionError(
    `version must be PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1 or the name of one, got ${shown(version)}`,
  );
}

/** When received bytes are given back to the peer with WINDOW_UPDATE. */
export type WindowUpdateMode =
  /** On receipt, at half a window (Spdylay's default). */
  | 'auto'
  /** Only by `submitWindowUpdate()`. */
  | 'manual'
  /** For bytes reported to `consume()`, at half a window. */
  | 'consume';

/** How sent header blocks are compressed. */
export type HeaderCompression =
  /** By what is known of headers: fast, and no guess of a secret makes a block shorter unless it is right as a whole. */
  | 'indexed'
  /** zlib's deflate, at a level: the fewest bytes, open to CRIME above level 0. */
  | 'deflate';

/** Memory of a session for the headers of each stream that the peer may open, in bytes. */
export const STREAM_SHARE = 8192;

/** Options of an Engine. Every one has a default; limits are on. */
export interface EngineOptions {
  /** Most streams that the peer may have open at once. Default 100. `submitSettings` changes it. */
  readonly maxConcurrentStreams?: number | undefined;
  /** Bytes of each new receive window of a stream. Default 65536. `submitSettings` changes it. */
  readonly initialWindowSize?: number | undefined;
  /** When WINDOW_UPDATE is sent. Default `'auto'`. */
  readonly windowUpdates?: WindowUpdateMode | undefined;
  /** False for peers that announce SPDY/3 or 3.1 but know no flow control (spdystream, Kubernetes): neither side is held. Default true. */
  readonly flowControl?: boolean | undefined;
  /** Bytes by which the peer may overrun a receive window before it is answered; `Infinity`: never. Default 0. */
  readonly receiveWindowTolerance?: number | undefined;
  /** True to drop frames for finished, closed or unknown streams without RST_STREAM (Kubernetes). Default false. */
  readonly lenientStreams?: boolean | undefined;
  /** Largest DATA payload that is sent, in bytes (1 to 16777215). Default 32768: half of a window of the default size. */
  readonly maxDataSize?: number | undefined;
  /** How sent header blocks are compressed. Default `'indexed'`; `'deflate'` where `compressionLevel` is given. */
  readonly headerCompression?: HeaderCompression | undefined;
  /**
   * Names whose values are secrets besides `cookie`, `set-cookie`, `authorization` and `proxy-authorization`: with `'indexed'` they are
   * compressed as a whole or not at all. Default none.
   */
  readonly sensitiveHeaders?: readonly string[] | undefined;
  /** Level of `'deflate'`, 0 (stored) to 9. Default: server 9, client 0 (secrets are not compressed: CRIME). */
  readonly compressionLevel?: number | undefined;
  /** Base-two logarithm of the compressor's window, 9 to 15; the peer may need as much memory. Default 13 for `'indexed'`, 11 for `'deflate'`. */
  readonly compressionWindowBits?: number | undefined;
  /** Memory level of `'deflate'`, 1 to 9. Default 1. */
  readonly compressionMemLevel?: number | undefined;
  /** How header strings become bytes: `'latin1'` (one character is one byte, lossless) or `'utf8'`. Default `'latin1'`. */
  readonly headerEncoding?: HeaderEncoding | undefined;
  /** Largest payload of a control frame that is accepted, in bytes (8192 to 16777215). Default 65536. */
  readonly maxControlFrameSize?: number | undefined;
  /** Largest inflated header block that is accepted, in bytes. Default 65536. */
  readonly maxHeaderListSize?: number | undefined;
  /** Most header pairs in a block. Default 256. */
  readonly maxHeaderCount?: number | undefined;
  /**
   * Bytes of memory that all headers of the peer on one stream may take: 144 for each pair, besides its characters. Default: as much as one
   * block may (102400).
   */
  readonly maxStreamHeaderMemory?: number | undefined;
  /**
   * The same for all open streams together. Default 1048576, or more: 8192 for each of `maxConcurrentStreams`, 8 times
   * `maxStreamHeaderMemory`; 16777216 at least for a client, which opens its streams itself. A larger number of streams, once announced,
   * raises it.
   */
  readonly maxSessionHeaderMemory?: number | undefined;
  /** Bytes that one header block may inflate to before the session ends. Default 1048576 or 4 times `maxHeaderListSize`, the larger. */
  readonly maxInflatedBlockSize?: number | undefined;
  /** Most entries in a SETTINGS frame. Default 64. */
  readonly maxSettingsEntries?: number | undefined;
  /** Most unanswered PINGs of ours. Default 10. */
  readonly maxOutstandingPings?: number | undefined;
  /** Most control replies (PING echoes, RST_STREAM) that may wait for a peer that does not read. Default 1000. */
  readonly maxQueuedReplies?: number | undefined;
  /**
   * Most received bytes that the application has not consumed yet (`windowUpdates: 'consume'`). Default 67108864 (64 MiB), or twice what
   * the windows of `maxConcurrentStreams` streams let in, up to 1 GiB, if that is more.
   */
  readonly maxUnconsumedBytes?: number | undefined;
  /**
   * Unconsumed bytes up to which the session window (SPDY/3.1) is given back on receipt, so that a stream which is not read stops no
   * other one (`windowUpdates: 'consume'`). Default 0: for what was consumed; a Session: half of `maxUnconsumedBytes`.
   */
  readonly sessionCreditLimit?: number | undefined;
  /** Streams that the peer resets, or that end by a fault of the peer. Default 1000, then 33 per second. */
  readonly streamResetRate?: RateLimit | undefined;
  /** SETTINGS frames. Default 100, then 10 per second. */
  readonly settingsRate?: RateLimit | undefined;
  /** PING frames. Default 1000, then 100 per second. */
  readonly pingRate?: RateLimit | undefined;
  /**
   * Received header blocks, whoever they are for, in bytes: what they inflate to, and 144 for each pair. DATA allows as much more as it
   * has bytes, a stream that ends well as much as its headers hold, and 4096. Default 4194304, then as many per second; 64 times
   * `maxHeaderListSize` if that is more, at once also 8192 for each of `maxConcurrentStreams`.
   */
  readonly headerRate?: RateLimit | undefined;
  /** GOAWAY frames. Default 100, then 10 per second. */
  readonly goawayRate?: RateLimit | undefined;
  /** DATA frames without payload and HEADERS without a pair, both without FIN. Default 1000, then 100 per second. */
  readonly emptyDataRate?: RateLimit | undefined;
  /** WINDOW_UPDATE frames; every DATA frame sent allows four more. Default 10000, then 1000 per second. */
  readonly windowUpdateRate?: RateLimit | undefined;
  /** True to process CREDENTIAL frames (SPDY/3, server). Default false: skipped. */
  readonly credentials?: boolean | undefined;
  /** A clock in milliseconds for the rates; an Engine without one limits no rates. A Session brings its own. */
  readonly now?: (() => number) | undefined;
}

/** Options with every default filled in. */
export interface ResolvedOptions
  extends Settled<Omit<EngineOptions, 'now' | keyof FrameLimits>>,
    FrameLimits {
  readonly now: (() => number) | null;
}

/** Those that were made last, for each side. */
const usualOfClient = new LastEqual<ResolvedOptions>();
const usualOfServer = new LastEqual<ResolvedOptions>();

/** Checks options and fills in the defaults of a side. */
export function resolveOptions(side: Side, options: EngineOptions): ResolvedOptions {
  checkObject('options', options);
  if (options.now !== undefined && typeof options.now !== 'function')
    throw new InvalidArgumentError(`now must be a function, got ${shown(options.now)}`);
  const headerCompression = choice(
    options,
    'headerCompression',
    ['indexed', 'deflate'],
    options.compressionLevel === undefined ? 'indexed' : 'deflate',
  );
  const usualWindow = headerCompression === 'indexed' ? 13 : 11;
  const maxConcurrentStreams = integer(options, 'maxConcurrentStreams', 0, 0xffffffff, 100);
  const maxHeaderListSize = integer(options, 'maxHeaderListSize', 1, MAX_FRAME_LENGTH, 65536);
  const largest = Math.max(65536, maxHeaderListSize);
  const maxHeaderCount = integer(options, 'maxHeaderCount', 1, 1_000_000, 256);
  const maxStreamHeaderMemory = integer(
    options,
    'maxStreamHeaderMemory',
    0,
    Number.MAX_SAFE_INTEGER,
    maxHeaderListSize + PAIR_COST * maxHeaderCount,
  );
  const most = Number.MAX_SAFE_INTEGER;
  const unconsumed = defaultMaxUnconsumed(options);
  const usual = side === CLIENT ? usualOfClient : usualOfServer;
  return usual.of({
    maxConcurrentStreams,
    initialWindowSize: integer(options, 'initialWindowSize', 0, MAX_WINDOW_SIZE, 65536),
    windowUpdates: choice(options, 'windowUpdates', ['auto', 'manual', 'consume'], 'auto'),
    flowControl: flag(options, 'flowControl', true),
    receiveWindowTolerance:
      options.receiveWindowTolerance === Number.POSITIVE_INFINITY
        ? Number.POSITIVE_INFINITY
        : integer(options, 'receiveWindowTolerance', 0, MAX_WINDOW_SIZE, 0),
    lenientStreams: flag(options, 'lenientStreams', false),
    maxDataSize: integer(options, 'maxDataSize', 1, MAX_FRAME_LENGTH, 32768),
    headerCompression,
    sensitiveHeaders: names(options, 'sensitiveHeaders'),
    compressionLevel: integer(options, 'compressionLevel', 0, 9, side === CLIENT ? 0 : 9),
    compressionWindowBits: integer(options, 'compressionWindowBits', 9, 15, usualWindow),
    compressionMemLevel: integer(options, 'compressionMemLevel', 1, 9, 1),
    headerEncoding: choice(options, 'headerEncoding', ['latin1', 'utf8'], 'latin1'),
    maxControlFrameSize: integer(
      options,
      'maxControlFrameSize',
      MIN_CONTROL_FRAME_LIMIT,
      MAX_FRAME_LENGTH,
      65536,
    ),
    maxHeaderListSize,
    maxHeaderCount,
    maxStreamHeaderMemory,
    maxSessionHeaderMemory: integer(
      options,
      'maxSessionHeaderMemory',
      0,
      Number.MAX_SAFE_INTEGER,
      Math.max(
        side === CLIENT ? 1 << 24 : 1 << 20,
        STREAM_SHARE * maxConcurrentStreams,
        8 * maxStreamHeaderMemory,
      ),
    ),
    maxInflatedBlockSize: integer(
      options,
      'maxInflatedBlockSize',
      maxHeaderListSize,
      0x7fffffff,
      Math.max(1 << 20, 4 * maxHeaderListSize),
    ),
    maxSettingsEntries: integer(options, 'maxSettingsEntries', 1, 1_000_000, 64),
    maxOutstandingPings: integer(options, 'maxOutstandingPings', 1, 1_000_000, 10),
    maxQueuedReplies: integer(options, 'maxQueuedReplies', 1, 10_000_000, 1000),
    maxUnconsumedBytes: integer(options, 'maxUnconsumedBytes', 1, most, unconsumed),
    sessionCreditLimit: integer(options, 'sessionCreditLimit', 0, most, 0),
    streamResetRate: rate(options, 'streamResetRate', 1000, 33),
    settingsRate: rate(options, 'settingsRate', 100, 10),
    pingRate: rate(options, 'pingRate', 1000, 100),
    headerRate: rate(
      options,
      'headerRate',
      Math.max(64 * largest, STREAM_SHARE * maxConcurrentStreams),
      64 * largest,
    ),
    goawayRate: rate(options, 'goawayRate', 100, 10),
    emptyDataRate: rate(options, 'emptyDataRate', 1000, 100),
    windowUpdateRate: rate(options, 'windowUpdateRate', 10_000, 1000),
    credentials: flag(options, 'credentials', false),
    now: options.now ?? null,
  });
}

/** The default of `maxUnconsumedBytes`: none of the streams that the peer may open stops another before its own window does. */
export function defaultMaxUnconsumed(options: EngineOptions): number {
  const { maxConcurrentStreams = 100, initialWindowSize = 65536 } = options;
  return Math.max(64 << 20, Math.min(2 * maxConcurrentStreams * initialWindowSize, 1 << 30));
}

/** Sets one of Spdylay's numbered options; returns the options as they are then. */
export function applyOption(
  options: ResolvedOptions,
  credit: { mode: WindowUpdateMode },
  option: number,
  value: number,
): ResolvedOptions {
  if (option === OPT_NO_AUTO_WINDOW_UPDATE || option === OPT_NO_AUTO_WINDOW_UPDATE2) {
    checkRange('the value', value, 0, 1);
    const mode = option === OPT_NO_AUTO_WINDOW_UPDATE ? 'manual' : 'consume';
    if (value === 1) credit.mode = mode;
    else if (credit.mode === mode) credit.mode = 'auto';
    return options;
  }
  if (option !== OPT_MAX_RECV_CTRL_FRAME_BUFFER)
    throw new InvalidArgumentError(`unknown option ${String(option)}`);
  checkRange('the limit', value, MIN_CONTROL_FRAME_LIMIT, MAX_FRAME_LENGTH);
  const block = value + PAIR_COST * options.maxHeaderCount;
  return {
    ...options,
    maxControlFrameSize: value,
    maxHeaderListSize: value,
    maxInflatedBlockSize: Math.max(options.maxInflatedBlockSize, 4 * value),
    maxStreamHeaderMemory: Math.max(options.maxStreamHeaderMemory, block),
    maxSessionHeaderMemory: Math.max(options.maxSessionHeaderMemory, 8 * block),
  };
}
