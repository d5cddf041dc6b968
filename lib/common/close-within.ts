import { Deadline } from './deadline.ts';

/**
 * Waits for an end that was asked for. When the time is up `force` is called, and the end is waited for all the same. 0 milliseconds: no force.
 * Resolves also when the end is an error.
 */
export async function closeWithin(
  ms: number,
  closed: Promise<unknown>,
  force: () => void,
): Promise<void> {
  const deadline = new Deadline();
  if (ms > 0) deadline.start(ms, force);
  await closed.catch(() => {});
  deadline.stop();
}
