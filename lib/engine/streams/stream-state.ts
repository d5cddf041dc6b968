import {
  FLOW_CONTROL_ERROR,
  FRAME_TOO_LARGE,
  INVALID_CREDENTIALS,
  INVALID_STREAM,
  PROTOCOL_ERROR,
  STREAM_ALREADY_CLOSED,
  STREAM_IN_USE,
} from '../../protocol/constants.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';

/** How a stream looks to a frame that arrives for it. */
export const RECEIVE_STATES = [
  'idle',
  'initial',
  'opening',
  'open',
  'accepting',
  'remoteClosed',
  'closed',
  'reset',
] as const;
/** One of the states of the receiving half. */
export type ReceiveState = (typeof RECEIVE_STATES)[number];

/** Frames whose fate depends on the state of their stream. */
export const RECEIVE_INPUTS = ['SYN_REPLY', 'HEADERS', 'DATA'] as const;
/** One of those frames. */
export type ReceiveInput = (typeof RECEIVE_INPUTS)[number];

/** What happens to a frame: taken, dropped silently, a stream error with that status, or the end of the session. */
export type Verdict =
  | 'accept'
  | 'drop'
  | 'INVALID_STREAM'
  | 'PROTOCOL_ERROR'
  | 'STREAM_IN_USE'
  | 'STREAM_ALREADY_CLOSED'
  | 'SESSION_ERROR';

/**
 * Receiving half of a stream, SPDY/3 and 3.1 (SPDY/3 2.2.2, 2.3 and 2.6.3):
 * `idle` never opened; `initial` our SYN_STREAM is being written; `opening` our stream without SYN_REPLY; `open` our stream with
 * SYN_REPLY; `accepting` opened by the peer; `remoteClosed` the peer has finished; `closed` both have; `reset` by either side.
 */
export const RECEIVE_TABLE: Record<ReceiveState, Record<ReceiveInput, Verdict>> = {
  idle: { SYN_REPLY: 'INVALID_STREAM', HEADERS: 'INVALID_STREAM', DATA: 'INVALID_STREAM' },
  initial: { SYN_REPLY: 'STREAM_IN_USE', HEADERS: 'PROTOCOL_ERROR', DATA: 'PROTOCOL_ERROR' },
  opening: { SYN_REPLY: 'accept', HEADERS: 'PROTOCOL_ERROR', DATA: 'PROTOCOL_ERROR' },
  open: { SYN_REPLY: 'STREAM_IN_USE', HEADERS: 'accept', DATA: 'accept' },
  accepting: { SYN_REPLY: 'PROTOCOL_ERROR', HEADERS: 'accept', DATA: 'accept' },
  remoteClosed: {
    SYN_REPLY: 'STREAM_ALREADY_CLOSED',
    HEADERS: 'STREAM_ALREADY_CLOSED',
    DATA: 'STREAM_ALREADY_CLOSED',
  },
  closed: { SYN_REPLY: 'INVALID_STREAM', HEADERS: 'INVALID_STREAM', DATA: 'PROTOCOL_ERROR' },
  reset: { SYN_REPLY: 'drop', HEADERS: 'drop', DATA: 'drop' },
};

/** Where SPDY/2 differs (draft 2: "Data frames", "Stream close"). */
const RECEIVE_TABLE_SPDY2: Partial<Record<ReceiveState, Partial<Record<ReceiveInput, Verdict>>>> = {
  initial: { DATA: 'SESSION_ERROR' },
  opening: { DATA: 'SESSION_ERROR' },
  closed: { DATA: 'drop' },
};

/** Compiled verdict: the frame is taken. */
export const ACCEPT = 255;
/** Compiled verdict: the frame is dropped silently. */
export const DROP = 254;
/** Compiled verdict: the session ends. */
export const SESSION_ERROR = 253;

const CODES: Record<Verdict, number> = {
  accept: ACCEPT,
  drop: DROP,
  SESSION_ERROR,
  INVALID_STREAM,
  PROTOCOL_ERROR,
  STREAM_IN_USE,
  STREAM_ALREADY_CLOSED,
};

/** State numbers: positions in `RECEIVE_STATES`. */
export const STATE_IDLE = 0;
/** See `RECEIVE_TABLE`. */
export const STATE_INITIAL = 1;
/** See `RECEIVE_TABLE`. */
export const STATE_OPENING = 2;
/** See `RECEIVE_TABLE`. */
export const STATE_OPEN = 3;
/** See `RECEIVE_TABLE`. */
export const STATE_ACCEPTING = 4;
/** See `RECEIVE_TABLE`. */
export const STATE_REMOTE_CLOSED = 5;
/** See `RECEIVE_TABLE`. */
export const STATE_CLOSED = 6;
/** See `RECEIVE_TABLE`. */
export const STATE_RESET = 7;

/** Input numbers: positions in `RECEIVE_INPUTS`. */
export const INPUT_SYN_REPLY = 0;
/** See `RECEIVE_INPUTS`. */
export const INPUT_HEADERS = 1;
/** See `RECEIVE_INPUTS`. */
export const INPUT_DATA = 2;

const compiled = new Map<ProtocolVersion, Uint8Array>();

/** The receive table of a version as bytes, at `state * 3 + input`. */
export function receiveVerdicts(version: ProtocolVersion): Uint8Array {
  let table = compiled.get(version);
  if (table === undefined) {
    table = new Uint8Array(RECEIVE_STATES.length * RECEIVE_INPUTS.length);
    let at = 0;
    for (const state of RECEIVE_STATES) {
      for (const input of RECEIVE_INPUTS) {
        const override = version.extendedStatus ? undefined : RECEIVE_TABLE_SPDY2[state]?.[input];
        const code = CODES[override ?? RECEIVE_TABLE[state][input]];
        table[at++] = code >= SESSION_ERROR ? code : sendableStatus(version, code);
      }
    }
    compiled.set(version, table);
  }
  return table;
}

/** The status to send for `status`: SPDY/2 has only 1 to 7, and INVALID_CREDENTIALS exists in SPDY/3 alone. */
export function sendableStatus(version: ProtocolVersion, status: number): number {
  if (!version.extendedStatus && status > FLOW_CONTROL_ERROR && status <= FRAME_TOO_LARGE)
    return PROTOCOL_ERROR;
  if (status === INVALID_CREDENTIALS && !version.hasCredential) return PROTOCOL_ERROR;
  return status;
}
