import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { archiveCutOff } from './archive-errors.ts';
import { asPath } from './byte-names.ts';
import type { ByteName } from './tar-header.ts';
import type { TarEntry } from './tar-reader.ts';
import type { SparsePart } from './tar-sparse.ts';

/** A file that is being written, under another name until it is complete. Holes of it stay holes. */
export class PartialFile {
  readonly #entry: TarEntry;
  readonly #target: Buffer;
  readonly #partial: Buffer;
  readonly #handle: FileHandle;
  readonly #parts: readonly SparsePart[];
  /** The part that comes next, and how much of it is there. */
  #part = 0;
  #inPart = 0;
  #length = 0;

  private constructor(entry: TarEntry, target: Buffer, partial: Buffer, handle: FileHandle) {
    this.#entry = entry;
    this.#target = target;
    this.#partial = partial;
    this.#handle = handle;
    this.#parts = entry.parts ?? [{ offset: 0, length: entry.size }];
  }

  /** Begins one. Bits for becoming another user are not kept. */
  static async open(entry: TarEntry, target: ByteName): Promise<PartialFile> {
    const partial = partialName(target);
    const handle = await open(partial, 'wx', entry.mode & 0o777);
    return new PartialFile(entry, asPath(target), partial, handle);
  }

  /** Writes what comes next. */
  async append(chunk: Buffer): Promise<void> {
    this.#length += chunk.length;
    let rest = chunk;
    while (rest.length > 0) {
      const { offset, length } = this.#parts[this.#part] as SparsePart;
      const piece = rest.subarray(0, length - this.#inPart);
      await writeAll(this.#handle, piece, offset + this.#inPart);
      this.#inPart += piece.length;
      if (this.#inPart === length) {
        this.#part += 1;
        this.#inPart = 0;
      }
      rest = rest.subarray(piece.length);
    }
  }

  /** Puts it in its place. Rejects with ConnectionLostError if data is missing. */
  async complete(preserveMtime: boolean): Promise<void> {
    const { stored, size, mtime, parts } = this.#entry;
    if (this.#length !== stored) throw archiveCutOff();
    if (parts !== null) await this.#handle.truncate(size);
    if (preserveMtime) await this.#handle.utimes(mtime, mtime);
    await this.#handle.close();
    await rename(this.#partial, this.#target);
  }

  /** Removes it; nothing if it is in its place. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await unlink(this.#partial).catch(() => {});
  }
}

/** Writes a small file, of which all is there, as a PartialFile does. (Callbacks cost half of what handles and promises do.) */
export function writeWhole(
  { mode, mtime }: TarEntry,
  target: ByteName,
  content: Buffer,
  preserveMtime: boolean,
): Promise<void> {
  const partial = partialName(target);
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => fs.unlink(partial, () => reject(error));
    const place = (error: Error | null): void => {
      if (error !== null) fail(error);
      else fs.rename(partial, asPath(target), (failed) => (failed ? fail(failed) : resolve()));
    };
    fs.writeFile(partial, content, { flag: 'wx', mode: mode & 0o777 }, (error) => {
      if (error === null && preserveMtime) fs.utimes(partial, mtime, mtime, place);
      else place(error);
    });
  });
}

function partialName(target: ByteName): Buffer {
  const folder = target.slice(0, target.lastIndexOf('/') + 1);
  return asPath(`${folder}.${randomBytes(8).toString('hex')}.part`);
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
