/** Memory as bytes and, for four of them at once, as a view. */
export interface Memory {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly view: DataView;
}

/** From so many bytes on a native call is faster than a loop. */
const MANY = 128;

/** Bytes of the scratch. */
export const SCRATCH_SIZE = 16384;

/** All decompressors inflate into this memory: each call is synchronous. */
export const scratch: Memory = createMemory(SCRATCH_SIZE);

/** Memory of so many bytes of its own, all 0. */
export function createMemory(size: number): Memory {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Copies `length` bytes between places that do not overlap. */
export function copyBytes(
  source: Memory,
  from: number,
  target: Memory,
  to: number,
  length: number,
): void {
  if (length < MANY) copyForward(source.view, from, target.view, to, length);
  else target.bytes.set(source.bytes.subarray(from, from + length), to);
}

/** Copies `length` bytes, the first ones first: if `to` is in the same memory and at least 4 bytes behind, they repeat. */
export function copyForward(
  source: DataView,
  from: number,
  target: DataView,
  to: number,
  length: number,
): void {
  let i = 0;
  for (; i + 4 <= length; i += 4) target.setInt32(to + i, source.getInt32(from + i));
  for (; i < length; i++) target.setUint8(to + i, source.getUint8(from + i));
}
