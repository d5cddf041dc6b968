import type { ErrorCode } from '../errors.ts';
import type { HeaderBlockFrame, HeaderList } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { BlockFeed } from './block-feed.ts';
import {
  type BlockPrefix,
  blockPrefixLength,
  headerBlockFrame,
  readBlockPrefix,
} from './decode.ts';
import type { Limited } from './frame-limits.ts';
import type { HeaderFault } from './frame-sink.ts';
import { decodeHeaderBlock } from './header-block.ts';
import type { HeaderInflater } from './header-inflater.ts';
import { HeaderMemory } from './header-memory.ts';

const NO_HEADERS: HeaderList = [];

/** Reads one frame with a header block after the other: inflates within the limits, and makes the frame. */
export class HeaderBlockReader {
  readonly #version: ProtocolVersion;
  readonly #limited: Limited;
  readonly #feed: BlockFeed;
  readonly #memory = new HeaderMemory();
  // The frame at hand.
  #type = 0;
  #flags = 0;
  #length = 0;
  readonly #prefix: BlockPrefix = { streamId: 0, associatedToStreamId: 0, priority: 0, slot: 0 };
  /** Whether the block is dropped because its frame is too long. */
  #oversize = false;
  /** Bytes that the block of the frame that was read last was inflated to. */
  blockLength = 0;
  /** Why that frame cannot be accepted, or null. */
  fault: HeaderFault | null = null;

  constructor(version: ProtocolVersion, limited: Limited, inflater: HeaderInflater) {
    this.#version = version;
    this.#limited = limited;
    this.#feed = new BlockFeed(inflater);
  }

  /** Starts a frame, whose fixed front stands in `bytes` from `start` on. Returns the length of the block behind it. */
  start(type: number, flags: number, length: number, bytes: Buffer, start: number): number {
    this.#type = type;
    this.#flags = flags;
    this.#length = length;
    readBlockPrefix(this.#version, type, bytes, start, this.#prefix);
    this.#oversize = length > this.#limited.options.maxControlFrameSize;
    return length - blockPrefixLength(this.#version, type);
  }

  /** Takes `chunk[start, end)` of the block; returns what is wrong if the session cannot go on, else null. */
  push(chunk: Buffer, start: number, end: number, last: boolean): string | null {
    const { maxHeaderListSize, maxInflatedBlockSize: hardLimit } = this.#limited.options;
    const limit = this.#oversize ? 0 : maxHeaderListSize;
    return this.#feed.push(chunk, start, end, last, limit, hardLimit);
  }

  /** The code of what `push()` has found. */
  get problemCode(): ErrorCode {
    const tooLarge = this.#feed.length > this.#limited.options.maxInflatedBlockSize;
    return tooLarge ? 'ERR_SPDY_FRAME_TOO_LARGE' : 'ERR_SPDY_ZLIB';
  }

  /** The frame, now that its block is complete; `fault` says whether it can be accepted. */
  end(): HeaderBlockFrame {
    const feed = this.#feed;
    const { headerEncoding, maxHeaderCount } = this.#limited.options;
    const block = feed.block();
    let headers = NO_HEADERS;
    this.fault = 'size';
    this.blockLength = feed.length;
    if (!this.#oversize && block.length === feed.length) {
      const version = this.#version;
      const memory = this.#memory;
      const decoded = decodeHeaderBlock(version, block, headerEncoding, maxHeaderCount, memory);
      headers = decoded.headers;
      this.fault = decoded.fault;
    }
    // Before the report, in which other sessions may inflate.
    feed.reset();
    return headerBlockFrame(
      this.#version,
      this.#type,
      this.#flags,
      this.#length,
      this.#prefix,
      headers,
    );
  }

  /** Gives memory back, for as long as no block comes. */
  rest(): void {
    this.#memory.forget();
    this.#feed.rest();
  }

  /** Forgets the frame at hand. */
  reset(): void {
    this.#feed.reset();
  }
}
