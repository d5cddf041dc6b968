import { isUtf8 } from 'node:buffer';
import type { ByteName } from '../tar/tar-header.ts';

/** A name as the file functions of Node take it: bytes, so that every name is possible that the system allows. */
export function asPath(name: ByteName): Buffer {
  return Buffer.from(name, 'latin1');
}

/** A name for people. */
export function asText(name: ByteName): string {
  return asPath(name).toString('utf8');
}

/** A text as a name. */
export function byteName(text: string): ByteName {
  return Buffer.from(text).toString('latin1');
}

/** Whether the system can have a name that is like that. Only Unix has names that are no text. */
export function isPossibleHere(
  name: ByteName,
  platform: NodeJS.Platform = process.platform,
): boolean {
  return platform !== 'win32' || isUtf8(asPath(name));
}
