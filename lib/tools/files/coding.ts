import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { contentType, isText } from './media-type.ts';

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);
/** As dense as gzip at its best, in less time. */
const BROTLI_QUALITY = 5;

/** A coding of content (RFC 9110 8.4.1) in which a file may lie beside the plain one. */
export interface Coding {
  /** As `content-encoding` has it. */
  readonly name: string;
  /** What the name of the file ends with. */
  readonly suffix: string;
  /** Compresses content. */
  compress(bytes: Buffer): Promise<Buffer>;
}

/** The best one first. */
export const CODINGS: readonly Coding[] = [
  { name: 'br', suffix: '.br', compress: (bytes) => brotliAsync(bytes, brotliOptions(bytes)) },
  { name: 'gzip', suffix: '.gz', compress: (bytes) => gzipAsync(bytes) },
];

/** Types that gain by compression although they are no text. */
const BINARY =
  /^(?:application\/(?:wasm|vnd\.ms-fontobject)|font\/(?:ttf|otf)|image\/(?:bmp|x-icon|vnd\.microsoft\.icon))$/;

/** Whether a file of this name may have compressed ones beside it. */
export function isCompressible(path: string): boolean {
  const [type = ''] = contentType(path).split(';');
  return isText(type) || BINARY.test(type);
}

/** Whether a request takes a coding, by its `accept-encoding` (RFC 9110 12.5.3). */
export function acceptsCoding(header: string | undefined, name: string): boolean {
  let any = false;
  for (const part of header?.split(',') ?? []) {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const wanted = !parameters.some((text) => /^q\s*=\s*0(?:\.0*)?$/.test(text));
    if (coding === name) return wanted;
    if (coding === '*') any = wanted;
  }
  return any;
}

function brotliOptions({ length }: Buffer): { params: Record<number, number> } {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  return { params: { [BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [BROTLI_PARAM_SIZE_HINT]: length } };
}
