import { createReadStream } from 'node:fs';
import { addAbortSignal, pipeline, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { ConnectionDecoder } from './decode/connection-decoder.ts';
import type { DumpSink } from './events.ts';
import type { DumpOptions } from './options.ts';
import { isCapture } from './readers/capture-file.ts';
import { type CaptureCounts, CaptureReader } from './readers/capture-reader.ts';
import { readHar } from './readers/har-reader.ts';
import { readRaw } from './readers/raw-reader.ts';
import { TraceReader } from './readers/trace-reader.ts';

/** What an input was. */
export interface DumpInput {
  /** `capture` is pcap or pcapng. */
  readonly kind: 'capture' | 'trace' | 'har' | 'raw';
  /** Captures: what there was besides frames; null for other inputs. */
  readonly counts: CaptureCounts | null;
  /** Whether the input ends in a packet or a line. */
  readonly cut: boolean;
}

/** How an input is read. */
export interface ReadOptions extends DumpOptions {
  /** Ends reading, with its reason as the error. */
  readonly signal?: AbortSignal | undefined;
  /** Is told how many bytes of the input were read; reading goes on when what it returns has resolved. */
  readonly progress?: ((bytes: number) => unknown) | undefined;
}

/** Not more: what is told of a piece may be a thousand times as large. */
const PIECE = 1 << 17;
/** The longest line of a trace, and the largest HAR. */
const MOST_TEXT = 256 << 20;

/**
 * Reads a capture (pcap, pcapng), a trace of this library or a HAR, each also gzipped, from a file or, for `-`, from standard input; tells
 * `sink` what is in it, in bounded memory but for HAR. A file of another kind is taken for the bytes of one direction, from client to server.
 *
 * @throws Error for an input that cannot be read, or is damaged
 */
export async function readDump(
  file: string,
  sink: DumpSink,
  options: ReadOptions = {},
): Promise<DumpInput> {
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: PIECE });
  const pieces = piecesOf(source, options);
  try {
    return await readPieces(pieces, sink, options);
  } finally {
    await pieces.return(undefined);
  }
}

/**
 * Reads two files with the bytes of each direction of a connection. Neither can be said to come before the other, so windows are not judged.
 *
 * @throws Error for a file that cannot be read
 */
export async function readRawPair(
  files: { readonly c2s: string | null; readonly s2c: string | null },
  sink: DumpSink,
  options: ReadOptions = {},
): Promise<DumpInput> {
  const connection = new ConnectionDecoder({ ...options, number: 1, ordered: false }, sink);
  await readRaw(files, connection, options.signal);
  return { kind: 'raw', counts: null, cut: false };
}

/** Whether a file is one that `readDump()` knows by its beginning. */
export async function isKnownInput(file: string): Promise<boolean> {
  if (file === '-') return true;
  const stream = createReadStream(file, { end: 63 });
  const start = Buffer.concat(await stream.toArray());
  return isCapture(start) || (start[0] === 0x1f && start[1] === 0x8b) || isText(start);
}

/** Whether this begins as an object of JSON does, maybe behind a mark of the byte order. */
function isText(start: Buffer): boolean {
  return /^(?:\xef\xbb\xbf)?\s*\{/.test(start.toString('latin1', 0, 64));
}

async function readPieces(
  pieces: AsyncGenerator<Buffer>,
  sink: DumpSink,
  options: ReadOptions,
): Promise<DumpInput> {
  let start = await firstOf(pieces);
  let rest = pieces;
  if (start[0] === 0x1f && start[1] === 0x8b) {
    rest = inflated(start, pieces);
    start = await firstOf(rest);
  }
  if (isCapture(start)) return readCapture(start, rest, sink, options);
  if (isText(start)) {
    return isTrace(start) ? readTrace(start, rest, sink) : readHarText(start, rest, sink);
  }
  const connection = new ConnectionDecoder({ ...options, number: 1, ordered: false }, sink);
  connection.push('c2s', start);
  for await (const piece of rest) connection.push('c2s', piece);
  connection.end('c2s');
  return { kind: 'raw', counts: null, cut: false };
}

async function readCapture(
  start: Buffer,
  rest: AsyncIterable<Buffer>,
  sink: DumpSink,
  options: ReadOptions,
): Promise<DumpInput> {
  const reader = new CaptureReader(sink, options);
  try {
    reader.push(start);
    for await (const piece of rest) reader.push(piece);
  } catch (error) {
    reader.end();
    throw error;
  }
  return { kind: 'capture', cut: reader.end() > 0, counts: reader.counts };
}

async function readTrace(
  start: Buffer,
  rest: AsyncIterable<Buffer>,
  sink: DumpSink,
): Promise<DumpInput> {
  const reader = new TraceReader(sink);
  const decoder = new StringDecoder('utf8');
  let held = '';
  const take = (piece: Buffer): void => {
    // What is held is not searched again: a line may be long.
    const [first = '', ...more] = decoder.write(piece).split('\n');
    const lines = [held + first, ...more];
    held = lines.pop() as string;
    if (held.length > MOST_TEXT) throw new Error('a line above 256 MiB');
    for (const line of lines) reader.line(line);
  };
  take(start);
  for await (const piece of rest) take(piece);
  // A line that is cut at the end of the file is one that its program could not finish.
  const cut = held.trim() !== '' && !isWhole(held);
  if (!cut) reader.line(held);
  return { kind: 'trace', counts: null, cut };
}

async function readHarText(
  start: Buffer,
  rest: AsyncIterable<Buffer>,
  sink: DumpSink,
): Promise<DumpInput> {
  const pieces = [start];
  let size = start.length;
  for await (const piece of rest) {
    size += piece.length;
    if (size > MOST_TEXT) throw new Error('a HAR above 256 MiB');
    pieces.push(piece);
  }
  readHar(Buffer.concat(pieces).toString('utf8'), sink);
  return { kind: 'har', counts: null, cut: false };
}

async function* piecesOf(
  source: Readable,
  { signal, progress }: ReadOptions,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  // Also while nothing comes.
  if (signal !== undefined) addAbortSignal(signal, source);
  try {
    for await (const piece of source) {
      yield piece as Buffer;
      bytes += (piece as Buffer).length;
      await progress?.(bytes);
      signal?.throwIfAborted();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function* inflated(start: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const all = async function* (): AsyncGenerator<Buffer> {
    yield start;
    yield* rest;
  };
  const gunzip = createGunzip({ chunkSize: PIECE });
  // An error is thrown where the pieces are taken.
  pipeline(all, gunzip, () => {});
  for await (const piece of gunzip) yield piece as Buffer;
}

/** Enough bytes to tell what they are, or all. */
async function firstOf(pieces: AsyncGenerator<Buffer>): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (!tells(start)) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    start = Buffer.concat([start, value]);
  }
  return start;
}

/** The head of a capture, or the first line of a text. */
function tells(start: Buffer): boolean {
  if (start.length < 24) return false;
  return start[0] !== 0x7b || start.length >= 4096 || start.includes(10);
}

function isTrace(start: Buffer): boolean {
  const text = start.toString('utf8');
  const [first = ''] = text.trimStart().split('\n', 1);
  return /"event"\s*:/.test(first) && /"session"\s*:/.test(first);
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
