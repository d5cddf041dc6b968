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
  /** Its values, at most VALUES_PER_NAME: a list, since an array takes more than they do. */
  first: KnownPair | null;
  /** The one of them that came last. */
  latest: KnownPair | null;
}

/** A pair of the text so far: length and name, length and value. */
export interface KnownPair {
  readonly known: KnownName;
  /** The value, one character a byte; '' where `whole` is false. */
  readonly value: string;
  /** Bytes of the value. */
  readonly valueLength: number;
  /** `markOf()` the value. */
  readonly mark: number;
  /** Whether it may be matched as a whole. */
  whole: boolean;
  /** Where it last stood in the log. */
  index: number;
  /** The next pair of the name. */
  next: KnownPair | null;
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
    const known: KnownName = { name, secret, first: null, latest: null };
    this.#names.set(name, known);
    return known;
  }

  /**
   * Makes a pair known, which takes the place of the oldest one if its name has many. `value` comes from `ownCopy()`;
   * `length` is that of the pair.
   */
  addPair(known: KnownName, value: string, length: number): KnownPair {
    const valueLength = value.length;
    const whole = length <= this.#reach && !(known.secret && valueLength < SHORTEST_SECRET);
    const mark = markOf(value);
    const pair: KnownPair = {
      known,
      value: whole ? value : '',
      valueLength,
      mark,
      whole,
      index: 0,
      next: null,
    };
    let count = 0;
    let last: KnownPair | null = null;
    let oldest: KnownPair | null = null;
    let beforeOldest: KnownPair | null = null;
    for (let each = known.first; each !== null; each = each.next) {
      count++;
      if (oldest === null || each.index < oldest.index) {
        beforeOldest = last;
        oldest = each;
      }
      last = each;
    }
    if (count < VALUES_PER_NAME || oldest === null) {
      link(known, last, pair);
    } else {
      oldest.whole = false;
      pair.next = oldest.next;
      link(known, beforeOldest, pair);
    }
    return pair;
  }

  /** Appends a pair of `length` bytes to the text. */
  append(pair: KnownPair, length: number): void {
    pair.index = this.#log.length;
    pair.known.latest = pair;
    this.#log.push(pair);
    this.#positions.push(this.position);
    this.position += length;
  }

  /**
   * Forgets what no match can reach any more, once that is worth the while; returns by how much the places in the log
   * became smaller.
   */
  forget(): number {
    const reach = this.#reach;
    if (this.position < 2 * reach) return 0;
    const moved = this.position - reach;
    const positions = this.#positions;
    let gone = 0;
    while (gone < positions.length && (positions[gone] as number) < moved) gone++;
    this.#log = this.#log.slice(gone);
    this.#positions = positions.slice(gone).map((position) => position - moved);
    for (const known of this.#names.values()) {
      let kept: KnownPair | null = null;
      for (let pair = known.first; pair !== null; pair = pair.next) {
        pair.index -= gone;
        if (pair.index < 0) continue;
        link(known, kept, pair);
        kept = pair;
      }
      link(known, kept, null);
      if (kept === null) this.#names.delete(known.name);
    }
    this.position = reach;
    this.origin -= moved;
    return gone;
  }
}

/** Puts a pair behind another one of its name, or first. */
function link(known: KnownName, before: KnownPair | null, pair: KnownPair | null): void {
  if (before === null) known.first = pair;
  else before.next = pair;
}

/** A string that is no slice of another one, which would be kept alive with it. */
export function ownCopy(value: string): string {
  return value.length <= LONGEST_UNSLICED ? value : Buffer.from(value, 'latin1').toString('latin1');
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
