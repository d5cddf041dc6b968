import { PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1, type SpdyVersion } from './constants.ts';

/** What differs between SPDY/2, SPDY/3 and SPDY/3.1, as facts. Code asks these fields, never a version number. */
export interface ProtocolVersion {
  /** Spdylay's number of the protocol. */
  readonly id: SpdyVersion;
  /** Value of the version field of control frames. */
  readonly wire: 2 | 3;
  /** ALPN and NPN name. */
  readonly name: 'spdy/2' | 'spdy/3' | 'spdy/3.1';
  /** The least urgent priority; 0 is the most urgent one. */
  readonly lowestPriority: 3 | 7;
  /** Left shift of the priority inside its byte of SYN_STREAM. */
  readonly priorityShift: 6 | 5;
  /** Whether the byte behind the priority names a certificate slot. */
  readonly hasSlot: boolean;
  /** Bytes of each count and length in a name/value block. */
  readonly headerLengthSize: 2 | 4;
  /** Bytes of SYN_REPLY and HEADERS before the header block. */
  readonly replyFixedLength: 6 | 4;
  /** Whether SETTINGS ids are little-endian and stand before their flags. */
  readonly settingsIdsLittleEndian: boolean;
  /** Whether GOAWAY carries a status. */
  readonly goawayStatus: boolean;
  /** Whether NOOP (type 5) exists. */
  readonly hasNoop: boolean;
  /** Whether CREDENTIAL (type 10) exists. */
  readonly hasCredential: boolean;
  /** Whether streams have windows, and WINDOW_UPDATE (type 9) exists. */
  readonly streamWindows: boolean;
  /** Whether the session as a whole has a window. */
  readonly sessionWindow: boolean;
  /** Whether statuses 8, 9 and 11 may be sent. */
  readonly extendedStatus: boolean;
  /** Whether pseudo headers are written without their colon (`method`, `url`, ...). */
  readonly plainPseudoNames: boolean;
  /** Whether an empty header value may be sent. */
  readonly emptyValues: boolean;
}

/** SPDY/2. */
export const SPDY2: ProtocolVersion = Object.freeze({
  id: PROTO_SPDY2,
  wire: 2,
  name: 'spdy/2',
  lowestPriority: 3,
  priorityShift: 6,
  hasSlot: false,
  headerLengthSize: 2,
  replyFixedLength: 6,
  settingsIdsLittleEndian: true,
  goawayStatus: false,
  hasNoop: true,
  hasCredential: false,
  streamWindows: false,
  sessionWindow: false,
  extendedStatus: false,
  plainPseudoNames: true,
  emptyValues: false,
});

/** SPDY/3. */
export const SPDY3: ProtocolVersion = Object.freeze({
  id: PROTO_SPDY3,
  wire: 3,
  name: 'spdy/3',
  lowestPriority: 7,
  priorityShift: 5,
  hasSlot: true,
  headerLengthSize: 4,
  replyFixedLength: 4,
  settingsIdsLittleEndian: false,
  goawayStatus: true,
  hasNoop: false,
  hasCredential: true,
  streamWindows: true,
  sessionWindow: false,
  extendedStatus: true,
  plainPseudoNames: false,
  emptyValues: true,
});

/** SPDY/3.1. */
export const SPDY3_1: ProtocolVersion = Object.freeze({
  ...SPDY3,
  id: PROTO_SPDY3_1,
  name: 'spdy/3.1',
  hasSlot: false,
  hasCredential: false,
  sessionWindow: true,
});

/** All versions, best first. */
export const PROTOCOL_VERSIONS: readonly ProtocolVersion[] = Object.freeze([SPDY3_1, SPDY3, SPDY2]);

/** A SPDY version by its number (`PROTO_SPDY3_1`) or its ALPN name (`'spdy/3.1'`). */
export type SessionVersion = SpdyVersion | ProtocolVersion['name'];

/** The record of a version given by number or ALPN name, or null for what is none. */
export function findVersion(given: number | string): ProtocolVersion | null {
  return PROTOCOL_VERSIONS.find(({ id, name }) => id === given || name === given) ?? null;
}
