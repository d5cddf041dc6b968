import { readFileSync, statSync } from 'node:fs';
import { type Arguments, UsageError } from '../../arguments.ts';

/** What requests carry. */
export type BodyChoice =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** A file, a pipe or a device; `-` for standard input. */
  | { readonly kind: 'file'; readonly name: string };

/** What the options of data come to. */
export interface DataOptions {
  /** What is sent with them, unless another one is named. */
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly body: BodyChoice | null;
  /** `content-type` of the body, null without one. */
  readonly type: string | null;
  /** Fields of the query (`--get`). */
  readonly query: string | null;
  /** The name that is added to URLs that end with a slash (`--upload-file`). */
  readonly uploadName: string | null;
}

const NONE: DataOptions = { method: 'GET', body: null, type: null, query: null, uploadName: null };

const FORM = 'application/x-www-form-urlencoded';

/**
 * Reads `-d` and those like it, `--data-file`, `-T` and `-G`.
 *
 * @throws UsageError
 */
export function dataOptions(args: Arguments): DataOptions {
  const pieces = args.inOrder('data', 'data-raw', 'data-binary');
  const file = args.value('data-file');
  const upload = args.value('upload-file');
  if ([pieces.length > 0, file !== null, upload !== null].filter(Boolean).length > 1)
    throw new UsageError('only one of --data, --data-file and --upload-file can be given');
  if (args.has('get') && pieces.length === 0) throw new UsageError('--get needs --data');
  if (file !== null) return { ...NONE, method: 'POST', body: bodyOf('data-file', file) };
  if (upload !== null) return uploadOf(upload);
  if (pieces.length === 0) return NONE;
  const bytes = joined(pieces.map(([name, text]) => pieceOf(name, text)));
  if (args.has('get')) return { ...NONE, query: bytes.toString() };
  return { ...NONE, method: 'POST', body: { kind: 'bytes', bytes }, type: FORM };
}

function uploadOf(name: string): DataOptions {
  const last = name.split('/').at(-1) ?? '';
  return {
    ...NONE,
    method: 'PUT',
    body: bodyOf('upload-file', name),
    uploadName: name === '-' ? null : encodeURIComponent(last),
  };
}

/** Pieces with `&` between them, as fields of a form. */
function joined(pieces: readonly Buffer[]): Buffer {
  return Buffer.concat(
    pieces.flatMap((piece, i) => (i === 0 ? [piece] : [Buffer.from('&'), piece])),
  );
}

function pieceOf(name: string, text: string): Buffer {
  if (name === 'data-raw' || !text.startsWith('@')) return Buffer.from(text);
  const content = readInput(`--${name}`, text.slice(1));
  // As curl: a form has no lines.
  return name === 'data'
    ? Buffer.from(content.filter((byte) => byte !== 10 && byte !== 13))
    : content;
}

function readInput(option: string, file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}

function bodyOf(option: string, name: string): BodyChoice {
  if (name !== '-') assertReadable(`--${option}`, name);
  return { kind: 'file', name };
}

function assertReadable(option: string, path: string): void {
  try {
    if (!statSync(path).isDirectory()) return;
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
  throw new UsageError(`${option}: ${path} is a folder`);
}
