import type { Header, HeaderList } from '../protocol/frames.ts';

/** How many values of a name are known at a time. */
const VALUES_PER_NAME = 16;
/** What an index that rests has; nothing is written to it. */
const NO_NAMES: Map<string, KnownName> = new Map();
const NOTHING: never[] = [];
/** Shorter secrets are never matched: few guesses would do for them. */
const SHORTEST_SECRET = 8;
/** V8 makes slices of longer strings, which keep the string alive that they were cut out of. */
const LONGEST_UNSLICED = 12;

/** No header has this name, which stands in the log for the count of a block. */
export const COUNT = '\u0100';

/** A header name of the text so far. */
export interface KnownName {
  readonly name: string;
  /** Its values are matched whole or not at all. */
  readonly secret: boolean;
  /** Its values, the one that came last first: a list, since an array takes more than they do. */
  first: KnownPair | null;
  /** The one that did not come for the longest time. */
  last: KnownPair | null;
  /** How many these are, at most VALUES_PER_NAME. */
  count: number;
}

/** A pair of the text so far: length and name, length and value. */
export interface KnownPair {
  readonly known: KnownName;
  /** The value, one character a byte; '' where `whole` is false. */
  readonly value: string;
  /** Bytes of the value. */
  readonly valueLength: number;
  /** `markOf()` and `beginningOf()` the value; secrets have no beginning. */
  readonly mark: number;
  readonly beginning: number;
  /** Whether it may be matched as a whole. */
  whole: boolean;
  /** Where it last stood in the log. */
  index: number;
  /** The pairs of the name that came after and before it. */
  newer: KnownPair | null;
  older: KnownPair | null;
}

/**
 * What stands where in the plain text of a stream, as far back as matches may reach: a log of all pairs, in order, and
 * for each name its last values. Positions are bytes; `forget()` moves them all, so that they stay small.
 */
export class HeaderIndex {
  readonly #reach: number;
  #names: Map<string, KnownName> = NO_NAMES;
  #log: KnownPair[] = NOTHING;
  #positions: number[] = NOTHING;
  /** Bytes before and with the last pair: where the next one goes. */
  position: number;
  /** Where the preset dictionary begins. */
  origin = 0;

  /** `reach` is the longest distance in bytes, `start` the length of the dictionary. */
  constructor(reach: number, start: number) {
    this.#reach = reach;
    this.position = start;
  }

  /** Whether it rests: nothing is known, until `wake()`. */
  get rests(): boolean {
    return this.#names === NO_NAMES;
  }

  /** Takes memory, for what is to be known. */
  wake(): void {
    this.#names = new Map();
    this.#log = [];
    this.#positions = [];
  }

  /** Gives its memory back, and goes back by the last `bytes` of the text, which may be told again. */
  rest(bytes: number): void {
    this.#names = NO_NAMES;
    this.#log = NOTHING;
    this.#positions = NOTHING;
    this.position -= bytes;
  }

  /** Number of pairs in the log. */
  get length(): number {
    return this.#log.length;
  }

  /** The pair at a place of the log. */
  at(index: number): KnownPair | undefined {
    return this.#log[index];
  }

