import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The body of one request. */
export interface RequestData {
  readonly source: Readable;
  /** Null when it is not known beforehand. */
  readonly length: number | null;
}

/** The body of all requests. */
export interface RequestDataSource {
  /** The body, once more. */
  open(): Promise<RequestData>;
  /** Removes what was put aside. */
  remove(): Promise<void>;
}

/**
 * Opens what `--data` names. What can be read only once (standard input, a pipe, a device) goes through at once for a single request; for
 * several it is put aside first.
 */
export async function openData(name: string, single: boolean): Promise<RequestDataSource> {
  if (name !== '-' && (await stat(name)).isFile()) return fileSource(name, async () => {});
  const source = name === '-' ? process.stdin : createReadStream(name);
  if (single) return { open: async () => ({ source, length: null }), remove: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), 'spdycat-'));
  const path = join(directory, 'data');
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await pipeline(source, createWriteStream(path, { mode: 0o600 }));
    return await fileSource(path, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

async function fileSource(path: string, remove: () => Promise<void>): Promise<RequestDataSource> {
  const { size }: Stats = await stat(path);
  return {
    open: async () => ({ source: createReadStream(path), length: size }),
    remove,
  };
}
