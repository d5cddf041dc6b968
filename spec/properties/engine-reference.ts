import { MAX_WINDOW_SIZE } from '../../lib/protocol/constants.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';

/** What an engine does about a frame. */
export type Reaction =
  /** It is reported as valid; on top of that, these streams are reset with FLOW_CONTROL_ERROR. */
  | { readonly kind: 'accept'; readonly overflown: readonly number[] }
  /** Nothing is reported and nothing is sent. */
  | { readonly kind: 'drop' }
  /** It is reported as of an unknown type. */
  | { readonly kind: 'unknown' }
  /** The stream is reset. */
  | { readonly kind: 'stream'; readonly streamId: number; readonly status: number }
  /** The session ends; before that, a stream may be reset. */
  | { readonly kind: 'session'; readonly reset: number };

const ACCEPT: Reaction = { kind: 'accept', overflown: [] };
const DROP: Reaction = { kind: 'drop' };
const SESSION: Reaction = { kind: 'session', reset: 0 };

/** Whether a header block is good, breaks a rule of its content, or has too many pairs. */
export type Block = 'good' | 'bad' | 'large';

/** A stream as the text of the protocol sees it. */
export interface ReferenceStream {
  readonly own: boolean;
  replied: boolean;
  localClosed: boolean;
  remoteClosed: boolean;
  sendWindow: number;
  receiveWindow: number;
}

/** What is left of a stream that has ended. */
type Gone = 'normal' | 'reset';

const INITIAL_WINDOW = 65_536;

/**
 * The receiving rules of SPDY, written down a second time from the specification (semantics 3.3, 6 to 10) without a look at the engine:
 * says for every frame of the peer what has to happen. Knows windows that only the application gives back.
 */
export class Reference {
  readonly version: ProtocolVersion;
  /** 1 for a client, 0 for a server. */
  readonly parity: number;
  readonly maxStreams: number;
  readonly streams: Map<number, ReferenceStream> = new Map();
  readonly gone: Map<number, Gone> = new Map();
  readonly outstandingPings: Set<number> = new Set();
  nextOwnId: number;
  lastReceivedId = 0;
  lastAcceptedId = 0;
  goawaySent = false;
  goawayReceived = false;
  lastGoodId: number = Number.POSITIVE_INFINITY;
  peerMaxStreams: number = Number.POSITIVE_INFINITY;
  /** Our pushes, by the stream that they belong to. */
  readonly pushes: Map<number, number[]> = new Map();
  /** An id that was reset before it was used is remembered as reset. */
  readonly #everReset = new Set<number>();
  #peerInitialWindow = INITIAL_WINDOW;
  #sendWindow = INITIAL_WINDOW;
  receiveWindow: number = INITIAL_WINDOW;

  constructor(version: ProtocolVersion, parity: number, maxStreams: number) {
    this.version = version;
    this.parity = parity;
    this.maxStreams = maxStreams;
    this.nextOwnId = parity === 1 ? 1 : 2;
  }

  /** Streams of one side that are open. */
  count(own: boolean): number {
    return [...this.streams.values()].filter((stream) => stream.own === own).length;
  }

  /** A stream is opened; `flags` as in SYN_STREAM. */
  open(streamId: number, own: boolean, flags: number, push: boolean): void {
    const unidirectional = push || (flags & 2) !== 0;
    const fin = (flags & 1) !== 0;
    this.gone.delete(streamId);
    this.streams.set(streamId, {
      own,
      replied: false,
      localClosed: own ? fin : unidirectional,
      remoteClosed: own ? unidirectional : fin,
      sendWindow: this.#peerInitialWindow,
      receiveWindow: INITIAL_WINDOW,
    });
    this.closeIfDone(streamId);
  }

  /** A stream ends without both sides having finished. */
  reset(streamId: number): void {
    this.streams.delete(streamId);
    this.gone.set(streamId, 'reset');
    this.#everReset.add(streamId);
  }

