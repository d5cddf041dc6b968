import { InvalidArgumentError } from '../errors.ts';

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

/** The same bytes as a Buffer. */
export function toBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  if (bytes instanceof Uint8Array) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  throw new InvalidArgumentError(`expected bytes (a Uint8Array), got ${typeof bytes}`);
}
