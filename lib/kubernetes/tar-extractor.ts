import { randomBytes } from 'node:crypto';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  rename,
  stat,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises';
import path from 'node:path';
import type { Parser, ReadEntry } from 'tar';
import { SpdyError } from '../errors.ts';
import type { CopyCounter } from './cp-options.ts';
import { ConnectionLostError, RemoteFailureError } from './errors.ts';
import { loadPackage } from './packages.ts';
import { printable } from './printable.ts';
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

/**
 * Writes the entries of an archive that is not trusted, one after the other. Directories that it walks through are looked at with `lstat`:
 * a link is never followed. Files are written under another name, and renamed when they are complete.
 */
export class TarExtractor {
  readonly #options: ExtractOptions;
  readonly #parser: Parser;
  /** The entries, one behind the other. */
  #queue: Promise<void> = Promise.resolve();
  #failure: unknown = null;
  #wake: () => void = () => {};
  #entries = 0;
  #eof = false;
  /** Where the root of the copy goes, once its kind is known. */
  #root: string | null = null;
  /** A directory that was looked at. */
  #known = '';
  /** Ends the wait for more data of an entry. */
  #stir: () => void = () => {};
  #partial: string | null = null;
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
      onReadEntry: (entry) => {
        this.#queue = this.#queue.then(() => this.#take(entry));
      },
      onwarn: (code, message) => {
        if (code !== 'TAR_ENTRY_INFO') this.#fail(malformed(String(message)));
      },
    });
    this.#parser.on('error', (error: Error) => this.#fail(malformed(error.message)));
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
        counter.passed(chunk.length);
      } catch (error) {
        this.#fail(error);
      }
      if (counter.bytes > maxBytes) this.#fail(tooMuch('bytes', maxBytes));
      if (this.#failure === null && !this.#parser.write(chunk)) await this.#until('drain');
      if (this.#failure !== null) throw this.#failure;
    }
  }

  /** The command has ended well: there must be something, and the end of it. */
  async finish(): Promise<void> {
    const ended = this.#until('end');
    this.#parser.end();
    await ended;
    await this.#queue;
    if (this.#options.counter.bytes === 0) throw cutOff();
    // The parser takes one without entries for none.
    if (this.#eof && this.#entries === 0)
      throw new RemoteFailureError('the archive of the pod is empty');
    if (this.#failure !== null) throw this.#failure;
    if (!this.#eof) throw cutOff();
    for (const { directory, mtime } of this.#times.reverse()) await utimes(directory, mtime, mtime);
  }

  /** Removes what is not complete. */
  async close(): Promise<void> {
    this.#fail(new ConnectionLostError('the copy has ended'));
    await this.#queue;
    if (this.#partial !== null) await unlink(this.#partial).catch(() => {});
  }

  /** Waits for an event of the parser, or a failure. */
  #until(event: 'drain' | 'end'): Promise<void> {
    if (this.#failure !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#parser.once(event, () => resolve());
    });
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
    this.#wake();
    this.#stir();
  }

  async #take(entry: ReadEntry): Promise<void> {
    if (this.#failure !== null) return;
    try {
      this.#entries += 1;
      const { maxEntries } = this.#options;
      if (this.#entries > maxEntries) throw tooMuch('entries', maxEntries);
      await this.#extract(entry);
      entry.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #extract(entry: ReadEntry): Promise<void> {
    const { counter, member } = this.#options;
    const segments = segmentsOf(entry.path, member);
    if (segments === null) throw hostile(entry.path);
    const isFile = /File$/.test(entry.type);
    counter.entry(entry.path, isFile);
    const root = this.#root ?? (await this.#begin(entry, segments, isFile));
    if (isFile) await this.#file(entry, root, segments);
    else if (entry.type === 'Directory') await this.#directory(entry, root, segments);
    else if (entry.type === 'SymbolicLink') await this.#symbolicLink(entry, root, segments);
    else if (entry.type === 'Link') await this.#hardLink(entry, root, segments);
    else this.#skip(entry);
  }

  /** The first entry is the file or directory that is copied: now it is known where that goes. */
  async #begin(entry: ReadEntry, segments: readonly string[], isFile: boolean): Promise<string> {
    const { to, name } = this.#options;
    const into = /[/\\]$/.test(to) || (await kindOf(to, true)) === 'directory';
    if (segments.length === 0 && entry.type === 'SymbolicLink')
      throw new RemoteFailureError(`${name} is a link: with a slash at its end it is followed`);
    const root = path.resolve(segments.length === 0 && isFile && into ? path.join(to, name) : to);
    await mkdir(path.dirname(root), { recursive: true });
    this.#root = root;
    return root;
  }

  async #file(entry: ReadEntry, root: string, segments: readonly string[]): Promise<void> {
    const target = path.join(root, ...segments);
    await this.#enter(root, segments.slice(0, -1), segments.length > 0);
    await this.#makeRoom(target);
    const partial = path.join(path.dirname(target), `.${randomBytes(8).toString('hex')}.part`);
    const file = await open(partial, 'wx', (entry.mode ?? 0o644) & 0o777);
    this.#partial = partial;
    try {
      await this.#fill(file, entry);
    } finally {
      await file.close();
    }
    await rename(partial, target);
    this.#partial = null;
  }

  async #fill(file: FileHandle, entry: ReadEntry): Promise<void> {
    let length = 0;
    // Read by hand: a failure of the command has to end the wait for more.
    entry.on('readable', () => this.#stir());
    entry.on('end', () => this.#stir());
    while (!entry.emittedEnd) {
      const chunk = entry.read();
      if (chunk === null) await this.#more(entry);
      else {
        await file.writeFile(chunk);
        length += chunk.length;
      }
      if (this.#failure !== null) throw this.#failure;
    }
    if (length !== entry.size) throw cutOff();
    const { mtime } = entry;
    if (this.#options.preserveMtime && mtime !== undefined) await file.utimes(mtime, mtime);
  }

  #more(entry: ReadEntry): Promise<void> {
    if (entry.emittedEnd || this.#failure !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stir = resolve;
    });
  }

  async #directory(entry: ReadEntry, root: string, segments: readonly string[]): Promise<void> {
    // The owner must be able to fill it.
    await this.#enter(root, segments, true, (entry.mode ?? 0o755) & 0o777);
    const { mtime } = entry;
    if (this.#options.preserveMtime && mtime !== undefined)
      this.#times.push({ directory: path.join(root, ...segments), mtime });
  }

  async #symbolicLink(entry: ReadEntry, root: string, segments: readonly string[]): Promise<void> {
    const text = entry.linkpath ?? '';
    if (!linkStaysInside(text, segments.length - 1)) {
      this.#skip(entry, `a link that leads, or may lead, outside: ${text}`);
      return;
    }
    const target = path.join(root, ...segments);
    await this.#enter(root, segments.slice(0, -1), true);
    await this.#makeRoom(target, true);
    await symlink(text, target);
  }

  async #hardLink(entry: ReadEntry, root: string, segments: readonly string[]): Promise<void> {
    const existing = segmentsOf(entry.linkpath ?? '', this.#options.member);
    if (existing === null) throw hostile(entry.linkpath ?? '');
    await this.#enter(root, existing.slice(0, -1), true);
    const source = path.join(root, ...existing);
    if ((await kindOf(source)) !== 'file') throw hostile(entry.linkpath ?? '');
    const target = path.join(root, ...segments);
    if (source === target) return;
    await this.#enter(root, segments.slice(0, -1), true);
    await this.#makeRoom(target, true);
    await link(source, target);
  }

  /** Makes the directories up to one, of which none may be a link. The root itself may be: the user has named it. */
  async #enter(
    root: string,
    segments: readonly string[],
    hasRoot: boolean,
    mode = 0o777,
  ): Promise<void> {
    if (!hasRoot) return;
    const whole = path.join(root, ...segments);
    if (whole === this.#known) return;
    let directory = root;
    for (const segment of ['', ...segments]) {
      directory = path.join(directory, segment);
      const kind = await kindOf(directory, directory === root);
      if (kind === null) await mkdir(directory, directory === whole ? mode | 0o700 : 0o777);
      else if (kind === 'link') throw hostile(`${directory} is a link`);
      else if (kind !== 'directory') throw inTheWay(directory);
    }
    this.#known = whole;
  }

  /** What is at the place of a new entry must be replaceable, and `remove`d where that does not happen by itself. */
  async #makeRoom(target: string, remove = false): Promise<void> {
    const kind = await kindOf(target);
    if (kind === 'directory' || kind === 'other') throw inTheWay(target);
    if (remove && kind !== null) await unlink(target);
  }

  #skip(entry: ReadEntry, reason = `an entry of the type ${entry.type}`): void {
    this.#options.counter.skip(entry.path, reason);
  }
}

/** What is there; null if nothing is. */
async function kindOf(
  file: string,
  follow = false,
): Promise<'file' | 'directory' | 'link' | 'other' | null> {
  try {
    const status = await (follow ? stat : lstat)(file);
    if (status.isSymbolicLink()) return 'link';
    if (status.isDirectory()) return 'directory';
    return status.isFile() ? 'file' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function inTheWay(file: string): NodeJS.ErrnoException {
  const error = new Error(`${file} is in the way: it is of another kind`);
  return Object.assign(error, { code: 'EEXIST', path: file });
}

function hostile(name: string): SpdyError {
  const message = `the archive of the pod leads outside of the destination: ${printable(name)}`;
  return new SpdyError('ERR_SPDY_PROTOCOL', message, 'peer');
}

function malformed(reason: string): SpdyError {
  if (/truncated/i.test(reason)) return cutOff();
  const message = `the pod has sent no proper archive: ${printable(reason)}`;
  return new SpdyError('ERR_SPDY_PROTOCOL', message, 'peer');
}

function cutOff(): ConnectionLostError {
  return new ConnectionLostError('the archive of the pod is cut off');
}

function tooMuch(what: string, limit: number): SpdyError {
  const message = `the archive of the pod has more than ${limit} ${what}`;
  return new SpdyError('ERR_SPDY_TOO_MUCH_BUFFERED', message, 'peer');
}
