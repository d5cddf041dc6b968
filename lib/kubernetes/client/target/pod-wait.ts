import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { TargetError } from '../../errors.ts';
import { aborted } from '../api/api-request.ts';
import type { FoundPod } from './found-pod.ts';

/** Looks for a pod; resolves with the error when there is none that runs, but may be in a moment. */
export type PodLook = () => Promise<FoundPod | TargetError>;

/** Milliseconds before the second look, twice as many before each further one, and most of them. */
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2000;

/**
 * Looks for a pod until one runs, or so many milliseconds have gone: then what the last look has brought counts. One that was named and has ended
 * will not run again.
 */
export async function waitForPod(
  look: PodLook,
  isNamed: boolean,
  timeoutMs: number,
  signal: AbortSignal | null,
): Promise<FoundPod> {
  const end = performance.now() + timeoutMs;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, MAX_DELAY_MS)) {
    const found = await look();
    const left = end - performance.now();
    if (found instanceof TargetError) {
      if (left <= 0) throw found;
    } else if (found.runs || left <= 0 || (isNamed && hasEnded(found))) return found;
    const options = signal === null ? {} : { signal };
    await delay(Math.min(delayMs, left), undefined, options).catch(() => {
      throw aborted(signal?.reason);
    });
  }
}

function hasEnded({ phase }: FoundPod): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
