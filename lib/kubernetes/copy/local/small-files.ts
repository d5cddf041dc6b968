import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { ByteName } from '../tar/tar-header.ts';
import type { TarEntry } from '../tar/tar-reader.ts';
import { asPath } from './byte-names.ts';
import { DirectCalls } from './direct-calls.ts';
import type { PartialNames } from './partial-names.ts';

const MOST_AT_ONCE = 32;

/** Called with null when it has gone well. */
type Done = (error: Error | null) => void;

/**
 * Small files, each of them written as a PartialFile is: at once, or several at a time by other threads. (Callbacks cost half of what handles
 * and promises do.)
 */
export class SmallFiles {
  readonly #names: PartialNames;
  readonly #preserveMtime: boolean;
  readonly #direct: DirectCalls;
  /** Where those go that are being written. */
  readonly #writing = new Set<ByteName>();
  #failure: Error | null = null;
  /** Who waits, and until how few are being written. */
  #waiting: Done | null = null;
  #enough = 0;

  constructor(
    names: PartialNames,
    preserveMtime: boolean,
    direct: DirectCalls = new DirectCalls(),
  ) {
    this.#names = names;
    this.#direct = direct;
    this.#preserveMtime = preserveMtime;
  }

  /** Whether a file is being written. */
  has(target: ByteName): boolean {
    return this.#writing.has(target);
  }

  /** Writes one, of which all is there, or begins to, and waits until another one may follow. Rejects when any has failed. */
  async add(entry: TarEntry, target: ByteName, content: Buffer): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#direct.may) {
      this.#direct.begin();
      this.#writeNow(entry, target, content);
      if (this.#direct.end()) await setImmediate();
      return;
    }
    this.#direct.passed();
    this.#writing.add(target);
    this.#write(entry, target, content, (error) => {
      this.#writing.delete(target);
      this.#failure ??= error;
      if (this.#writing.size > this.#enough) return;
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.(this.#failure);
    });
    if (this.#writing.size >= MOST_AT_ONCE) await this.#until(MOST_AT_ONCE - 1);
  }

  /** Waits for all. Rejects when any has failed. */
  async settle(): Promise<void> {
    await this.#until(0);
  }

  #until(enough: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null): void => (error === null ? resolve() : reject(error));
      if (this.#writing.size <= enough) {
        done(this.#failure);
        return;
      }
      this.#enough = enough;
      this.#waiting = done;
    });
  }

  #writeNow({ mode, mtime }: TarEntry, target: ByteName, content: Buffer): void {
    const partial = this.#names.next(target);
    let isThere = false;
    try {
      const file = fs.openSync(partial, 'wx', mode & 0o777);
      isThere = true;
      try {
        fs.writeFileSync(file, content);
      } finally {
        fs.closeSync(file);
      }
      if (this.#preserveMtime) fs.utimesSync(partial, mtime, mtime);
      fs.renameSync(partial, asPath(target));
    } catch (error) {
      this.#failure = error as Error;
      if (isThere) removeNow(partial);
    }
  }

  #write({ mode, mtime }: TarEntry, target: ByteName, content: Buffer, done: Done): void {
    const partial = this.#names.next(target);
    const place = (): void =>
      fs.rename(partial, asPath(target), (error) =>
        error === null ? done(null) : remove(partial, error, done),
      );
    fs.open(partial, 'wx', mode & 0o777, (error, file) => {
      if (error !== null) {
        done(error);
        return;
      }
      writeAll(file, content, 0, (failed) => {
        fs.close(file, (left) => {
          const problem = failed ?? left ?? null;
          if (problem !== null) remove(partial, problem, done);
          else if (!this.#preserveMtime) place();
          else
            fs.utimes(partial, mtime, mtime, (late) =>
              late === null ? place() : remove(partial, late, done),
            );
        });
      });
    });
  }
}

function writeAll(file: number, content: Buffer, at: number, done: Done): void {
  fs.write(file, content, at, content.length - at, null, (error, written) => {
    if (error !== null || at + written === content.length) done(error);
    else writeAll(file, content, at + written, done);
  });
}

function remove(partial: Buffer, error: Error, done: Done): void {
  fs.unlink(partial, () => done(error));
}

function removeNow(partial: Buffer): void {
  try {
    fs.unlinkSync(partial);
  } catch {
    // What has failed says more.
  }
}
