import { givenOptions } from '../../common/option-names.ts';
import type { SessionOptions } from '../../session/public.ts';

/** Frames as large as those of the programs of Kubernetes: fewer, larger ones keep their queues short. */
const MAX_DATA_SIZE = 32768;

/** Options of a session with a peer that is built on spdystream, which knows neither windows nor SETTINGS; the user's own win. */
export function kubernetesSession(options: SessionOptions = {}): SessionOptions {
  return {
    flowControl: false,
    lenientStreams: true,
    // Whatever arrives with the 101 is lost in the peer, and it never looks at SETTINGS.
    settingsTiming: 'never',
    windowUpdates: 'consume',
    maxDataSize: MAX_DATA_SIZE,
    // A terminal may be held for hours.
    stallTimeoutMs: 0,
    ...givenOptions(options),
  };
}
