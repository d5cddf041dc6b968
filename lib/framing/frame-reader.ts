import type { ErrorCode } from '../errors.ts';
import { CREDENTIAL, SYN_STREAM } from '../protocol/constants.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { NO_BYTES, readUint32 } from './bytes.ts';
import {
  blockPrefixLength,
  CONTROL_DECODERS,
  type ControlDecoder,
  hasHeaderBlock,
  typeExists,
} from './decode.ts';
import { FrameHead } from './frame-head.ts';
import { excessOf, type Limited } from './frame-limits.ts';
import type { FrameSink } from './frame-sink.ts';
import { HeaderBlockReader } from './header-block-reader.ts';
import type { HeaderInflater } from './header-inflater.ts';

// What the bytes at hand belong to.
/** The frame header. */
const HEAD = 0;
/** The payload of a DATA frame. */
const DATA = 1;
/** A payload (or the fixed front of one) that is needed in one piece. */
const PAYLOAD = 2;
/** A compressed header block. */
const BLOCK = 3;
/** A payload that nobody needs. */
const SKIP = 4;

// What becomes of a payload when it is complete.
/** Skipped: nothing. */
const FORGET = 0;
/** Skipped: the frame has another version. */
const REPORT_VERSION = 1;
/** Skipped or collected: the type is unknown. */
const REPORT_UNKNOWN = 2;
/** Collected: it is a whole frame of the session's version. */
const DECODE = 3;
/** Collected: it is the front of a frame with a header block. */
const START_BLOCK = 4;
/** Collected: it is the stream id of a SYN_STREAM of another version. */
const REPORT_STREAM_VERSION = 5;

/**
 * Cuts a byte stream into SPDY frames (SPDY/3 2.2), however the bytes are split over calls, and reports them to a
 * sink. Work is linear in the bytes, and memory is bounded by the limits. DATA passes through as views.
 */
export class FrameReader {
  readonly #version: ProtocolVersion;
  readonly #limited: Limited;
  readonly #sink: FrameSink;
  /** What reads header blocks. */
  readonly blocks: HeaderBlockReader;
  /** Whether the reader has given up or was stopped; it ignores what comes then. */
  stopped = false;
  #state = HEAD;
  readonly #head = new FrameHead();
  /** Bytes of the payload, or of the piece that is read now, which are still to come. */
  #left = 0;
  /** What becomes of the payload. */
  #then = FORGET;
  /** Payload that came in several chunks: its buffer while it is collected. */
  #collected: Buffer = NO_BYTES;

  /** `inflater` serves this reader alone. */
  constructor(
    version: ProtocolVersion,
    limited: Limited,
    inflater: HeaderInflater,
    sink: FrameSink,
  ) {
    this.#version = version;
    this.#limited = limited;
    this.blocks = new HeaderBlockReader(version, limited, inflater);
    this.#sink = sink;
  }

  /** Ends reading: nothing more is reported, not even out of the chunk that is being read. */
  stop(): void {
    this.stopped = true;
    this.#collected = NO_BYTES;
    this.blocks.reset();
  }

  /** Reads the next bytes. Must not be called out of a call to the sink. */
  read(chunk: Buffer): void {
    const end = chunk.length;
    let at = 0;
    while (at < end && !this.stopped) {
      switch (this.#state) {
        case HEAD:
          at = this.#readHead(chunk, at);
          break;
        case DATA:
          at = this.#readData(chunk, at);
          break;
        case PAYLOAD:
          at = this.#readPayload(chunk, at);
          break;
        case BLOCK:
          at = this.#readBlock(chunk, at);
          break;
        default: {
          const size = Math.min(this.#left, end - at);
          at += size;
          this.#left -= size;
          if (this.#left === 0) this.#endPayload(NO_BYTES, 0);
        }
      }
    }
  }

  #readHead(chunk: Buffer, start: number): number {
    const head = this.#head;
    const at = head.read(chunk, start);
    if (!head.complete) return at;
    if (head.isControl) this.#startControl();
    else this.#startData();
    return at;
  }

  #startData(): void {
    const head = this.#head;
    const { length } = head;
    this.#left = length;
    this.#state = length === 0 ? HEAD : DATA;
    this.#sink.dataStart(head.streamId, head.flags, length);
    if (length === 0 && !this.stopped) this.#sink.dataEnd();
  }

