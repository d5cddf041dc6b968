import type { Header, HeaderList } from '../protocol/frames.ts';

/** Longer blocks are not remembered. */
const MOST_BYTES = 4096;
/** No more places are noted: a block that is remembered has fewer, at least 8 bytes a pair in SPDY/3 and 4 in SPDY/2. */
const MOST_NOTES = 1024;
/** Characters of texts out of which the strings may have been cut: short ones keep the whole of theirs alive. */
const MOST_CUT = 32768;
/** Room is taken in such pieces. */
const ROOM_STEP = 256;

const NO_BYTES = new Uint8Array(0);
/** Nothing is written to it. */
const NONE: never[] = [];
const NO_VIEW: DataView = new DataView(NO_BYTES.buffer);

/**
 * Most blocks stand in the same memory one after the other: a view of it is made once. Larger memory is not kept alive for that. To ask
 * a block for its memory takes as long as to compare it.
 */
const MOST_VIEWED = 16384;
let lastView = NO_VIEW;
let lastMemory: ArrayBufferLike = NO_VIEW.buffer;
let lastBlock: Uint8Array = NO_BYTES;

/**
 * The last good header block of a session, from the second one on. Most pairs come again, as the same bytes in the same order: those are given
 * out again instead of being read, checked and made anew. Bounded by one block of 4096 bytes and what its strings keep alive: 32 KiB
 * of text, after which all is read anew.
 */
export class HeaderMemory {
  #bytes: Uint8Array = NO_BYTES;
  #view: DataView = NO_VIEW;
  /** Where each pair begins; at the end, where the last one ends. The same of the block that is read, as far as it was noted. */
  #starts: number[] = NONE;
  #noted: number[] = NONE;
  #notes = 0;
  /** The name and the value of each pair. */
  #texts: readonly string[] = NONE;
  /** The pair that is expected next. */
  #next = 0;
  /** How many bytes of it were found at the end of the last `count()`. */
  #found = 0;
  /** Whether a good block has come: a session with a single one needs no memory of it. */
  #used = false;
  /** Characters of the texts out of which strings were cut. */
  #cutLength = 0;

  /** Starts a block: its first pair is expected. */
  begin(): void {
    this.#next = 0;
    this.#notes = 0;
    if (this.#used && this.#noted === NONE) this.#noted = [];
  }

  /** Notes where the next pair begins, or where the last one ends. */
  note(at: number): void {
    if (this.#used && this.#notes < MOST_NOTES) this.#noted[this.#notes++] = at;
  }

  /** How many pairs from the expected one on stand in `block` from `at` on. */
  count(block: Buffer, at: number): number {
    const starts = this.#starts;
    const pairs = this.#texts.length / 2;
    const first = this.#next;
    this.#found = 0;
    if (first >= pairs) return 0;
    const from = starts[first] as number;
    const most = Math.min(block.length - at, (starts[pairs] as number) - from);
    const other = viewOf(block);
    const start = block.byteOffset + at;
    const view = this.#view;
    let same = 0;
    // Eight at once: most of the block is equal.
    while (
      same + 8 <= most &&
      ((other.getInt32(start + same, true) ^ view.getInt32(from + same, true)) |
        (other.getInt32(start + same + 4, true) ^ view.getInt32(from + same + 4, true))) ===
        0
    )
      same += 8;
    while (same < most && other.getUint8(start + same) === view.getUint8(from + same)) same++;
    let behind = first;
    while (behind < pairs && (starts[behind + 1] as number) - from <= same) behind++;
    this.#found = same - ((starts[behind] as number) - from);
    return behind - first;
  }

  /**
   * Gives out so many pairs that `count()` has found at `at`, as new ones with the same strings, and notes where each begins. The one behind
   * them is expected then. Returns where they end.
   */
  take(count: number, at: number, headers: Header[]): number {
    const ours = this.#starts;
    const texts = this.#texts;
    const first = this.#next;
    const end = first + count;
    const moved = at - (ours[first] as number);
    for (let i = first; i < end; i++) {
      this.note((ours[i] as number) + moved);
      headers.push([texts[2 * i] as string, texts[2 * i + 1] as string]);
    }
    this.#next = end;
    return (ours[end] as number) + moved;
  }

  /**
   * The name of the expected pair, if it was found in the last `count()` although its value was not; `length` bytes are those of
   * its length and name. The pair behind it is expected then.
   */
  takeName(length: number): string | null {
    return this.#found < length ? null : (this.#texts[2 * this.#next++] as string);
  }

  /** Whether a pair of this name is still to come; the one behind it is expected then. */
  skipTo(name: string): boolean {
    const texts = this.#texts;
    for (let i = 2 * this.#next; i < texts.length; i += 2) {
      if (texts[i] !== name) continue;
      this.#next = i / 2 + 1;
      return true;
    }
    return false;
  }

  /** Forgets the block. */
  forget(): void {
    this.#bytes = NO_BYTES;
    this.#view = NO_VIEW;
    this.#starts = NONE;
    this.#noted = NONE;
    this.#texts = NONE;
    this.#cutLength = 0;
  }

  /**
   * Remembers a good block: its bytes, where its pairs begin and the last one ends as was noted, and the strings of the pairs. New ones were
   * cut out of a text of `cut` characters, 0 for none.
   */
  keep(block: Uint8Array, headers: HeaderList, cut: number): void {
    const { length } = block;
    if (length > MOST_BYTES) return;
    if (!this.#used) {
      this.#used = true;
      return;
    }
    this.#cutLength += cut;
    if (this.#cutLength > MOST_CUT) {
      this.forget();
      return;
    }
    if (this.#bytes.length < length) {
      this.#bytes = new Uint8Array(Math.ceil(length / ROOM_STEP) * ROOM_STEP);
      this.#view = new DataView(this.#bytes.buffer);
    }
    this.#bytes.set(block);
    const texts = new Array<string>(2 * headers.length);
    for (let i = 0; i < headers.length; i++) {
      const header = headers[i] as Header;
      texts[2 * i] = header[0];
      texts[2 * i + 1] = header[1];
    }
    const starts = this.#noted;
    this.#noted = this.#starts;
    this.#starts = starts;
    this.#texts = texts;
  }
}

function viewOf(block: Uint8Array): DataView {
  if (block === lastBlock) return lastView;
  const memory = block.buffer;
  if (memory !== lastMemory) {
    const view = new DataView(memory);
    if (memory.byteLength > MOST_VIEWED) return view;
    lastMemory = memory;
    lastView = view;
  }
  lastBlock = block;
  return lastView;
}
