import type { HeaderList } from '../protocol/frames.ts';
import { commonLength, commonStart, lengthText } from './block-text.ts';
import { FixedDeflateWriter, WORTHWHILE } from './fixed-deflate.ts';
import {
  COUNT,
  HeaderIndex,
  type KnownName,
  type KnownPair,
  markOf,
  ownCopy,
} from './header-index.ts';
import { type Preset, presetOf } from './preset.ts';
import { learnBlock, textOfBlock } from './resting-block.ts';
import { writeDifference } from './value-difference.ts';

/** How an IndexedHeaderCompressor compresses. */
export interface IndexedOptions {
  /** Bytes of each count and length in a name/value block: 2 in SPDY/2, 4 in SPDY/3. */
  readonly lengthSize: 2 | 4;
  /** Window of 2^n bytes, 9 to 15; the peer needs as much memory. */
  readonly windowBits: number;
  /** Whether values become UTF-8 (else one character is one byte). */
  readonly utf8: boolean;
  /** Names, as on the wire, whose values are matched as a whole or not at all. */
  readonly sensitive: ReadonlySet<string>;
}

/** zlib refers no further back than this short of its window, so peers were never tried with more. */
const WINDOW_MARGIN = 262;
/** Longer blocks are not kept for a rest. */
const MOST_RESTING = 4096;
/** zlib header: method deflate, a preset dictionary, "fast". */
const DEFLATED = 8;
const HEADER_FLAGS = 0x60;

const NOT_ASCII = /[^\0-\x7f]/;

/** All compressors write with this one: each call is synchronous. */
const writer: FixedDeflateWriter = new FixedDeflateWriter();

/**
 * The one deflate stream of a session's outgoing header blocks (SPDY/3 2.6.10.1), made from what is known of headers:
 * pairs that stood in the window already become one match, and neighbours of each other one match together. A new
 * value of a known name is compared with its earlier values, piece by piece, unless the name is a sensitive one: those
 * values are matched as a whole or not at all, so that the length of a block tells nobody how well a guess begins
 * (CRIME). No value is ever compared with those of other names.
 */
export class IndexedHeaderCompressor {
  readonly #preset: Preset;
  readonly #windowBits: number;
  readonly #sensitive: ReadonlySet<string>;
  readonly #size: 2 | 4;
  readonly #utf8: boolean;
  readonly #index: HeaderIndex;
  #started = false;
  /** While the index rests: the text of the last block. */
  #resting = '';
  /** Place in the log behind that of the last match: a pair that stands there makes that match longer. */
  #follow = 0;
  /** Place in the log of the pair that comes next if this block is like the last one. */
  #expected = 0;
  /** Place in the log of the last block's first pair. */
  #lastBlock = 0;

  constructor(dictionary: Uint8Array, options: IndexedOptions) {
    this.#preset = presetOf(dictionary);
    this.#windowBits = options.windowBits;
    this.#sensitive = options.sensitive;
    this.#size = options.lengthSize;
    this.#utf8 = options.utf8;
    const reach = 2 ** options.windowBits - WINDOW_MARGIN;
    this.#index = new HeaderIndex(reach, dictionary.length);
  }

