import {
  FLAG_SETTINGS_CLEAR_SETTINGS,
  ID_FLAG_SETTINGS_PERSIST_VALUE,
  ID_FLAG_SETTINGS_PERSISTED,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX,
} from '../protocol/constants.ts';
import type { SettingsEntry, SettingsFrame } from '../protocol/frames.ts';

/** One value that a server has asked to keep. */
export interface StoredSetting {
  /** SETTINGS id, 1 to 8, never INITIAL_WINDOW_SIZE (a stale window would break flow control). */
  readonly id: number;
  /** 0 to 2^32 - 1. */
  readonly value: number;
}

/**
 * Where a client keeps what servers ask it to keep (SPDY/3 2.6.4). A key names one origin at one address, so values never reach
 * another server. All calls are synchronous; what they throw becomes an uncaught exception and leaves the session alone.
 */
export interface SettingsStore {
  /** The values stored for a key; empty if there are none. */
  load(key: string): readonly StoredSetting[];
  /** Replaces the values stored for a key. */
  save(key: string, entries: readonly StoredSetting[]): void;
  /** Forgets the values of a key, or everything without one (as when a user clears cookies). */
  clear(key?: string): void;
}

/** A SettingsStore in memory. The origins used longest ago are forgotten above a number. */
export class MemorySettingsStore implements SettingsStore {
  readonly #origins = new Map<string, readonly StoredSetting[]>();
  readonly #maxOrigins: number;

  /** `maxOrigins`: how many keys are kept, default 256. */
  constructor(maxOrigins = 256) {
    this.#maxOrigins = maxOrigins;
  }

  /** Number of keys with values. */
  get size(): number {
    return this.#origins.size;
  }

  load(key: string): readonly StoredSetting[] {
    const entries = this.#origins.get(key);
    if (entries === undefined) return [];
    this.#touch(key, entries);
    return entries;
  }

  save(key: string, entries: readonly StoredSetting[]): void {
    this.#touch(key, [...entries]);
    for (const oldest of this.#origins.keys()) {
      if (this.#origins.size <= this.#maxOrigins) break;
      this.#origins.delete(oldest);
    }
  }

  clear(key?: string): void {
    if (key === undefined) this.#origins.clear();
    else this.#origins.delete(key);
  }

  #touch(key: string, entries: readonly StoredSetting[]): void {
    this.#origins.delete(key);
    this.#origins.set(key, entries);
  }
}

/** Stores what a SETTINGS frame from a server asks to keep: clears first if it says so, then merges, the latest value per id. */
export function storeSettings(store: SettingsStore, key: string, frame: SettingsFrame): void {
  if ((frame.flags & FLAG_SETTINGS_CLEAR_SETTINGS) !== 0) store.clear(key);
  const seen = new Set<number>();
  const wanted: StoredSetting[] = [];
  for (const { id, flags, value } of frame.entries) {
    // Only the first entry of an id counts (SPDY/3 2.6.4).
    if (seen.has(id)) continue;
    seen.add(id);
    const persist = flags & (ID_FLAG_SETTINGS_PERSIST_VALUE | ID_FLAG_SETTINGS_PERSISTED);
    if (persist === ID_FLAG_SETTINGS_PERSIST_VALUE && isStorable(id)) wanted.push({ id, value });
  }
  if (wanted.length === 0) return;
  const merged = new Map(store.load(key).map(({ id, value }) => [id, value]));
  for (const { id, value } of wanted) merged.set(id, value);
  store.save(
    key,
    [...merged].map(([id, value]) => ({ id, value })),
  );
}

/** What a client returns to a server: its stored values, flagged PERSISTED, with ascending ids. */
export function persistedEntries(store: SettingsStore, key: string): SettingsEntry[] {
  const entries = new Map<number, SettingsEntry>();
  for (const { id, value } of store.load(key)) {
    if (isStorable(id)) entries.set(id, { id, flags: ID_FLAG_SETTINGS_PERSISTED, value });
  }
  return [...entries.values()].sort((a, b) => a.id - b.id);
}

function isStorable(id: number): boolean {
  return (
    Number.isInteger(id) && id >= 1 && id <= SETTINGS_MAX && id !== SETTINGS_INITIAL_WINDOW_SIZE
  );
}
