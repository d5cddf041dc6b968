import { link, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '../../../common/make-folder.ts';
import { RemoteFailureError } from '../../errors.ts';
import {
  archiveCutOff,
  archiveTooLarge,
  leadsOutside,
  malformedArchive,
} from '../archive-errors.ts';
import { asPath, asText, byteName, isPossibleHere } from '../local/byte-names.ts';
import { FoldedNames } from '../local/folded-names.ts';
import { kindOf, LocalTree } from '../local/local-tree.ts';
import { PartialFile } from '../local/partial-file.ts';
import { PartialNames } from '../local/partial-names.ts';
import { SmallFiles } from '../local/small-files.ts';
import type { CopyCounter } from '../options.ts';
import type { ByteName } from './tar-header.ts';
import { linkStaysInside, segmentsOf } from './tar-names.ts';
import { type Found, type TarEntry, TarReader } from './tar-reader.ts';

/** What is extracted, and where to. */
export interface ExtractOptions {
  /** Local path. */
  readonly to: string;
  /** Name of what is copied, for a file that goes into a directory. */
  readonly name: string;
  /** What all names in the archive begin with; '' if they are relative to the directory that is copied. */
  readonly member: string;
  /** Whether files keep their time of change. */
  readonly preserveMtime: boolean;
  /** Most bytes of the archive. */
  readonly maxBytes: number;
  /** Most entries. */
  readonly maxEntries: number;
  /** Whether it must be a file. */
  readonly onlyFile: boolean;
  /** Tells whether the file system of a directory takes different names for one. */
  readonly foldsNames: (directory: ByteName) => Promise<boolean>;
  /** Told of everything. */
  readonly counter: CopyCounter;
}

/** What was asked for is a link, and only that is in the archive. */
export class LinkFound extends Error {}

/** What should be a file is a directory. */
export class DirectoryFound extends Error {}

/** The first byte of a file of gzip. */
const GZIP = 0x1f;
/** Files of at most so many bytes are written several at a time. */
const SMALL = 65536;

/**
 * Writes the entries of an archive that is not trusted. Directories that it walks through are looked at with `lstat`: a link is never followed.
 * Files are written under another name, and renamed when they are complete. What is in one batch of the archive is written, or being written,
 * before the next one is taken.
 */
export class TarExtractor {
  readonly #options: ExtractOptions;
  readonly #member: ByteName;
  readonly #reader = new TarReader();
  #failure: unknown = null;
  #bytes = 0;
  #entries = 0;
  /** What is written, once it is known where that goes. */
  #tree: LocalTree | null = null;
  /** The names so far, where the file system folds them; undefined while that is not known. */
  #names: FoldedNames | null | undefined;
  #file: PartialFile | null = null;
  readonly #partial = new PartialNames();
  readonly #small: SmallFiles;
  /** Directories whose time is set at the end. */
  readonly #times: { readonly directory: ByteName; readonly mtime: Date }[] = [];

  constructor(options: ExtractOptions) {
    this.#options = options;
    this.#member = byteName(options.member);
    this.#small = new SmallFiles(this.#partial, options.preserveMtime);
  }

  /** Whether it has failed here; else what `consume()` throws comes from the source. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Takes the archive, as far as it comes. */
  async consume(source: AsyncIterable<readonly Buffer[]>): Promise<void> {
    for await (const batch of source) {
      try {
        const found: Found[] = [];
        const fault = this.#read(batch, found);
        await this.#work(found);
        if (fault !== null) throw fault;
      } catch (error) {
        this.#failure ??= error;
        throw this.#failure;
      }
    }
  }

  /** The command has ended well: there must be something, and the end of it. When the rest of an archive was asked for, it ends once more. */
  async finish(): Promise<void> {
    await this.#settle();
    if (!this.#reader.complete) throw archiveCutOff();
    if (this.#entries === 0) throw new RemoteFailureError('the archive of the pod is empty');
    // A directory that comes twice has the time that came last.
    for (const { directory, mtime } of this.#times) await utimes(asPath(directory), mtime, mtime);
  }

  /** Removes what is not complete. */
  async close(): Promise<void> {
    await this.#settle().catch(() => {});
    await this.#file?.discard();
    this.#file = null;
  }

  /** Finds out what is in a batch. Returns what is wrong with the archive; what was found before that is good. */
  #read(batch: readonly Buffer[], found: Found[]): Error | null {
    const { counter, maxBytes } = this.#options;
    for (const chunk of batch) {
      if (this.#bytes === 0 && chunk[0] === GZIP) return malformedArchive('it is compressed');
      this.#bytes += chunk.length;
      counter.passed(chunk.length);
      if (this.#bytes > maxBytes) return archiveTooLarge('bytes', maxBytes);
      for (const one of this.#reader.push(chunk)) found.push(one);
    }
    return this.#reader.failure;
  }

  /** Writes what was found. */
  async #work(found: readonly Found[]): Promise<void> {
    for (let at = 0; at < found.length; at++) {
      const one = found[at] as Found;
      if (one === null) {
        await this.#complete();
        continue;
      }
      if (Buffer.isBuffer(one)) {
        const data = dataAt(found, at);
        await this.#file?.append(data);
        at += data.length - 1;
        continue;
      }
      const data = isSmall(one) ? dataAt(found, at + 1) : null;
      const isWhole = data !== null && lengthOf(data) === one.stored;
      await this.#begin(one, isWhole ? joined(data) : null);
      if (isWhole) at += data.length;
    }
  }

  async #complete(): Promise<void> {
    const file = this.#file;
    await file?.complete(this.#options.preserveMtime);
    this.#file = null;
  }

  /** An entry; of a small file all is there. */
  async #begin(entry: TarEntry, content: Buffer | null): Promise<void> {
    this.#entries += 1;
    const { counter, maxEntries } = this.#options;
    if (this.#entries > maxEntries) throw archiveTooLarge('entries', maxEntries);
    const segments = segmentsOf(entry.path, this.#member);
    if (segments === null || !isPossibleHere(entry.path)) throw leadsOutside(asText(entry.path));
    const { kind } = entry;
    counter.entry(asText(entry.path), kind === 'file');
    const tree = this.#tree ?? (await this.#chooseRoot(entry, segments));
    if (this.#names !== null && kind !== 'other' && segments.length > 0)
      await this.#takeName(tree, segments);
    if (kind === 'file') {
      await this.#create(entry, tree, segments, content);
      return;
    }
    await this.#settle();
    if (kind === 'directory') await this.#directory(entry, tree, segments);
    else if (kind === 'symbolicLink') await this.#symbolicLink(entry, tree, segments);
    else if (kind === 'hardLink') await this.#hardLink(entry, tree, segments);
    else this.#skip(entry, `an entry of the type ${entry.type}`);
  }

  /** The first entry is the file or directory that is copied: now it is known where that goes. */
  async #chooseRoot({ kind }: TarEntry, segments: readonly ByteName[]): Promise<LocalTree> {
    const { to, name } = this.#options;
    const into = /[/\\]$/.test(to) || (await kindOf(byteName(to), true)) === 'directory';
    if (segments.length === 0 && kind === 'symbolicLink') throw new LinkFound();
    if (segments.length === 0 && kind === 'directory' && this.#options.onlyFile)
      throw new DirectoryFound();
    const isFile = segments.length === 0 && kind === 'file';
    const root = path.resolve(isFile && into ? path.join(to, name) : to);
    makeFolder(path.dirname(root));
    this.#tree = new LocalTree(root);
    return this.#tree;
  }

  /** Two names that are one here must not become one file. */
  async #takeName(tree: LocalTree, segments: readonly ByteName[]): Promise<void> {
    if (this.#names === undefined) {
      await tree.enter([]);
      this.#names = (await this.#options.foldsNames(tree.root)) ? new FoldedNames() : null;
    }
    this.#names?.add(segments);
  }

  async #create(
    entry: TarEntry,
    tree: LocalTree,
    segments: readonly ByteName[],
    content: Buffer | null,
  ): Promise<void> {
    const target = tree.at(segments);
    if (this.#small.has(target)) await this.#settle();
    if (segments.length > 0) await tree.enter(segments.slice(0, -1));
    await tree.makeRoom(target);
    if (content !== null) await this.#small.add(entry, target, content);
    else this.#file = await PartialFile.open(entry, target, this.#partial);
  }

  /** Waits for small files. What fails of them has failed here. */
  async #settle(): Promise<void> {
    try {
      await this.#small.settle();
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  async #directory(
    { mode, mtime }: TarEntry,
    tree: LocalTree,
    segments: readonly ByteName[],
  ): Promise<void> {
    // The owner must be able to fill it.
    await tree.enter(segments, mode & 0o777);
    if (this.#options.preserveMtime) this.#times.push({ directory: tree.at(segments), mtime });
  }

  async #symbolicLink(
    entry: TarEntry,
    tree: LocalTree,
    segments: readonly ByteName[],
  ): Promise<void> {
    const text = entry.linkPath;
    if (!linkStaysInside(text, segments.length - 1) || !isPossibleHere(text)) {
      this.#skip(entry, `a link that leads, or may lead, outside: ${asText(text)}`);
      return;
    }
    const target = tree.at(segments);
    await tree.enter(segments.slice(0, -1));
    await tree.makeRoom(target, true);
    await symlink(asPath(text), asPath(target));
  }

  async #hardLink(
    { linkPath }: TarEntry,
    tree: LocalTree,
    segments: readonly ByteName[],
  ): Promise<void> {
    const existing = segmentsOf(linkPath, this.#member);
    if (existing === null) throw leadsOutside(asText(linkPath));
    await tree.enter(existing.slice(0, -1));
    const source = tree.at(existing);
    if ((await kindOf(source)) !== 'file') throw leadsOutside(asText(linkPath));
    const target = tree.at(segments);
    if (source === target) return;
    await tree.enter(segments.slice(0, -1));
    await tree.makeRoom(target, true);
    await link(asPath(source), asPath(target));
  }

  #skip(entry: TarEntry, reason: string): void {
    this.#options.counter.skip(asText(entry.path), reason);
  }
}

/** Whether a file is written at once when all of it is there. */
function isSmall({ kind, parts, stored }: TarEntry): boolean {
  return kind === 'file' && parts === null && stored <= SMALL;
}

/** The data that stands together at a place. */
function dataAt(found: readonly Found[], from: number): Buffer[] {
  const data: Buffer[] = [];
  for (let at = from; Buffer.isBuffer(found[at]); at++) data.push(found[at] as Buffer);
  return data;
}

function lengthOf(data: readonly Buffer[]): number {
  return data.reduce((sum, { length }) => sum + length, 0);
}

function joined(data: readonly Buffer[]): Buffer {
  return data.length === 1 ? (data[0] as Buffer) : Buffer.concat(data);
}
