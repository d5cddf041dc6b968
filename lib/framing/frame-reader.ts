import type { ErrorCode } from '../errors.ts';
import { CREDENTIAL, FRAME_HEADER_LENGTH, SETTINGS, SYN_STREAM } from '../protocol/constants.ts';
import type { HeaderList } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { BlockFeed } from './block-feed.ts';
import { NO_BYTES, readUint32 } from './bytes.ts';
import {
  type BlockPrefix,
  blockPrefixLength,
  CONTROL_DECODERS,
  type ControlDecoder,
  hasHeaderBlock,
  headerBlockFrame,
  readBlockPrefix,
  typeExists,
} from './decode.ts';
import type { FrameSink, HeaderFault } from './frame-sink.ts';
import { decodeHeaderBlock } from './header-block.ts';
import type { HeaderInflater } from './header-inflater.ts';
import type { HeaderEncoding } from './header-list.ts';
import { HeaderMemory } from './header-memory.ts';

/** What a frame reader accepts. It looks at the object again for each frame, so that changes take effect at once. */
export interface FrameLimits {
  /** Payload bytes of a control frame; more is inflated or skipped without being kept. */
  readonly maxControlFrameSize: number;
  /** Bytes of an inflated header block; more is a stream error. */
  readonly maxHeaderListSize: number;
  /** Pairs in a header block, after values were split. */
  readonly maxHeaderCount: number;
  /** Entries of a SETTINGS frame. */
  readonly maxSettingsEntries: number;
  /** Bytes at which inflating a header block is given up, which ends the session. */
  readonly maxInflatedBlockSize: number;
  /** Whether CREDENTIAL frames are read, where the version has them. */
  readonly credentials: boolean;
  /** How header values become strings. */
  readonly headerEncoding: HeaderEncoding;
}

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

const NO_HEADERS: HeaderList = [];

/**
 * Cuts a byte stream into SPDY frames (SPDY/3 2.2), however the bytes are split over calls, and reports them to a
 * sink. Work is linear in the bytes, and memory is bounded by the limits. DATA passes through as views.
 */
export class FrameReader {
  readonly #version: ProtocolVersion;
  readonly #limits: FrameLimits;
  readonly #memory = new HeaderMemory();
  readonly #feed: BlockFeed;
  readonly #sink: FrameSink;

  #stopped = false;
  #state = HEAD;
  /** Bytes of the frame header that were read, and the header as two integers. */
  #headLength = 0;
  #word0 = 0;
  #word1 = 0;
  /** Bytes of the payload, or of the piece that is read now, which are still to come. */
  #left = 0;
  /** What becomes of the payload. */
  #then = FORGET;
  /** Payload that came in several chunks: its buffer while it is collected. */
  #collected: Buffer = NO_BYTES;
  /** Whether the header block is dropped because its frame is too long. */
  #oversize = false;
  readonly #prefix: BlockPrefix = { streamId: 0, associatedToStreamId: 0, priority: 0, slot: 0 };

  /** `inflater` serves this reader alone. */
  constructor(
    version: ProtocolVersion,
    limits: FrameLimits,
    inflater: HeaderInflater,
    sink: FrameSink,
  ) {
    this.#version = version;
    this.#limits = limits;
    this.#feed = new BlockFeed(inflater);
    this.#sink = sink;
  }

  /** Whether the reader has given up or was stopped; it ignores what comes then. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Ends reading: nothing more is reported, not even out of the chunk that is being read. */
  stop(): void {
    this.#stopped = true;
    this.#collected = NO_BYTES;
    this.#feed.reset();
  }

