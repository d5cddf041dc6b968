import type { Header, HeaderList } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { readUint16, readUint32 } from './bytes.ts';
import type { HeaderFault } from './frame-sink.ts';
import type { HeaderEncoding } from './header-list.ts';
import type { HeaderMemory } from './header-memory.ts';

/** What was found in a name/value block. */
export interface DecodedHeaderBlock {
  /** The pairs in wire order, values split at NUL; with a fault, what could be read before or around it. */
  readonly headers: HeaderList;
  /** Why the block cannot be accepted, or null. */
  readonly fault: HeaderFault | null;
}

/** Room that the shared scratch keeps for good; a longer block gets memory of its own. */
const SCRATCH_LIMIT = 65536;
/** Strings up to this length are written faster by a loop than by `Buffer.write`. */
const SHORT_STRING = 24;
/** Above so many pairs duplicates are looked up in a Set. */
const FEW_PAIRS = 16;
/** Up to this size a block becomes one string from the first new piece on, out of which pieces are cut (they keep it alive). */
const ONE_STRING_LIMIT = 4096;
/** So many new values of a block with known names become strings of their own: mostly all of them, and none keeps more alive. */
const MOST_OWN = 3;

let scratch: Buffer = Buffer.allocUnsafeSlow(4096);

/**
 * The plain name/value block of `headers` (SPDY/3 2.6.10), which come from `prepareHeaders`: names unique, several
 * values joined by NUL. The result is a view of a buffer that all calls share, valid until the next call.
 */
export function encodeHeaderBlock(
  version: ProtocolVersion,
  headers: HeaderList,
  encoding: HeaderEncoding,
): Buffer {
  const size = version.headerLengthSize;
  const utf8 = encoding === 'utf8';
  let bound = size;
  for (const [name, value] of headers) {
    bound += 2 * size + name.length + (utf8 ? 3 * value.length : value.length);
  }
  const block = roomFor(bound);
  let at = writeLength(block, 0, size, headers.length);
  for (const [name, value] of headers) {
    at = writeLength(block, at, size, name.length);
    at = writeLatin1(block, at, name);
    if (utf8) {
      const length = block.write(value, at + size, 'utf8');
      at = writeLength(block, at, size, length) + length;
    } else {
      at = writeLength(block, at, size, value.length);
      at = writeLatin1(block, at, value);
    }
  }
  return block.subarray(0, at);
}

/** Byte that no name may have: outside 0x20 to 0x7e, or A to Z. */
const NOT_IN_NAME = 1;
/** Byte that no value may have: a control character that is neither NUL nor HT. */
const NOT_IN_VALUE = 2;
/** NUL, which separates values. */
const SEPARATOR = 4;
/** Byte outside ASCII. */
const HIGH = 8;

/** What each byte is, as the bits above. */
const BYTE_CLASSES: Uint8Array = classifyBytes();

/**
 * Reads a plain name/value block (SPDY/3 2.6.10). Values that NUL separates become pairs of the same name. No memory
 * is taken on the word of a count or length. No bytes at all mean no pairs. With a memory, pairs that stood in the block
 * before are those of that one.
 */
