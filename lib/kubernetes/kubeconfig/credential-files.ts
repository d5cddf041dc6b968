import path from 'node:path';
import { KubeConfigError } from '../errors.ts';
import { readBounded } from './bounded-file.ts';
import type { ConfigEntry } from './files.ts';

/** Largest certificate, key or token file that is read, in bytes. */
const MAX_CREDENTIAL_SIZE = 1 << 20;

/** `NAME-data` (base64), else the file `NAME`, else null. */
export async function dataOrFile(
  { fields, directory }: ConfigEntry,
  name: string,
): Promise<Buffer | null> {
  const data = fields.bytes(`${name}-data`);
  if (data !== null) return data;
  const file = fields.text(name);
  return file === null ? null : await readCredential(path.resolve(directory, file));
}

/** Reads a token again for each request, because it changes; the last good one counts while the file cannot be read. */
export function rereading(file: string, fallback: string | null): () => Promise<string> {
  let last = fallback;
  return async () => {
    try {
      const text = (await readCredential(file)).toString('utf8').trim();
      if (text === '') throw new KubeConfigError(`the token file ${file} is empty`);
      last = text;
    } catch (error) {
      if (last === null) throw error;
    }
    return last as string;
  };
}

/** A certificate, key or token file of at most 1 MiB. */
export async function readCredential(file: string): Promise<Buffer> {
  try {
    return await readBounded(file, MAX_CREDENTIAL_SIZE);
  } catch (cause) {
    throw new KubeConfigError(`a file of credentials cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
