import type { Header, HeaderList } from '../protocol/frames.ts';

/** How many values of a name are known at a time. */
const VALUES_PER_NAME = 16;
/** How many pairs a log has room for at first; always a power of two. */
const FIRST_ROOM = 32;
/** Behind so many bytes all is forgotten, so that positions stay small integers; they go on behind the second number, far from the dictionary. */
const MOST_POSITION = 2 ** 30;
const NEXT_POSITION = 2 ** 29;
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
  /** Place in the log where it last stood, and its position there. */
  place: number;
  position: number;
  /** The pairs of the name that came after and before it. */
  newer: KnownPair | null;
  older: KnownPair | null;
}

/**
 * What stands where in the plain text of a stream, as far back as matches may reach: a log of all pairs, in order, and
 * for each name its last values. Positions are bytes from the beginning of the preset dictionary, places those of the log.
 */
export class HeaderIndex {
  readonly #reach: number;
  #names: Map<string, KnownName> = NO_NAMES;
  /** The pairs, each at its place modulo the room, and where they stood. */
  #log: (KnownPair | null)[] = NOTHING;
  #positions: number[] = NOTHING;
  /** First place that is kept. */
  #begin = 0;
  /** Place of the next pair. */
  length = 0;
  /** Bytes before and with the last pair: where the next one goes. */
  position: number;
  /** Where it was when names were looked through last. */
  #swept = 0;

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
    this.#log = new Array<KnownPair | null>(FIRST_ROOM).fill(null);
    this.#positions = new Array<number>(FIRST_ROOM).fill(0);
    this.#begin = 0;
    this.length = 0;
  }

  /** Gives its memory back, and goes back by the last `bytes` of the text, which may be told again. */
  rest(bytes: number): void {
    this.#names = NO_NAMES;
    this.#log = NOTHING;
    this.#positions = NOTHING;
    this.length = 0;
    this.position -= bytes;
  }

  /** The pair at a place of the log, null if there is none or no more. */
  at(place: number): KnownPair | null {
    if (place < this.#begin || place >= this.length) return null;
    return this.#log[place & (this.#log.length - 1)] as KnownPair;
  }

  /** How far back a place of the log begins that has a pair. */
  distance(place: number): number {
    return this.position - (this.#positions[place & (this.#log.length - 1)] as number);
  }

  /** How far back a pair begins where it last stood. */
  back(pair: KnownPair): number {
    return this.position - pair.position;
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
      place: 0,
      position: 0,
      newer: null,
      older: null,
    };
    if (known.count === VALUES_PER_NAME) {
      const last = known.last as KnownPair;
      last.whole = false;
      unlink(last);
    }
    link(pair);
    this.#put(pair, length);
  }

  /** Appends a pair of `length` bytes that is known. */
  append(pair: KnownPair, length: number): void {
    if (pair.newer !== null) {
      unlink(pair);
      link(pair);
    }
    this.#put(pair, length);
  }

  /**
   * Appends the pairs of `headers` from `from` on, as far as those that stand in the log from `place` on are the same and may be matched;
   * returns how many these are. `overhead` is what a pair takes besides its characters.
   */
  repeat(headers: HeaderList, from: number, place: number, overhead: number): number {
    let pair = this.at(place);
    if (pair === null || !this.reaches(this.distance(place))) return 0;
    let count = 0;
    for (; pair !== null && from + count < headers.length; pair = this.at(place + count)) {
      const header = headers[from + count] as Header;
      const name = header[0];
      const value = header[1];
      // What is appended does not come again in this block.
      if (pair.value !== value || pair.known.name !== name || !pair.whole) break;
      this.append(pair, overhead + name.length + value.length);
      count++;
    }
    return count;
  }

  /** Forgets what no match can reach any more, once that is worth the while. */
  forget(): void {
    if (this.position - this.#swept < this.#reach) return;
    if (this.position > MOST_POSITION) {
      this.wake();
      this.position = NEXT_POSITION;
    }
    this.#swept = this.position;
    const reached = this.#letGo();
    for (const known of this.#names.values()) {
      while (known.last !== null && known.last.position < reached) unlink(known.last);
      if (known.first === null) this.#names.delete(known.name);
    }
  }

  /** Puts a pair of `length` bytes at the end. */
  #put(pair: KnownPair, length: number): void {
    const place = this.length;
    if (place - this.#begin === this.#log.length) this.#makeRoom();
    const { position } = this;
    const at = place & (this.#log.length - 1);
    this.#log[at] = pair;
    this.#positions[at] = position;
    pair.place = place;
    pair.position = position;
    this.length = place + 1;
    this.position = position + length;
  }

  /** Lets go of the places that no match can reach; takes twice the room if these are few. */
  #makeRoom(): void {
    this.#letGo();
    const log = this.#log;
    const positions = this.#positions;
    const begin = this.#begin;
    if (2 * (this.length - begin) <= log.length) return;
    const room = 2 * log.length;
    this.#log = new Array<KnownPair | null>(room).fill(null);
    this.#positions = new Array<number>(room).fill(0);
    for (let place = begin; place < this.length; place++) {
      const old = place & (log.length - 1);
      this.#log[place & (room - 1)] = log[old] as KnownPair;
      this.#positions[place & (room - 1)] = positions[old] as number;
    }
  }

  /** Lets go of what no match can reach, which may be long and its slot needed late. Returns the first position within reach. */
  #letGo(): number {
    const mask = this.#log.length - 1;
    const reached = this.position - this.#reach;
    let begin = this.#begin;
    for (; begin < this.length && (this.#positions[begin & mask] as number) < reached; begin++)
      this.#log[begin & mask] = null;
    this.#begin = begin;
    return reached;
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
  return value.length <= LONGEST_UNSLICED ? value : Buffer.from(value, 'latin1').toString('latin1');
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
