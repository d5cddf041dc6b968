import { checkBoolean, checkRange, checkTime } from '../../common/check.ts';
import { checkOptions, optionNames, type Settled } from '../../common/option-names.ts';
import { CLIENT } from '../../protocol/constants.ts';
import { checkSessionOptions, type SessionOptions } from '../../session/public.ts';
import { checkPathPrefix, originsOf } from '../server/options.ts';

/** Options of a stream translator. Every one has a default. Times are milliseconds. */
export interface StreamTranslatorOptions {
  /** What stands before all paths, as `/proxy`. Default none. */
  readonly pathPrefix?: string | undefined;
  /**
   * Origins, as `https://console.example.com`, of pages that may exec, attach and forward over WebSocket, besides those of the server itself. Default
   * none. Clients that are no browsers send no origin, or that of the server.
   */
  readonly origins?: readonly string[] | undefined;
  /** Most clients at once, from 1 to 1000000; more are answered 503. Default 1000. */
  readonly maxSessions?: number | undefined;
  /** Most of them that wait for their target, or have not opened their streams; more are answered 503. Default 100. */
  readonly maxPendingSessions?: number | undefined;
  /**
   * Most bytes that wait on one side of a client because the other side does not take them, from 16384 to 1073741824, beside one message or frame. Then
   * nothing is read. Of a WebSocket no more than 65536 bytes wait. Default 1048576 (1 MiB).
   */
  readonly maxBufferedBytes?: number | undefined;
  /** How long connecting to the target and its answer may take; 0: for ever. Default 30000. */
  readonly dialTimeoutMs?: number | undefined;
  /** How long a client may take to open all of its streams; 0: for ever. Default 30000. */
  readonly streamCreationTimeoutMs?: number | undefined;
  /** How long a target may take to accept all streams; 0: for ever. Default 30000. */
  readonly replyTimeoutMs?: number | undefined;
  /** How long, after everything was sent, a client may take to leave; 0: for ever. Default 60000. */
  readonly endTimeoutMs?: number | undefined;
  /** After how long without a byte either way a client is sent away; 0: never. Default 14400000 (4 hours). */
  readonly idleTimeoutMs?: number | undefined;
  /** True: PING of a client of exec or attach over SPDY does not count for that. Default false. */
  readonly idleIgnoresPing?: boolean | undefined;
  /** Between PINGs to a target of exec and attach; 0: none. Default 30000. */
  readonly pingIntervalMs?: number | undefined;
  /** How long such a target may take to send anything behind a PING; then it is lost. 0: for ever. Default 30000. */
  readonly pingTimeoutMs?: number | undefined;
  /** Further options of the SPDY sessions, of both sides. */
  readonly session?: SessionOptions | undefined;
}

const OPTION_NAMES = optionNames<StreamTranslatorOptions>({
  pathPrefix: true,
  origins: true,
  maxSessions: true,
  maxPendingSessions: true,
  maxBufferedBytes: true,
  dialTimeoutMs: true,
  streamCreationTimeoutMs: true,
  replyTimeoutMs: true,
  endTimeoutMs: true,
  idleTimeoutMs: true,
  idleIgnoresPing: true,
  pingIntervalMs: true,
  pingTimeoutMs: true,
  session: true,
});

/** The options with their defaults. */
export type ResolvedTranslatorOptions = Settled<Omit<StreamTranslatorOptions, 'maxBufferedBytes'>>;

/**
 * Checks options and fills in their defaults.
 *
 * @throws InvalidArgumentError for a value that is out of range
 */
export function resolveTranslatorOptions(
  options: StreamTranslatorOptions,
): ResolvedTranslatorOptions {
  checkOptions('createStreamTranslator()', options, OPTION_NAMES);
  const time = (name: keyof StreamTranslatorOptions, otherwise: number): number =>
    checkTime(name, options[name] ?? otherwise);
  const count = (name: keyof StreamTranslatorOptions, otherwise: number): number =>
    checkRange(name, options[name] ?? otherwise, 1, 1_000_000);
  const { maxBufferedBytes = 1 << 20 } = options;
  checkRange('maxBufferedBytes', maxBufferedBytes, 16384, 1 << 30);
  return {
    pathPrefix: checkPathPrefix(options.pathPrefix ?? ''),
    origins: originsOf(options.origins ?? []),
    maxSessions: count('maxSessions', 1000),
    maxPendingSessions: count('maxPendingSessions', 100),
    dialTimeoutMs: time('dialTimeoutMs', 30_000),
    streamCreationTimeoutMs: time('streamCreationTimeoutMs', 30_000),
    replyTimeoutMs: time('replyTimeoutMs', 30_000),
    endTimeoutMs: time('endTimeoutMs', 60_000),
    idleTimeoutMs: time('idleTimeoutMs', 14_400_000),
    idleIgnoresPing: checkBoolean('idleIgnoresPing', options.idleIgnoresPing ?? false),
    pingIntervalMs: time('pingIntervalMs', 30_000),
    pingTimeoutMs: time('pingTimeoutMs', 30_000),
    session: checkSessionOptions(CLIENT, options.session, {
      inboundHighWaterMark: maxBufferedBytes,
    }),
  };
}
