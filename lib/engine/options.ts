import { checkObject, checkRange } from '../common/check.ts';
import { InvalidArgumentError, UnsupportedVersionError } from '../errors.ts';
import type { FrameLimits } from '../framing/frame-limits.ts';
import type { HeaderEncoding } from '../framing/header-list.ts';
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
  type SpdyVersion,
} from '../protocol/constants.ts';
import { findVersion, type ProtocolVersion } from '../protocol/version.ts';

/**
 * Checks which end of which protocol an engine shall be.
 *
 * @throws InvalidArgumentError for a side that is none
 * @throws UnsupportedVersionError for a version that is none
 */
export function checkEnd(side: Side, version: SpdyVersion): ProtocolVersion {
  if (side !== CLIENT && side !== SERVER) {
    throw new InvalidArgumentError(`side must be CLIENT (1) or SERVER (2), got ${String(side)}`);
  }
  const protocol = findVersion(version);
  if (protocol !== null) return protocol;
  throw new UnsupportedVersionError(
    `version must be PROTO_SPDY2, PROTO_SPDY3 or PROTO_SPDY3_1, got ${String(version)}`,
  );
}

/** A budget that refills with time: `burst` events at once, then `perSecond`. */
export interface RateLimit {
  /** What is allowed at once, from 0 on. */
  readonly burst: number;
  /** What comes back each second, from 0 on, up to `burst`. */
  readonly perSecond: number;
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

/** Options of an Engine. Every one has a default; limits are on. */
export interface EngineOptions {
  /** Most streams that the peer may have open at once. Default 100. `submitSettings` changes it. */
  readonly maxConcurrentStreams?: number;
  /** Bytes of each new receive window of a stream. Default 65536. `submitSettings` changes it. */
  readonly initialWindowSize?: number;
  /** When WINDOW_UPDATE is sent. Default `'auto'`. */
  readonly windowUpdates?: WindowUpdateMode;
  /** False for peers that announce SPDY/3 or 3.1 but know no flow control (spdystream, Kubernetes): neither side is held. Default true. */
  readonly flowControl?: boolean;
  /** Bytes by which the peer may overrun a receive window before it is answered; `Infinity`: never. Default 0. */
  readonly receiveWindowTolerance?: number;
  /** True to drop frames for finished, closed or unknown streams without RST_STREAM (Kubernetes). Default false. */
  readonly lenientStreams?: boolean;
  /** Largest DATA payload that is sent, in bytes (1 to 16777215). Default 16384. */
  readonly maxDataSize?: number;
  /** How sent header blocks are compressed. Default `'indexed'`; `'deflate'` where `compressionLevel` is given. */
  readonly headerCompression?: HeaderCompression;
  /**
   * Names whose values are secrets besides `cookie`, `set-cookie`, `authorization` and `proxy-authorization`: with `'indexed'` they are
   * compressed as a whole or not at all. Default none.
   */
  readonly sensitiveHeaders?: readonly string[];
  /** Level of `'deflate'`, 0 (stored) to 9. Default: server 9, client 0 (secrets are not compressed: CRIME). */
  readonly compressionLevel?: number;
  /** Base-two logarithm of the compressor's window, 9 to 15; the peer may need as much memory. Default 13 for `'indexed'`, 11 for `'deflate'`. */
  readonly compressionWindowBits?: number;
  /** Memory level of `'deflate'`, 1 to 9. Default 1. */
  readonly compressionMemLevel?: number;
  /** How header strings become bytes: `'latin1'` (one character is one byte, lossless) or `'utf8'`. Default `'latin1'`. */
  readonly headerEncoding?: HeaderEncoding;
  /** Largest payload of a control frame that is accepted, in bytes (8192 to 16777215). Default 65536. */
  readonly maxControlFrameSize?: number;
  /** Largest inflated header block that is accepted, in bytes. Default 65536. */
  readonly maxHeaderListSize?: number;
  /** Most header pairs in a block. Default 1000. */
  readonly maxHeaderCount?: number;
  /** Bytes that one header block may inflate to before the session ends. Default 1048576 or 4 times `maxHeaderListSize`, the larger. */
  readonly maxInflatedBlockSize?: number;
  /** Most entries in a SETTINGS frame. Default 64. */
  readonly maxSettingsEntries?: number;
  /** Most unanswered PINGs of ours. Default 10. */
  readonly maxOutstandingPings?: number;
  /** Most control replies (PING echoes, RST_STREAM) that may wait for a peer that does not read. Default 1000. */
  readonly maxQueuedReplies?: number;
  /** Most received bytes that the application has not consumed yet (`windowUpdates: 'consume'`). Default 67108864 (64 MiB). */
  readonly maxUnconsumedBytes?: number;
  /** Streams that the peer resets, or that end by a fault of the peer. Default 1000, then 33 per second. */
  readonly streamResetRate?: RateLimit;
  /** SETTINGS frames. Default 100, then 10 per second. */
  readonly settingsRate?: RateLimit;
  /** PING frames. Default 1000, then 100 per second. */
  readonly pingRate?: RateLimit;
  /** DATA frames without payload and without FIN. Default 1000, then 100 per second. */
  readonly emptyDataRate?: RateLimit;
  /** WINDOW_UPDATE frames; every DATA frame sent allows four more. Default 10000, then 1000 per second. */
  readonly windowUpdateRate?: RateLimit;
  /** True to process CREDENTIAL frames (SPDY/3, server). Default false: skipped. */
  readonly credentials?: boolean;
  /** A clock in milliseconds for the rates; an Engine without one limits no rates. A Session brings its own. */
  readonly now?: () => number;
}

/** What a header name consists of. */
const HEADER_NAME = /^[\x20-\x7e]+$/;

/** Options with every default filled in. */
export interface ResolvedOptions
  extends Required<Omit<EngineOptions, 'now' | keyof FrameLimits>>,
    FrameLimits {
  readonly now: (() => number) | null;
  maxControlFrameSize: number;
  maxHeaderListSize: number;
  maxInflatedBlockSize: number;
}

/** Checks options and fills in the defaults of a side. */
export function resolveOptions(side: Side, options: EngineOptions): ResolvedOptions {
  checkObject('options', options);
  if (options.now !== undefined && typeof options.now !== 'function')
    throw new InvalidArgumentError(`now must be a function, got ${String(options.now)}`);
  const headerCompression = choice(
    options,
    'headerCompression',
    ['indexed', 'deflate'],
    options.compressionLevel === undefined ? 'indexed' : 'deflate',
  );
  const usualWindow = headerCompression === 'indexed' ? 13 : 11;
  const maxHeaderListSize = integer(options, 'maxHeaderListSize', 1, MAX_FRAME_LENGTH, 65536);
  return {
    maxConcurrentStreams: integer(options, 'maxConcurrentStreams', 0, 0xffffffff, 100),
    initialWindowSize: integer(options, 'initialWindowSize', 0, MAX_WINDOW_SIZE, 65536),
    windowUpdates: choice(options, 'windowUpdates', ['auto', 'manual', 'consume'], 'auto'),
    flowControl: flag(options, 'flowControl', true),
    receiveWindowTolerance:
      options.receiveWindowTolerance === Number.POSITIVE_INFINITY
        ? Number.POSITIVE_INFINITY
        : integer(options, 'receiveWindowTolerance', 0, MAX_WINDOW_SIZE, 0),
    lenientStreams: flag(options, 'lenientStreams', false),
    maxDataSize: integer(options, 'maxDataSize', 1, MAX_FRAME_LENGTH, 16384),
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
    maxHeaderCount: integer(options, 'maxHeaderCount', 1, 1_000_000, 1000),
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
    maxUnconsumedBytes: integer(
      options,
      'maxUnconsumedBytes',
      1,
      Number.MAX_SAFE_INTEGER,
      64 << 20,
    ),
    streamResetRate: rate(options, 'streamResetRate', 1000, 33),
    settingsRate: rate(options, 'settingsRate', 100, 10),
    pingRate: rate(options, 'pingRate', 1000, 100),
    emptyDataRate: rate(options, 'emptyDataRate', 1000, 100),
    windowUpdateRate: rate(options, 'windowUpdateRate', 10_000, 1000),
    credentials: flag(options, 'credentials', false),
    now: options.now ?? null,
  };
}

/** Sets one of Spdylay's numbered options. */
export function applyOption(
  options: ResolvedOptions,
  credit: { mode: WindowUpdateMode },
  option: number,
  value: number,
): void {
  if (option === OPT_NO_AUTO_WINDOW_UPDATE || option === OPT_NO_AUTO_WINDOW_UPDATE2) {
    checkRange('the value', value, 0, 1);
    const mode = option === OPT_NO_AUTO_WINDOW_UPDATE ? 'manual' : 'consume';
    if (value === 1) credit.mode = mode;
    else if (credit.mode === mode) credit.mode = 'auto';
  } else if (option === OPT_MAX_RECV_CTRL_FRAME_BUFFER) {
    checkRange('the limit', value, MIN_CONTROL_FRAME_LIMIT, MAX_FRAME_LENGTH);
    options.maxControlFrameSize = value;
    options.maxHeaderListSize = value;
    options.maxInflatedBlockSize = Math.max(options.maxInflatedBlockSize, 4 * value);
  } else {
    throw new InvalidArgumentError(`unknown option ${String(option)}`);
  }
}

function integer(
  options: EngineOptions,
  key: keyof EngineOptions,
  min: number,
  max: number,
  fallback: number,
): number {
  const value = options[key];
  if (value === undefined) return fallback;
  checkRange(key, value, min, max);
  return value as number;
}

function flag(options: EngineOptions, key: keyof EngineOptions, fallback: boolean): boolean {
  const value = options[key];
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean')
    throw new InvalidArgumentError(`${key} must be true or false, got ${String(value)}`);
  return value;
}

function choice<const T extends string>(
  options: EngineOptions,
  key: keyof EngineOptions,
  choices: readonly T[],
  fallback: T,
): T {
  const value = options[key];
  if (value === undefined) return fallback;
  const found = choices.find((name) => name === value);
  if (found === undefined) {
    throw new InvalidArgumentError(
      `${key} must be one of ${choices.join(', ')}, got ${String(value)}`,
    );
  }
  return found;
}

function names(options: EngineOptions, key: keyof EngineOptions): readonly string[] {
  const value: unknown = options[key];
  if (value === undefined) return [];
  const valid = (name: unknown): boolean => typeof name === 'string' && HEADER_NAME.test(name);
  if (!Array.isArray(value) || !value.every(valid))
    throw new InvalidArgumentError(`${key} must be an array of header names`);
  return [...value];
}

function rate(
  options: EngineOptions,
  key: keyof EngineOptions,
  burst: number,
  perSecond: number,
): RateLimit {
  const value = options[key];
  if (value === undefined) return { burst, perSecond };
  const given = value as Partial<RateLimit> | null;
  const valid = (n: unknown): n is number => typeof n === 'number' && n >= 0;
  if (given === null || !valid(given.burst) || !valid(given.perSecond)) {
    throw new InvalidArgumentError(
      `${key} must be { burst, perSecond } with numbers of at least 0`,
    );
  }
  return { burst: given.burst, perSecond: given.perSecond };
}
