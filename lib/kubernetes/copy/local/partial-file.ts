import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { archiveCutOff } from '../archive-errors.ts';
import type { ByteName } from '../tar/tar-header.ts';
import type { TarEntry } from '../tar/tar-reader.ts';
import type { SparsePart } from '../tar/tar-sparse.ts';
import { asPath } from './byte-names.ts';
import type { PartialNames } from './partial-names.ts';

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
  static async open(entry: TarEntry, target: ByteName, names: PartialNames): Promise<PartialFile> {
    const partial = names.next(target);
    const handle = await open(partial, 'wx', entry.mode & 0o777);
    return new PartialFile(entry, asPath(target), partial, handle);
  }

  /** Writes what comes next, with as few calls as its parts allow. */
  async append(chunks: readonly Buffer[]): Promise<void> {
    let piece: Buffer[] = [];
    let pieceLength = 0;
    for (const chunk of chunks) {
      this.#length += chunk.length;
      let rest = chunk;
      while (rest.length > 0) {
        const { length } = this.#parts[this.#part] as SparsePart;
        const taken = rest.subarray(0, length - this.#inPart - pieceLength);
        piece.push(taken);
        pieceLength += taken.length;
        rest = rest.subarray(taken.length);
        if (this.#inPart + pieceLength < length) continue;
        await this.#write(piece, pieceLength);
        piece = [];
        pieceLength = 0;
        this.#part += 1;
        this.#inPart = 0;
      }
    }
    await this.#write(piece, pieceLength);
  }

  /** Writes the next bytes of the present part. */
  async #write(piece: readonly Buffer[], length: number): Promise<void> {
    const part = this.#parts[this.#part];
    if (part !== undefined) await writeAll(this.#handle, piece, part.offset + this.#inPart);
    this.#inPart += length;
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

/** Writes buffers one behind the other. */
async function writeAll(
  handle: FileHandle,
  buffers: readonly Buffer[],
  position: number,
): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, at);
    at += bytesWritten;
    rest = behind(rest, bytesWritten);
  }
}

/** What is left of buffers without their first bytes. */
function behind(buffers: readonly Buffer[], length: number): readonly Buffer[] {
  let missing = length;
  for (let index = 0; index < buffers.length; index++) {
    const buffer = buffers[index] as Buffer;
    if (missing < buffer.length) return [buffer.subarray(missing), ...buffers.slice(index + 1)];
    missing -= buffer.length;
  }
  return [];
}