  /** Reads the next bytes. Must not be called out of a call to the sink. */
  read(chunk: Buffer): void {
    const end = chunk.length;
    let at = 0;
    while (at < end && !this.#stopped) {
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
    let at = start;
    if (this.#headLength === 0 && chunk.length - at >= FRAME_HEADER_LENGTH) {
      this.#word0 = readUint32(chunk, at) | 0;
      this.#word1 = readUint32(chunk, at + 4) | 0;
      at += FRAME_HEADER_LENGTH;
    } else {
      let have = this.#headLength;
      while (at < chunk.length && have < FRAME_HEADER_LENGTH) {
        const byte = chunk[at++] as number;
        if (have++ < 4) this.#word0 = (this.#word0 << 8) | byte;
        else this.#word1 = (this.#word1 << 8) | byte;
      }
      this.#headLength = have;
      if (have < FRAME_HEADER_LENGTH) return at;
      this.#headLength = 0;
    }
    if (this.#word0 >= 0) this.#startData();
    else this.#startControl();
    return at;
  }

  #startData(): void {
    const length = this.#length;
    this.#left = length;
    this.#state = length === 0 ? HEAD : DATA;
    this.#sink.dataStart(this.#word0, this.#flags, length);
    if (length === 0 && !this.#stopped) this.#sink.dataEnd();
  }

  #readData(chunk: Buffer, at: number): number {
    const end = at + Math.min(this.#left, chunk.length - at);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = HEAD;
    // A chunk of nothing else needs no view.
    this.#sink.dataChunk(end - at === chunk.length ? chunk : chunk.subarray(at, end));
    if (this.#left === 0 && !this.#stopped) this.#sink.dataEnd();
    return end;
  }

  #startControl(): void {
    const type = this.#type;
    const length = this.#length;
    const version = this.#version;
    if (hasHeaderBlock(type)) {
      this.#startHeaderBlockFrame(type, length);
    } else if (!typeExists(version, type)) {
      if (length > this.#limits.maxControlFrameSize) this.#skip(length, REPORT_UNKNOWN);
      else this.#collect(length, REPORT_UNKNOWN);
    } else if (this.#versionField !== version.wire) {
      this.#skip(length, REPORT_VERSION);
    } else {
      this.#startPlainFrame(type, length);
    }
  }

  #startPlainFrame(type: number, length: number): void {
    const decoder = CONTROL_DECODERS[type];
    const limit = this.#limits.maxControlFrameSize;
    if (decoder === undefined || (type === CREDENTIAL && !this.#limits.credentials)) {
      this.#skip(length, FORGET);
    } else if (!decoder.accepts(this.#version, length)) {
      this.#failLength();
    } else if (
      type === SETTINGS &&
      (length > limit || length > 4 + 8 * this.#limits.maxSettingsEntries)
    ) {
      this.#fail(NO_BYTES, 'ERR_SPDY_TOO_MANY_SETTINGS', `SETTINGS of ${length} bytes`);
    } else if (type === CREDENTIAL && length > limit) {
      this.#fail(NO_BYTES, 'ERR_SPDY_FRAME_TOO_LARGE', `CREDENTIAL of ${length} bytes`);
    } else {
      this.#collect(length, DECODE);
    }
  }

  #startHeaderBlockFrame(type: number, length: number): void {
    const version = this.#version;
    const prefixLength = blockPrefixLength(version, type);
    if (this.#versionField === version.wire) {
      if (length < prefixLength) this.#failLength();
      else this.#collect(prefixLength, START_BLOCK);
    } else if (type !== SYN_STREAM) {
      this.#skip(length, FORGET);
      this.#sink.wrongVersion(type, this.#versionField, 0, this.#head());
    } else if (length < prefixLength) {
      this.#failLength();
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
    const type = this.#type;
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
        this.#skip(this.#length - 4, FORGET);
        this.#sink.wrongVersion(type, this.#versionField, streamId, this.#head());
        break;
      }
      case REPORT_VERSION:
        this.#sink.wrongVersion(type, this.#versionField, 0, this.#head());
        break;
      case REPORT_UNKNOWN:
        this.#sink.unknown(this.#head(), this.#payload(bytes, start));
    }
  }

  #decode(bytes: Buffer, start: number): void {
    const decoder = CONTROL_DECODERS[this.#type] as ControlDecoder;
    const frame = decoder.decode(this.#version, this.#flags, this.#length, bytes, start);
    if (typeof frame === 'string') {
      this.#fail(this.#payload(bytes, start), 'ERR_SPDY_INVALID_FRAME', frame);
    } else {
      this.#sink.control(frame);
    }
  }

  #startBlock(bytes: Buffer, start: number): void {
    const type = this.#type;
    const length = this.#length;
    readBlockPrefix(this.#version, type, bytes, start, this.#prefix);
    this.#oversize = length > this.#limits.maxControlFrameSize;
    this.#left = length - blockPrefixLength(this.#version, type);
    this.#state = BLOCK;
    if (this.#left === 0) this.#endBlock();
  }

  #readBlock(chunk: Buffer, at: number): number {
    const end = at + Math.min(this.#left, chunk.length - at);
    const { maxHeaderListSize, maxInflatedBlockSize: hardLimit } = this.#limits;
    const limit = this.#oversize ? 0 : maxHeaderListSize;
    this.#left -= end - at;
    const problem = this.#feed.push(chunk, at, end, this.#left === 0, limit, hardLimit);
    if (problem !== null) {
      const tooLarge = this.#feed.length > hardLimit;
      this.#fail(NO_BYTES, tooLarge ? 'ERR_SPDY_FRAME_TOO_LARGE' : 'ERR_SPDY_ZLIB', problem);
      return end;
    }
    if (this.#left === 0) this.#endBlock();
    return end;
  }

  #endBlock(): void {
    const feed = this.#feed;
    const { headerEncoding, maxHeaderCount } = this.#limits;
    const block = feed.block();
    let headers = NO_HEADERS;
    let fault: HeaderFault | null = 'size';
    if (!this.#oversize && block.length === feed.length) {
      const version = this.#version;
      const memory = this.#memory;
      const decoded = decodeHeaderBlock(version, block, headerEncoding, maxHeaderCount, memory);
      headers = decoded.headers;
      fault = decoded.fault;
    }
    // Before the report, in which other sessions may inflate.
    feed.reset();
    this.#state = HEAD;
    const frame = headerBlockFrame(
      this.#version,
      this.#type,
      this.#flags,
      this.#length,
      this.#prefix,
      headers,
    );
    if (fault === null) this.#sink.control(frame);
    else this.#sink.badHeaders(frame, fault);
  }

  #failLength(): void {
    const message = `a control frame of type ${this.#type} cannot have ${this.#length} payload bytes`;
    this.#fail(NO_BYTES, 'ERR_SPDY_INVALID_FRAME', message);
  }

  #fail(payload: Buffer, code: ErrorCode, message: string): void {
    this.stop();
    this.#sink.parseError(this.#type, this.#head(), payload, code, message);
  }

  get #type(): number {
    return this.#word0 & 0xffff;
  }

  get #versionField(): number {
    return (this.#word0 >>> 16) & 0x7fff;
  }

  get #flags(): number {
    return this.#word1 >>> 24;
  }

  get #length(): number {
    return this.#word1 & 0xffffff;
  }

  #head(): Buffer {
    const head = Buffer.allocUnsafe(FRAME_HEADER_LENGTH);
    head.writeInt32BE(this.#word0, 0);
    head.writeInt32BE(this.#word1, 4);
    return head;
  }

  /** The whole payload; none of one that was skipped. */
  #payload(bytes: Buffer, start: number): Buffer {
    return bytes.subarray(start, start + this.#length);
  }
}
