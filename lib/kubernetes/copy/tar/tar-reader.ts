import { malformedArchive } from '../archive-errors.ts';
import { BLOCK, type ByteName, type EntryKind, readHeader, type TarHeader } from './tar-header.ts';
import {
  checkParts,
  decimal,
  oldRealSize,
  readOldParts,
  readParts,
  SparseMapReader,
  type SparsePart,
} from './tar-sparse.ts';

/** An entry of an archive. */
export interface TarEntry {
  readonly path: ByteName;
  readonly linkPath: ByteName;
  readonly kind: EntryKind;
  /** As it stands in the header, for messages. */
  readonly type: string;
  readonly mode: number;
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes of data that follow: fewer, if there are holes. */
  readonly stored: number;
  readonly mtime: Date;
  /** Where the data goes; null for a file without holes. */
  readonly parts: readonly SparsePart[] | null;
}

/** What is found in a piece of an archive: an entry, data of it, or its end (null). */
export type Found = TarEntry | Buffer | null;

/** Most bytes of what further headers say about one entry: long names, and the map of a sparse file. */
const MAX_EXTENSION = 16 << 20;

/** Records of pax that count. */
const RECORDS = /^(?:path|linkpath|size|mtime|GNU\.sparse\.\w+)$/;

/** The latest and the earliest time that there is, in seconds. */
const MAX_TIME = 8.64e12;

const KINDS: Readonly<Record<string, EntryKind>> = {
  0: 'file',
  7: 'file',
  S: 'file',
  1: 'hardLink',
  2: 'symbolicLink',
  5: 'directory',
  D: 'directory',
};

/** What further headers say about the next entry. */
interface Extension {
  name?: ByteName | undefined;
  linkName?: ByteName | undefined;
  records: Map<string, string>;
  /** Numbers of a map of holes whose records are repeated (form 0.0). */
  sparse: string[];
  bytes: number;
}

function noExtension(): Extension {
  return { records: new Map(), sparse: [], bytes: 0 };
}

type State =
  | 'header'
  | 'extension'
  | 'oldMap'
  | 'newMap'
  | 'data'
  /** Data of an entry, and padding behind it, of which nothing is told. */
  | 'skip'
  | 'end';

/**
 * Reads a tar archive as it comes, in the forms of POSIX (ustar, pax) and GNU, with all their ways of writing holes. Only what is needed of an
 * archive from another machine; nothing in it is trusted.
 */
export class TarReader {
  #state: State = 'header';
  /** A block that is not complete. */
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of data that are to come, and of padding. */
  #left = 0;
  #padding = 0;
  #zeros = 0;
  #header: TarHeader | null = null;
  #chunks: Buffer[] = [];
  #extension = noExtension();
  readonly #global = new Map<string, string>();
  #parts: SparsePart[] = [];
  #realSize = 0;
  #map: SparseMapReader | null = null;
  #found: Found[] = [];
  /** Why it reads no further, null as long as it does. */
  failure: Error | null = null;

  /** Whether the end of the archive was seen. */
  get complete(): boolean {
    return this.#state === 'end';
  }

  /** Takes a piece. For what is no archive there is a `failure` then; what was found before that is good. */
  push(piece: Buffer): Found[] {
    this.#found = [];
    if (this.failure !== null) return this.#found;
    try {
      this.#read(piece);
    } catch (error) {
      this.failure = error as Error;
    }
    return this.#found;
  }

