import {
  CREDENTIAL,
  GOAWAY,
  HEADERS,
  NOOP,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../protocol/constants.ts';
import type {
  ControlFrame,
  HeaderBlockFrame,
  HeaderList,
  SettingsEntry,
} from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { readUint16, readUint32 } from './bytes.ts';

/** How the control frames of one type are read. Objects have the field order of protocol/frames.ts. */
export interface ControlDecoder {
  /** Whether the length field can be right. */
  accepts(version: ProtocolVersion, length: number): boolean;
  /** Reads the payload at `start`; a string says what is wrong with it. Nothing of the result is a view of `bytes`. */
  decode(
    version: ProtocolVersion,
    flags: number,
    length: number,
    bytes: Buffer,
    start: number,
  ): ControlFrame | string;
}

/** The fields before the block of a header-block frame. */
export interface BlockPrefix {
  streamId: number;
  associatedToStreamId: number;
  priority: number;
  slot: number;
}

/** Clears the reserved bit in front of stream ids and of the delta. */
const MASK_31 = 0x7fffffff;

const RST_STREAM_DECODER: ControlDecoder = {
  accepts: (_version, length) => length === 8,
  decode: (version, flags, length, bytes, start) => ({
    version: version.wire,
    flags,
    length,
    type: RST_STREAM,
    streamId: readUint32(bytes, start) & MASK_31,
    status: readUint32(bytes, start + 4),
  }),
};

const SETTINGS_DECODER: ControlDecoder = {
  accepts: (_version, length) => length >= 4 && length % 8 === 4,
  decode: (version, flags, length, bytes, start) => {
    const count = readUint32(bytes, start);
    if (count !== (length - 4) / 8) return `SETTINGS of ${length} bytes announces ${count} entries`;
    const entries: SettingsEntry[] = [];
    for (let at = start + 4; at < start + length; at += 8) {
      entries.push(decodeSettingsEntry(version, bytes, at));
    }
    return { version: version.wire, flags, length, type: SETTINGS, entries };
  },
};

const PING_DECODER: ControlDecoder = {
  accepts: (_version, length) => length === 4,
  decode: (version, flags, length, bytes, start) => ({
    version: version.wire,
    flags,
    length,
    type: PING,
    id: readUint32(bytes, start),
  }),
};

const GOAWAY_DECODER: ControlDecoder = {
  // Some peers send the status in SPDY/2 too; it means nothing there.
  accepts: (version, length) => length === 8 || (length === 4 && !version.goawayStatus),
  decode: (version, flags, length, bytes, start) => ({
    version: version.wire,
    flags,
    length,
    type: GOAWAY,
    lastGoodStreamId: readUint32(bytes, start) & MASK_31,
    status: version.goawayStatus ? readUint32(bytes, start + 4) : 0,
  }),
};

const WINDOW_UPDATE_DECODER: ControlDecoder = {
  accepts: (_version, length) => length === 8,
  decode: (version, flags, length, bytes, start) => ({
    version: version.wire,
    flags,
    length,
    type: WINDOW_UPDATE,
    streamId: readUint32(bytes, start) & MASK_31,
    delta: readUint32(bytes, start + 4) & MASK_31,
  }),
};

const CREDENTIAL_DECODER: ControlDecoder = {
  accepts: (_version, length) => length >= 6,
  decode: decodeCredential,
};

/** The decoders by type; frames with a header block have none, nor has NOOP, which says nothing. */
export const CONTROL_DECODERS: readonly (ControlDecoder | undefined)[] = decodersByType();

/** Whether a control frame type exists in a version. */
export function typeExists(version: ProtocolVersion, type: number): boolean {
  switch (type) {
    case NOOP:
      return version.hasNoop;
    case WINDOW_UPDATE:
      return version.streamWindows;
    case CREDENTIAL:
      return version.hasCredential;
    default:
      return type >= SYN_STREAM && type <= HEADERS;
  }
}

/** Whether frames of a type carry a header block. */
export function hasHeaderBlock(type: number): boolean {
  return type === SYN_STREAM || type === SYN_REPLY || type === HEADERS;
}

/** Bytes between the frame header and the header block. */
export function blockPrefixLength(version: ProtocolVersion, type: number): number {
  return type === SYN_STREAM ? 10 : version.replyFixedLength;
}

/** Reads the fields before a header block into `prefix`; those that the type does not have become 0. */
export function readBlockPrefix(
  version: ProtocolVersion,
  type: number,
  bytes: Buffer,
  start: number,
  prefix: BlockPrefix,
): void {
  const opens = type === SYN_STREAM;
  prefix.streamId = readUint32(bytes, start) & MASK_31;
  prefix.associatedToStreamId = opens ? readUint32(bytes, start + 4) & MASK_31 : 0;
  prefix.priority = opens ? (bytes[start + 8] as number) >>> version.priorityShift : 0;
  prefix.slot = opens && version.hasSlot ? (bytes[start + 9] as number) : 0;
}

/** The frame of a header block that was read. */
export function headerBlockFrame(
  version: ProtocolVersion,
  type: number,
  flags: number,
  length: number,
  prefix: BlockPrefix,
  headers: HeaderList,
): HeaderBlockFrame {
  if (type === SYN_STREAM) {
    return {
      version: version.wire,
      flags,
      length,
      type,
      streamId: prefix.streamId,
      associatedToStreamId: prefix.associatedToStreamId,
      priority: prefix.priority,
      slot: prefix.slot,
      headers,
    };
  }
  return {
    version: version.wire,
    flags,
    length,
    type: type === SYN_REPLY ? SYN_REPLY : HEADERS,
    streamId: prefix.streamId,
    headers,
  };
}

function decodersByType(): (ControlDecoder | undefined)[] {
  const decoders: (ControlDecoder | undefined)[] = new Array(CREDENTIAL + 1).fill(undefined);
  decoders[RST_STREAM] = RST_STREAM_DECODER;
  decoders[SETTINGS] = SETTINGS_DECODER;
  decoders[PING] = PING_DECODER;
  decoders[GOAWAY] = GOAWAY_DECODER;
  decoders[WINDOW_UPDATE] = WINDOW_UPDATE_DECODER;
  decoders[CREDENTIAL] = CREDENTIAL_DECODER;
  return decoders;
}

function decodeSettingsEntry(version: ProtocolVersion, bytes: Buffer, at: number): SettingsEntry {
  const word = readUint32(bytes, at);
  const value = readUint32(bytes, at + 4);
  if (!version.settingsIdsLittleEndian) return { id: word & 0xffffff, flags: word >>> 24, value };
  const id = (word >>> 24) | ((word >>> 8) & 0xff00) | ((word & 0xff00) << 8);
  return { id, flags: word & 0xff, value };
}

function decodeCredential(
  version: ProtocolVersion,
  flags: number,
  length: number,
  bytes: Buffer,
  start: number,
): ControlFrame | string {
  const end = start + length;
  const slot = readUint16(bytes, start);
  if (slot === 0) return 'CREDENTIAL for slot 0';
  const proofLength = readUint32(bytes, start + 2);
  if (proofLength > length - 6) return 'CREDENTIAL with a proof that is longer than the frame';
  let at = start + 6 + proofLength;
  const proof = new Uint8Array(bytes.subarray(start + 6, at));
  const certificates: Uint8Array[] = [];
  while (at < end) {
    const certificateLength = end - at < 4 ? 0 : readUint32(bytes, at);
    at += 4;
    if (certificateLength === 0 || certificateLength > end - at) {
      return 'CREDENTIAL with a certificate that does not fit the frame';
    }
    certificates.push(new Uint8Array(bytes.subarray(at, at + certificateLength)));
    at += certificateLength;
  }
  if (certificates.length === 0) return 'CREDENTIAL without a certificate';
  return { version: version.wire, flags, length, type: CREDENTIAL, slot, proof, certificates };
}
