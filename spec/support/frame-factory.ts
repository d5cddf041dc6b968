import * as constants from '../../lib/protocol/constants.ts';
import type { HeaderList, SettingsEntry } from '../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { NativeDeflater, type NativeDeflaterOptions } from './native-zlib.ts';

/** What can be bent in a control frame. */
export interface RawControlFrame {
  /** Version field, 0 to 0x7fff. */
  readonly version: number;
  /** Frame type, 0 to 0xffff. */
  readonly type: number;
  /** Flag bits. Default 0. */
  readonly flags?: number;
  /** Bytes behind the frame header. Default none. */
  readonly payload?: Uint8Array;
  /** Value of the length field. Default: the length of the payload. */
  readonly length?: number;
}

/** Bytes of a control frame, right or wrong. */
export function rawControlFrame(frame: RawControlFrame): Buffer {
  const payload = frame.payload ?? Buffer.alloc(0);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8000 | frame.version, 0);
  head.writeUInt16BE(frame.type, 2);
  head.writeUInt8(frame.flags ?? 0, 4);
  head.writeUIntBE(frame.length ?? payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

/** Bytes of a DATA frame; `length` bends the length field. */
export function rawDataFrame(
  streamId: number,
  payload: Uint8Array | string,
  flags = 0,
  length?: number,
): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(length ?? bytes.length, 5, 3);
  return Buffer.concat([head, bytes]);
}

/** 32-bit big-endian numbers in a row. */
export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, 4 * index);
  });
  return bytes;
}

/** Bytes of a text, one per character. */
function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** What the frames of a FrameFactory may override. */
export interface FrameOverrides {
  readonly version?: number;
  readonly flags?: number;
  readonly length?: number;
}

/** Fields of a SYN_STREAM that have defaults. */
export interface SynStreamFields extends FrameOverrides {
  readonly associatedToStreamId?: number;
  readonly priority?: number;
  readonly slot?: number;
}

/**
 * Makes the wire bytes of one direction of a connection. Header blocks of one factory form one zlib stream, as they
 * must: use one factory per peer and feed its header frames in the order in which they were made. Headers
 * go out exactly as given (names as on the wire, values with their NULs, rules or not).
 */
export class FrameFactory {
  readonly #version: ProtocolVersion;
  readonly #deflater: NativeDeflater;

  constructor(version: ProtocolVersion, options: NativeDeflaterOptions = {}) {
    this.#version = version;
    this.#deflater = new NativeDeflater(version.wire, options);
  }

  /** The plain name/value block of these headers. `count` bends the number of pairs. */
  headerBlock(headers: HeaderList, count: number = headers.length): Buffer {
    const size = this.#version.headerLengthSize;
    const number = (value: number): Buffer => {
      const bytes = Buffer.alloc(size);
      bytes.writeUIntBE(value, 0, size);
      return bytes;
    };
    const parts = [number(count)];
    for (const [name, value] of headers) {
      parts.push(number(name.length), latin1(name), number(value.length), latin1(value));
    }
    return Buffer.concat(parts);
  }

  /** The next compressed block of the direction, for a list of headers or for any plain bytes. */
  compress(headers: HeaderList | Buffer): Buffer {
    return this.#deflater.deflate(Buffer.isBuffer(headers) ? headers : this.headerBlock(headers));
  }

  synStream(streamId: number, headers: HeaderList | Buffer, fields: SynStreamFields = {}): Buffer {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt32BE(streamId, 0);
    fixed.writeUInt32BE(fields.associatedToStreamId ?? 0, 4);
    fixed.writeUInt8((fields.priority ?? 0) << this.#version.priorityShift, 8);
    fixed.writeUInt8(fields.slot ?? 0, 9);
    return this.#control(
      constants.SYN_STREAM,
      Buffer.concat([fixed, this.compress(headers)]),
      fields,
    );
  }

  synReply(streamId: number, headers: HeaderList | Buffer, fields: FrameOverrides = {}): Buffer {
    return this.#reply(constants.SYN_REPLY, streamId, headers, fields);
  }

  headers(streamId: number, headers: HeaderList | Buffer, fields: FrameOverrides = {}): Buffer {
    return this.#reply(constants.HEADERS, streamId, headers, fields);
  }

  data(streamId: number, payload: Uint8Array | string, flags = 0): Buffer {
    return rawDataFrame(streamId, payload, flags);
  }

  rstStream(streamId: number, status: number, fields: FrameOverrides = {}): Buffer {
    return this.#control(constants.RST_STREAM, uint32(streamId, status), fields);
  }

  /** `count` bends the number of entries. */
  settings(
    entries: readonly SettingsEntry[],
    fields: FrameOverrides & { readonly count?: number } = {},
  ): Buffer {
    const body = Buffer.alloc(4 + 8 * entries.length);
    body.writeUInt32BE(fields.count ?? entries.length, 0);
    entries.forEach((entry, index) => {
      const at = 4 + 8 * index;
      if (this.#version.settingsIdsLittleEndian) {
        body.writeUIntLE(entry.id, at, 3);
        body.writeUInt8(entry.flags, at + 3);
      } else {
        body.writeUInt8(entry.flags, at);
        body.writeUIntBE(entry.id, at + 1, 3);
      }
      body.writeUInt32BE(entry.value, at + 4);
    });
    return this.#control(constants.SETTINGS, body, fields);
  }

  noop(fields: FrameOverrides = {}): Buffer {
    return this.#control(constants.NOOP, Buffer.alloc(0), fields);
  }

  ping(id: number, fields: FrameOverrides = {}): Buffer {
    return this.#control(constants.PING, uint32(id), fields);
  }

  /** Without status in SPDY/2. */
  goaway(
    lastGoodStreamId: number,
    status: number = constants.GOAWAY_OK,
    fields: FrameOverrides = {},
  ): Buffer {
    const body = this.#version.goawayStatus
      ? uint32(lastGoodStreamId, status)
      : uint32(lastGoodStreamId);
    return this.#control(constants.GOAWAY, body, fields);
  }

  windowUpdate(streamId: number, delta: number, fields: FrameOverrides = {}): Buffer {
    return this.#control(constants.WINDOW_UPDATE, uint32(streamId, delta), fields);
  }

  credential(
    slot: number,
    proof: Uint8Array,
    certificates: readonly Uint8Array[],
    fields: FrameOverrides = {},
  ): Buffer {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(slot, 0);
    const parts: Uint8Array[] = [head, uint32(proof.length), proof];
    for (const certificate of certificates) parts.push(uint32(certificate.length), certificate);
    return this.#control(constants.CREDENTIAL, Buffer.concat(parts), fields);
  }

  #reply(
    type: number,
    streamId: number,
    headers: HeaderList | Buffer,
    fields: FrameOverrides,
  ): Buffer {
    const fixed = Buffer.alloc(this.#version.replyFixedLength);
    fixed.writeUInt32BE(streamId, 0);
    return this.#control(type, Buffer.concat([fixed, this.compress(headers)]), fields);
  }

  #control(type: number, payload: Buffer, fields: FrameOverrides): Buffer {
    return rawControlFrame({ version: this.#version.wire, type, payload, ...fields });
  }
}
