import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { InvalidStateError } from '../../errors.ts';
import { asPath, asText } from './byte-names.ts';
import type { CopyCounter } from './options.ts';
import { BLOCK, type ByteName, padding, writeHeader } from './tar-header.ts';

/** Files of at most so many bytes are read whole, several at a time. */
const SMALL = 65536;
const MOST_AT_ONCE = 8;
/** Bytes of larger files that are read at once, and least bytes of a piece. */
const PIECE = 65536;

/** Something that goes into the archive. */
interface Source {
  /** Where it is. */
  readonly file: ByteName;
  /** What the archive calls it. */
  readonly name: ByteName;
  readonly status: Stats;
  /** All of a small file. */
  readonly content: Buffer | null;
}

/**
 * Writes a local file or directory as a tar archive, in the form that every tar reads: names are bytes, links stay links, modes are kept,
 * owners are not. What is neither file, directory nor link is left out.
 */
export class TarWriter {
  readonly #counter: CopyCounter;
  /** Names of files that have several, by device and number. */
  readonly #linked = new Map<string, ByteName>();
  #pending: Buffer[] = [];
  #length = 0;

  constructor(counter: CopyCounter) {
    this.#counter = counter;
  }

  /** The archive of what is at `file`, under this name. Throws errors of the file system, and InvalidStateError for a file that changes meanwhile. */
  async *pack(file: ByteName, name: ByteName): AsyncGenerator<Buffer> {
    yield* this.#put(await load(file, name));
    this.#add(Buffer.alloc(2 * BLOCK));
    yield this.#take();
  }

  async *#put(source: Source): AsyncGenerator<Buffer> {
    const { file, name, status } = source;
    if (status.isDirectory()) {
      this.#begin(source, '5', '', 0);
      yield* this.#children(file, name);
    } else if (status.isSymbolicLink()) {
      const target = await readlink(asPath(file), { encoding: 'buffer' });
      this.#begin(source, '2', target.toString('latin1'), 0);
    } else if (status.isFile()) yield* this.#file(source);
    else this.#counter.skip(asText(name), 'neither a file nor a directory nor a link');
    if (this.#length >= PIECE) yield this.#take();
  }

  async *#children(folder: ByteName, name: ByteName): AsyncGenerator<Buffer> {
    const names = await readdir(asPath(folder), { encoding: 'buffer' });
    const children = names.map((child) => child.toString('latin1')).sort();
    for (let at = 0; at < children.length; at += MOST_AT_ONCE) {
      const group = children.slice(at, at + MOST_AT_ONCE);
      const sources = group.map((child) => load(`${folder}/${child}`, `${name}/${child}`));
      for (const source of await Promise.all(sources)) yield* this.#put(source);
    }
  }

  async *#file(source: Source): AsyncGenerator<Buffer> {
    const { file, name, status, content } = source;
    const { size, nlink, dev, ino } = status;
    const key = `${dev}:${ino}`;
    const first = nlink > 1 ? this.#linked.get(key) : undefined;
    if (first !== undefined) {
      this.#begin(source, '1', first, 0);
      return;
    }
    if (nlink > 1) this.#linked.set(key, name);
    this.#begin(source, '0', '', size);
    if (content !== null) this.#add(content);
    else yield* this.#large(file, size);
    this.#add(padding(size));
  }

  async *#large(file: ByteName, size: number): AsyncGenerator<Buffer> {
    const handle = await open(asPath(file));
    try {
      let left = size;
      while (left > 0) {
        const { bytesRead, buffer } = await read(handle, Math.min(left, PIECE));
        if (bytesRead === 0) throw changed(file);
        left -= bytesRead;
        this.#add(buffer.subarray(0, bytesRead));
        if (this.#length >= PIECE) yield this.#take();
      }
      if ((await read(handle, 1)).bytesRead > 0) throw changed(file);
    } finally {
      await handle.close();
    }
  }

  #begin({ name, status }: Source, type: string, linkName: ByteName, size: number): void {
    const { mode, mtimeMs } = status;
    const path = type === '5' ? `${name}/` : name;
    this.#counter.entry(asText(path), type === '0');
    const header = { name: path, linkName, type, mode: mode & 0o7777, size };
    this.#add(writeHeader({ ...header, mtime: mtimeMs / 1000 }));
  }

  #add(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#length += bytes.length;
  }

  #take(): Buffer {
    const piece = Buffer.concat(this.#pending, this.#length);
    this.#pending = [];
    this.#length = 0;
    return piece;
  }
}

/** What is to be known of a file, and all of it if it is small. */
async function load(file: ByteName, name: ByteName): Promise<Source> {
  const status = await lstat(asPath(file));
  if (!status.isFile() || status.size > SMALL) return { file, name, status, content: null };
  const { size } = status;
  const handle = await open(asPath(file));
  try {
    const { bytesRead, buffer } = await read(handle, size + 1);
    if (bytesRead !== size) throw changed(file);
    return { file, name, status, content: buffer.subarray(0, size) };
  } finally {
    await handle.close();
  }
}

function read(
  handle: FileHandle,
  length: number,
): Promise<{ readonly bytesRead: number; readonly buffer: Buffer }> {
  return handle.read(Buffer.allocUnsafe(length), 0, length, null);
}

function changed(file: ByteName): InvalidStateError {
  return new InvalidStateError(`${asText(file)} has grown or shrunk while it was read`);
}
