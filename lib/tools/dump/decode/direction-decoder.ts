import { FrameHead } from '../../../framing/frame-head.ts';
import { FRAME_HEADER_LENGTH } from '../../../protocol/constants.ts';
import { flagNames } from '../../../protocol/frame-facts.ts';
import type { ProtocolVersion } from '../../../protocol/version.ts';
import { ControlReader, type FrameFacts } from './control-reader.ts';
import { findFrame, isPossibleFrame } from './frame-search.ts';

/** What one direction of a connection is made of, in order. */
export interface DirectionSink {
  /** The first control frame tells the version of SPDY: 2, or 3 for both SPDY/3 and SPDY/3.1. Returns what is read from here on. */
  versionFound(wire: 2 | 3): ProtocolVersion;
  /** A frame is complete. */
  frame(offset: number, facts: FrameFacts): void;
  /** A part of the payload of a DATA frame. */
  payload(stream: number, chunk: Buffer): void;
  /** Bytes that are missing, or are no frames. */
  note(offset: number, text: string): void;
}

/** How one direction is read. */
export interface DirectionOptions {
  /** Null if it is not known. */
  readonly version: ProtocolVersion | null;
  /** Whether the first byte is that of the connection. */
  readonly fromStart: boolean;
  /** Whether values of credentials and cookies are shown. */
  readonly secrets: boolean;
}

// What the bytes at hand belong to.
const HEAD = 0;
const DATA = 1;
const CONTROL = 2;
/** Looking for a frame. */
const SEARCH = 3;
/** Nothing is expected any more. */
const ENDED = 4;

/** Bytes in which no frame was found at which looking ends. */
const MOST_SEARCHED = 1 << 24;
/** The largest control frame whose payload is kept. */
const MOST_KEPT = 1 << 20;
const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Cuts the bytes of one direction into frames and reads each of them. Bytes that are no frames, or are missing, are told, and the next frame is
 * looked for.
 */
export class DirectionDecoder {
  readonly #sink: DirectionSink;
  readonly #secrets: boolean;
  #version: ProtocolVersion | null;
  #reader: ControlReader | null = null;
  #state = HEAD;
  /** Bytes taken so far. */
  #taken = 0;
  #head = new FrameHead();
  /** A part of what is searched. */
  #held: Buffer = NO_BYTES;
  /** Offset of the frame at hand, or of the bytes that are searched. */
  #offset = 0;
  #left = 0;
  #missing = 0;
  #length = 0;
  /** Whether headers can still be inflated. */
  #inStep = true;

  /** Without a version it is that of the first control frame. */
  constructor(sink: DirectionSink, options: DirectionOptions) {
    this.#sink = sink;
    this.#version = options.version;
    this.#secrets = options.secrets;
    if (options.fromStart) return;
    this.#inStep = false;
    this.#state = SEARCH;
  }

  /** Bytes of this direction so far, missing ones included. */
  get bytes(): number {
    return this.#taken;
  }

  /** Whether what comes is not looked at any more. */
  get ended(): boolean {
    return this.#state === ENDED;
  }

  /** The version that the other direction has. */
  set version(version: ProtocolVersion) {
    this.#version ??= version;
  }

  /** Takes the next bytes. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const before = at;
      switch (this.#state) {
        case HEAD:
          at = this.#readHead(chunk, at);
          break;
        case DATA:
          at = this.#readData(chunk, at);
          break;
        case CONTROL:
          at = this.#readControl(chunk, at);
          break;
        case SEARCH:
          at = this.#search(chunk, at);
          break;
        default:
          at = chunk.length;
      }
      this.#taken += at - before;
    }
  }

  /** The next bytes are not there. */
  gap(length: number): void {
    if (this.#state === DATA && length <= this.#left) {
      // All of it is payload: the borders of frames are still known.
      this.#taken += length;
      this.#left -= length;
      this.#missing += length;
      if (this.#left === 0) this.#endData();
      return;
    }
    if (this.#state === ENDED) return;
    this.#note(this.#taken, `${length} bytes are missing`);
    this.#taken += length;
    this.#inStep = false;
    this.#startSearch(this.#taken, NO_BYTES);
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#state === SEARCH && this.#taken > this.#offset) {
      this.#note(this.#offset, `${this.#taken - this.#offset} bytes that are no frames`);
    } else if (this.#state === DATA || this.#state === CONTROL || !this.#head.complete) {
      this.#note(
        this.#offset,
        `ends in a frame, ${this.#taken - this.#offset} bytes behind its beginning`,
      );
    }
    this.stop();
  }