  /** How far back a pair of the log begins. */
  distance(index: number): number {
    return this.position - (this.#positions[index] as number);
  }

  /** Whether a match may begin so far back. */
  reaches(distance: number): boolean {
    return distance <= this.#reach;
  }

  /** What is known of a name. */
  find(name: string): KnownName | undefined {
    return this.#names.get(name);
  }

  /** Makes a name known. */
  addName(name: string, secret: boolean): KnownName {
    const known: KnownName = { name, secret, first: null, last: null, count: 0 };
    this.#names.set(name, known);
    return known;
  }

  /**
   * Appends a pair that was not known, of `length` bytes; it takes the place of the one of its name that did not come for the longest
   * time if there are many. Keeps no string alive that `value` is a slice of.
   */
  add(known: KnownName, value: string, length: number): void {
    const valueLength = value.length;
    const whole = length <= this.#reach && !(known.secret && valueLength < SHORTEST_SECRET);
    const own = whole ? joinedCopy(value) : '';
    const pair: KnownPair = {
      known,
      value: own,
      valueLength,
      mark: markOf(own),
      beginning: known.secret ? 0 : beginningOf(value),
      whole,
      index: this.#log.length,
      newer: null,
      older: null,
    };
    if (known.count === VALUES_PER_NAME) {
      const last = known.last as KnownPair;
      last.whole = false;
      unlink(last);
    }
    link(pair);
    this.#log.push(pair);
    this.#positions.push(this.position);
    this.position += length;
  }

  /** Appends a pair of `length` bytes that is known. */
  append(pair: KnownPair, length: number): void {
    if (pair.newer !== null) {
      unlink(pair);
      link(pair);
    }
    pair.index = this.#log.length;
    this.#log.push(pair);
    this.#positions.push(this.position);
    this.position += length;
  }

  /**
   * Appends the pairs of `headers` from `from` on, as far as those that stand in the log from `place` on are the same and may be matched;
   * returns how many these are. `overhead` is what a pair takes besides its characters.
   */
  repeat(headers: HeaderList, from: number, place: number, overhead: number): number {
    const log = this.#log;
    if (place >= log.length || !this.reaches(this.distance(place))) return 0;
    let count = 0;
    for (; from + count < headers.length; count++) {
      const header = headers[from + count] as Header;
      const name = header[0];
      const value = header[1];
      // What is appended does not come again in this block.
      const pair = log[place + count] as KnownPair;
      if (pair.value !== value || pair.known.name !== name || !pair.whole) break;
      this.append(pair, overhead + name.length + value.length);
    }
    return count;
  }

  /**
   * Forgets what no match can reach any more, once that is worth the while; returns by how much the places in the log
   * became smaller.
   */
  forget(): number {
    const reach = this.#reach;
    if (this.position < 2 * reach) return 0;
    const moved = this.position - reach;
    let gone = 0;
    while (gone < this.#positions.length && (this.#positions[gone] as number) < moved) gone++;
    const positions = this.#positions.slice(gone);
    for (let i = 0; i < positions.length; i++) (positions[i] as number) -= moved;
    this.#positions = positions;
    this.#log = this.#log.slice(gone);
    for (const known of this.#names.values()) {
      while (known.last !== null && known.last.index < gone) unlink(known.last);
      for (let pair = known.first; pair !== null; pair = pair.older) pair.index -= gone;
      if (known.first === null) this.#names.delete(known.name);
    }
    this.position = reach;
    this.origin -= moved;
    return gone;
  }
}

/** Puts a pair in front of the others of its name. */
function link(pair: KnownPair): void {
  const { known } = pair;
  const { first } = known;
  pair.newer = null;
  pair.older = first;
  if (first === null) known.last = pair;
  else first.newer = pair;
  known.first = pair;
  known.count++;
}

/** Takes a pair from among those of its name. */
function unlink(pair: KnownPair): void {
  const { known, newer, older } = pair;
  if (newer === null) known.first = older;
  else newer.older = older;
  if (older === null) known.last = newer;
  else older.newer = newer;
  known.count--;
}

/** A string that is no slice of another one, which would be kept alive with it. */
export function ownCopy(value: string): string {
  return value.length <= LONGEST_UNSLICED
    ? value
    : Buffer.from(value, 'latin1').toString('latin1');
}

/** The same for who reads a character of it at once: V8 makes one string of a joined one then, in half the time that a copy takes. */
function joinedCopy(value: string): string {
  return value.length <= LONGEST_UNSLICED ? value : value.charAt(0) + value.substring(1);
}

/** A number that mostly differs for different values; a slow comparison is left out then. */
export function markOf(value: string): number {
  const { length } = value;
  if (length === 0) return 0;
  return (
    (value.charCodeAt(length - 1) & 0xff) |
    ((value.charCodeAt(length >>> 1) & 0xff) << 8) |
    ((length & 0x3fff) << 16)
  );
}

/** Half of each of the characters from the fifth to the twelfth, the first one lowest: the same for values that begin alike. */
export function beginningOf(value: string): number {
  const end = Math.min(value.length, 12);
  let beginning = 0;
  for (let i = 4; i < end; i++) beginning |= (value.charCodeAt(i) & 15) << (4 * i - 16);
  return beginning;
}
