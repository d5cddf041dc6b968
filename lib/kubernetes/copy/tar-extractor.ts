import { randomBytes } from 'node:crypto';
import {
  type FileHandle,
  link,
  mkdir,
  open,
  rename,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises';
import path from 'node:path';
import type { Parser, ReadEntry } from 'tar';
import { loadPackage } from '../../common/packages.ts';
import { RemoteFailureError } from '../errors.ts';
import {
  archiveCutOff,
  archiveTooLarge,
  leadsOutside,
  malformedArchive,
} from './archive-errors.ts';
import { kindOf, LocalTree } from './local-tree.ts';
import type { CopyCounter } from './options.ts';
import { linkStaysInside, segmentsOf } from './tar-names.ts';

/** What is extracted, and where to. */
export interface ExtractOptions {
  /** Local path. */
  readonly to: string;
  /** Name of what is copied, for a file that goes into a directory. */
  readonly name: string;
  /** What all names in the archive begin with; '' if they are relative to the directory that is copied. */
  readonly member: string;
  readonly preserveMtime: boolean;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly counter: CopyCounter;
}

/** What the parser has found in a piece of the archive: an entry, data of it, or its end. */
type Found = ReadEntry | Buffer | null;

/** A file that is being written. */
interface OpenFile {
  readonly entry: ReadEntry;
  readonly handle: FileHandle;
  /** Its name until it is complete. */
  readonly partial: string;
  readonly target: string;
  length: number;
}

/** The first byte of a file of gzip, which the parser would unpack. */
const GZIP = 0x1f;

/**
 * Writes the entries of an archive that is not trusted, one after the other: what is in one piece is written before the next one is taken.
 * Directories that it walks through are looked at with `lstat`: a link is never followed. Files are written under another name, and
 * renamed when they are complete.
 */
export class TarExtractor {
  readonly #options: ExtractOptions;
  readonly #parser: Parser;
  #found: Found[] = [];
  #failure: unknown = null;
  #entries = 0;
  #eof = false;
  /** What is written, once it is known where that goes. */
  #tree: LocalTree | null = null;
  #file: OpenFile | null = null;
  /** Directories whose time is set at the end. */
  readonly #times: { readonly directory: string; readonly mtime: Date }[] = [];

  static async create(options: ExtractOptions): Promise<TarExtractor> {
    const tar = await loadPackage('tar', 'copying files', () => import('tar'));
    return new TarExtractor(options, (settings) => new tar.Parser(settings));
  }

  private constructor(
    options: ExtractOptions,
    parser: (settings: ConstructorParameters<typeof Parser>[0]) => Parser,
  ) {
    this.#options = options;
    this.#parser = parser({
      brotli: false,
      zstd: false,
      onReadEntry: (entry) => {
        this.#found.push(entry);
        entry.on('data', (chunk) => this.#found.push(chunk));
        entry.on('end', () => this.#found.push(null));
      },
      onwarn: (code, message) => {
        if (code !== 'TAR_ENTRY_INFO') this.#fail(malformedArchive(String(message)));
      },
    });
    this.#parser.on('error', (error: Error) => this.#fail(malformedArchive(error.message)));
    this.#parser.on('ignoredEntry', (entry: ReadEntry) => this.#skip(entry));
    this.#parser.on('eof', () => {
      this.#eof = true;
    });
  }

  /** Whether it has failed here; else what `consume()` throws comes from the source. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Takes the archive, as far as it comes. */
  async consume(source: AsyncIterable<Buffer>): Promise<void> {
    const { counter, maxBytes } = this.#options;
    for await (const chunk of source) {
      try {
        if (counter.bytes === 0 && chunk[0] === GZIP) throw malformedArchive('it is compressed');
        counter.passed(chunk.length);
        if (counter.bytes > maxBytes) throw archiveTooLarge('bytes', maxBytes);
        this.#parser.write(chunk);
        await this.#work();
      } catch (error) {
        this.#fail(error);
        throw this.#failure;
      }
    }
  }

  /** The command has ended well: there must be something, and the end of it. */
  async finish(): Promise<void> {
    this.#parser.end();
    if (this.#options.counter.bytes === 0) throw archiveCutOff();
    // The parser takes one without entries for none.
    if (this.#eof && this.#entries === 0)
      throw new RemoteFailureError('the archive of the pod is empty');
    await this.#work();
    if (!this.#eof) throw archiveCutOff();
    for (const { directory, mtime } of this.#times.reverse()) await utimes(directory, mtime, mtime);
  }

  /** Removes what is not complete. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    await file.handle.close().catch(() => {});
    await unlink(file.partial).catch(() => {});
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
  }

  /** Writes what was found. What came before a fault of the archive is good. */
  async #work(): Promise<void> {
    const found = this.#found;
    this.#found = [];
    for (const one of found) {
      if (one === null) await this.#complete();
      else if (Buffer.isBuffer(one)) await this.#append(one);
      else await this.#begin(one);
    }
    if (this.#failure !== null) throw this.#failure;
  }

  async #append(chunk: Buffer): Promise<void> {
    const file = this.#file;
    // Of an entry that is skipped.
    if (file === null) return;
    await file.handle.writeFile(chunk);
    file.length += chunk.length;
  }

  async #complete(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    const { entry, handle, partial, target } = file;
    if (file.length !== entry.size) throw archiveCutOff();
    const { mtime } = entry;
    if (this.#options.preserveMtime && mtime !== undefined) await handle.utimes(mtime, mtime);
    await handle.close();
    await rename(partial, target);
    this.#file = null;
  }

  async #begin(entry: ReadEntry): Promise<void> {
    this.#entries += 1;
    const { maxEntries } = this.#options;
    if (this.#entries > maxEntries) throw archiveTooLarge('entries', maxEntries);
    await this.#extract(entry);
  }

  async #extract(entry: ReadEntry): Promise<void> {
    const { counter, member } = this.#options;
    const segments = segmentsOf(entry.path, member);
    if (segments === null) throw leadsOutside(entry.path);
    const isFile = /File$/.test(entry.type);
    counter.entry(entry.path, isFile);
    const tree = this.#tree ?? (await this.#chooseRoot(entry, segments, isFile));
    if (isFile) await this.#create(entry, tree, segments);
    else if (entry.type === 'Directory') await this.#directory(entry, tree, segments);
    else if (entry.type === 'SymbolicLink') await this.#symbolicLink(entry, tree, segments);
    else if (entry.type === 'Link') await this.#hardLink(entry, tree, segments);
    else this.#skip(entry);
  }

  /** The first entry is the file or directory that is copied: now it is known where that goes. */
  async #chooseRoot(
    entry: ReadEntry,
    segments: readonly string[],
    isFile: boolean,
  ): Promise<LocalTree> {
    const { to, name } = this.#options;
    const into = /[/\\]$/.test(to) || (await kindOf(to, true)) === 'directory';
    if (segments.length === 0 && entry.type === 'SymbolicLink')
      throw new RemoteFailureError(`${name} is a link: with a slash at its end it is followed`);
    const root = path.resolve(segments.length === 0 && isFile && into ? path.join(to, name) : to);
    await mkdir(path.dirname(root), { recursive: true });
    this.#tree = new LocalTree(root);
    return this.#tree;
  }

  async #create(entry: ReadEntry, tree: LocalTree, segments: readonly string[]): Promise<void> {
    const target = tree.at(segments);
    if (segments.length > 0) await tree.enter(segments.slice(0, -1));
    await tree.makeRoom(target);
    const partial = path.join(path.dirname(target), `.${randomBytes(8).toString('hex')}.part`);
    const handle = await open(partial, 'wx', (entry.mode ?? 0o644) & 0o777);
    this.#file = { entry, handle, partial, target, length: 0 };
  }

  async #directory(entry: ReadEntry, tree: LocalTree, segments: readonly string[]): Promise<void> {
    // The owner must be able to fill it.
    await tree.enter(segments, (entry.mode ?? 0o755) & 0o777);
    const { mtime } = entry;
    if (this.#options.preserveMtime && mtime !== undefined)
      this.#times.push({ directory: tree.at(segments), mtime });
  }

  async #symbolicLink(
    entry: ReadEntry,
    tree: LocalTree,
    segments: readonly string[],
  ): Promise<void> {
    const text = entry.linkpath ?? '';
    if (!linkStaysInside(text, segments.length - 1)) {
      this.#skip(entry, `a link that leads, or may lead, outside: ${text}`);
      return;
    }
    const target = tree.at(segments);
    await tree.enter(segments.slice(0, -1));
    await tree.makeRoom(target, true);
    await symlink(text, target);
  }

  async #hardLink(entry: ReadEntry, tree: LocalTree, segments: readonly string[]): Promise<void> {
    const existing = segmentsOf(entry.linkpath ?? '', this.#options.member);
    if (existing === null) throw leadsOutside(entry.linkpath ?? '');
    await tree.enter(existing.slice(0, -1));
    const source = tree.at(existing);
    if ((await kindOf(source)) !== 'file') throw leadsOutside(entry.linkpath ?? '');
    const target = tree.at(segments);
    if (source === target) return;
    await tree.enter(segments.slice(0, -1));
    await tree.makeRoom(target, true);
    await link(source, target);
  }

  #skip(entry: ReadEntry, reason = `an entry of the type ${entry.type}`): void {
    this.#options.counter.skip(entry.path, reason);
  }
}
