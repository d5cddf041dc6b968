import { createHash } from 'node:crypto';

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, value) => value);

/** The body of `/bytes/N` on every server of these specs: byte i is i modulo 256. */
export function pattern(length: number): Buffer {
  return Buffer.alloc(length, ALL_BYTES);
}

/** SHA-256 in hexadecimal. */
export function sha256(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
