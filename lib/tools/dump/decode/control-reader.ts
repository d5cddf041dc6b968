import { FrameDecoder } from '../../../engine/receive/frame-decoder.ts';
import { blockPrefixLength, hasHeaderBlock } from '../../../framing/decode.ts';
import type { FrameSink, HeaderFault } from '../../../framing/frame-sink.ts';
import { NOOP, SYN_STREAM } from '../../../protocol/constants.ts';
import { flagNames, frameFacts, frameName } from '../../../protocol/frame-facts.ts';
import type { ControlFrame, HeaderBlockFrame } from '../../../protocol/frames.ts';
import { withoutSecret } from '../../../protocol/secret-fields.ts';
import { type ProtocolVersion, SPDY3_1 } from '../../../protocol/version.ts';
import type { DumpFrame } from '../events.ts';

/** What the bytes of a frame tell. */
export interface FrameFacts
  extends Pick<
    DumpFrame,
    'type' | 'stream' | 'flags' | 'length' | 'headers' | 'headerBytes' | 'fields' | 'missing'
  > {
  readonly warnings: string[];
}

const FAULTS: Readonly<Record<HeaderFault, string>> = {
  structure: 'the counts and lengths of the header block do not fit',
  content: 'the header block has names or values that are not allowed',
  size: 'the header block is too large to be shown',
};

/** Bytes of an inflated header block that are shown. */
const MOST_HEADERS = 1 << 18;
/** Bytes in front of the header block of a SYN_STREAM. */
const LONGEST_PREFIX = blockPrefixLength(SPDY3_1, SYN_STREAM);

/** Reads control frames of one direction, one after the other; what cannot be read becomes a frame with a warning. */
export class ControlReader implements FrameSink {
  readonly #version: ProtocolVersion;
  readonly #decoder: FrameDecoder;
  readonly #secrets: boolean;
  readonly #prefix: Buffer = Buffer.alloc(LONGEST_PREFIX);
  #prefixLength = 0;
  #type = 0;
  #flags = 0;
  #length = 0;
  #reads = true;
  #plain = -1;
  #frame: ControlFrame | null = null;
  #warnings: string[] = [];
  /** Whether the header blocks that follow can be inflated. */
  inStep = true;

  constructor(version: ProtocolVersion, secrets: boolean) {
    this.#version = version;
    this.#secrets = secrets;
    this.#decoder = new FrameDecoder(version.name, this, { maxHeaderListSize: MOST_HEADERS });
  }

  /** A frame with this header begins; `inStep`: whether its header block can be inflated, if it has one. */
  start(head: Buffer, inStep: boolean): void {
    this.#type = head.readUInt16BE(2);
    this.#flags = head[4] as number;
    this.#length = head.readUIntBE(5, 3);
    this.#prefixLength = 0;
    this.#plain = -1;
    this.#frame = null;
    this.#warnings = [];
    this.#reads = inStep || !this.hasBlock;
    if (this.#reads) this.#decoder.read(head);
    else this.#warnings.push('headers cannot be read: blocks before this one are missing');
  }

  /** Whether the frame has a header block. */
  get hasBlock(): boolean {
    return hasHeaderBlock(this.#type);
  }

  /** The next bytes of its payload. */
  read(chunk: Buffer): void {
    if (this.#prefixLength < LONGEST_PREFIX) {
      this.#prefixLength += chunk.copy(this.#prefix, this.#prefixLength);
    }
    if (this.#reads && !this.#decoder.stopped) this.#decoder.read(chunk);
  }

  /** The frame, now that it is complete. */
  end(): FrameFacts {
    const frame = this.#frame;
    if (this.#decoder.stopped) {
      this.inStep &&= !this.hasBlock;
      this.#decoder.resume();
    }
    if (frame === null) return this.#unread();
    return {
      ...frameFacts(frame),
      ...('headers' in frame ? this.#headersOf(frame) : {}),
      warnings: this.#warnings,
    };
  }

  headerBlock(_frame: HeaderBlockFrame, length: number): void {
    this.#plain = length;
  }

  control(frame: ControlFrame): void {
    this.#frame = frame;
  }

  badHeaders(frame: HeaderBlockFrame, fault: HeaderFault): void {
    this.#frame = frame;
    this.#warnings.push(FAULTS[fault]);
  }

  /** DATA is not read here. */
  dataStart(): void {}

  dataChunk(): void {}

  dataEnd(): void {}

  wrongVersion(_type: number, version: number): void {
    this.#warnings.push(
      `a frame of version ${version} in a session of version ${this.#version.wire}`,
    );
    this.inStep &&= !this.hasBlock;
  }

  unknown(): void {
    this.#warnings.push(`${this.#version.name} has no control frame of type ${this.#type}`);
  }

  parseError(_type: number, _head: Buffer, _payload: Buffer, _code: string, message: string): void {
    this.#warnings.push(message);
  }

  /** A frame of which only the front is understood. */
  #unread(): FrameFacts {
    const type = this.#type;
    const blockAt = blockPrefixLength(this.#version, type);
    const stream =
      this.hasBlock && this.#prefixLength >= 4 ? this.#prefix.readUInt32BE(0) & 0x7fffffff : 0;
    // NOOP says nothing, and there is nothing to be said about it.
    if (type === NOOP && this.#version.hasNoop && this.#length > 0) {
      this.#warnings.push('NOOP with a payload');
    }
    const bytes =
      this.hasBlock && this.#length >= blockAt
        ? { headerBytes: { compressed: this.#length - blockAt, plain: 0 } }
        : {};
    return {
      type: frameName(type),
      stream,
      flags: flagNames(type, this.#flags),
      length: this.#length,
      ...bytes,
      warnings: this.#warnings,
    };
  }

  #headersOf(frame: HeaderBlockFrame): Pick<FrameFacts, 'headers' | 'headerBytes'> {
    const { headers, length, type } = frame;
    const headerBytes = {
      compressed: length - blockPrefixLength(this.#version, type),
      plain: this.#plain,
    };
    return { headers: this.#secrets ? headers : headers.map(withoutSecret), headerBytes };
  }
}
