import type { Header } from './frames.ts';

/** Header fields whose values are nobody's business, whatever the application says: lower case. */
export const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
]);

/** Whether the value of a field is a secret, however its name is written. */
export function isSecret(name: string): boolean {
  return SECRET_FIELDS.has(name.toLowerCase());
}

/** A header as it may be shown: secrets are `***`. */
export function withoutSecret(header: Header): Header {
  return isSecret(header[0]) ? [header[0], '***'] : header;
}
