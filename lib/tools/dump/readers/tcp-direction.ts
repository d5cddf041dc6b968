/** Is told the bytes of one direction of a TCP connection, in order. */
export interface TcpListener {
  /** Bytes: a view, valid during the call. */
  bytes(chunk: Buffer, time: number): void;
  /** Bytes that are not in the capture. */
  gap(length: number, time: number): void;
  /** The direction has ended with FIN. */
  end(time: number): void;
}

/** A piece that came before what belongs in front of it. */
interface Piece {
  readonly sequence: number;
  /** Length in the sequence; fewer bytes may have been captured. */
  readonly length: number;
  readonly bytes: Buffer;
  readonly time: number;
}

/** What all connections together keep. */
export interface HeldBudget {
  held: number;
}

/** Bytes of later pieces at which those in front of them are given up. */
const MOST_HELD = 4 << 20;
/** The same for all connections together. */
const MOST_HELD_TOGETHER = 64 << 20;
/** The same as a number of pieces. */
const MOST_PIECES = 4096;
/** Packets of the connection after which a gap that the receiver has acknowledged is one for sure. */
const PATIENCE = 64;

/** Puts the segments of one direction in order: once each byte, whatever was repeated, overlaps or came too early. */
export class TcpDirection {
  readonly #listener: TcpListener;
  readonly #budget: HeldBudget;
  #pieces: Piece[] = [];
  #held = 0;
  #waited = 0;
  #next = 0;
  #begun = false;
  /** Sequence number of the FIN; null before it came. */
  #fin: number | null = null;
  #ended = false;

  constructor(listener: TcpListener, budget: HeldBudget) {
    this.#listener = listener;
    this.#budget = budget;
  }

  /** Whether the FIN was passed on. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The number of the first byte; known by a SYN, or by the first segment that was captured. */
  begin(sequence: number): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#next = sequence;
  }

  /** A segment with payload. `bytes` may be shorter than `length`, and is copied if it is kept. */
  segment(sequence: number, bytes: Buffer, length: number, time: number): void {
    this.begin(sequence);
    if (this.#ended) return;
    const ahead = distance(sequence, this.#next);
    if (ahead <= 0) {
      this.#pass(sequence, bytes, length, time);
      if (this.#pieces.length > 0) this.#drain();
    } else {
      this.#keep({ sequence, length, bytes: Buffer.from(bytes), time });
      if (this.#isFull()) this.#skip(time);
    }
    this.#finish(time);
  }

  /** A FIN behind the byte before `sequence`. */
  fin(sequence: number, time: number): void {
    this.begin(sequence);
    this.#fin = sequence;
    this.#finish(time);
  }

  /** The other side has everything before this number: what is missing was not captured. */
  acknowledged(sequence: number, time: number): void {
    if (!this.#begun || this.#pieces.length === 0 || this.#ended) return;
    this.#waited = distance(sequence, this.#next) > 0 ? this.#waited + 1 : 0;
    if (this.#waited > PATIENCE) this.#skip(time);
  }

  /** Nothing more comes: what was kept is passed on, with gaps. */
  flush(time: number): void {
    while (this.#pieces.length > 0) this.#skip(time);
    this.#finish(time);
  }

  /** Gives up what is missing in front of the first piece. */
  #skip(time: number): void {
    const [first] = this.#pieces;
    this.#waited = 0;
    if (first === undefined) return;
    this.#listener.gap(distance(first.sequence, this.#next), time);
    this.#next = first.sequence;
    this.#drain();
  }

  #drain(): void {
    for (let first = this.#pieces[0]; first !== undefined; first = this.#pieces[0]) {
      if (distance(first.sequence, this.#next) > 0) return;
      this.#pieces.shift();
      this.#hold(-first.bytes.length);
      this.#pass(first.sequence, first.bytes, first.length, first.time);
    }
    this.#waited = 0;
  }

  /** Passes on what is new in a segment that begins at the next byte or before it. */
  #pass(sequence: number, bytes: Buffer, length: number, time: number): void {
    const known = distance(this.#next, sequence);
    if (known >= length) return;
    this.#next = (sequence + length) >>> 0;
    if (known < bytes.length) {
      this.#listener.bytes(known === 0 ? bytes : bytes.subarray(known), time);
    }
    const cut = length - Math.max(known, bytes.length);
    if (cut > 0) this.#listener.gap(cut, time);
  }

  #keep(piece: Piece): void {
    const pieces = this.#pieces;
    let at = pieces.length;
    while (at > 0 && distance(piece.sequence, (pieces[at - 1] as Piece).sequence) < 0) at--;
    const before = pieces[at - 1];
    if (before?.sequence === piece.sequence && before.length >= piece.length) return;
    pieces.splice(at, 0, piece);
    this.#hold(piece.bytes.length);
  }

  #finish(time: number): void {
    if (this.#fin === null || this.#ended || distance(this.#fin, this.#next) > 0) return;
    this.#ended = true;
    this.#pieces = [];
    this.#hold(-this.#held);
    this.#listener.end(time);
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    this.#budget.held += bytes;
  }

  #isFull(): boolean {
    return (
      this.#held > MOST_HELD ||
      this.#pieces.length > MOST_PIECES ||
      this.#budget.held > MOST_HELD_TOGETHER
    );
  }
}

/** How far `a` is behind `b` in the circle of sequence numbers; negative before it. */
function distance(a: number, b: number): number {
  return (a - b) | 0;
}
