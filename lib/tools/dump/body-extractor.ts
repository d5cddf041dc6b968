import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../common/make-folder.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { DumpDirection, DumpEvent, DumpFrame } from './events.ts';

/** A file that was written. */
export interface ExtractedBody {
  /** Its name in the folder. */
  readonly name: string;
  /** Bytes that were written. */
  readonly bytes: number;
}

interface Body {
  readonly path: string;
  readonly result: { name: string; bytes: number };
  /** Null while it is closed. */
  file: number | null;
}

/** Files that are written; what comes for others is only counted. */
const MOST_FILES = 10_000;
/** Files that are open at once. */
const MOST_OPEN = 64;
const MOST_NAME = 80;
/** What the end of a name says of a coding. */
const CODINGS: Readonly<Record<string, string>> = { gzip: '.gz', br: '.br', deflate: '.zz' };

/**
 * Writes the payload of streams to files of a folder, one for each direction of a stream, as it was sent: what is compressed gets `.gz` or `.br` behind
 * its name. Names are made of the number of the connection, the id of the stream and the end of the path, and never leave the folder.
 */
export class BodyExtractor {
  readonly #folder: string;
  readonly #bodies = new Map<string, Body>();
  /** Ends of paths, and codings of answers, by connection and stream. */
  readonly #names = new Map<string, string>();
  readonly #codings = new Map<string, string>();
  readonly #open = new Set<Body>();
  #skipped = 0;
  /** What was written: 10000 files at most. */
  readonly results: ExtractedBody[] = [];

  /** Makes the folder if there is none. */
  constructor(folder: string) {
    makeFolder(folder);
    this.#folder = folder;
  }

  /** Bytes that were not written, because there would be more than 10000 files. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Must be told every event: names come from headers, and files are closed where streams end. */
  event(event: DumpEvent): void {
    if (event.event === 'frame') this.#frame(event);
    else if (event.event === 'end') this.#endOf(event.connection);
  }

  /** Takes payload. */
  payload(connection: number, direction: DumpDirection, stream: number, chunk: Buffer): void {
    const key = `${connection} ${stream}`;
    const id = `${key} ${direction}`;
    let body = this.#bodies.get(id);
    if (body === undefined) {
      if (this.results.length >= MOST_FILES) {
        this.#skipped += chunk.length;
        return;
      }
      body = this.#make(connection, direction, stream);
      this.#bodies.set(id, body);
    }
    if (body.file === null) this.#openFile(body, 'a');
    for (let at = 0; at < chunk.length; ) at += writeSync(body.file as number, chunk, at);
    body.result.bytes += chunk.length;
  }

  /** Closes all files. */
  close(): void {
    for (const body of this.#open) this.#closeFile(body);
    this.#bodies.clear();
  }

  #frame({ connection, stream, type, direction, headers, flags }: DumpFrame): void {
    const key = `${connection} ${stream}`;
    if (headers !== undefined) {
      const path = headerOf(headers, ':path') ?? headerOf(headers, 'streamtype');
      if (path !== null) this.#names.set(key, path);
      const coding = headerOf(headers, 'content-encoding');
      if (coding !== null) this.#codings.set(`${key} ${direction}`, coding);
    }
    const reset = type === 'RST_STREAM';
    for (const side of ['c2s', 's2c'] as const) {
      if (!reset && !(side === direction && flags.includes('FIN'))) continue;
      const id = `${key} ${side}`;
      const body = this.#bodies.get(id);
      if (body !== undefined) this.#closeFile(body);
      this.#bodies.delete(id);
      this.#codings.delete(id);
      if (side === 's2c') this.#names.delete(key);
    }
  }

  #endOf(connection: number): void {
    const start = `${connection} `;
    for (const [id, body] of this.#bodies) {
      if (!id.startsWith(start)) continue;
      this.#closeFile(body);
      this.#bodies.delete(id);
    }
    for (const map of [this.#names, this.#codings]) {
      for (const id of map.keys()) if (id.startsWith(start)) map.delete(id);
    }
  }

  #make(connection: number, direction: DumpDirection, stream: number): Body {
    const key = `${connection} ${stream}`;
    const end = safeName(this.#names.get(key) ?? '');
    const coding = CODINGS[this.#codings.get(`${key} ${direction}`)?.toLowerCase() ?? ''] ?? '';
    const base = `${connection}-${stream}-${direction}${end === '' ? '' : `-${end}`}${coding}`;
    const result = { name: base, bytes: 0 };
    this.results.push(result);
    const path = join(this.#folder, base);
    // Not through a link that somebody has put there.
    rmSync(path, { force: true });
    const body: Body = { path, result, file: null };
    this.#openFile(body, 'wx');
    return body;
  }

  #openFile(body: Body, flags: string): void {
    if (this.#open.size >= MOST_OPEN) {
      for (const oldest of this.#open) {
        this.#closeFile(oldest);
        break;
      }
    }
    body.file = openSync(body.path, flags);
    this.#open.add(body);
  }

  #closeFile(body: Body): void {
    if (body.file !== null) closeSync(body.file);
    body.file = null;
    this.#open.delete(body);
  }
}

/** The last part of a path, as far as it is harmless. */
function safeName(path: string): string {
  const [front = ''] = path.split(/[?#]/, 1);
  const last = front.split('/').at(-1) as string;
  return last
    .replace(/[^\w.-]+/g, '_')
    .replace(/^\.+/, '')
    .slice(0, MOST_NAME);
}

function headerOf(headers: HeaderList, name: string): string | null {
  return headers.find(([key]) => key === name)?.[1] ?? null;
}
