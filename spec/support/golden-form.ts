import { crc32 } from 'node:zlib';
import * as constants from '../../lib/protocol/constants.ts';
import type { ControlFrame, HeaderList } from '../../lib/protocol/frames.ts';

/*
 * The form in which golden/scenarios.json and all specs that compare whole frames write them down: plain objects
 * with the names of the SPDY texts, so that a difference reads well.
 */

/** Control frame types by number; types that SPDY does not have are missing. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  [constants.SYN_STREAM]: 'SYN_STREAM',
  [constants.SYN_REPLY]: 'SYN_REPLY',
  [constants.RST_STREAM]: 'RST_STREAM',
  [constants.SETTINGS]: 'SETTINGS',
  [constants.NOOP]: 'NOOP',
  [constants.PING]: 'PING',
  [constants.GOAWAY]: 'GOAWAY',
  [constants.HEADERS]: 'HEADERS',
  [constants.WINDOW_UPDATE]: 'WINDOW_UPDATE',
  [constants.CREDENTIAL]: 'CREDENTIAL',
};

/** The name of a control type, or `type 11` for one that SPDY does not have. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `type ${type}`;
}

/** A header value: itself, or length and checksum of a long one. */
export type GoldenValue = string | { readonly length: number; readonly crc32: string };

/** One value of a SETTINGS frame. */
interface GoldenEntry {
  readonly id: number;
  readonly flags: number;
  readonly value: number;
}

/** A frame in golden form. Which fields stand there depends on the type, and on who made it. */
export interface GoldenFrame {
  readonly type: string;
  readonly version?: number;
  readonly flags?: number;
  readonly length?: number;
  readonly streamId?: number;
  readonly associatedToStreamId?: number;
  readonly priority?: number;
  readonly priorityByte?: number;
  readonly slot?: number;
  readonly zlibDictId?: string;
  readonly unused?: string;
  readonly headers?: readonly (readonly [name: string, value: GoldenValue])[];
  readonly headersError?: string;
  readonly status?: number;
  readonly entries?: readonly GoldenEntry[];
  readonly id?: number;
  readonly lastGoodStreamId?: number;
  readonly deltaWindowSize?: number;
  readonly proofHex?: string;
  readonly certificatesHex?: readonly string[];
  readonly payloadHex?: string;
  readonly hex?: string;
}

/** Values longer than this many characters are written down as length and checksum. */
const LONG_VALUE = 64;

/** A header value in golden form. */
function goldenValue(value: string): GoldenValue {
  if (value.length <= LONG_VALUE) return value;
  const sum = crc32(Buffer.from(value, 'latin1'));
  return { length: value.length, crc32: sum.toString(16).padStart(8, '0') };
}

/** A header list in golden form. */
export function goldenHeaders(headers: HeaderList): [string, GoldenValue][] {
  return headers.map(([name, value]) => [name, goldenValue(value)]);
}

/** A frame object of the engine in golden form. */
export function goldenFrame(frame: ControlFrame): GoldenFrame {
  const head = { type: typeName(frame.type), version: frame.version, flags: frame.flags };
  switch (frame.type) {
    case constants.SYN_STREAM:
      return {
        ...head,
        streamId: frame.streamId,
        associatedToStreamId: frame.associatedToStreamId,
        priority: frame.priority,
        slot: frame.slot,
        headers: goldenHeaders(frame.headers),
      };
    case constants.SYN_REPLY:
    case constants.HEADERS:
      return { ...head, streamId: frame.streamId, headers: goldenHeaders(frame.headers) };
    case constants.RST_STREAM:
      return { ...head, streamId: frame.streamId, status: frame.status };
    case constants.SETTINGS:
      return { ...head, entries: frame.entries.map((entry) => ({ ...entry })) };
    case constants.NOOP:
      return head;
    case constants.PING:
      return { ...head, id: frame.id };
    case constants.GOAWAY:
      return { ...head, lastGoodStreamId: frame.lastGoodStreamId, status: frame.status };
    case constants.WINDOW_UPDATE:
      return { ...head, streamId: frame.streamId, deltaWindowSize: frame.delta };
    case constants.CREDENTIAL:
      return {
        ...head,
        slot: frame.slot,
        proofHex: Buffer.from(frame.proof).toString('hex'),
        certificatesHex: frame.certificates.map((bytes) => Buffer.from(bytes).toString('hex')),
      };
  }
}
