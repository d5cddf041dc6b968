import { checkOptions, type NamesOf, optionNames } from '../../common/option-names.ts';
import type { Side } from '../../protocol/constants.ts';
import { type EngineOptions, type ResolvedOptions, resolveOptions } from './options.ts';

/** The options of an Engine by name. */
export const ENGINE_OPTIONS: NamesOf<EngineOptions> = {
  maxConcurrentStreams: true,
  initialWindowSize: true,
  windowUpdates: true,
  flowControl: true,
  receiveWindowTolerance: true,
  lenientStreams: true,
  maxDataSize: true,
  headerCompression: true,
  sensitiveHeaders: true,
  compressionLevel: true,
  compressionWindowBits: true,
  compressionMemLevel: true,
  headerEncoding: true,
  maxControlFrameSize: true,
  maxHeaderListSize: true,
  maxHeaderCount: true,
  maxStreamHeaderMemory: true,
  maxSessionHeaderMemory: true,
  maxInflatedBlockSize: true,
  maxSettingsEntries: true,
  maxOutstandingPings: true,
  maxQueuedReplies: true,
  maxUnconsumedBytes: true,
  streamResetRate: true,
  settingsRate: true,
  pingRate: true,
  headerRate: true,
  goawayRate: true,
  emptyDataRate: true,
  windowUpdateRate: true,
  credentials: true,
  now: true,
  sessionCreditLimit: true,
};

/** Their names. */
export const ENGINE_OPTION_NAMES: ReadonlySet<string> = optionNames<EngineOptions>(ENGINE_OPTIONS);

/**
 * Checks the options of an engine, their names too, and fills in the defaults.
 *
 * @throws InvalidArgumentError for a name that is none and a value that is out of range
 */
export function checkedOptions(side: Side, options: EngineOptions): ResolvedOptions {
  checkOptions('new Engine()', options, ENGINE_OPTION_NAMES);
  return resolveOptions(side, options);
}
