import { LEAST_PIECE } from '../../framing/output-buffer.ts';

/** Small writes are joined up to this length: half of what a frame takes. */
const MOST_GATHERED = 16384;

/** Whether a write is so short that others should leave with it. */
export function isSmall(chunk: unknown): boolean {
  return (typeof chunk === 'string' || chunk instanceof Uint8Array) && chunk.length < LEAST_PIECE;
}

/**
 * What was written, in few pieces: small writes that stand together are joined, since each piece costs as much as a KiB of bytes.
 * Larger ones stay as they are.
 */
export function gatherWrites(writes: readonly { readonly chunk: Buffer }[]): Buffer[] {
  const pieces: Buffer[] = [];
  let run: Buffer[] = [];
  let length = 0;
  for (const { chunk } of writes) {
    const small = chunk.length < LEAST_PIECE;
    if (!small || length + chunk.length > MOST_GATHERED) {
      if (length > 0) pieces.push(joined(run, length));
      run = [];
      length = 0;
    }
    if (small) {
      run.push(chunk);
      length += chunk.length;
    } else {
      pieces.push(chunk);
    }
  }
  if (length > 0) pieces.push(joined(run, length));
  return pieces;
}

function joined(run: readonly Buffer[], length: number): Buffer {
  return run.length === 1 ? (run[0] as Buffer) : Buffer.concat(run, length);
}
