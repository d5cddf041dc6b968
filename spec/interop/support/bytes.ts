import { createHash } from 'node:crypto';

/** The body of `/bytes/N` on every server of these specs: byte i is i modulo 256. */
export function pattern(length: number): Buffer {
  const body = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) body[at] = at;
  return body;
}

/** SHA-256 in hexadecimal. */
export function sha256(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
