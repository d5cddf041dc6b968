/*
 * A deflate decoder for the fixed Huffman codes and stored blocks (RFC 1951), written to be read: it says which literals
 * and matches a stream is made of, and refuses a match that reaches beyond the window or the text so far.
 */

/** One step of a deflate stream. */
export type InflateStep =
  | { readonly literal: number }
  | { readonly length: number; readonly distance: number };

/** What a block was. */
export interface InflatedBlock {
  readonly plain: Buffer;
  readonly steps: readonly InflateStep[];
}

/** Bytes of plain text that are kept: what the largest window reaches. */
const MOST_HISTORY = 32768;

/** Reads the blocks of one zlib stream that has a preset dictionary. */
export class InflateLog {
  /** Bytes of the window that the zlib header declares; 0 before the first block. */
  window = 0;
  /** Longest distance so far. */
  farthest = 0;
  #text: Buffer = Buffer.alloc(4 * MOST_HISTORY);
  #end: number;
  #block: Uint8Array = new Uint8Array(0);
  #bit = 0;

  constructor(dictionary: Uint8Array) {
    this.#text.set(dictionary);
    this.#end = dictionary.length;
  }

  /** Reads the next block up to its end. Throws for anything that is wrong with it. */
  read(block: Uint8Array): InflatedBlock {
    this.#block = block;
    this.#bit = 0;
    if (this.window === 0) this.#readHeader();
    const start = this.#end;
    const steps: InflateStep[] = [];
    for (;;) {
      if (this.#bits(1) !== 0) throw new Error('a final block');
      const type = this.#bits(2);
      if (type === 1) {
        this.#readFixed(steps);
        continue;
      }
      if (type !== 0) throw new Error(`a block of type ${type}`);
      this.#bit = (this.#bit + 7) & ~7;
      if (this.#bits(16) !== 0 || this.#bits(16) !== 0xffff) throw new Error('no sync flush');
      break;
    }
    if (this.#bit !== 8 * block.length) throw new Error('bytes behind the sync flush');
    const plain = Buffer.from(this.#text.subarray(start, this.#end));
    if (this.#end > 2 * MOST_HISTORY) {
      this.#text.copyWithin(0, this.#end - MOST_HISTORY, this.#end);
      this.#end = MOST_HISTORY;
    }
    return { plain, steps };
  }

  #append(byte: number): void {
    if (this.#end === this.#text.length) {
      this.#text = Buffer.concat([this.#text, Buffer.alloc(this.#text.length)]);
    }
    this.#text[this.#end++] = byte;
  }

  #readHeader(): void {
    const cmf = this.#bits(8);
    const flags = this.#bits(8);
    if ((cmf & 15) !== 8 || (cmf * 256 + flags) % 31 !== 0) throw new Error('no zlib header');
    if ((flags & 0x20) === 0) throw new Error('no preset dictionary');
    this.window = 2 ** ((cmf >> 4) + 8);
    this.#bit += 32;
  }

  #readFixed(steps: InflateStep[]): void {
    for (;;) {
      const symbol = this.#symbol();
      if (symbol === 256) return;
      if (symbol < 256) {
        steps.push({ literal: symbol });
        this.#append(symbol);
        continue;
      }
      const length = this.#length(symbol);
      const distance = this.#distance();
      if (distance > this.window) throw new Error(`distance ${distance} beyond the window`);
      if (distance > this.#end) throw new Error(`distance ${distance} beyond the text`);
      this.farthest = Math.max(this.farthest, distance);
      steps.push({ length, distance });
      for (let i = 0; i < length; i++) {
        this.#append(this.#text[this.#end - distance] as number);
      }
    }
  }

  /** A literal or length symbol: codes of 7, 8 or 9 bits. */
  #symbol(): number {
    let code = this.#code(7);
    if (code < 0x18) return 256 + code;
    code = 2 * code + this.#bits(1);
    if (code >= 0x30 && code < 0xc0) return code - 0x30;
    if (code >= 0xc0 && code < 0xc8) return 280 + code - 0xc0;
    code = 2 * code + this.#bits(1);
    return 144 + code - 0x190;
  }

  #length(symbol: number): number {
    if (symbol === 285) return 258;
    if (symbol > 285) throw new Error(`length symbol ${symbol}`);
    if (symbol < 265) return symbol - 254;
    const extra = Math.floor((symbol - 261) / 4);
    return 3 + (((symbol - 261) % 4) + 4) * 2 ** extra + this.#bits(extra);
  }

  #distance(): number {
    const symbol = this.#code(5);
    if (symbol > 29) throw new Error(`distance symbol ${symbol}`);
    if (symbol < 4) return symbol + 1;
    const extra = Math.floor(symbol / 2) - 1;
    return 1 + ((symbol % 2) + 2) * 2 ** extra + this.#bits(extra);
  }

  /** A number whose lowest bit comes first. */
  #bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value |= this.#next() << i;
    return value;
  }

  /** A Huffman code, whose highest bit comes first. */
  #code(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = (value << 1) | this.#next();
    return value;
  }

  #next(): number {
    const byte = this.#block[this.#bit >> 3];
    if (byte === undefined) throw new Error('the block ends early');
    const bit = (byte >> (this.#bit & 7)) & 1;
    this.#bit++;
    return bit;
  }
}
