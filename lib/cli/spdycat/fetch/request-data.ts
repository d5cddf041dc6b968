import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BodyChoice } from '../options/data-options.ts';

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
  /** Whether it can be opened more than once. */
  readonly repeatable: boolean;
  /** Removes what was put aside. */
  remove(): Promise<void>;
}

/**
 * Opens what requests carry. What can be read only once (standard input, a pipe, a device) goes through at once for a single request; for
 * several (`single`: there is one alone) it is put aside first.
 */
export async function openData(choice: BodyChoice, single: boolean): Promise<RequestDataSource> {
  if (choice.kind === 'bytes') return bytesSource(choice.bytes);
  const { name } = choice;
  if (name !== '-' && (await stat(name)).isFile()) return fileSource(name, async () => {});
  const source = name === '-' ? process.stdin : createReadStream(name);
  if (single)
    return {
      open: async () => ({ source, length: null }),
      repeatable: false,
      remove: async () => {},
    };
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

function bytesSource(bytes: Buffer): RequestDataSource {
  return {
    open: async () => ({ source: Readable.from([bytes]), length: bytes.length }),
    repeatable: true,
    remove: async () => {},
  };
}

async function fileSource(path: string, remove: () => Promise<void>): Promise<RequestDataSource> {
  const { size }: Stats = await stat(path);
  return {
    open: async () => ({ source: createReadStream(path), length: size }),
    repeatable: true,
    remove,
  };
}