  /**
   * Compresses the name/value block of `headers` (SPDY/3 2.6.10), which are prepared: names unique, several values
   * joined by NUL. The block ends with a sync flush. Blocks must leave in the order of these calls, all of them.
   * The result is valid until the next call on any compressor.
   */
  compress(headers: HeaderList): Buffer {
    const index = this.#index;
    const first = !this.#started;
    if (index.rests) this.#wake();
    writer.begin(first ? this.#zlibHeader() : null);
    this.#started = true;
    this.#expected = this.#lastBlock;
    this.#count(headers.length);
    const block = index.length;
    for (const [name, value] of headers) {
      this.#pair(name, this.#utf8 && NOT_ASCII.test(value) ? utf8Bytes(value) : value);
    }
    this.#lastBlock = block - index.forget();
    // Many sessions are idle behind their first one.
    if (first) this.rest();
    return writer.end();
  }

  /** Gives memory back, as far as a later block does not need it to be like the last one. */
  rest(): void {
    const index = this.#index;
    const count = this.#lastBlock - 1;
    if (index.rests || count < 0 || index.distance(count) > MOST_RESTING) return;
    this.#resting = textOfBlock(index, count, this.#size);
    index.rest(this.#resting.length);
  }

  #wake(): void {
    this.#index.wake();
    if (this.#resting !== '') learnBlock(this.#index, this.#resting, this.#size, this.#sensitive);
    this.#resting = '';
    this.#lastBlock = 1;
  }

  #zlibHeader(): Uint8Array {
    const cmf = ((this.#windowBits - 8) << 4) | DEFLATED;
    const check = (31 - (((cmf << 8) | HEADER_FLAGS) % 31)) % 31;
    const { id } = this.#preset;
    return Uint8Array.of(cmf, HEADER_FLAGS | check, id >>> 24, id >>> 16, id >>> 8, id);
  }

  /** The count in front of the pairs, which is taken for a pair without name. */
  #count(count: number): void {
    const index = this.#index;
    const size = this.#size;
    const text = lengthText(size, count);
    writer.reserve(size);
    const known = index.find(COUNT) ?? index.addName(COUNT, false);
    let pair = this.#findWhole(known, text);
    if (pair === null) {
      writer.literals(text, 0, size);
      pair = index.addPair(known, text, size);
      this.#follow = this.#lastBlock;
    } else {
      writer.tail(index.distance(pair.index), text, size);
      this.#follow = pair.index + 1;
    }
    index.append(pair, size);
  }

  #pair(name: string, value: string): void {
    const index = this.#index;
    const length = 2 * this.#size + name.length + value.length;
    writer.reserve(length);
    if (this.#matchAt(this.#follow, name, value, length)) return;
    if (this.#follow !== this.#expected && this.#matchAt(this.#expected, name, value, length))
      return;

    // A longer one is not kept.
    const own = index.reaches(length) ? ownCopy(value) : value;
    let known = index.find(name);
    if (known === undefined) {
      known = index.addName(name, this.#sensitive.has(name));
      this.#writeNew(known, own);
    } else {
      const same = this.#findWhole(known, own);
      if (same !== null) {
        this.#matchWhole(same, same.index, length);
        return;
      }
      this.#writeChanged(known, own);
    }
    index.append(index.addPair(known, own, length), length);
  }

  /** Writes the pair as a match if it stands at this place of the log. */
  #matchAt(place: number, name: string, value: string, length: number): boolean {
    const index = this.#index;
    const pair = index.at(place);
    if (pair === undefined || pair.value !== value || pair.known.name !== name || !pair.whole)
      return false;
    if (!index.reaches(index.distance(place))) return false;
    this.#matchWhole(pair, place, length);
    return true;
  }

  #matchWhole(pair: KnownPair, place: number, length: number): void {
    const index = this.#index;
    writer.match(index.distance(place), length);
    this.#advance(pair.known, place);
    index.append(pair, length);
  }

  /** Says where the next pair is to be expected, after one like that at `place`. */
  #advance(known: KnownName, place: number): void {
    this.#follow = place + 1;
    const expected = this.#index.at(this.#expected);
    if (expected !== undefined && expected.known === known) this.#expected++;
    else if (place >= this.#lastBlock) this.#expected = place + 1;
  }

  /** The pair with exactly this value within reach, or null. */
  #findWhole(known: KnownName, value: string): KnownPair | null {
    const index = this.#index;
    const mark = markOf(value);
    for (let pair = known.first; pair !== null; pair = pair.next) {
      if (pair.mark !== mark || pair.value !== value || !pair.whole) continue;
      if (index.reaches(index.distance(pair.index))) return pair;
    }
    return null;
  }

  /** A pair whose name does not stand within reach. */
  #writeNew(known: KnownName, value: string): void {
    const { name, secret } = known;
    const size = this.#size;
    const head = lengthText(size, name.length) + name;
    this.#writeByPreset(head, 0);
    writer.literals(lengthText(size, value.length), 0, size);
    if (secret) writer.literals(value, 0, value.length);
    else this.#writeByPreset(value, head.length + size);
  }

  /** Writes a text, which begins `offset` bytes behind the start of the pair, with what the dictionary has of it. */
  #writeByPreset(text: string, offset: number): void {
    const index = this.#index;
    const preset = this.#preset;
    const { length } = preset.text;
    const position = index.position - index.origin + offset;
    let done = 0;
    // Else none of the dictionary is left.
    if (index.reaches(position - length)) {
      for (let i = 0; i + WORTHWHILE <= text.length; ) {
        const place = preset.find(text, i);
        const common = place === -1 ? 0 : commonLength(text, i, preset.text, place, text.length);
        const distance = position + i - place;
        if (common < WORTHWHILE || !index.reaches(distance)) {
          i++;
          continue;
        }
        writer.literals(text, done, i);
        writer.match(distance, common);
        i += common;
        done = i;
      }
    }
    writer.literals(text, done, text.length);
  }

  /** A pair whose name is known and whose value is another one. */
  #writeChanged(known: KnownName, value: string): void {
    const index = this.#index;
    const size = this.#size;
    const base = this.#baseOf(known, value);
    const distance = index.distance(base.index);
    if (!index.reaches(distance)) {
      this.#writeNew(known, value);
      return;
    }
    const lengths = lengthText(size, value.length);
    const before = lengthText(size, base.valueLength);
    let common = commonLength(lengths, 0, before, 0, size);
    const head = size + known.name.length;
    if (head + common >= WORTHWHILE || writer.continues(distance)) {
      writer.match(distance, head + common);
    } else {
      common = 0;
      writer.literals(lengthText(size, known.name.length) + known.name, 0, head);
    }
    writer.literals(lengths, common, size);
    if (known.secret || !base.whole) writer.literals(value, 0, value.length);
    else writeDifference(writer, index, value, base.value, distance);
    this.#advance(known, base.index);
  }

  /** The known pair that a new value of the name is compared with: the latest one, or one that begins clearly more alike. */
  #baseOf(known: KnownName, value: string): KnownPair {
    const index = this.#index;
    let base = known.latest as KnownPair;
    if (known.secret) return base;
    const common = commonStart(value, base.value);
    if (2 * common >= value.length) return base;
    // A match from elsewhere than the latest pair is one match more.
    let best = common + WORTHWHILE;
    for (let pair = known.first; pair !== null; pair = pair.next) {
      // It must be equal there at least.
      if (pair.value.charCodeAt(best) !== value.charCodeAt(best)) continue;
      const common = commonStart(value, pair.value);
      if (common > best && index.reaches(index.distance(pair.index))) {
        best = common;
        base = pair;
      }
    }
    return base;
  }
}

function utf8Bytes(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}
