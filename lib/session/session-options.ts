import { abortSignal } from '../common/abort.ts';
import {
  checkBoolean,
  checkObject,
  checkRange,
  checkTime,
  MAX_TIMEOUT_MS,
  shown,
} from '../common/check.ts';
import { LastEqual } from '../common/last-equal.ts';
import { checkOptions, givenOptions, optionNames } from '../common/option-names.ts';
import { ENGINE_OPTION_NAMES, ENGINE_OPTIONS } from '../engine/options/option-names.ts';
import {
  defaultMaxUnconsumed,
  type EngineOptions,
  resolveOptions,
} from '../engine/options/options.ts';
import { InvalidArgumentError } from '../errors.ts';
import {
  DEFAULT_WINDOW_SIZE,
  ID_FLAG_SETTINGS_NONE,
  MAX_WINDOW_SIZE,
  SETTINGS_CLIENT_CERTIFICATE_VECTOR_SIZE,
  SETTINGS_CURRENT_CWND,
  SETTINGS_DOWNLOAD_BANDWIDTH,
  SETTINGS_DOWNLOAD_RETRANS_RATE,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX,
  SETTINGS_MAX_CONCURRENT_STREAMS,
  SETTINGS_ROUND_TRIP_TIME,
  SETTINGS_UPLOAD_BANDWIDTH,
  type Side,
} from '../protocol/constants.ts';
import type { SettingsEntry } from '../protocol/frames.ts';
import { type ProtocolVersion, SPDY3_1 } from '../protocol/version.ts';
import { KEEP_ALIVE_NAMES, type KeepAliveOptions } from './liveness/keepalive.ts';
import type { SettingsStore } from './settings-store.ts';

/** Name of a SETTINGS id. */
export type SettingName =
  | 'uploadBandwidth'
  | 'downloadBandwidth'
  | 'roundTripTime'
  | 'maxConcurrentStreams'
  | 'currentCwnd'
  | 'downloadRetransRate'
  | 'initialWindowSize'
  | 'clientCertificateVectorSize';

/** SETTINGS ids by name. */
const SETTING_IDS: Readonly<Record<SettingName, number>> = {
  uploadBandwidth: SETTINGS_UPLOAD_BANDWIDTH,
  downloadBandwidth: SETTINGS_DOWNLOAD_BANDWIDTH,
  roundTripTime: SETTINGS_ROUND_TRIP_TIME,
  maxConcurrentStreams: SETTINGS_MAX_CONCURRENT_STREAMS,
  currentCwnd: SETTINGS_CURRENT_CWND,
  downloadRetransRate: SETTINGS_DOWNLOAD_RETRANS_RATE,
  initialWindowSize: SETTINGS_INITIAL_WINDOW_SIZE,
  clientCertificateVectorSize: SETTINGS_CLIENT_CERTIFICATE_VECTOR_SIZE,
};

/** Values for a SETTINGS frame: by name, or as entries with their flags. */
export type SettingsInput =
  | readonly SettingsEntry[]
  | Readonly<Partial<Record<SettingName, number | undefined>>>;

/** When a session sends its SETTINGS: at once, after the first frame of the peer (Kubernetes clients lose earlier ones), or not at all. */
export type SettingsTiming = 'start' | 'afterFirstFrame' | 'never';