  /** What comes is not looked at any more. */
  stop(): void {
    this.#state = ENDED;
    this.#held = NO_BYTES;
  }

  #readHead(chunk: Buffer, start: number): number {
    if (this.#head.complete) this.#offset = this.#taken;
    const at = this.#head.read(chunk, start);
    if (this.#head.complete) this.#startFrame(this.#head);
    return at;
  }

  #startFrame(head: FrameHead): void {
    const bytes = head.toBuffer();
    // Nobody begins with DATA.
    const possible = isPossibleFrame(bytes, 0) && (this.#version !== null || head.isControl);
    if (!possible) {
      this.#note(this.#offset, 'no frame begins here');
      this.#startSearch(this.#offset, bytes);
      return;
    }
    this.#length = head.length;
    this.#left = this.#length;
    if (!head.isControl) {
      this.#missing = 0;
      this.#state = DATA;
      if (this.#left === 0) this.#endData();
      return;
    }
    this.#version ??= this.#sink.versionFound(head.version === 2 ? 2 : 3);
    this.#reader ??= new ControlReader(this.#version, this.#secrets);
    this.#reader.start(bytes, this.#inStep);
    this.#state = CONTROL;
    if (this.#left === 0) this.#endControl();
  }

  #readData(chunk: Buffer, at: number): number {
    const end = at + Math.min(this.#left, chunk.length - at);
    this.#left -= end - at;
    this.#sink.payload(this.#head.streamId, chunk.subarray(at, end));
    if (this.#left === 0) this.#endData();
    return end;
  }

  #endData(): void {
    this.#state = HEAD;
    const missing = this.#missing === 0 ? {} : { missing: this.#missing };
    this.#sink.frame(this.#offset, {
      type: 'DATA',
      stream: this.#head.streamId,
      flags: flagNames(null, this.#head.flags),
      length: this.#length,
      ...missing,
      warnings: [],
    });
  }

  #readControl(chunk: Buffer, at: number): number {
    const end = at + Math.min(this.#left, chunk.length - at);
    this.#left -= end - at;
    if (this.#length <= MOST_KEPT) this.#reader?.read(chunk.subarray(at, end));
    if (this.#left === 0) this.#endControl();
    return end;
  }

  #endControl(): void {
    this.#state = HEAD;
    const reader = this.#reader as ControlReader;
    const facts = reader.end();
    this.#inStep &&= reader.inStep && (this.#length <= MOST_KEPT || !reader.hasBlock);
    this.#sink.frame(this.#offset, facts);
  }

  #startSearch(offset: number, held: Buffer): void {
    this.#state = SEARCH;
    this.#offset = offset;
    this.#head = new FrameHead();
    this.#held = held;
  }

  /** Looks for a frame in what is held and the rest of the chunk; what is behind it is read as usual. */
  #search(chunk: Buffer, start: number): number {
    const rest = chunk.subarray(start);
    const known = this.#held.length;
    // The first byte of what is held was a wrong beginning.
    const bytes = known === 0 ? rest : Buffer.concat([this.#held, rest]);
    const found = findFrame(bytes, this.#version?.wire ?? null);
    if (found >= 0) {
      const skipped = this.#taken - known + found - this.#offset;
      if (skipped > 0) this.#note(this.#offset, `${skipped} bytes that are no frames`);
      this.#held = NO_BYTES;
      this.#state = HEAD;
      this.#inStep = false;
      if (found < known) this.#rewind(bytes.subarray(found, known));
      return start + Math.max(0, found - known);
    }
    if (this.#taken + rest.length - this.#offset > MOST_SEARCHED) {
      this.#note(this.#offset, 'no frame in 16 MiB: the rest is not looked at');
      this.stop();
      return chunk.length;
    }
    // All that is not a whole frame header may be the beginning of one.
    this.#held = Buffer.from(bytes.subarray(Math.max(0, bytes.length - FRAME_HEADER_LENGTH + 1)));
    return chunk.length;
  }

  /** Reads bytes again that were taken before. */
  #rewind(bytes: Buffer): void {
    this.#taken -= bytes.length;
    this.push(bytes);
  }

  #note(offset: number, text: string): void {
    this.#sink.note(offset, text);
  }
}
