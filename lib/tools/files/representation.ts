import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { acceptsCoding, CODINGS, type Coding, isCompressible } from './coding.ts';
import { type Validators, validatorsOf } from './conditions.ts';
import { findSibling } from './lookup.ts';
import { contentType } from './media-type.ts';
import type { StaticFilesSettings } from './options.ts';

/** Scripts of every origin may read it, also the fields that are no matter of course (Fetch 3.3.3). */
const CORS_HEADERS: OutgoingHttpHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'accept-ranges, content-encoding, content-length, content-range, etag',
};

/** An open file, plain or in a coding. Whoever has it closes it. */
export interface OpenFile {
  readonly file: FileHandle;
  readonly stats: BigIntStats;
  /** Null for the plain one. */
  readonly coding: Coding | null;
}

/** A file in one coding, ready to be sent. */
export interface Representation {
  readonly coding: Coding | null;
  readonly size: number;
  readonly validators: Validators;
  readonly headers: OutgoingHttpHeaders;
  /** The bytes, or the open file that has them: it is closed by whoever sends it, or does not. */
  readonly content: Buffer | FileHandle;
}

/** What is sent with every response. */
export function commonHeaders({ server, cors }: StaticFilesSettings): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { server, 'x-content-type-options': 'nosniff' };
  return cors ? { ...headers, ...CORS_HEADERS } : headers;
}

/**
 * The states of an open file and, where compression is worth it, of those beside it that have the name of a coding at the end. One that is
 * older than the plain file belongs to an earlier content: it is left out. If that fails, nothing stays open.
 *
 * @returns the plain one first
 */
export async function openRepresentations(
  { root }: StaticFilesSettings,
  file: FileHandle,
  path: string,
): Promise<OpenFile[]> {
  const open = [file];
  try {
    const stats = await file.stat({ bigint: true });
    const files: OpenFile[] = [{ file, stats, coding: null }];
    if (!isCompressible(path)) return files;
    for (const coding of CODINGS) {
      const other = await findSibling(root, path + coding.suffix);
      if (other === null) continue;
      open.push(other);
      const otherStats = await other.stat({ bigint: true });
      if (seconds(otherStats) >= seconds(stats))
        files.push({ file: other, stats: otherStats, coding });
      else await other.close();
    }
    return files;
  } catch (error) {
    await Promise.allSettled(open.map((each) => each.close()));
    throw error;
  }
}

/** Makes the headers of a file. */
export function represent(
  settings: StaticFilesSettings,
  path: string,
  { stats, coding }: Pick<OpenFile, 'stats' | 'coding'>,
  content: Buffer | FileHandle,
): Representation {
  const validators = validatorsOf(stats, coding?.name);
  const size = Buffer.isBuffer(content) ? content.length : Number(stats.size);
  const headers: OutgoingHttpHeaders = {
    ...commonHeaders(settings),
    'content-type': contentType(path),
    'content-length': size,
    'cache-control': `max-age=${settings.maxAge}`,
    'last-modified': new Date(validators.modifiedMs).toUTCString(),
    etag: validators.etag,
    'accept-ranges': 'bytes',
  };
  if (isCompressible(path)) headers.vary = 'accept-encoding';
  if (coding !== null) headers['content-encoding'] = coding.name;
  return { coding, size, validators, headers, content };
}

/** The one that suits a request best. The parts that a client asks for are those of the plain file. */
export function chooseRepresentation(
  all: readonly Representation[],
  headers: IncomingHttpHeaders,
): Representation {
  const plain = all[0] as Representation;
  if (all.length === 1 || headers.range !== undefined) return plain;
  const accepted = headers['accept-encoding'];
  for (const each of all) {
    if (each.coding !== null && acceptsCoding(accepted, each.coding.name)) return each;
  }
  return plain;
}

/** Closes what is open of those that are not sent. */
export function release(all: readonly Representation[], sent?: Representation): void {
  for (const each of all) {
    if (each === sent || Buffer.isBuffer(each.content)) continue;
    // Nobody is left to hear of an error.
    each.content.close().catch(() => {});
  }
}

function seconds({ mtimeMs }: BigIntStats): bigint {
  return mtimeMs / 1000n;
}
