import { toBuffer } from './bytes.ts';

/** How many of a peer's first bytes tell what it speaks: as many as a frame has in front (SPDY/3 2.2). */
export const TELLING_BYTES = 8;

/** Protocols whose first bytes are text. */
const SIGNATURES: readonly (readonly [name: string, start: RegExp])[] = [
  ['HTTP/1.0', /^HTTP\/1\.0/],
  ['HTTP/1.1', /^HTTP\/1\./],
  ['HTTP/1.1', /^(?:GET|HEAD|POST|PUT|DELETE|PATCH|TRACE|OPTIONS|CONNECT) /],
  ['HTTP/2', /^PRI \* HT/],
  ['SSH', /^SSH-/],
  ['SMTP', /^(?:EHLO|HELO|LHLO) /],
  ['SMTP or FTP', /^220[ -]/],
  ['POP3', /^\+OK/],
  ['IMAP', /^\* OK/],
  ['the PROXY protocol', /^PROXY /],
];

/** The others, by their first bytes in hex. */
const BINARY_SIGNATURES: readonly (readonly [name: string, start: RegExp])[] = [
  // SETTINGS, as a server begins: a length, type 4, no flags, stream 0.
  ['HTTP/2', /^00.{4}04(?:00){4}/],
  // A record of some type and version.
  ['TLS', /^1[4-7]030[0-4]/],
  ['the PROXY protocol', /^0d0a0d0a000d0a51/],
];

/** The most of its first line that is shown. */
const SHOWN = 80;

/**
 * What a peer speaks that begins with these bytes; null if it is none of the protocols that are known by their beginning. Each of them
 * begins as a DATA frame does, which no SPDY peer sends before any other frame.
 */
export function foreignProtocol(start: Uint8Array): string | null {
  const telling = toBuffer(start.subarray(0, TELLING_BYTES));
  const text = telling.toString('latin1');
  const hex = telling.toString('hex');
  const found =
    SIGNATURES.find(([, signature]) => signature.test(text)) ??
    BINARY_SIGNATURES.find(([, signature]) => signature.test(hex));
  return found?.[0] ?? null;
}

/** The first line of a text protocol, without what would spoil a message; empty if it is no text. */
export function firstLine(start: Uint8Array): string {
  return toBuffer(start.subarray(0, SHOWN))
    .toString('latin1')
    .replace(/[^\x20-\x7e].*$/s, '')
    .trim();
}
