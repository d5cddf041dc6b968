import { SpdyError } from '../errors.ts';
import {
  CREDENTIAL,
  FRAME_HEADER_LENGTH,
  GOAWAY,
  HEADERS,
  MAX_FRAME_LENGTH,
  NOOP,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../protocol/constants.ts';
import type { SettingsEntry } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import type { OutputBuffer } from './output-buffer.ts';

/*
 * One function per frame, which appends it and returns the length of its payload (the 24-bit length field).
 * A payload that the field cannot hold is a SpdyError ERR_SPDY_FRAME_TOO_LARGE, with nothing written.
 * Values are not checked, but none reaches into the bits of its neighbours.
 */

/** Clears the reserved bit in front of stream ids and of the delta. */
const MASK_31 = 0x7fffffff;
/** Bytes between the frame header and the block of SYN_STREAM, in all versions. */
const SYN_STREAM_FIXED = 10;

/** Appends a SYN_STREAM (SPDY/3 2.6.1); `block` is the compressed header block. */
export function writeSynStream(
  out: OutputBuffer,
  version: ProtocolVersion,
  flags: number,
  streamId: number,
  associatedToStreamId: number,
  priority: number,
  slot: number,
  block: Uint8Array,
): number {
  const length = SYN_STREAM_FIXED + block.length;
  writeControlHeader(out, version, SYN_STREAM, flags, length);
  out.writeUint32(streamId & MASK_31);
  out.writeUint32(associatedToStreamId & MASK_31);
  out.writeUint8(Math.min(priority, version.lowestPriority) << version.priorityShift);
  out.writeUint8(version.hasSlot ? slot : 0);
  out.writeBytes(block);
  return length;
}

/** Appends a SYN_REPLY (SPDY/3 2.6.2); `block` is the compressed header block. */
export function writeSynReply(
  out: OutputBuffer,
  version: ProtocolVersion,
  flags: number,
  streamId: number,
  block: Uint8Array,
): number {
  return writeReply(out, version, SYN_REPLY, flags, streamId, block);
}

/** Appends a HEADERS frame (SPDY/3 2.6.7); `block` is the compressed header block. */
export function writeHeaders(
  out: OutputBuffer,
  version: ProtocolVersion,
  flags: number,
  streamId: number,
  block: Uint8Array,
): number {
  return writeReply(out, version, HEADERS, flags, streamId, block);
}

/** Appends a RST_STREAM (SPDY/3 2.6.3). */
export function writeRstStream(
  out: OutputBuffer,
  version: ProtocolVersion,
  streamId: number,
  status: number,
): number {
  writeControlHeader(out, version, RST_STREAM, 0, 8);
  out.writeUint32(streamId & MASK_31);
  out.writeUint32(status);
  return 8;
}

/** Appends a SETTINGS frame with the entries in the order given (SPDY/3 2.6.4). */
export function writeSettings(
  out: OutputBuffer,
  version: ProtocolVersion,
  flags: number,
  entries: readonly SettingsEntry[],
): number {
  const length = 4 + 8 * entries.length;
  writeControlHeader(out, version, SETTINGS, flags, length);
  out.writeUint32(entries.length);
  for (const entry of entries) {
    if (version.settingsIdsLittleEndian) {
      out.writeUint8(entry.id);
      out.writeUint8(entry.id >>> 8);
      out.writeUint8(entry.id >>> 16);
      out.writeUint8(entry.flags);
    } else {
      out.writeUint8(entry.flags);
      out.writeUint24(entry.id);
    }
    out.writeUint32(entry.value);
  }
  return length;
}

/** Appends a NOOP, for completeness of the codec: real peers end the session on it. */
export function writeNoop(out: OutputBuffer, version: ProtocolVersion): number {
  writeControlHeader(out, version, NOOP, 0, 0);
  return 0;
}

/** Appends a PING (SPDY/3 2.6.5). */
export function writePing(out: OutputBuffer, version: ProtocolVersion, id: number): number {
  writeControlHeader(out, version, PING, 0, 4);
  out.writeUint32(id);
  return 4;
}

/** Appends a GOAWAY (SPDY/3 2.6.6); SPDY/2 has no room for the status. */
export function writeGoaway(
  out: OutputBuffer,
  version: ProtocolVersion,
  lastGoodStreamId: number,
  status: number,
): number {
  const length = version.goawayStatus ? 8 : 4;
  writeControlHeader(out, version, GOAWAY, 0, length);
  out.writeUint32(lastGoodStreamId & MASK_31);
  if (version.goawayStatus) out.writeUint32(status);
  return length;
}

/** Appends a WINDOW_UPDATE (SPDY/3 2.6.8); stream 0 is the session in SPDY/3.1. */
export function writeWindowUpdate(
  out: OutputBuffer,
  version: ProtocolVersion,
  streamId: number,
  delta: number,
): number {
  writeControlHeader(out, version, WINDOW_UPDATE, 0, 8);
  out.writeUint32(streamId & MASK_31);
  out.writeUint32(delta & MASK_31);
  return 8;
}

/** Appends a CREDENTIAL (SPDY/3 2.6.9); certificates are DER, leaf first. */
export function writeCredential(
  out: OutputBuffer,
  version: ProtocolVersion,
  slot: number,
  proof: Uint8Array,
  certificates: readonly Uint8Array[],
): number {
  let length = 6 + proof.length;
  for (const certificate of certificates) length += 4 + certificate.length;
  writeControlHeader(out, version, CREDENTIAL, 0, length);
  out.writeUint16(slot);
  out.writeUint32(proof.length);
  out.writeBytes(proof);
  for (const certificate of certificates) {
    out.writeUint32(certificate.length);
    out.writeBytes(certificate);
  }
  return length;
}

/** Appends the header of a DATA frame (SPDY/3 2.2.2), behind which the caller puts `length` bytes of payload. */
export function writeDataHeader(
  out: OutputBuffer,
  streamId: number,
  flags: number,
  length: number,
): number {
  checkLength(length);
  out.reserve(FRAME_HEADER_LENGTH);
  out.writeUint32(streamId & MASK_31);
  out.writeUint8(flags);
  out.writeUint24(length);
  return length;
}

function writeReply(
  out: OutputBuffer,
  version: ProtocolVersion,
  type: number,
  flags: number,
  streamId: number,
  block: Uint8Array,
): number {
  const length = version.replyFixedLength + block.length;
  writeControlHeader(out, version, type, flags, length);
  out.writeUint32(streamId & MASK_31);
  if (version.replyFixedLength === 6) out.writeUint16(0);
  out.writeBytes(block);
  return length;
}

function writeControlHeader(
  out: OutputBuffer,
  version: ProtocolVersion,
  type: number,
  flags: number,
  length: number,
): void {
  checkLength(length);
  out.reserve(FRAME_HEADER_LENGTH + length);
  out.writeUint16(0x8000 | version.wire);
  out.writeUint16(type);
  out.writeUint8(flags);
  out.writeUint24(length);
}

function checkLength(length: number): void {
  if (length > MAX_FRAME_LENGTH) {
    throw new SpdyError(
      'ERR_SPDY_FRAME_TOO_LARGE',
      `a frame holds at most ${MAX_FRAME_LENGTH} payload bytes, not ${length}`,
    );
  }
}
