import type { Engine } from '../engine/engine.ts';
import { InvalidArgumentError } from '../errors.ts';
import {
  CLIENT,
  DEFAULT_WINDOW_SIZE,
  FLAG_SETTINGS_NONE,
  ID_FLAG_SETTINGS_PERSISTED,
  SERVER,
  SETTINGS_CLIENT_CERTIFICATE_VECTOR_SIZE,
} from '../protocol/constants.ts';
import type { SettingsEntry, SettingsFrame } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { raise } from './raise.ts';
import {
  type ResolvedSessionOptions,
  type SessionOptions,
  toSettingsEntries,
} from './session-options.ts';
import { persistedEntries, storeSettings } from './settings-store.ts';

/**
 * Begins a session: queues what it says first, unless a frame of the peer has to come before. Whether that is so.
 *
 * @throws InvalidArgumentError for a setting that this side cannot send
 */
export function begin(engine: Engine, options: ResolvedSessionOptions): boolean {
  const { firstSettings, settingsTiming } = options;
  if (settingsTiming !== 'never') assertSendable(engine, firstSettings);
  const later = settingsTiming === 'afterFirstFrame';
  if (!later) queueStart(engine, options);
  return later;
}

/**
 * Queues what a session says first: the stored values that a client returns, its own SETTINGS, and WINDOW_UPDATE where the
 * session window shall be larger.
 */
export function queueStart(engine: Engine, options: ResolvedSessionOptions): void {
  if (options.settingsTiming !== 'never') {
    // In a frame of their own: the values of the server would collide with ours.
    const stored = loadStored(engine, options);
    if (stored.length > 0) engine.submitSettings(FLAG_SETTINGS_NONE, stored);
    engine.submitSettings(FLAG_SETTINGS_NONE, options.firstSettings);
  }
  const growth = options.sessionWindowSize - DEFAULT_WINDOW_SIZE;
  if (engine.version.sessionWindow && growth > 0) engine.submitWindowUpdate(0, growth);
}

/**
 * CLIENT_CERTIFICATE_VECTOR_SIZE is sent by SPDY/3 servers alone; clients only return it (SPDY/3 2.6.9).
 *
 * @throws InvalidArgumentError for an entry that this side cannot send
 */
export function assertSendable(engine: Engine, entries: readonly SettingsEntry[]): void {
  if (engine.version.hasCredential && engine.side === SERVER) return;
  if (entries.some(isOfSpdy3))
    throw new InvalidArgumentError('clientCertificateVectorSize is sent by SPDY/3 servers only');
}

/** Options of sessions for one of a `version`: without the setting that only SPDY/3 servers send, if it is none. */
export function optionsFor(version: ProtocolVersion, options: SessionOptions): SessionOptions {
  if (options.settings === undefined || version.hasCredential) return options;
  const settings = toSettingsEntries(options.settings);
  return { ...options, settings: settings.filter((entry) => !isOfSpdy3(entry)) };
}

/** Keeps what a server asks a client to keep. */
export function keepSettings(
  engine: Engine,
  options: ResolvedSessionOptions,
  frame: SettingsFrame,
): void {
  const { settingsStore, settingsKey } = options;
  if (settingsStore === null || engine.side !== CLIENT) return;
  try {
    storeSettings(settingsStore, settingsKey, frame);
  } catch (exception) {
    raise(exception);
  }
}

function loadStored(engine: Engine, options: ResolvedSessionOptions): readonly SettingsEntry[] {
  const { settingsStore, settingsKey } = options;
  if (settingsStore === null || engine.side !== CLIENT) return [];
  try {
    return persistedEntries(settingsStore, settingsKey);
  } catch (exception) {
    raise(exception);
    return [];
  }
}

function isOfSpdy3({ id, flags }: SettingsEntry): boolean {
  return (
    id === SETTINGS_CLIENT_CERTIFICATE_VECTOR_SIZE && (flags & ID_FLAG_SETTINGS_PERSISTED) === 0
  );
}
