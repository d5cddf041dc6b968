import { LoadShare } from './load-share.ts';
import type { LoadPlan } from './plan.ts';
import { Recorder, type RecorderData } from './results/recorder.ts';
import type { HistogramMaker } from './results/series.ts';

/** What clients have recorded, and in how many milliseconds. */
export interface ShareRecord {
  readonly ms: number;
  readonly data: RecorderData;
}

/** Who does the work: this thread, or several. */
export interface LoadCrew {
  /** Requests that have ended, as far as it is known. */
  readonly done: number;
  /** Does it all. */
  run(): Promise<readonly ShareRecord[]>;
  /** Ends the work: `run()` resolves with what there is. */
  stop(): void;
}

/** Does the work in the thread that asks for it. */
export class LocalCrew implements LoadCrew {
  readonly #recorder: Recorder;
  readonly #share: LoadShare;

  constructor(plan: LoadPlan, quotas: readonly number[], make: HistogramMaker) {
    this.#recorder = new Recorder(make);
    this.#share = new LoadShare(plan, quotas, this.#recorder);
  }

  get done(): number {
    return this.#recorder.counts.done;
  }

  async run(): Promise<readonly ShareRecord[]> {
    const ms = await this.#share.run();
    return [{ ms, data: this.#recorder.data }];
  }

  stop(): void {
    this.#share.stop();
  }
}
