import { stat } from 'node:fs/promises';
import path from 'node:path';
import { lateTls } from '../../common/late-modules.ts';
import { KubeConfigError } from '../errors.ts';
import { readBounded } from './bounded-file.ts';
import type { Certificates, ClusterOptions } from './cluster.ts';
import type { ConfigEntry } from './files.ts';

/** Largest certificate, key or token file that is read, in bytes. */
const MAX_CREDENTIAL_SIZE = 1 << 20;

/** A certificate, key or token, which may change where it comes from a file. */
export interface Credential {
  /** What it is now. */
  readonly bytes: Buffer;
  /** Where it comes from, null for a value of the kubeconfig itself. */
  readonly file: CredentialFile | null;
}

/** `NAME-data` (base64), else the file `NAME`, else null. */
export async function dataOrFile(
  { fields, directory }: ConfigEntry,
  name: string,
): Promise<Credential | null> {
  const data = fields.bytes(`${name}-data`);
  if (data !== null) return { bytes: data, file: null };
  const named = fields.text(name);
  if (named === null) return null;
  const file = new CredentialFile(path.resolve(directory, named), fields.at(name));
  return { bytes: await file.read(), file };
}

/** A certificate, key or token file of at most 1 MiB, which is looked at again each time, and read again when it has changed. */
export class CredentialFile {
  readonly #path: string;
  readonly #where: string;
  #last: Buffer | null = null;
  #version = '';

  /** `where`: who names it, for messages. */
  constructor(file: string, where: string) {
    this.#path = file;
    this.#where = where;
  }

  /** What is in it. While it cannot be read, what was in it. Rejects with KubeConfigError if that is nothing. */
  async read(): Promise<Buffer> {
    try {
      // Before it is read: what is written meanwhile is another version.
      const version = await versionOf(this.#path);
      // What comes out of a pipe comes once.
      if (this.#last === null || (version !== null && version !== this.#version)) {
        const bytes = await readBounded(this.#path, MAX_CREDENTIAL_SIZE);
        if (bytes.length > 0 || this.#last === null) this.#last = bytes;
        this.#version = version ?? '';
      }
      return this.#last;
    } catch (cause) {
      if (this.#last !== null) return this.#last;
      const message = `${this.#where}: a file of credentials cannot be read: ${(cause as Error).message}`;
      throw new KubeConfigError(message, { cause });
    }
  }
}

/** Reads a token again for each request, because it changes; the last good one counts while the file has none. */
export function rereading(file: CredentialFile, fallback: string | null): () => Promise<string> {
  let last = fallback;
  return async () => {
    try {
      const text = (await file.read()).toString('utf8').trim();
      if (text !== '') last = text;
    } catch (error) {
      if (last === null) throw error;
    }
    return last ?? '';
  };
}

/** What gives certificate and key of files for each connection; undefined if none of them comes from a file. */
export function rereadingPair(
  cert: Credential,
  key: Credential,
): (() => Promise<Certificates>) | undefined {
  if (cert.file === null && key.file === null) return undefined;
  let last = { cert: cert.bytes, key: key.bytes };
  return async () => {
    const [newCert, newKey] = await Promise.all([now(cert), now(key)]);
    // One of them may be new already, and the other one not yet.
    if (!(newCert === last.cert && newKey === last.key) && isPair(newCert, newKey))
      last = { cert: newCert, key: newKey };
    return last;
  };
}

/** What gives the certificate authority of a file for each connection. */
export function rereadingAuthority(
  ca: Credential | null,
): (() => Promise<Certificates>) | undefined {
  const file = ca?.file ?? null;
  return file === null ? undefined : async () => ({ ca: await file.read() });
}

/** All that several sources give. */
export function together(
  ...sources: readonly ClusterOptions['certificates'][]
): Pick<ClusterOptions, 'certificates'> {
  const given = sources.filter((source) => source !== undefined);
  if (given.length === 0) return {};
  return {
    certificates: async (refused) => {
      const all = await Promise.all(given.map((source) => source(refused)));
      return Object.assign({}, ...all) as Certificates;
    },
  };
}

async function now({ bytes, file }: Credential): Promise<Buffer> {
  return file === null ? bytes : await file.read();
}

function isPair(cert: Buffer, key: Buffer): boolean {
  try {
    lateTls().createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}

/** Something that is another one when the file has changed; null for what is no file, as a pipe. */
async function versionOf(file: string): Promise<string | null> {
  const status = await stat(file, { bigint: true });
  if (!status.isFile()) return null;
  const { dev, ino, size, mtimeNs, ctimeNs } = status;
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