  #read(piece: Buffer): void {
    let at = 0;
    if (this.#rest.length > 0) {
      const missing = BLOCK - this.#rest.length;
      this.#rest = Buffer.concat([this.#rest, piece.subarray(0, missing)]);
      at = Math.min(missing, piece.length);
      if (this.#rest.length < BLOCK) return;
      const block = this.#rest;
      this.#rest = Buffer.alloc(0);
      this.#block(block);
    }
    while (at < piece.length && this.#state !== 'end') at = this.#take(piece, at);
  }

  /** The next bytes of a piece; returns where the following begin. */
  #take(piece: Buffer, at: number): number {
    if (this.#state === 'data' || this.#state === 'extension' || this.#state === 'skip') {
      const data = piece.subarray(at, at + this.#left);
      this.#left -= data.length;
      if (data.length > 0 && this.#state === 'data') this.#found.push(data);
      if (data.length > 0 && this.#state === 'extension') this.#chunks.push(data);
      const behind = at + data.length;
      if (this.#left > 0) return behind;
      const padding = Math.min(this.#padding, piece.length - behind);
      this.#padding -= padding;
      if (this.#padding === 0) this.#finish();
      return behind + padding;
    }
    const block = piece.subarray(at, at + BLOCK);
    if (block.length === BLOCK) this.#block(block);
    else this.#rest = Buffer.from(block);
    return at + block.length;
  }

  #block(block: Buffer): void {
    if (this.#state === 'oldMap') this.#oldMap(block, false);
    else if (this.#state === 'newMap') this.#newMap(block);
    else this.#readHeader(block);
  }

  #readHeader(block: Buffer): void {
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      this.#zeros += 1;
      if (this.#zeros === 2) this.#state = 'end';
      return;
    }
    this.#zeros = 0;
    const header = readHeader(block);
    if (header === null) throw malformedArchive('a header whose checksum is wrong');
    const size = this.#sizeOf(header);
    if (!Number.isSafeInteger(size) || size < 0) throw malformedArchive('a size that is no number');
    this.#header = header;
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    this.#parts = [];
    if ('xXgLK'.includes(header.type)) this.#beginExtension(size);
    else if (header.type === 'S') {
      this.#realSize = oldRealSize(block);
      this.#oldMap(block, true);
    } else this.#beginEntry();
  }

  #sizeOf({ type, size }: TarHeader): number {
    const told = 'xXgLK'.includes(type) ? undefined : this.#record('size');
    return told === undefined ? size : decimal(told);
  }

  #beginExtension(size: number): void {
    this.#extension.bytes += size + BLOCK;
    if (this.#extension.bytes > MAX_EXTENSION) throw malformedArchive('a header that is too long');
    this.#chunks = [];
    this.#state = 'extension';
    if (size === 0) this.#finish();
  }

  /** Data and padding are through. */
  #finish(): void {
    const state = this.#state;
    this.#state = 'header';
    if (state === 'extension') this.#extend(Buffer.concat(this.#chunks));
    else if (state === 'data') this.#found.push(null);
  }

  #extend(content: Buffer): void {
    const { type } = this.#header as TarHeader;
    if (type === 'L') this.#extension.name = untilZero(content);
    else if (type === 'K') this.#extension.linkName = untilZero(content);
    else readRecords(content, (key, value) => this.#takeRecord(type === 'g', key, value));
  }

  #takeRecord(global: boolean, key: string, value: string): void {
    if (!RECORDS.test(key)) return;
    if (global) this.#global.set(key, value);
    else if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes')
      this.#extension.sparse.push(value);
    else this.#extension.records.set(key, value);
  }

  #record(key: string): string | undefined {
    // As of most entries.
    if (this.#extension.bytes === 0 && this.#global.size === 0) return undefined;
    const own = this.#extension.records.get(key) ?? this.#global.get(key);
    return own === '' ? undefined : own;
  }

  #oldMap(block: Buffer, isHeader: boolean): void {
    if (readOldParts(block, this.#parts, isHeader)) this.#state = 'oldMap';
    else this.#begin(this.#parts, this.#realSize);
  }

  #newMap(block: Buffer): void {
    this.#left -= BLOCK;
    if (this.#left < 0) throw malformedArchive('a map of holes that does not fit its file');
    const parts = (this.#map as SparseMapReader).push(block);
    if (parts !== null) this.#begin(parts, this.#realSize);
  }

  #beginEntry(): void {
    const { sparse } = this.#extension;
    const map = this.#record('GNU.sparse.map');
    const size = this.#record('GNU.sparse.realsize') ?? this.#record('GNU.sparse.size');
    if (size === undefined) {
      this.#begin(null, this.#left);
      return;
    }
    this.#realSize = decimal(size);
    if (map !== undefined) this.#begin(readParts(map.split(',')), this.#realSize);
    else if (this.#record('GNU.sparse.major') === '1') {
      this.#map = new SparseMapReader();
      this.#state = 'newMap';
    } else this.#begin(readParts(sparse), this.#realSize);
  }

  /** All that is said about an entry was read. */
  #begin(parts: SparsePart[] | null, size: number): void {
    const header = this.#header as TarHeader;
    const { name, linkName } = this.#extension;
    const path = this.#record('GNU.sparse.name') ?? this.#record('path') ?? name ?? header.name;
    const isFolder = header.type === '0' && path.endsWith('/');
    const kind = isFolder ? 'directory' : (KINDS[header.type] ?? 'other');
    const mtime = Number(this.#record('mtime') ?? header.mtime);
    if (!(Math.abs(mtime) <= MAX_TIME)) throw malformedArchive('a time that is no number');
    // Some tell a size for them, but no data follows.
    if ('123456'.includes(header.type) || isFolder) this.#left = 0;
    const stored = this.#left;
    if (parts !== null) checkParts(parts, stored, size);
    const linkPath = this.#record('linkpath') ?? linkName ?? header.linkName;
    if (this.#extension.bytes > 0) this.#extension = noExtension();
    this.#map = null;
    this.#padding = (BLOCK - (stored % BLOCK)) % BLOCK;
    const { type, mode } = header;
    const changed = new Date(mtime * 1000);
    this.#found.push({ path, linkPath, kind, type, mode, size, stored, mtime: changed, parts });
    this.#state = kind === 'file' ? 'data' : 'skip';
    if (stored === 0) this.#finish();
  }
}

function untilZero(content: Buffer): ByteName {
  const end = content.indexOf(0);
  return content.toString('latin1', 0, end < 0 ? content.length : end);
}

/** Records of pax: `LENGTH KEY=VALUE` and a line feed. Values are bytes. */
function readRecords(content: Buffer, take: (key: string, value: string) => void): void {
  let at = 0;
  while (at < content.length && content[at] !== 0) {
    const space = content.indexOf(' ', at);
    const digits = content.toString('latin1', at, space < 0 ? at : space);
    const end = at + (/^\d{1,9}$/.test(digits) ? Number(digits) : 0);
    const equals = content.indexOf('=', at);
    if (end > content.length || equals < 0 || equals >= end || content[end - 1] !== 0x0a)
      throw malformedArchive('an extended header that is no list of records');
    take(
      content.toString('latin1', space + 1, equals),
      content.toString('latin1', equals + 1, end - 1),
    );
    at = end;
  }
}
