/** The big-endian 16-bit number at `index`, which must lie inside `bytes`. */
export function readUint16(bytes: Uint8Array, index: number): number {
  return ((bytes[index] as number) << 8) | (bytes[index + 1] as number);
}

/** The big-endian 32-bit number at `index`, which must lie inside `bytes`; never negative. */
export function readUint32(bytes: Uint8Array, index: number): number {
  return ((readUint16(bytes, index) << 16) | readUint16(bytes, index + 2)) >>> 0;
}

/** A Buffer of no bytes, shared because nothing can be written to it. */
export const NO_BYTES: Buffer = Buffer.alloc(0);
