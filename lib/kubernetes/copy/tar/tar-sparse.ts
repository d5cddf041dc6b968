import { malformedArchive } from '../archive-errors.ts';
import { BLOCK, readNumber } from './tar-header.ts';

/** A part of a file that is there; what lies between parts is a hole. */
export interface SparsePart {
  readonly offset: number;
  readonly length: number;
}

/** Most parts of one file. */
const MAX_PARTS = 1_000_000;
/** Where the parts stand in the header of GNU's old form, and in the blocks behind it. */
const IN_HEADER = { at: 386, count: 4, more: 482 };
const IN_BLOCK = { at: 0, count: 21, more: 504 };
const REAL_SIZE = [483, 12] as const;

/** Size of the whole file in GNU's old form. */
export function oldRealSize(header: Buffer): number {
  return readNumber(header, REAL_SIZE);
}

/** Takes the parts of GNU's old form out of a header (or a block behind it); true if another block follows. */
export function readOldParts(block: Buffer, parts: SparsePart[], isHeader: boolean): boolean {
  const { at, count, more } = isHeader ? IN_HEADER : IN_BLOCK;
  for (let index = 0; index < count; index++) {
    const start = at + 24 * index;
    if (block[start] === 0) break;
    const offset = readNumber(block, [start, 12]);
    const length = readNumber(block, [start + 12, 12]);
    addPart(parts, offset, length);
  }
  return block[more] !== 0;
}

/** The parts from pairs of numbers, as `0,5,10,5`. */
export function readParts(numbers: readonly string[]): SparsePart[] {
  const parts: SparsePart[] = [];
  if (numbers.length % 2 !== 0) throw malformedArchive('a map of holes that is not whole');
  for (let index = 0; index < numbers.length; index += 2)
    addPart(parts, decimal(numbers[index]), decimal(numbers[index + 1]));
  return parts;
}

/** The map at the beginning of the contents (form 1.0): a count, and pairs of numbers, a line each. */
export class SparseMapReader {
  readonly #numbers: string[] = [];
  #text = '';
  #count: number | null = null;

  /** Takes a block of it; returns the parts when it is complete, else null. */
  push(block: Buffer): SparsePart[] | null {
    const lines = (this.#text + block.toString('latin1')).split('\n');
    this.#text = lines.pop() as string;
    for (const line of lines) {
      if (this.#count === null) this.#count = bounded(decimal(line));
      else this.#numbers.push(line);
      if (this.#numbers.length === 2 * this.#count) return readParts(this.#numbers);
    }
    if (this.#text.length > BLOCK) throw malformedArchive('a map of holes without numbers');
    return null;
  }
}

/** Checks that parts are in order, and make up the contents of the archive and no more than the file. */
export function checkParts(parts: readonly SparsePart[], stored: number, size: number): void {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of parts) {
    if (offset < end) throw malformedArchive('a map of holes that is not in order');
    end = offset + length;
    sum += length;
  }
  if (!Number.isSafeInteger(size) || size < end || sum !== stored)
    throw malformedArchive('a map of holes that does not fit its file');
}

function addPart(parts: SparsePart[], offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0)) throw malformedArchive('a map of holes without numbers');
  bounded(parts.length + 1);
  parts.push({ offset, length });
}

function bounded(count: number): number {
  if (count > MAX_PARTS) throw malformedArchive('a file with too many holes');
  return count;
}

/** A decimal number. */
export function decimal(text: string | undefined): number {
  const number = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw malformedArchive('a size that is no number');
  return number;
}
