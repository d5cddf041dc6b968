import type { HeaderList, SettingsEntry } from '../../protocol/frames.ts';

/** Which way bytes went: client to server, or server to client. */
export type DumpDirection = 'c2s' | 's2c';

/** What all events of a dump have. */
interface DumpEventHead {
  /** Number of the connection, from 1. */
  readonly connection: number;
  /** Milliseconds since 1970 began, with decimals; null where the input tells no times. */
  readonly time: number | null;
}

/** A connection that speaks SPDY was found: it stands before all other events of that connection, but for notes. */
export interface DumpConnection extends DumpEventHead {
  /** What it is. */
  readonly event: 'connection';
  /** Address and port of the client; null where they are not known. */
  readonly client: string | null;
  /** Address and port of the server; null where they are not known. */
  readonly server: string | null;
  /** As `spdy/3.1`. */
  readonly version: string;
  /** What SPDY is wrapped in, as `POST /api/... (Upgrade: SPDY/3.1)`; null for nothing. */
  readonly opening: string | null;
}

/** Fields of frames besides those that stand in the event itself. */
export interface DumpFields {
  /** SYN_STREAM: 0 is the most urgent. */
  readonly priority?: number | undefined;
  /** SYN_STREAM: the stream for which this one is pushed, or 0. */
  readonly associatedToStreamId?: number | undefined;
  /** SYN_STREAM and CREDENTIAL, SPDY/3 only. */
  readonly slot?: number | undefined;
  /** RST_STREAM and GOAWAY. */
  readonly status?: number | undefined;
  /** SETTINGS. */
  readonly entries?: readonly SettingsEntry[] | undefined;
  /** PING. */
  readonly id?: number | undefined;
  /** GOAWAY. */
  readonly lastGoodStreamId?: number | undefined;
  /** WINDOW_UPDATE. */
  readonly delta?: number | undefined;
}

/** A frame, when its last byte came. */
export interface DumpFrame extends DumpEventHead {
  /** What it is. */
  readonly event: 'frame';
  /** Number of the frame in the dump, from 1. */
  readonly number: number;
  /** Which way it went. */
  readonly direction: DumpDirection;
  /** Bytes of SPDY in this direction before the frame; null where the input has no bytes. */
  readonly offset: number | null;
  /** As `SYN_STREAM` and `DATA`; `TYPE_11` for a control type that SPDY does not have. */
  readonly type: string;
  /** 0 for frames of the session. */
  readonly stream: number;
  /** `FIN`, `UNIDIRECTIONAL`, and others as `0x10`. */
  readonly flags: readonly string[];
  /** Bytes behind the 8 of the frame header. */
  readonly length: number;
  /** Of a frame with headers; missing where they cannot be read. */
  readonly headers?: HeaderList | undefined;
  /** Bytes of the header block: as it was sent, and inflated. */
  readonly headerBytes?: { readonly compressed: number; readonly plain: number } | undefined;
  /** The other fields of the frame, by their names in `ControlFrame`. */
  readonly fields?: DumpFields | undefined;
  /** DATA and WINDOW_UPDATE: what may be sent on the stream afterwards in the direction that the frame is about; null without a window. */
  readonly window?: number | null | undefined;
  /** The same for the session. */
  readonly sessionWindow?: number | null | undefined;
  /** Bytes of the payload that the input does not have. */
  readonly missing?: number | undefined;
  /** What is wrong with it; empty if nothing is. */
  readonly warnings: readonly string[];
}

/** What else there is to say: bytes that are no frames, bytes that are missing, what a connection speaks if it is not SPDY. */
export interface DumpNote extends DumpEventHead {
  /** What it is. */
  readonly event: 'note';
  /** Null where it is about both. */
  readonly direction: DumpDirection | null;
  /** Bytes of SPDY in this direction before it; null where that means nothing. */
  readonly offset: number | null;
  /** For people. */
  readonly text: string;
}

/** Nothing more comes in one direction of a connection. */
export interface DumpEnd extends DumpEventHead {
  /** What it is. */
  readonly event: 'end';
  /** Which direction has ended. */
  readonly direction: DumpDirection;
  /** Whether the connection was reset. */
  readonly reset: boolean;
  /** Bytes of SPDY in this direction. */
  readonly bytes: number;
}

/** A request with its answer, as an entry of a HAR tells it. */
export interface DumpExchange extends DumpEventHead {
  /** What it is. */
  readonly event: 'exchange';
  /** As `GET`. */
  readonly method: string;
  /** As the HAR has it. */
  readonly url: string;
  /** As `spdy/3.1`; empty if it is not told. */
  readonly version: string;
  /** Of the answer; 0 without one. */
  readonly status: number;
  /** Milliseconds that it took. */
  readonly duration: number;
  /** Bytes of the body of the answer, -1 if they are not known. */
  readonly bytes: number;
}

/** An event of a dump: one line of JSON. */
export type DumpEvent = DumpConnection | DumpFrame | DumpNote | DumpEnd | DumpExchange;

/** Is told what a dump finds. */
export interface DumpSink {
  /** An event, in the order of the input. */
  event(event: DumpEvent): void;
  /** Payload of a DATA frame whose event follows when it is complete: a view, valid during the call. */
  payload?(connection: number, direction: DumpDirection, stream: number, chunk: Buffer): void;
}
