import { checkBoolean, checkRange } from '../../../common/check.ts';
import { checkOptions, optionNames } from '../../../common/option-names.ts';
import { PACKAGE_VERSION } from '../../../common/package-version.ts';
import type { RequestObserver } from '../exchange/channels.ts';
import type { HarDocument } from './har-format.ts';
import { HarRecording, type Recorded } from './har-recording.ts';

/** Options of a HarRecorder. */
export interface HarRecorderOptions {
  /** How many requests are kept, 1 to 2^31 - 1; the oldest go first. Default 10000. */
  readonly maxEntries?: number | undefined;
  /** Keeps the values of `cookie`, `set-cookie`, `authorization` and `proxy-authorization`, which are `***` otherwise. Default false. */
  readonly secrets?: boolean | undefined;
}

const OPTION_NAMES = optionNames<HarRecorderOptions>({ maxEntries: true, secrets: true });

/**
 * Records the requests of agents that are given it (option `har`) as HAR 1.2, which browsers and other tools show: fields, sizes and times, not the
 * bodies. `JSON.stringify(recorder)` is the file.
 */
export class HarRecorder {
  readonly #maxEntries: number;
  readonly #secrets: boolean;
  readonly #recordings = new Set<HarRecording>();
  #dropped = 0;

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(options: HarRecorderOptions = {}) {
    checkOptions('new HarRecorder()', options, OPTION_NAMES);
    this.#maxEntries = checkRange('maxEntries', options.maxEntries ?? 10_000, 1, 0x7fffffff);
    this.#secrets = checkBoolean('secrets', options.secrets ?? false);
  }

  /** What was recorded, in the order in which the requests were made; those that are under way as far as they are. */
  toJSON(): HarDocument {
    const dropped = this.#dropped;
    return {
      log: {
        version: '1.2',
        creator: { name: 'spdylay', version: PACKAGE_VERSION },
        entries: [...this.#recordings].map((each) => each.entry(this.#secrets)),
        ...(dropped === 0 ? {} : { comment: `${dropped} earlier requests are left out` }),
      },
    };
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.#recordings.clear();
    this.#dropped = 0;
  }

  /** Records a request to this origin; its agent calls it. @internal */
  record(request: Recorded, origin: string, body: { readonly bytes: number }): RequestObserver {
    const recording = new HarRecording(request, origin, body);
    const recordings = this.#recordings;
    recordings.add(recording);
    if (recordings.size > this.#maxEntries) {
      const [oldest] = recordings;
      recordings.delete(oldest as HarRecording);
      this.#dropped++;
    }
    return recording;
  }
}
