import type { HarRecorder } from '../../../http/client/har/har-recorder.ts';
import type { FrameLog } from '../../frame-log.ts';
import type { Progress } from '../../progress.ts';
import type { TraceFile } from '../../trace-file.ts';
import type { SpdycatOptions } from '../options/options.ts';
import type { BodyOutput } from '../output/body-output.ts';
import type { RequestRecord } from '../output/statistics.ts';
import type { RateLimit } from './rate-limit.ts';
import type { RequestDataSource } from './request-data.ts';

/** What all groups of a run have in common. */
export interface FetchContext {
  readonly options: SpdycatOptions;
  readonly output: BodyOutput;
  readonly data: RequestDataSource | null;
  readonly rate: RateLimit | null;
  readonly log: FrameLog | null;
  readonly trace: TraceFile | null;
  readonly har: HarRecorder | null;
  readonly progress: Progress;
  /** Milliseconds since the program has begun. */
  readonly now: () => number;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** The next number of a body, for their order; `index`: which URL of the command line it is for, null for others. */
  nextNumber(index: number | null): number;
  /** A request has begun. */
  begun(record: RequestRecord): void;
  /** Nothing more will come of it. */
  ended(record: RequestRecord): void;
}
