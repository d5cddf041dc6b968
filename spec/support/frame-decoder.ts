import * as constants from '../../lib/protocol/constants.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { type GoldenFrame, goldenHeaders, typeName } from './golden-form.ts';
import { NativeInflater } from './native-zlib.ts';

/** A frame as it stood on the wire. */
export interface DecodedFrame {
  /** The frame in golden form: header names as on the wire, several values joined by NUL. */
  readonly frame: GoldenFrame;
  /** Payload of a DATA frame; empty for control frames. */
  readonly data: Buffer;
  /** The frame's header pairs unshortened, in wire order; empty for frames without any. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** All bytes of the frame. */
  readonly bytes: Buffer;
}

/**
 * Reads what one direction of a connection wrote, strictly and independently of lib/: its own parser, and Node's zlib
 * with one inflater for the whole direction. Meant for judging an engine's output, so it throws for frames
 * that an engine must not write.
 */
export class FrameDecoder {
  readonly #version: ProtocolVersion;
  readonly #lenient: boolean;
  readonly #inflater: NativeInflater = new NativeInflater();
  #pending: Buffer = Buffer.alloc(0);
  #blocks = 0;

  /** `lenient` takes what real peers write: a SPDY/2 GOAWAY with the status of SPDY/3. */
  constructor(version: ProtocolVersion, lenient = false) {
    this.#version = version;
    this.#lenient = lenient;
  }