/** Options of a Session: those of its Engine, and its own. Every one has a default. Times are milliseconds; 0 switches a timer off. */
export interface SessionOptions extends EngineOptions {
  /**
   * Further values for the first SETTINGS frame. Without any it announces `maxConcurrentStreams`, and
   * `initialWindowSize` where that is not 65536 and the version has windows.
   */
  readonly settings?: SettingsInput | undefined;
  /** When the first SETTINGS (and the WINDOW_UPDATE of `sessionWindowSize`) is sent. Default `'start'`. */
  readonly settingsTiming?: SettingsTiming | undefined;
  /** Receive window of the whole session in bytes (SPDY/3.1), from 65536 on. Default 65536. */
  readonly sessionWindowSize?: number | undefined;
  /** High-water marks of the Duplex in bytes, both ways. Default 65536. */
  readonly highWaterMark?: number | undefined;
  /**
   * Received bytes that may be unconsumed (`windowUpdates: 'consume'`) before the session stops reading where the peer knows no flow
   * control (SPDY/2, `flowControl: false`). With flow control half of `maxUnconsumedBytes` counts. Default 1048576.
   */
  readonly inboundHighWaterMark?: number | undefined;
  /**
   * How long `close()` waits for open streams before the session is destroyed with `ERR_SPDY_TIMEOUT`. Also how long, without any
   * progress, streams may still send when the peer has ended a half-open transport. Default 30000.
   */
  readonly closeTimeoutMs?: number | undefined;
  /** How long, without any progress, the last bytes may take to leave and the peer to close after that. Default 5000. */
  readonly lingerTimeoutMs?: number | undefined;
  /** PING while nothing is received. Default off. */
  readonly keepAlive?: KeepAliveOptions | null | undefined;
  /** After how long without a stream that begins or ends, payload or PING 'timeout' is emitted (without a listener: `close()`). Default 0. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * How long bytes may wait without any progress: a stream whose window the peer keeps shut is destroyed with `ERR_SPDY_TIMEOUT`, as is
   * the session when the transport takes nothing. While the application leaves too much unread, the peer is asked by PING whether it is still
   * there; with 0 neither happens: peers that close at once behind their last byte lose by a PING what is on its way. Default 120000.
   */
  readonly stallTimeoutMs?: number | undefined;
  /** True: PING frames do not count for `idleTimeoutMs`. Default false. */
  readonly idleIgnoresPing?: boolean | undefined;
  /** Destroys the session with `ERR_SPDY_ABORTED`. */
  readonly signal?: AbortSignal | null | undefined;
  /** Where a client keeps the values that servers ask it to keep (SPDY/3 2.6.4). Default none: nothing is kept. Ignored by servers. */
  readonly settingsStore?: SettingsStore | null | undefined;
  /** Names the origin and its address in the store. Needed with `settingsStore`; `connect()` makes it. */
  readonly settingsKey?: string | null | undefined;
}

/** Names of the options of a Session. */
export const SESSION_OPTION_NAMES: ReadonlySet<string> = optionNames<SessionOptions>({
  ...ENGINE_OPTIONS,
  settings: true,
  settingsTiming: true,
  sessionWindowSize: true,
  highWaterMark: true,
  inboundHighWaterMark: true,
  closeTimeoutMs: true,
  lingerTimeoutMs: true,
  keepAlive: true,
  idleTimeoutMs: true,
  stallTimeoutMs: true,
  idleIgnoresPing: true,
  signal: true,
  settingsStore: true,
  settingsKey: true,
});

/** The options that are the session's own, with every default filled in. */
export interface ResolvedSessionOptions {
  /** Entries of the first SETTINGS. */
  readonly firstSettings: readonly SettingsEntry[];
  readonly settingsTiming: SettingsTiming;
  readonly sessionWindowSize: number;
  readonly highWaterMark: number;
  /** Unconsumed bytes above which reading is held back. */
  readonly inboundLimit: number;
  readonly closeTimeoutMs: number;
  readonly lingerTimeoutMs: number;
  readonly keepAlive: KeepAliveOptions | null;
  readonly idleTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly idleIgnoresPing: boolean;
  readonly signal: AbortSignal | null;
  readonly settingsStore: SettingsStore | null;
  readonly settingsKey: string;
}

/** Those that were made last. */
const usual = new LastEqual<ResolvedSessionOptions>();

/**
 * Checks the session's own options and fills in their defaults.
 *
 * @throws InvalidArgumentError for a value that is out of range
 */
export function resolveSessionOptions(
  version: ProtocolVersion,
  options: SessionOptions,
): ResolvedSessionOptions {
  checkOptions('new Session()', options, SESSION_OPTION_NAMES);
  const { idleIgnoresPing = false } = options;
  const settingsStore = options.settingsStore ?? null;
  const settingsKey = settingsStore === null ? '' : (options.settingsKey ?? '');
  if (settingsStore !== null && settingsKey === '') {
    throw new InvalidArgumentError(
      'settingsStore needs settingsKey, the name of the origin and its address',
    );
  }
  const settingsTiming = options.settingsTiming ?? 'start';
  if (!['start', 'afterFirstFrame', 'never'].includes(settingsTiming)) {
    throw new InvalidArgumentError(
      `settingsTiming must be one of start, afterFirstFrame, never, got ${shown(settingsTiming)}`,
    );
  }
  return usual.of({
    firstSettings: firstSettings(version, options, toSettingsEntries(options.settings ?? [])),
    settingsTiming,
    sessionWindowSize: checkRange(
      'sessionWindowSize',
      options.sessionWindowSize ?? DEFAULT_WINDOW_SIZE,
      DEFAULT_WINDOW_SIZE,
      MAX_WINDOW_SIZE,
    ),
    highWaterMark: checkRange('highWaterMark', options.highWaterMark ?? 65536, 1, 0x3fffffff),
    inboundLimit: inboundLimit(version, options),
    closeTimeoutMs: checkTime('closeTimeoutMs', options.closeTimeoutMs ?? 30_000),
    lingerTimeoutMs: checkTime('lingerTimeoutMs', options.lingerTimeoutMs ?? 5000),
    keepAlive: resolveKeepAlive(options.keepAlive ?? null),
    idleTimeoutMs: checkTime('idleTimeoutMs', options.idleTimeoutMs ?? 0),
    stallTimeoutMs: checkTime('stallTimeoutMs', options.stallTimeoutMs ?? 120_000),
    idleIgnoresPing: checkBoolean('idleIgnoresPing', idleIgnoresPing),
    signal: abortSignal(options.signal),
    settingsStore,
    settingsKey,
  });
}

