import type { Representation } from './representation.ts';

/** A file in memory. */
export interface KeptFile {
  readonly kind: 'file';
  /** The plain one first, then those in codings; all of them Buffers. */
  readonly representations: readonly Representation[];
  /** What it was when it was read. */
  readonly state: string;
  /** Whether every change since would show in the state. */
  readonly settled: boolean;
  /** Bytes of memory. */
  readonly cost: number;
  /** Until when it is sent without another look, by `performance.now()`. */
  freshUntil: number;
  /** Who holds it: its memory is in use whether it is forgotten or not. */
  holders: number;
  /** Nobody finds it any more. */
  forgotten: boolean;
}

/** Files in memory by path, within a bound: what makes room is what was looked at longest ago. */
export class KeptFiles {
  readonly #limit: number;
  /** The one that was looked at longest ago is first. */
  readonly #files = new Map<string, KeptFile>();
  #bytes = 0;

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of memory that are taken, or reserved. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The file of a path. */
  get(path: string): KeptFile | undefined {
    return this.#files.get(path);
  }

  /** Reserves memory for a file that is to be kept; false if there is no room. */
  reserve(cost: number): boolean {
    if (cost > this.#limit) return false;
    for (const [path, { holders }] of this.#files) {
      if (this.#bytes + cost <= this.#limit) break;
      // Who is sent will be there all the same.
      if (holders === 0) this.forget(path);
    }
    if (this.#bytes + cost > this.#limit) return false;
    this.#bytes += cost;
    return true;
  }

  /** Gives back what was reserved for a file that is not kept after all. */
  giveBack(cost: number): void {
    this.#bytes -= cost;
  }

  /** Keeps a file, for whose cost memory was reserved. */
  keep(path: string, file: KeptFile): void {
    this.forget(path);
    // A copy: the path may be a part of a longer text, which would stay in memory too.
    this.#files.set(Buffer.from(path, 'latin1').toString('latin1'), file);
  }

  /** A file was looked at and is still the same: it is the last one that has to go. */
  renew(path: string, file: KeptFile, freshUntil: number): void {
    file.freshUntil = freshUntil;
    this.#files.delete(path);
    this.#files.set(path, file);
  }

  /** Takes a file out. */
  forget(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    file.forgotten = true;
    if (file.holders === 0) this.#bytes -= file.cost;
  }

  /** The memory of a file is in use until `release()`. */
  hold(file: KeptFile): void {
    file.holders++;
  }

  /** Ends a `hold()`. */
  release(file: KeptFile): void {
    file.holders--;
    if (file.forgotten && file.holders === 0) this.#bytes -= file.cost;
  }
}
