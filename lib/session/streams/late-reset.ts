import { setImmediate } from 'node:timers';
import { Deadline } from '../../common/deadline.ts';
import type { Engine } from '../../engine/engine.ts';
import { CLIENT } from '../../protocol/constants.ts';

/**
 * Sends RST_STREAM for a stream whose reset waits for what was written, if it has not left by itself: an answer may take `ms`
 * milliseconds (0: any time), a request that a client cancels shall not wait for windows.
 */
export function forceReset(
  engine: Engine,
  streamId: number,
  status: number,
  ms: number,
  host: { schedule(): void },
): void {
  const force = (): void => {
    engine.submitRstStream(streamId, status);
    host.schedule();
  };
  if (engine.side === CLIENT) setImmediate(force);
  else if (ms > 0) new Deadline().start(ms, force);
}