/**
 * Checks options of sessions that are made later, when nobody is there any more to be told; returns them with those that stand there by
 * default.
 *
 * @throws InvalidArgumentError for a name that is none and a value that is out of range
 */
export function checkSessionOptions(
  side: Side,
  given: SessionOptions = {},
  defaults: SessionOptions = {},
): SessionOptions {
  checkObject('session', given);
  checkOptions('session', given, SESSION_OPTION_NAMES);
  const options = { ...defaults, ...givenOptions(given) };
  // Who makes the session makes the key.
  resolveSessionOptions(SPDY3_1, { ...options, settingsStore: null });
  resolveOptions(side, engineOptions(options));
  return options;
}

/** The part of the options of a session that is for its engine. */
export function engineOptions(options: SessionOptions): EngineOptions {
  const given: Readonly<Record<string, unknown>> = { ...options };
  const part: Record<string, unknown> = {};
  for (const name of ENGINE_OPTION_NAMES) {
    if (given[name] !== undefined) part[name] = given[name];
  }
  return part;
}

/**
 * Entries of a SETTINGS frame from names or entries.
 *
 * @throws InvalidArgumentError for an unknown name
 */
export function toSettingsEntries(input: SettingsInput): SettingsEntry[] {
  if (isEntries(input)) return [...input];
  checkObject('settings', input);
  return Object.entries(givenOptions(input)).map(([name, value]) => {
    const id = Object.hasOwn(SETTING_IDS, name) ? SETTING_IDS[name as SettingName] : null;
    if (id === null || typeof value !== 'number') {
      throw new InvalidArgumentError(
        `settings: ${name} must be one of ${Object.keys(SETTING_IDS).join(', ')}, with a number`,
      );
    }
    return { id, flags: ID_FLAG_SETTINGS_NONE, value };
  });
}

/** The limits that the peer has to know, then what the application adds or replaces. */
function firstSettings(
  version: ProtocolVersion,
  options: EngineOptions,
  settings: readonly SettingsEntry[],
): SettingsEntry[] {
  const entries = new Map<number, SettingsEntry>();
  const own = (id: number, value: number): void => {
    if (!settings.some((entry) => entry.id === id)) entries.set(id, { id, flags: 0, value });
  };
  own(SETTINGS_MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams ?? 100);
  const window = options.initialWindowSize ?? DEFAULT_WINDOW_SIZE;
  if (version.streamWindows && window !== DEFAULT_WINDOW_SIZE)
    own(SETTINGS_INITIAL_WINDOW_SIZE, window);
  for (const entry of settings) {
    const { id, flags, value } = entry;
    if (entries.has(id)) throw new InvalidArgumentError(`settings: id ${id} is given twice`);
    checkRange('settings: an id', id, 1, SETTINGS_MAX);
    checkRange(`flags of setting ${id}`, flags, 0, 255);
    checkRange(`settings: the value of id ${id}`, value, 0, 0xffffffff);
    // Other sessions may share it.
    entries.set(id, { id, flags, value });
  }
  return [...entries.values()];
}

function inboundLimit(version: ProtocolVersion, options: SessionOptions): number {
  const name = 'inboundHighWaterMark';
  const limit = checkRange(name, options[name] ?? 1 << 20, 1, Number.MAX_SAFE_INTEGER);
  if (!version.streamWindows || options.flowControl === false) return limit;
  return (options.maxUnconsumedBytes ?? defaultMaxUnconsumed(options)) / 2;
}

function isEntries(input: SettingsInput): input is readonly SettingsEntry[] {
  return Array.isArray(input);
}

function resolveKeepAlive(given: KeepAliveOptions | null): KeepAliveOptions | null {
  if (given === null) return null;
  checkObject('keepAlive', given);
  checkOptions('keepAlive', given, KEEP_ALIVE_NAMES);
  return {
    intervalMs: checkRange('keepAlive.intervalMs', given.intervalMs, 1, MAX_TIMEOUT_MS),
    timeoutMs: checkRange('keepAlive.timeoutMs', given.timeoutMs, 1, MAX_TIMEOUT_MS),
  };
}
