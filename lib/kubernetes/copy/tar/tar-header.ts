/**
 * Names in archives are bytes of any kind. Here they are strings with one character per byte (`latin1`), and become text only where people
 * read them.
 */
export type ByteName = string;

/** What an entry is. `other`: nothing that is copied, as a device. */
export type EntryKind = 'file' | 'directory' | 'symbolicLink' | 'hardLink' | 'other';

/** The header block of an entry, as it stands there. */
export interface TarHeader {
  readonly name: ByteName;
  readonly linkName: ByteName;
  /** One character, as `0`. */
  readonly type: string;
  /** Permission bits. */
  readonly mode: number;
  /** Bytes that follow, without padding. */
  readonly size: number;
  /** Time of change in seconds since 1970. */
  readonly mtime: number;
}

/** Bytes of a block: headers and contents are multiples of it. */
export const BLOCK = 512;

/** Positions in a header: offset and length. */
const NAME = [0, 100] as const;
const MODE = [100, 8] as const;
const SIZE = [124, 12] as const;
const MTIME = [136, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = [156, 1] as const;
const LINK_NAME = [157, 100] as const;
const MAGIC = [257, 6] as const;
const USTAR = Buffer.from('ustar\0');
const PREFIX = [345, 155] as const;
/** Longest name that fits. */
const LONGEST_NAME = 100;

/** Space, and what counts as one. */
const SPACES: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20]);

type Field = readonly [offset: number, length: number];

/** Reads a header; null for one whose checksum is wrong. */
export function readHeader(block: Buffer): TarHeader | null {
  if (!sumsUp(block)) return null;
  const short = text(block, NAME);
  // What GNU calls by the same name has other things there.
  const folder = hasMagic(block) ? text(block, PREFIX) : '';
  return {
    name: folder === '' ? short : `${folder}/${short}`,
    linkName: text(block, LINK_NAME),
    type: text(block, TYPE) || '0',
    mode: readNumber(block, MODE) & 0o7777,
    size: readNumber(block, SIZE),
    mtime: readNumber(block, MTIME),
  };
}

/** A number in octal, or in base 256 where the first bit is set; NaN for neither. */
export function readNumber(block: Buffer, [offset, length]: Field): number {
  const first = block[offset] as number;
  if ((first & 0x80) === 0) return readOctal(block, offset, offset + length);
  // Two's complement, of which the first bit is only a mark.
  let value = (first & 0x40) === 0 ? first & 0x3f : (first & 0x3f) - 0x40;
  for (let at = offset + 1; at < offset + length; at++) value = value * 256 + (block[at] as number);
  return value;
}

/** The blocks in front of the contents of an entry: its header, and others for names that do not fit there. */
export function writeHeader(header: TarHeader): Buffer {
  const blocks: Buffer[] = [];
  if (header.linkName.length > LONGEST_NAME) blocks.push(...longName('K', header.linkName));
  if (header.name.length > LONGEST_NAME) blocks.push(...longName('L', header.name));
  blocks.push(headerBlock(header));
  return Buffer.concat(blocks);
}

/** Zeros that fill the last block of so many bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** As GNU writes them: the form that every tar reads. */
function longName(type: 'K' | 'L', name: ByteName): Buffer[] {
  const bytes = Buffer.from(`${name}\0`, 'latin1');
  const size = bytes.length;
  const header = { name: '././@LongLink', linkName: '', type, mode: 0, size, mtime: 0 };
  return [headerBlock(header), bytes, padding(size)];
}

function headerBlock({ name, linkName, type, mode, size, mtime }: TarHeader): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name.slice(0, LONGEST_NAME), ...NAME, 'latin1');
  writeNumber(block, MODE, mode);
  // Owner and group: all belongs to the user that tar runs as.
  writeNumber(block, [108, 8], 0);
  writeNumber(block, [116, 8], 0);
  writeNumber(block, SIZE, size);
  writeNumber(block, MTIME, Math.max(0, Math.floor(mtime)));
  block.write(type, ...TYPE, 'latin1');
  block.write(linkName.slice(0, LONGEST_NAME), ...LINK_NAME, 'latin1');
  block.write('ustar  \0', MAGIC[0], 'latin1');
  block.fill(' ', CHECKSUM[0], CHECKSUM[0] + CHECKSUM[1]);
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += block[at] as number;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM[0], 'latin1');
  return block;
}

function writeNumber(block: Buffer, [offset, length]: Field, value: number): void {
  const digits = value.toString(8).padStart(length - 1, '0');
  if (digits.length < length) {
    block.write(`${digits}\0`, offset, 'latin1');
    return;
  }
  let rest = value;
  for (let at = offset + length - 1; at > offset; at--) {
    block[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  block[offset] = 0x80;
}

/** Digits that may stand between spaces, up to a NUL or the end of the field. */
function readOctal(block: Buffer, from: number, end: number): number {
  let at = behindSpaces(block, from, end);
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = 8 * value + digit;
  }
  at = behindSpaces(block, at, end);
  return at === end || block[at] === 0 ? value : Number.NaN;
}

function behindSpaces(block: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && SPACES.has(block[at] as number)) at += 1;
  return at;
}

function text(block: Buffer, [offset, length]: Field): string {
  let end = offset;
  while (end < offset + length && block[end] !== 0) end += 1;
  return end === offset ? '' : block.toString('latin1', offset, end);
}

function hasMagic(block: Buffer): boolean {
  for (let at = 0; at < USTAR.length; at++) if (block[MAGIC[0] + at] !== USTAR[at]) return false;
  return true;
}

/** The checksum counts itself as spaces; old programs have added signed bytes. */
function sumsUp(block: Buffer): boolean {
  const [from, length] = CHECKSUM;
  let sum = 0x20 * length;
  for (let at = 0; at < from; at++) sum += block[at] as number;
  for (let at = from + length; at < BLOCK; at++) sum += block[at] as number;
  const told = readNumber(block, CHECKSUM);
  return told === sum || told === sum - negativeBytes(block);
}

/** How much less the bytes of a header amount to, but for the checksum, when they are signed. */
function negativeBytes(block: Buffer): number {
  const [from, length] = CHECKSUM;
  let sum = 0;
  for (let at = 0; at < BLOCK; at++)
    if ((block[at] as number) > 127 && (at < from || at >= from + length)) sum += 256;
  return sum;
}
