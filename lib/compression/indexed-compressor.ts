import type { Header, HeaderList } from '../protocol/frames.ts';
import { commonLength, commonStart, lengthText, utf8Pairs } from './block-text.ts';
import { FixedDeflateWriter, WORTHWHILE } from './fixed-deflate.ts';
import {
  beginningOf,
  COUNT,
  HeaderIndex,
  type KnownName,
  type KnownPair,
  markOf,
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
  /** How far the value that is written is equal to the one that it is compared with. */
  #alike = 0;
  /** Place in the log of the last block's first pair. */
  #lastBlock = 0;

  constructor(dictionary: Uint8Array, options: IndexedOptions) {
    this.#preset = presetOf(dictionary);
    this.#windowBits = options.windowBits;
    this.#sensitive = options.sensitive;
    this.#size = options.lengthSize;
    this.#utf8 = options.utf8;
    const reach = (1 << options.windowBits) - WINDOW_MARGIN;
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
    const pairs = this.#utf8 ? utf8Pairs(headers) : headers;
    for (let i = 0; i < pairs.length; ) {
      let repeated = this.#repeat(pairs, i, this.#follow);
      if (repeated === 0 && this.#follow !== this.#expected)
        repeated = this.#repeat(pairs, i, this.#expected);
      i += repeated;
      if (repeated === 0) this.#pair(pairs[i++] as Header);
    }
    index.forget();
    this.#lastBlock = block;
    // Many sessions are idle behind their first one.
    if (first) this.rest();
    return writer.end();
  }

  /** Gives memory back, as far as a later block does not need it to be like the last one. */
  rest(): void {
    const index = this.#index;
    const count = this.#lastBlock - 1;
    if (index.at(count) === null || index.distance(count) > MOST_RESTING) return;
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
    const pair = this.#findWhole(known, text);
    if (pair === null) {
      writer.literals(text, 0, size);
      this.#follow = this.#lastBlock;
      index.add(known, text, size);
    } else {
      writer.tail(index.back(pair), text, size);
      this.#follow = pair.place + 1;
      index.append(pair, size);
    }
  }

  /** Writes the pairs from `from` on that stand at this place of the log as one match; returns how many these are. */
  #repeat(pairs: HeaderList, from: number, place: number): number {
    const index = this.#index;
    const { position } = index;
    const distance = index.distance(place);
    const count = index.repeat(pairs, from, place, 2 * this.#size);
    if (count === 0) return 0;
    const length = index.position - position;
    writer.reserve(length);
    writer.match(distance, length);
    if (place === this.#expected) {
      this.#follow = place + count;
      this.#expected = place + count;
    } else {
      for (let i = 0; i < count; i++) this.#advance((pairs[from + i] as Header)[0], place + i);
    }
    return count;
  }

  #pair(header: Header): void {
    const index = this.#index;
    const name = header[0];
    const value = header[1];
    const length = 2 * this.#size + name.length + value.length;
    writer.reserve(length);
    const expected = index.at(this.#expected)?.known;
    let known = expected?.name === name && expected.first !== null ? expected : index.find(name);
    const same = known === undefined ? null : this.#findWhole(known, value);
    if (same !== null) {
      writer.match(index.back(same), length);
      this.#advance(name, same.place);
      index.append(same, length);
      return;
    }
    if (known === undefined) {
      known = index.addName(name, this.#sensitive.has(name));
      this.#writeNew(known, value);
    } else {
      this.#writeChanged(known, value);
    }
    index.add(known, value, length);
  }

  /** Says where the next pair is to be expected, after one of this name like that at `place`. */
  #advance(name: string, place: number): void {
    this.#follow = place + 1;
    if (this.#index.at(this.#expected)?.known.name === name) this.#expected++;
    else if (place >= this.#lastBlock) this.#expected = place + 1;
  }

  /** The pair with exactly this value within reach, or null. */
  #findWhole(known: KnownName, value: string): KnownPair | null {
    const index = this.#index;
    const mark = markOf(value);
    for (let pair = known.first; pair !== null; pair = pair.older) {
      if (pair.mark !== mark || pair.value !== value || !pair.whole) continue;
      if (index.reaches(index.back(pair))) return pair;
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
    const position = index.position + offset;
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
    const distance = index.back(base);
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
    else writeDifference(writer, index, value, base.value, distance, this.#alike);
    this.#advance(known.name, base.place);
  }

  /** The known pair that a new value of the name is compared with: the latest one, or one that begins clearly more alike. */
  #baseOf(known: KnownName, value: string): KnownPair {
    const index = this.#index;
    let base = known.first as KnownPair;
    if (known.secret) return base;
    const common = commonStart(value, base.value);
    this.#alike = common;
    if (2 * common >= value.length) return base;
    const differs = value.charCodeAt(common);
    // A match from elsewhere than the latest pair is one match more.
    let best = common + WORTHWHILE;
    const beginning = beginningOf(value);
    // What counts of it: up to the place that must be equal at least.
    const mask = best < 11 ? (1 << (4 * best - 12)) - 1 : -1;
    for (let pair = base.older; pair !== null; pair = pair.older) {
      if (((pair.beginning ^ beginning) & mask) !== 0) continue;
      const other = pair.value;
      if (other.charCodeAt(common) !== differs || other.charCodeAt(best) !== value.charCodeAt(best))
        continue;
      const alike = commonStart(value, other);
      if (alike > best && index.reaches(index.back(pair))) {
        best = alike;
        base = pair;
        this.#alike = alike;
      }
    }
    return base;
  }
}