  #readData(chunk: Buffer, at: number): number {
    const end = at + Math.min(this.#left, chunk.length - at);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = HEAD;
    // A chunk of nothing else needs no view.
    this.#sink.dataChunk(end - at === chunk.length ? chunk : chunk.subarray(at, end));
    if (this.#left === 0 && !this.stopped) this.#sink.dataEnd();
    return end;
  }

  #startControl(): void {
    const { type, length } = this.#head;
    const version = this.#version;
    if (hasHeaderBlock(type)) {
      this.#startHeaderBlockFrame(type, length);
    } else if (!typeExists(version, type)) {
      if (length > this.#limited.options.maxControlFrameSize) this.#skip(length, REPORT_UNKNOWN);
      else this.#collect(length, REPORT_UNKNOWN);
    } else if (this.#head.version !== version.wire) {
      this.#skip(length, REPORT_VERSION);
    } else {
      this.#startPlainFrame(type, length);
    }
  }

  #startPlainFrame(type: number, length: number): void {
    const decoder = CONTROL_DECODERS[type];
    const limits = this.#limited.options;
    if (decoder === undefined || (type === CREDENTIAL && !limits.credentials)) {
      this.#skip(length, FORGET);
    } else if (!decoder.accepts(this.#version, length)) {
      this.#failLength();
    } else {
      const excess = excessOf(limits, type, length);
      if (excess === null) this.#collect(length, DECODE);
      else this.#fail(NO_BYTES, excess.code, excess.message);
    }
  }

  #startHeaderBlockFrame(type: number, length: number): void {
    const prefixLength = blockPrefixLength(this.#version, type);
    const known = this.#head.version === this.#version.wire;
    if (!known && type !== SYN_STREAM) {
      this.#skip(length, FORGET);
      this.#sink.wrongVersion(type, this.#head.version, 0, this.#head.toBuffer());
    } else if (length < prefixLength) {
      this.#failLength();
    } else if (known) {
      this.#collect(prefixLength, START_BLOCK);
    } else {
      this.#collect(4, REPORT_STREAM_VERSION);
    }
  }

  /** The next `length` payload bytes are wanted in one piece. */
  #collect(length: number, then: number): void {
    this.#then = then;
    this.#left = length;
    this.#state = PAYLOAD;
    if (length === 0) this.#endPayload(NO_BYTES, 0);
  }

  #readPayload(chunk: Buffer, at: number): number {
    const left = this.#left;
    const end = at + Math.min(left, chunk.length - at);
    let collected = this.#collected;
    if (collected.length === 0) {
      if (end - at === left) {
        this.#endPayload(chunk, at);
        return end;
      }
      collected = Buffer.allocUnsafe(left);
      this.#collected = collected;
    }
    collected.set(chunk.subarray(at, end), collected.length - left);
    this.#left = left - (end - at);
    if (this.#left === 0) {
      this.#collected = NO_BYTES;
      this.#endPayload(collected, 0);
    }
    return end;
  }

  /** The next `length` payload bytes are not wanted. */
  #skip(length: number, then: number): void {
    this.#collect(length, then);
    if (length > 0) this.#state = SKIP;
  }

  /** The payload, or the wanted front of it, stands in `bytes` from `start` on; skipped ones come as no bytes. */
  #endPayload(bytes: Buffer, start: number): void {
    const type = this.#head.type;
    this.#state = HEAD;
    switch (this.#then) {
      case DECODE:
        this.#decode(bytes, start);
        break;
      case START_BLOCK:
        this.#startBlock(bytes, start);
        break;
      case REPORT_STREAM_VERSION: {
        const streamId = readUint32(bytes, start) & 0x7fffffff;
        this.#skip(this.#head.length - 4, FORGET);
        this.#sink.wrongVersion(type, this.#head.version, streamId, this.#head.toBuffer());
        break;
      }
      case REPORT_VERSION:
        this.#sink.wrongVersion(type, this.#head.version, 0, this.#head.toBuffer());
        break;
      case REPORT_UNKNOWN:
        this.#sink.unknown(this.#head.toBuffer(), this.#payload(bytes, start));
    }
  }

  #decode(bytes: Buffer, start: number): void {
    const decoder = CONTROL_DECODERS[this.#head.type] as ControlDecoder;
    const frame = decoder.decode(this.#version, this.#head.flags, this.#head.length, bytes, start);
    if (typeof frame === 'string') {
      this.#fail(this.#payload(bytes, start), 'ERR_SPDY_INVALID_FRAME', frame);
    } else {
      this.#sink.control(frame);
    }
  }

  #startBlock(bytes: Buffer, start: number): void {
    this.#state = BLOCK;
    this.#left = this.blocks.start(
      this.#head.type,
      this.#head.flags,
      this.#head.length,
      bytes,
      start,
    );
    if (this.#left === 0) this.#endBlock();
  }

  #readBlock(chunk: Buffer, at: number): number {
    const end = at + Math.min(this.#left, chunk.length - at);
    this.#left -= end - at;
    const problem = this.blocks.push(chunk, at, end, this.#left === 0);
    if (problem !== null) this.#fail(NO_BYTES, this.blocks.problemCode, problem);
    else if (this.#left === 0) this.#endBlock();
    return end;
  }

  #endBlock(): void {
    this.#state = HEAD;
    const frame = this.blocks.end();
    this.#sink.headerBlock(frame, this.blocks.blockLength);
    const { fault } = this.blocks;
    if (fault !== null && !this.stopped) this.#sink.badHeaders(frame, fault);
    else if (!this.stopped) this.#sink.control(frame);
  }

  #failLength(): void {
    const { type, length } = this.#head;
    const message = `a control frame of type ${type} cannot have ${length} payload bytes`;
    this.#fail(NO_BYTES, 'ERR_SPDY_INVALID_FRAME', message);
  }

  #fail(payload: Buffer, code: ErrorCode, message: string): void {
    this.stop();
    this.#sink.parseError(this.#head.type, this.#head.toBuffer(), payload, code, message);
  }

  /** The whole payload; none of one that was skipped. */
  #payload(bytes: Buffer, start: number): Buffer {
    return bytes.subarray(start, start + this.#head.length);
  }
}
