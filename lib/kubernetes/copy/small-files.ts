import fs from 'node:fs';
import { asPath } from './byte-names.ts';
import type { PartialNames } from './partial-names.ts';
import type { ByteName } from './tar-header.ts';
import type { TarEntry } from './tar-reader.ts';

const MOST_AT_ONCE = 32;

/** Called with null when it has gone well. */
type Done = (error: Error | null) => void;

/** Small files that are written several at a time, each as a PartialFile is. (Callbacks cost half of what handles and promises do.) */
export class SmallFiles {
  readonly #names: PartialNames;
  readonly #preserveMtime: boolean;
  /** Where those go that are being written. */
  readonly #writing = new Set<ByteName>();
  #failure: Error | null = null;
  /** Who waits, and until how few are being written. */
  #waiting: Done | null = null;
  #enough = 0;

  constructor(names: PartialNames, preserveMtime: boolean) {
    this.#names = names;
    this.#preserveMtime = preserveMtime;
  }

  /** Whether a file is being written. */
  has(target: ByteName): boolean {
    return this.#writing.has(target);
  }

  /** Begins to write one, of which all is there, and waits until another one may follow. Rejects when any has failed. */
  async add(entry: TarEntry, target: ByteName, content: Buffer): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
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
