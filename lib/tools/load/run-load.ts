import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { onAbort } from '../../common/abort.ts';
import { type LoadCrew, LocalCrew } from './crew.ts';
import type { LoadOptions, LoadProgress } from './options.ts';
import { type LoadPlan, resolveLoad } from './plan.ts';
import { type LoadResult, resultOf } from './results/result.ts';
import { loadHistograms } from './results/series.ts';
import { WorkerCrew } from './worker-crew.ts';

const PROGRESS_MS = 100;

/**
 * Sends many requests over SPDY, HTTP/2 or HTTP/1.1, and resolves with counters and times: whatever the server does, unless the work cannot
 * begin at all.
 *
 * @throws InvalidArgumentError for options that are none, or do not fit together
 * @throws MissingPackageError if hdr-histogram-js is not installed
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const plan = resolveLoad(options);
  const make = await loadHistograms();
  const crew = plan.workers === 1 ? new LocalCrew(plan, plan.quotas, make) : new WorkerCrew(plan);
  const begun = performance.now();
  const { progress, signal } = options;
  const timer =
    progress === undefined
      ? null
      : setInterval(() => progress(progressOf(plan, crew, begun)), PROGRESS_MS);
  const forget = onAbort(signal, () => crew.stop());
  try {
    return resultOf(plan, await crew.run(), make);
  } finally {
    forget();
    if (timer !== null) clearInterval(timer);
  }
}

function progressOf(
  { quotas, durationMs, warmUpMs }: LoadPlan,
  { done }: LoadCrew,
  begun: number,
): LoadProgress {
  const share =
    durationMs > 0
      ? (performance.now() - begun) / (warmUpMs + durationMs)
      : done / quotas.reduce((sum, quota) => sum + quota, 0);
  return { share: Math.min(share, 1), done };
}
