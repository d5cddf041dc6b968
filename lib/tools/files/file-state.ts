import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** For so long a change may leave the times of a file as they are: file systems count them in steps, some of two seconds. */
const TIME_STEP_MS = 2000;

/** What tells one state of a file from every other one: two looks that give the same text saw the same bytes. */
export function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** Whether a file has rested for long enough that its next change will show in its times. */
export function isSettled({ ctimeMs, mtimeMs }: BigIntStats): boolean {
  const changed = ctimeMs > mtimeMs ? ctimeMs : mtimeMs;
  return Number(changed) < Date.now() - TIME_STEP_MS;
}

/** All bytes of an open file; null if it has changed meanwhile. */
export async function readWhole(file: FileHandle, stats: BigIntStats): Promise<Buffer | null> {
  const size = Number(stats.size);
  // Not from the pool of small Buffers, where one file would keep its neighbours in memory.
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) return null;
    at += bytesRead;
  }
  return stateOf(stats) === stateOf(await file.stat({ bigint: true })) ? bytes : null;
}