export function decodeHeaderBlock(
  version: ProtocolVersion,
  block: Buffer,
  encoding: HeaderEncoding,
  maxCount: number,
  memory: HeaderMemory | null = null,
): DecodedHeaderBlock {
  const headers: Header[] = [];
  const size = version.headerLengthSize;
  const utf8 = encoding === 'utf8';
  const end = block.length;
  if (end === 0) return { headers, fault: null };
  if (end < size) return { headers, fault: 'structure' };
  const count = readLength(block, 0, size);
  let at: number = size;
  if (count > (end - at) / (2 * size)) return { headers, fault: 'structure' };

  let pieces: string | null = null;
  let piecesStart = 0;
  let own = 0;
  memory?.begin();
  let memorable = true;
  // None while all names come in the order of the memory: those there are different.
  let seen = memory === null ? new NameSet() : null;
  let fault: HeaderFault | null = null;
  for (let left = count; left > 0; left--) {
    if (memory !== null) {
      const known = Math.min(memory.count(block, at), left, maxCount - headers.length);
      if (known > 0) {
        left -= known;
        at = memory.take(known, at, headers);
        if (seen?.addAll(headers, headers.length - known) === false) fault = 'content';
      }
      if (left === 0) break;
    }
    // Each step proves room for the next length too, so that none is read beyond the end.
    if (end - at < 2 * size) return { headers, fault: 'structure' };
    const nameLength = readLength(block, at, size);
    const nameStart = at + size;
    if (nameLength > end - nameStart - size) return { headers, fault: 'structure' };
    const nameEnd = nameStart + nameLength;
    const valueLength = readLength(block, nameEnd, size);
    const valueStart = nameEnd + size;
    if (valueLength > end - valueStart) return { headers, fault: 'structure' };
    memory?.note(at);
    const knownName = memory === null ? null : memory.takeName(nameEnd - at);
    at = valueStart + valueLength;

    if (end <= ONE_STRING_LIMIT && pieces === null && (knownName === null || ++own > MOST_OWN)) {
      piecesStart = knownName === null ? nameStart : valueStart;
      pieces = block.toString('latin1', piecesStart);
    }
    const valueClasses = classesOf(block, valueStart, at);
    if ((valueClasses & NOT_IN_VALUE) !== 0) fault = 'content';
    const name =
      knownName ??
      pieces?.substring(nameStart - piecesStart, nameEnd - piecesStart) ??
      block.toString('latin1', nameStart, nameEnd);
    if (knownName === null) {
      const nameClasses = classesOf(block, nameStart, nameEnd);
      if (nameLength === 0 || (nameClasses & NOT_IN_NAME) !== 0) fault = 'content';
      if (seen === null && memory?.skipTo(name) !== true) {
        seen = new NameSet();
        seen.addAll(headers, 0);
      }
    }
    if (seen?.add(name) === false) fault = 'content';
    const value =
      utf8 && (valueClasses & HIGH) !== 0
        ? block.toString('utf8', valueStart, at)
        : (pieces?.substring(valueStart - piecesStart, at - piecesStart) ??
          block.toString('latin1', valueStart, at));
    if ((valueClasses & SEPARATOR) === 0) {
      if (headers.length >= maxCount) return { headers, fault: 'size' };
      headers.push([name, value]);
      continue;
    }
    memorable = false;
    for (let from = 0; from <= value.length; ) {
      if (headers.length >= maxCount) return { headers, fault: 'size' };
      const nul = value.indexOf('\0', from);
      const to = nul === -1 ? value.length : nul;
      if (to === from) fault = 'content';
      headers.push([name, value.substring(from, to)]);
      from = to + 1;
    }
  }
  if (at !== end) return { headers, fault: 'structure' };
  if (memory !== null && memorable && fault === null) {
    memory.note(end);
    memory.keep(block, headers, pieces === null ? 0 : pieces.length);
  }
  return { headers, fault };
}

/** Names met so far: a plain list while there are few of them. */
class NameSet {
  readonly #few: string[] = [];
  #many: Set<string> | null = null;

  /** Adds a name; false if it was met before. */
  add(name: string): boolean {
    const few = this.#few;
    const many = this.#many;
    if (many !== null) {
      const known = many.size;
      return many.add(name).size > known;
    }
    if (few.includes(name)) return false;
    few.push(name);
    if (few.length === FEW_PAIRS) this.#many = new Set(few);
    return true;
  }

  /** Adds the names of the pairs from a place on; false if one was met before. */
  addAll(headers: HeaderList, from: number): boolean {
    let all = true;
    for (let i = from; i < headers.length; i++) {
      if (!this.add((headers[i] as Header)[0])) all = false;
    }
    return all;
  }
}

function classesOf(block: Buffer, start: number, end: number): number {
  let classes = 0;
  for (let i = start; i < end; i++) classes |= BYTE_CLASSES[block[i] as number] as number;
  return classes;
}

function classifyBytes(): Uint8Array {
  const classes = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const control = byte < 0x20 || byte === 0x7f;
    const upper = byte >= 0x41 && byte <= 0x5a;
    let bits = 0;
    if (control || upper || byte > 0x7e) bits |= NOT_IN_NAME;
    if (control && byte !== 0 && byte !== 9) bits |= NOT_IN_VALUE;
    if (byte === 0) bits |= SEPARATOR;
    if (byte > 0x7f) bits |= HIGH;
    classes[byte] = bits;
  }
  return classes;
}

function readLength(block: Buffer, at: number, size: 2 | 4): number {
  return size === 2 ? readUint16(block, at) : readUint32(block, at);
}

/** Writes a count or length and returns the index behind it. */
function writeLength(block: Buffer, at: number, size: 2 | 4, length: number): number {
  let next = at;
  if (size === 4) {
    block[next++] = length >>> 24;
    block[next++] = length >>> 16;
  }
  block[next++] = length >>> 8;
  block[next++] = length;
  return next;
}

function writeLatin1(block: Buffer, at: number, text: string): number {
  const length = text.length;
  if (length <= SHORT_STRING) {
    for (let i = 0; i < length; i++) block[at + i] = text.charCodeAt(i);
  } else {
    block.write(text, at, 'latin1');
  }
  return at + length;
}

function roomFor(bytes: number): Buffer {
  if (bytes <= scratch.length) return scratch;
  const buffer = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * scratch.length));
  if (buffer.length <= SCRATCH_LIMIT) scratch = buffer;
  return buffer;
}
