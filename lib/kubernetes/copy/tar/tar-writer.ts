import fs, { type Stats } from 'node:fs';
import { type FileHandle, open, readdir, readlink } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { InvalidStateError } from '../../../errors.ts';
import { asPath, asText } from '../local/byte-names.ts';
import { DirectCalls } from '../local/direct-calls.ts';
import type { CopyCounter } from '../options.ts';
import { BLOCK, type ByteName, padding, writeHeader } from './tar-header.ts';

/** Bytes of a piece of the archive. */
const PIECE = 262144;
/** Files of at most so many bytes are read whole; by other threads several at a time: so many, or as have so many bytes. */
const SMALL = 65536;
const MOST_AT_ONCE = 32;
const MOST_AHEAD = 1 << 20;

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
/** How a file is opened that was one a moment ago: a link in its place is not followed, and a pipe not waited for. */
const PLAIN = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

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
  /** The piece that is being filled, and the one before. */
  #piece: Buffer = Buffer.allocUnsafeSlow(PIECE);
  #other: Buffer = Buffer.allocUnsafeSlow(PIECE);
  #length = 0;
  /** Bytes of small files that were read and are not in a piece yet. */
  #ahead = 0;
  readonly #direct: DirectCalls;

  constructor(counter: CopyCounter, direct: DirectCalls = new DirectCalls()) {
    this.#counter = counter;
    this.#direct = direct;
  }

  /**
   * The archive of what is at `file`, under this name. A piece is good until the one behind the next is asked for: there are but two, so that
   * their memory stays in the cache of the processor. Throws errors of the file system, and InvalidStateError for a file that changes meanwhile.
   */
  async *pack(file: ByteName, name: ByteName): AsyncGenerator<Buffer> {
    yield* this.#put(await this.#load(file, name));
    // The end are two blocks of zeros, of which some tars read the first one only: the last piece is what they do not wait for.
    yield* this.#add(Buffer.alloc(BLOCK));
    if (this.#length > 0) yield this.#take();
    yield* this.#add(Buffer.alloc(BLOCK));
    yield this.#take();
  }

  async *#put(source: Source): AsyncGenerator<Buffer> {
    const { file, name, status } = source;
    if (status.isDirectory()) {
      yield* this.#add(this.#begin(source, '5', '', 0));
      yield* this.#children(file, name);
    } else if (status.isSymbolicLink()) {
      const target = await readlink(asPath(file), { encoding: 'buffer' });
      yield* this.#add(this.#begin(source, '2', target.toString('latin1'), 0));
    } else if (status.isFile()) yield* this.#file(source);
    else this.#counter.skip(asText(name), 'neither a file nor a directory nor a link');
  }

  async *#children(folder: ByteName, name: ByteName): AsyncGenerator<Buffer> {
    const names = await readdir(asPath(folder), { encoding: 'buffer' });
    const children = names.map((child) => child.toString('latin1')).sort();
    const loads: Promise<Source>[] = [];
    let next = 0;
    for (let at = 0; at < children.length; at++) {
      if (loads.length === 0 && this.#direct.may) {
        const child = children[next++];
        this.#direct.begin();
        const source = this.#loadNow(`${folder}/${child}`, `${name}/${child}`);
        if (this.#direct.end()) await setImmediate();
        yield* this.#put(source);
        continue;
      }
      while (next === at || (next < children.length && this.#mayLoad(next - at))) {
        const child = children[next++];
        const load = this.#load(`${folder}/${child}`, `${name}/${child}`);
        this.#direct.passed();
        // It is waited for in its turn, if nothing fails before.
        load.catch(() => {});
        loads.push(load);
      }
      yield* this.#put(await (loads.shift() as Promise<Source>));
    }
  }

  #mayLoad(loading: number): boolean {
    return !this.#direct.may && loading < MOST_AT_ONCE && this.#ahead < MOST_AHEAD;
  }

  async *#file(source: Source): AsyncGenerator<Buffer> {
    const { file, name, status, content } = source;
    const { size, nlink, dev, ino } = status;
    if (content !== null) this.#ahead -= size;
    const key = `${dev}:${ino}`;
    const first = nlink > 1 ? this.#linked.get(key) : undefined;
    if (first !== undefined) {
      yield* this.#add(this.#begin(source, '1', first, 0));
      return;
    }
    if (nlink > 1) this.#linked.set(key, name);
    yield* this.#add(this.#begin(source, '0', '', size));
    if (content !== null) yield* this.#add(content);
    else yield* this.#large(file, size);
    yield* this.#add(padding(size));
  }

  async *#large(file: ByteName, size: number): AsyncGenerator<Buffer> {
    const handle = await open(asPath(file), PLAIN);
    try {
      let left = size;
      while (left > 0) {
        const room = Math.min(left, PIECE - this.#length);
        const bytesRead = await this.#read(handle, room);
        if (bytesRead === 0) throw changed(file);
        left -= bytesRead;
        this.#length += bytesRead;
        if (this.#length === PIECE) yield this.#take();
      }
      if (await hasMore(handle)) throw changed(file);
    } finally {
      await handle.close();
    }
  }

  /** Reads what comes next of a file into the piece; resolves with how much. */
  async #read(handle: FileHandle, room: number): Promise<number> {
    if (!this.#direct.may) {
      this.#direct.passed();
      return (await handle.read(this.#piece, this.#length, room, null)).bytesRead;
    }
    this.#direct.begin();
    const bytesRead = fs.readSync(handle.fd, this.#piece, this.#length, room, null);
    if (this.#direct.end()) await setImmediate();
    return bytesRead;
  }

  /** The header of an entry. */
  #begin({ name, status }: Source, type: string, linkName: ByteName, size: number): Buffer {
    const { mode, mtimeMs } = status;
    const path = type === '5' ? `${name}/` : name;
    this.#counter.entry(asText(path), type === '0');
    const header = { name: path, linkName, type, mode: mode & 0o7777, size };
    return writeHeader({ ...header, mtime: mtimeMs / 1000 });
  }

  /** Puts bytes into pieces; those that are full come out. */
  *#add(bytes: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < bytes.length) {
      const copied = bytes.copy(this.#piece, this.#length, at);
      at += copied;
      this.#length += copied;
      if (this.#length === PIECE) yield this.#take();
    }
  }

  #take(): Buffer {
    const piece = this.#piece;
    const length = this.#length;
    this.#piece = this.#other;
    this.#other = piece;
    this.#length = 0;
    return piece.subarray(0, length);
  }

  /** What is to be known of a file, and all of it if it is small. */
  #loadNow(file: ByteName, name: ByteName): Source {
    const path = asPath(file);
    const status = fs.lstatSync(path);
    if (!status.isFile() || status.size > SMALL) return { file, name, status, content: null };
    const content = readNow(path, status.size);
    if (content === null) throw changed(file);
    this.#ahead += content.length;
    return { file, name, status, content };
  }

  /** The same by other threads. (Callbacks cost half of what handles and promises do.) */
  #load(file: ByteName, name: ByteName): Promise<Source> {
    const path = asPath(file);
    return new Promise((resolve, reject) => {
      fs.lstat(path, (error, status) => {
        if (error !== null) reject(error);
        else if (!status.isFile() || status.size > SMALL)
          resolve({ file, name, status, content: null });
        else
          readWhole(path, status.size, (failed, content) => {
            if (failed !== null) reject(failed);
            else if (content === null) reject(changed(file));
            else {
              this.#ahead += content.length;
              resolve({ file, name, status, content });
            }
          });
      });
    });
  }
}

/** Reads a file of which the size is known; null if it has another one. */
function readNow(path: Buffer, size: number): Buffer | null {
  const file = fs.openSync(path, PLAIN);
  try {
    const content = Buffer.allocUnsafe(size + 1);
    return fs.readSync(file, content) === size ? content.subarray(0, size) : null;
  } finally {
    fs.closeSync(file);
  }
}

/** The same by other threads. */
function readWhole(
  path: Buffer,
  size: number,
  done: (error: Error | null, content: Buffer | null) => void,
): void {
  fs.open(path, PLAIN, (error, file) => {
    if (error !== null) {
      done(error, null);
      return;
    }
    const content = Buffer.allocUnsafe(size + 1);
    fs.read(file, content, 0, size + 1, null, (failed, bytesRead) => {
      fs.close(file, (left) =>
        done(failed ?? left ?? null, bytesRead === size ? content.subarray(0, size) : null),
      );
    });
  });
}

async function hasMore(handle: FileHandle): Promise<boolean> {
  return (await handle.read(Buffer.alloc(1), 0, 1, null)).bytesRead > 0;
}

function changed(file: ByteName): InvalidStateError {
  return new InvalidStateError(`${asText(file)} has grown or shrunk while it was read`);
}
