import { performance } from 'node:perf_hooks';
import type { Writable } from 'node:stream';
import { CODINGS, isCompressible } from './coding.ts';
import { isSettled, readWhole, stateOf } from './file-state.ts';
import { type KeptFile, KeptFiles } from './kept-files.ts';
import { type FoundPath, findFile } from './lookup.ts';
import type { StaticFilesSettings } from './options.ts';
import {
  type OpenFile,
  openRepresentations,
  type Representation,
  represent,
} from './representation.ts';

/** Longest file that is kept. */
const MAX_KEPT_SIZE = 1 << 20;
/** Who is sent no more than this holds as much as of a file that is read piece by piece: it is not counted. */
const UNCOUNTED_SIZE = 65536;
/** Bytes of memory that a representation takes beside its content: its headers and their place. */
const COST = 2048;
/** What is shorter fits into a packet anyway: it is not compressed. */
const MIN_COMPRESSED_SIZE = 1024;

/** A file ready to be sent. */
export type LocatedFile =
  | KeptFile
  | {
      readonly kind: 'file';
      /** The plain one first, then those in codings; all of them open. */
      readonly representations: readonly Representation[];
      readonly state: null;
    };

/** What a path of a URL stands for. */
export type Located = LocatedFile | Exclude<FoundPath, { readonly kind: 'file' }>;

/**
 * The files of a folder, short ones kept in memory up to a bound. What is kept is found again, by the same steps as what is not, when
 * it has not been looked at for `cacheCheckMs`: so no change, link or right is overlooked for longer.
 */
export class FileStore {
  readonly #settings: StaticFilesSettings;
  readonly #kept: KeptFiles;
  /** What is being looked up. */
  readonly #searches = new Map<string, Promise<Located>>();

  constructor(settings: StaticFilesSettings) {
    this.#settings = settings;
    this.#kept = new KeptFiles(settings.cacheBytes);
  }

  /** Bytes of memory that files are kept in. */
  get keptBytes(): number {
    return this.#kept.bytes;
  }

  /** A file that is kept and was looked at lately; null for all else. */
  recall(path: string): KeptFile | null {
    const kept = this.#kept.get(path);
    return kept !== undefined && performance.now() < kept.freshUntil ? kept : null;
  }

  /** Looks up what a path of a URL, without its query, stands for. What is open of it is closed by who called. */
  async find(path: string): Promise<Located> {
    const running = this.#searches.get(path);
    if (running !== undefined) {
      const located = await running;
      // An open file belongs to the one who came first.
      return located.kind !== 'file' || located.state !== null ? located : this.#search(path);
    }
    const search = this.#search(path);
    this.#searches.set(path, search);
    try {
      return await search;
    } finally {
      this.#searches.delete(path);
    }
  }

  /** Counts the memory of a file for as long as it is sent to somebody. */
  holdFor(located: LocatedFile, sent: Representation, out: Writable): void {
    if (located.state === null || sent.size <= UNCOUNTED_SIZE || out.destroyed) return;
    this.#kept.hold(located);
    out.once('close', () => this.#kept.release(located));
  }

  async #search(path: string): Promise<Located> {
    const settings = this.#settings;
    const freshUntil = performance.now() + settings.cacheCheckMs;
    const found = await findFile(settings.root, path, settings.dotfiles);
    if (found.kind !== 'file') {
      this.#kept.forget(path);
      return found;
    }
    const files = await openRepresentations(settings, found.file, found.path);
    const state = files.map(({ stats }) => stateOf(stats)).join();
    const known = this.#kept.get(path);
    if (known?.settled === true && known.state === state) {
      this.#kept.renew(path, known, freshUntil);
      await closeAll(files);
      return known;
    }
    this.#kept.forget(path);
    const reserved = costOf(path, files);
    const contents = this.#mayKeep(files, reserved) ? await this.#read(files, reserved) : null;
    const representations = files.map((each, at) =>
      represent(settings, found.path, each, contents?.[at] ?? each.file),
    );
    if (contents === null) return { kind: 'file', representations, state: null };
    const cost = reserved + (await this.#compress(found.path, files, representations));
    const settled = files.every(({ stats }) => isSettled(stats));
    const about = { state, settled, cost, freshUntil, holders: 0, forgotten: false };
    const kept: KeptFile = { kind: 'file', representations, ...about };
    this.#kept.keep(path, kept);
    await closeAll(files);
    return kept;
  }

  /** Adds the codings in which no file is there, as far as there is room, the best one first; returns the bytes of memory that they take. */
  async #compress(
    path: string,
    [plain]: readonly OpenFile[],
    representations: Representation[],
  ): Promise<number> {
    const content = representations[0]?.content as Buffer;
    const wanted = this.#settings.compress && isCompressible(path);
    if (!wanted || plain === undefined || content.length < MIN_COMPRESSED_SIZE) return 0;
    let cost = 0;
    for (const [at, coding] of CODINGS.entries()) {
      if (representations.some((each) => each.coding === coding)) continue;
      // What cannot be compressed is sent as it is.
      const bytes = await coding.compress(content).catch(() => content);
      const more = COST + bytes.length;
      if (bytes.length >= content.length || !this.#kept.reserve(more)) continue;
      cost += more;
      const { stats } = plain;
      representations.splice(at + 1, 0, represent(this.#settings, path, { stats, coding }, bytes));
    }
    return cost;
  }

  /** Whether there is memory to keep these, which is reserved then. */
  #mayKeep(files: readonly OpenFile[], cost: number): boolean {
    return files.every(({ stats }) => stats.size <= MAX_KEPT_SIZE) && this.#kept.reserve(cost);
  }

  /** The bytes of files; null if one has changed while they were read. If it fails, nothing stays open. */
  async #read(files: readonly OpenFile[], cost: number): Promise<Buffer[] | null> {
    const contents: Buffer[] = [];
    try {
      for (const { file, stats } of files) {
        const bytes = await readWhole(file, stats);
        if (bytes === null) break;
        contents.push(bytes);
      }
    } catch (error) {
      this.#kept.giveBack(cost);
      await closeAll(files);
      throw error;
    }
    if (contents.length === files.length) return contents;
    this.#kept.giveBack(cost);
    return null;
  }
}

/** Bytes of memory that files take when they are kept. */
function costOf(path: string, files: readonly OpenFile[]): number {
  return files.reduce((sum, { stats }) => sum + COST + Number(stats.size), 2 * path.length);
}

/** Nothing depends on how a file that was only read is closed. */
async function closeAll(files: readonly OpenFile[]): Promise<void> {
  await Promise.allSettled(files.map(({ file }) => file.close()));
}
