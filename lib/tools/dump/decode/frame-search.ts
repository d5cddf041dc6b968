import {
  blockPrefixLength,
  CONTROL_DECODERS,
  hasHeaderBlock,
  typeExists,
} from '../../../framing/decode.ts';
import { FRAME_HEADER_LENGTH } from '../../../protocol/constants.ts';
import { SPDY2, SPDY3 } from '../../../protocol/version.ts';

/** The longest payload of a frame that a search believes in, but for DATA. */
const MOST_CONTROL_BYTES = 1 << 17;

/**
 * Where the first frame begins that can be told from other bytes; -1 without one. It is a control frame whose length fits its type, with another
 * frame behind it as far as `bytes` go.
 */
export function findFrame(bytes: Buffer, wire: number | null): number {
  for (let at = bytes.indexOf(0x80); at >= 0; at = bytes.indexOf(0x80, at + 1)) {
    if (at + FRAME_HEADER_LENGTH > bytes.length) return -1;
    if (!isLikelyControl(bytes, at, wire)) continue;
    const next = at + FRAME_HEADER_LENGTH + bytes.readUIntBE(at + 5, 3);
    if (next + FRAME_HEADER_LENGTH > bytes.length || isPossibleFrame(bytes, next)) return at;
  }
  return -1;
}

/** Whether a frame header may stand here: peers send types and flags that SPDY does not have, but nobody sends just anything. */
export function isPossibleFrame(bytes: Buffer, at: number): boolean {
  const first = bytes[at] as number;
  const flags = bytes[at + 4] as number;
  if (first < 0x80) return flags <= 3 && bytes.readUInt32BE(at) !== 0;
  const version = bytes.readUInt16BE(at) & 0x7fff;
  return (version === 2 || version === 3) && bytes.readUInt16BE(at + 2) < 0x100;
}

/** Whether this is the beginning of a control frame beyond doubt. */
function isLikelyControl(bytes: Buffer, at: number, wire: number | null): boolean {
  const version = bytes[at + 1] as number;
  if (wire === null ? version !== 2 && version !== 3 : version !== wire) return false;
  const type = bytes.readUInt16BE(at + 2);
  return (bytes[at + 4] as number) <= 3 && fits(type, version, bytes.readUIntBE(at + 5, 3));
}

function fits(type: number, wire: number, length: number): boolean {
  const version = wire === 2 ? SPDY2 : SPDY3;
  if (length > MOST_CONTROL_BYTES || !typeExists(version, type)) return false;
  // No header block is shorter than two bytes.
  if (hasHeaderBlock(type)) return length >= blockPrefixLength(version, type) + 2;
  // Only NOOP has no decoder.
  return CONTROL_DECODERS[type]?.accepts(version, length) ?? length === 0;
}