  /** Bytes of a frame that is not complete yet. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Takes bytes and returns the frames that they complete. */
  push(chunk: Uint8Array): DecodedFrame[] {
    let bytes = Buffer.concat([this.#pending, chunk]);
    const frames: DecodedFrame[] = [];
    for (;;) {
      const length = frameLength(bytes);
      if (length === null || length > bytes.length) break;
      frames.push(this.#decode(bytes.subarray(0, length)));
      bytes = bytes.subarray(length);
    }
    this.#pending = bytes;
    return frames;
  }

  /**
   * How many bytes of `chunk` complete the next `frames` frames, counted from here; null when it holds fewer.
   * Nothing is taken.
   */
  bytesToComplete(frames: number, chunk: Uint8Array): number | null {
    const bytes = Buffer.concat([this.#pending, chunk]);
    let at = 0;
    for (let left = frames; left > 0; left--) {
      const length = frameLength(bytes.subarray(at));
      if (length === null || at + length > bytes.length) return null;
      at += length;
    }
    return at - this.#pending.length;
  }

  #decode(bytes: Buffer): DecodedFrame {
    const flags = bytes.readUInt8(4);
    const length = bytes.readUIntBE(5, 3);
    const first = bytes.readUInt32BE(0);
    if (first < 0x80000000) {
      const frame = { type: 'DATA', streamId: first, flags, length };
      return { frame, data: bytes.subarray(8), headers: [], bytes };
    }
    const version = (first >>> 16) & 0x7fff;
    if (version !== this.#version.wire) throw new Error(`a frame of version ${version}`);
    const type = first & 0xffff;
    const body = this.#decodeControl(type, bytes.subarray(8));
    const withLength = 'headers' in body ? {} : { length };
    const { plainHeaders, ...fields } = body;
    const frame: GoldenFrame = { type: typeName(type), version, flags, ...withLength, ...fields };
    const exact = type === constants.SETTINGS ? { hex: bytes.toString('hex') } : {};
    return { frame: { ...frame, ...exact }, data: NO_BYTES, headers: plainHeaders ?? [], bytes };
  }

  #decodeControl(type: number, payload: Buffer): ControlBody {
    const version = this.#version;
    switch (type) {
      case constants.SYN_STREAM: {
        const priorityByte = payload.readUInt8(8);
        return {
          streamId: payload.readUInt32BE(0),
          associatedToStreamId: payload.readUInt32BE(4),
          priorityByte,
          priority: priorityByte >>> version.priorityShift,
          slot: payload.readUInt8(9),
          ...this.#decodeBlock(payload.subarray(10)),
        };
      }
      case constants.SYN_REPLY:
      case constants.HEADERS: {
        const fixed = version.replyFixedLength;
        const unused = fixed === 6 ? { unused: payload.toString('hex', 4, 6) } : {};
        const block = this.#decodeBlock(payload.subarray(fixed));
        return { streamId: payload.readUInt32BE(0), ...unused, ...block };
      }
      case constants.RST_STREAM:
        expectLength(payload, 8);
        return { streamId: payload.readUInt32BE(0), status: payload.readUInt32BE(4) };
      case constants.SETTINGS:
        return { entries: this.#decodeSettings(payload) };
      case constants.NOOP:
        return {};
      case constants.PING:
        expectLength(payload, 4);
        return { id: payload.readUInt32BE(0) };
      case constants.GOAWAY: {
        if (!this.#lenient) expectLength(payload, version.goawayStatus ? 8 : 4);
        const status = version.goawayStatus ? { status: payload.readUInt32BE(4) } : {};
        return { lastGoodStreamId: payload.readUInt32BE(0), ...status };
      }
      case constants.WINDOW_UPDATE:
        expectLength(payload, 8);
        return { streamId: payload.readUInt32BE(0), deltaWindowSize: payload.readUInt32BE(4) };
      case constants.CREDENTIAL:
        return decodeCredential(payload);
      default:
        throw new Error(`a frame of type ${type}`);
    }
  }

  #decodeBlock(block: Buffer): ControlBody {
    const first = this.#blocks++ === 0;
    const plain = this.#inflater.inflate(block);
    const pairs = parseHeaderBlock(this.#version, plain);
    const dictionary = this.#inflater.dictionaryId;
    return {
      ...(first && dictionary !== null && { zlibDictId: dictionary }),
      headers: goldenHeaders(pairs),
      plainHeaders: pairs,
    };
  }

  #decodeSettings(payload: Buffer): { id: number; flags: number; value: number }[] {
    const count = payload.readUInt32BE(0);
    expectLength(payload, 4 + 8 * count);
    return Array.from({ length: count }, (_, index) => {
      const at = 4 + 8 * index;
      const value = payload.readUInt32BE(at + 4);
      return this.#version.settingsIdsLittleEndian
        ? { id: payload.readUIntLE(at, 3), flags: payload.readUInt8(at + 3), value }
        : { id: payload.readUIntBE(at + 1, 3), flags: payload.readUInt8(at), value };
    });
  }
}

/** Decodes everything that one direction wrote; throws when it ends inside a frame. */
export function decodeFrames(
  version: ProtocolVersion,
  bytes: Uint8Array,
  lenient = false,
): DecodedFrame[] {
  const decoder = new FrameDecoder(version, lenient);
  const frames = decoder.push(bytes);
  if (decoder.pending > 0) throw new Error(`${decoder.pending} bytes of an unfinished frame`);
  return frames;
}

/** The pairs of a plain name/value block, values as they stand there. Strict about lengths, not about content. */
function parseHeaderBlock(version: ProtocolVersion, block: Buffer): [string, string][] {
  const size = version.headerLengthSize;
  let at = 0;
  const number = (): number => {
    const value = block.readUIntBE(at, size);
    at += size;
    return value;
  };
  const string = (): string => {
    const length = number();
    if (at + length > block.length) throw new Error('a string beyond the end of the header block');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  const pairs: [string, string][] = [];
  if (block.length > 0) {
    for (let left = number(); left > 0; left--) pairs.push([string(), string()]);
  }
  if (at !== block.length) throw new Error(`${block.length - at} bytes behind the header block`);
  return pairs;
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** The fields behind the frame header, and the header pairs unshortened. */
interface ControlBody extends Partial<Omit<GoldenFrame, 'type'>> {
  readonly plainHeaders?: readonly (readonly [string, string])[];
}

/** Bytes of the frame that starts here, or null when even its header is not complete. */
function frameLength(bytes: Buffer): number | null {
  if (bytes.length < constants.FRAME_HEADER_LENGTH) return null;
  return constants.FRAME_HEADER_LENGTH + bytes.readUIntBE(5, 3);
}

function expectLength(payload: Buffer, length: number): void {
  if (payload.length !== length) throw new Error(`${payload.length} bytes instead of ${length}`);
}

function decodeCredential(payload: Buffer): ControlBody {
  let at = 6 + payload.readUInt32BE(2);
  const proofHex = payload.toString('hex', 6, at);
  const certificatesHex: string[] = [];
  while (at < payload.length) {
    const end = at + 4 + payload.readUInt32BE(at);
    certificatesHex.push(payload.toString('hex', at + 4, end));
    at = end;
  }
  if (at !== payload.length) throw new Error('a certificate beyond the end of CREDENTIAL');
  return { slot: payload.readUInt16BE(0), proofHex, certificatesHex };
}