  /** A stream ends if both sides have finished. */
  closeIfDone(streamId: number): void {
    const stream = this.streams.get(streamId);
    if (stream?.localClosed !== true || !stream.remoteClosed) return;
    this.streams.delete(streamId);
    this.gone.set(streamId, this.#everReset.has(streamId) ? 'reset' : 'normal');
  }

  synStream(streamId: number, flags: number, association: number, block: Block): Reaction {
    if (streamId === 0 && block !== 'good') return SESSION;
    if (this.goawaySent) return DROP;
    if (streamId === 0 || this.#isOwn(streamId) || streamId < this.lastReceivedId) return SESSION;
    if (streamId === this.lastReceivedId) return this.#fault(streamId, 1);
    this.lastReceivedId = streamId;
    if (block !== 'good') return this.#fault(streamId, block === 'large' ? 11 : 1);
    if (this.count(false) >= this.maxStreams) return this.#fault(streamId, 3);
    this.lastAcceptedId = streamId;
    this.open(streamId, false, flags, this.parity === 1 && association !== 0);
    return ACCEPT;
  }

  synReply(streamId: number, flags: number, block: Block): Reaction {
    if (streamId === 0) return SESSION;
    const early = this.#headersVerdict(streamId, block);
    if (early !== null) return early;
    const stream = this.streams.get(streamId);
    if (stream === undefined) return this.#fault(streamId, 2);
    if (stream.remoteClosed) return this.#fault(streamId, 9);
    if (!stream.own) return this.#fault(streamId, 1);
    if (stream.replied) return this.#fault(streamId, 8);
    stream.replied = true;
    this.#finish(streamId, stream, flags);
    return ACCEPT;
  }

  headers(streamId: number, flags: number, block: Block): Reaction {
    if (streamId === 0) return SESSION;
    const early = this.#headersVerdict(streamId, block);
    if (early !== null) return early;
    const stream = this.streams.get(streamId);
    if (stream === undefined) return this.#fault(streamId, 2);
    if (stream.remoteClosed) return this.#fault(streamId, 9);
    if (stream.own && !stream.replied) return this.#fault(streamId, 1);
    this.#finish(streamId, stream, flags);
    return ACCEPT;
  }

  data(streamId: number, flags: number, length: number): Reaction {
    if (streamId === 0) return SESSION;
    if (this.version.sessionWindow) {
      this.receiveWindow -= length;
      if (this.receiveWindow < 0) return SESSION;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.goawaySent || this.gone.get(streamId) === 'reset') return DROP;
      if (!this.#isUsed(streamId)) return this.#fault(streamId, 2);
      return this.version.wire === 2 ? DROP : this.#fault(streamId, 1);
    }
    if (stream.remoteClosed) return this.#fault(streamId, 9);
    if (stream.own && !stream.replied) {
      return this.version.wire === 2 ? SESSION : this.#fault(streamId, 1);
    }
    if ((flags & 2) !== 0) return this.#fault(streamId, 1);
    if (this.version.streamWindows) {
      stream.receiveWindow -= length;
      if (stream.receiveWindow < 0) return this.#fault(streamId, 7);
    }
    this.#finish(streamId, stream, flags);
    return ACCEPT;
  }

  rstStream(streamId: number, status: number): Reaction {
    if (streamId === 0) return SESSION;
    if (!this.streams.has(streamId)) return ACCEPT;
    this.reset(streamId);
    // Pushes of a cancelled stream end with it; a stream that has ended cannot be cancelled any more.
    if (status === 5) for (const push of this.pushes.get(streamId) ?? []) this.#end(push);
    return ACCEPT;
  }

  settings(entries: readonly { readonly id: number; readonly value: number }[]): Reaction {
    const first = (id: number): number | undefined =>
      entries.find((entry) => entry.id === id)?.value;
    this.peerMaxStreams = first(4) ?? this.peerMaxStreams;
    const window = first(7);
    if (window === undefined || window > MAX_WINDOW_SIZE || !this.version.streamWindows) {
      return ACCEPT;
    }
    const change = window - this.#peerInitialWindow;
    this.#peerInitialWindow = window;
    const overflown: number[] = [];
    for (const [streamId, stream] of this.streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_WINDOW_SIZE && !stream.localClosed) overflown.push(streamId);
    }
    for (const streamId of overflown) this.reset(streamId);
    return { kind: 'accept', overflown };
  }

  ping(id: number): Reaction {
    if (id % 2 !== this.parity) return ACCEPT;
    return this.outstandingPings.delete(id) ? ACCEPT : DROP;
  }

  goaway(lastGoodId: number): Reaction {
    this.goawayReceived = true;
    this.lastGoodId = Math.min(this.lastGoodId, lastGoodId);
    for (const [streamId, { own }] of this.streams) {
      if (own && streamId > this.lastGoodId) this.reset(streamId);
    }
    return ACCEPT;
  }

  windowUpdate(streamId: number, delta: number): Reaction {
    if (!this.version.streamWindows) return { kind: 'unknown' };
    if (streamId === 0) {
      if (!this.version.sessionWindow) return DROP;
      if (delta === 0 || this.#sendWindow + delta > MAX_WINDOW_SIZE) return SESSION;
      this.#sendWindow += delta;
      return ACCEPT;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) return DROP;
    if (stream.localClosed) return ACCEPT;
    if (delta === 0 || stream.sendWindow + delta > MAX_WINDOW_SIZE) return this.#fault(streamId, 7);
    stream.sendWindow += delta;
    return ACCEPT;
  }

  /** A control frame of another version. */
  wrongVersion(type: number, streamId: number): Reaction {
    if (type > 3 && type !== 8 && this.version.wire === 2) return DROP;
    if (type === 3 && this.version.wire === 2) return DROP;
    return { kind: 'session', reset: type === 1 ? streamId : 0 };
  }

  /** A control frame that is too short or too long for its type. */
  malformed(): Reaction {
    return SESSION;
  }

  /** What a bad block, or a stream that is gone or was ignored, makes of SYN_REPLY and HEADERS; null: the stream decides. */
  #headersVerdict(streamId: number, block: Block): Reaction | null {
    if (this.gone.get(streamId) === 'reset') return DROP;
    if (this.goawaySent && !this.#isOwn(streamId) && streamId > this.lastReceivedId) return DROP;
    if (block === 'good') return null;
    return this.#fault(streamId, block === 'large' ? 11 : 1);
  }

  #finish(streamId: number, stream: ReferenceStream, flags: number): void {
    if ((flags & 1) !== 0) stream.remoteClosed = true;
    this.closeIfDone(streamId);
  }

  #fault(streamId: number, status: number): Reaction {
    this.reset(streamId);
    return { kind: 'stream', streamId, status: this.version.wire === 2 && status > 7 ? 1 : status };
  }

  #end(streamId: number): void {
    if (this.streams.has(streamId)) this.reset(streamId);
  }

  #isOwn(streamId: number): boolean {
    return streamId % 2 === this.parity;
  }

  #isUsed(streamId: number): boolean {
    return this.#isOwn(streamId) ? streamId < this.nextOwnId : streamId <= this.lastReceivedId;
  }
}
