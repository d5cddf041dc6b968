/**
 * Every number of the SPDY texts and of Spdylay's public interface, under Spdylay's own names.
 * Facts only: nothing here behaves.
 */

/** Session side: the endpoint that opened the connection. */
export const CLIENT = 1 as const;
/** Session side: the endpoint that accepted the connection. */
export const SERVER = 2 as const;
/** Which end of the connection a session is. */
export type Side = typeof CLIENT | typeof SERVER;

/** SPDY/2 session. */
export const PROTO_SPDY2 = 2 as const;
/** SPDY/3 session: flow control per stream. */
export const PROTO_SPDY3 = 3 as const;
/** SPDY/3.1 session: SPDY/3 on the wire plus a window for the whole session. */
export const PROTO_SPDY3_1 = 4 as const;
/** The protocol of a session, as Spdylay numbers it (3.1 is 4; its wire version is 3). */
export type SpdyVersion = typeof PROTO_SPDY2 | typeof PROTO_SPDY3 | typeof PROTO_SPDY3_1;

// Control frame types (SPDY/3 2.6.1 to 2.6.9; NOOP is SPDY/2 only).
/** Control frame type: opens a stream (SPDY/3 2.6.1). */
export const SYN_STREAM = 1 as const;
/** Control frame type: accepts a stream (SPDY/3 2.6.2). */
export const SYN_REPLY = 2 as const;
/** Control frame type: ends a stream abnormally (SPDY/3 2.6.3). */
export const RST_STREAM = 3 as const;
/** Control frame type: configuration (SPDY/3 2.6.4). */
export const SETTINGS = 4 as const;
/** Control frame type: no operation, SPDY/2 only; never sent. */
export const NOOP = 5 as const;
/** Control frame type: round-trip measurement (SPDY/3 2.6.5). */
export const PING = 6 as const;
/** Control frame type: no more streams will be accepted (SPDY/3 2.6.6). */
export const GOAWAY = 7 as const;
/** Control frame type: further headers of a stream (SPDY/3 2.6.7). */
export const HEADERS = 8 as const;
/** Control frame type: flow-control credit, SPDY/3 and later (SPDY/3 2.6.8). */
export const WINDOW_UPDATE = 9 as const;
/** Control frame type: client certificate, SPDY/3 only (SPDY/3 2.6.9). */
export const CREDENTIAL = 10 as const;

/** Control frame flag: none. */
export const CTRL_FLAG_NONE = 0 as const;
/** Control frame flag of SYN_STREAM, SYN_REPLY and HEADERS: the sender's last frame on the stream. */
export const CTRL_FLAG_FIN = 1 as const;
/** Control frame flag of SYN_STREAM: the receiver may not send on the stream. */
export const CTRL_FLAG_UNIDIRECTIONAL = 2 as const;

/** DATA frame flag: none. */
export const DATA_FLAG_NONE = 0 as const;
/** DATA frame flag: the sender's last frame on the stream. */
export const DATA_FLAG_FIN = 1 as const;
/** DATA frame flag of early SPDY/3 text: compressed payload. Never sent, refused on receipt. */
export const DATA_FLAG_COMPRESS = 2 as const;

/** SETTINGS frame flag: none. */
export const FLAG_SETTINGS_NONE = 0 as const;
/** SETTINGS frame flag: the client forgets the settings it stored for this server. */
export const FLAG_SETTINGS_CLEAR_SETTINGS = 1 as const;

/** SETTINGS entry flag: none. */
export const ID_FLAG_SETTINGS_NONE = 0 as const;
/** SETTINGS entry flag, server to client: store this value and return it on later sessions. */
export const ID_FLAG_SETTINGS_PERSIST_VALUE = 1 as const;
/** SETTINGS entry flag, client to server: a stored value that is being returned. */
export const ID_FLAG_SETTINGS_PERSISTED = 2 as const;

/** SETTINGS id: the sender's upload bandwidth in kB/s. */
export const SETTINGS_UPLOAD_BANDWIDTH = 1 as const;
/** SETTINGS id: the sender's download bandwidth in kB/s. */
export const SETTINGS_DOWNLOAD_BANDWIDTH = 2 as const;
/** SETTINGS id: expected round-trip time in ms. */
export const SETTINGS_ROUND_TRIP_TIME = 3 as const;
/** SETTINGS id: how many streams the receiver of the frame may have open at once. */
export const SETTINGS_MAX_CONCURRENT_STREAMS = 4 as const;
/** SETTINGS id: the sender's TCP congestion window in packets. */
export const SETTINGS_CURRENT_CWND = 5 as const;
/** SETTINGS id: retransmission rate of downloads. */
export const SETTINGS_DOWNLOAD_RETRANS_RATE = 6 as const;
/** SETTINGS id: initial stream window in bytes; no meaning in SPDY/2. */
export const SETTINGS_INITIAL_WINDOW_SIZE = 7 as const;
/** SETTINGS id: slots of the client certificate vector, SPDY/3 only. */
export const SETTINGS_CLIENT_CERTIFICATE_VECTOR_SIZE = 8 as const;
/** The highest SETTINGS id that SPDY defines. */
export const SETTINGS_MAX = 8 as const;

// Stream status codes (SPDY/3 2.6.3).
/** Stream status: closed normally. Not legal in RST_STREAM. */
export const OK = 0 as const;
/** Stream status: the peer broke a rule on this stream. */
export const PROTOCOL_ERROR = 1 as const;
/** Stream status: a frame for a stream that is not active. */
export const INVALID_STREAM = 2 as const;
/** Stream status: refused before any processing; safe to retry. */
export const REFUSED_STREAM = 3 as const;
/** Stream status: SYN_STREAM of another SPDY version. */
export const UNSUPPORTED_VERSION = 4 as const;
/** Stream status: no longer wanted. */
export const CANCEL = 5 as const;
/** Stream status: the sender of the RST_STREAM failed. */
export const INTERNAL_ERROR = 6 as const;
/** Stream status: the peer overran a window or overflowed ours. */
export const FLOW_CONTROL_ERROR = 7 as const;
/** Stream status (SPDY/3): second SYN_REPLY. */
export const STREAM_IN_USE = 8 as const;
/** Stream status (SPDY/3): frame after FIN. */
export const STREAM_ALREADY_CLOSED = 9 as const;
/** Stream status (SPDY/3): no acceptable client certificate in the slot. */
export const INVALID_CREDENTIALS = 10 as const;
/** Stream status (SPDY/3): a frame above the receiver's limit. */
export const FRAME_TOO_LARGE = 11 as const;

/** GOAWAY status: orderly end. */
export const GOAWAY_OK = 0 as const;
/** GOAWAY status: the peer broke the protocol. */
export const GOAWAY_PROTOCOL_ERROR = 1 as const;
/** GOAWAY status: the sender failed. */
export const GOAWAY_INTERNAL_ERROR = 2 as const;

/** ReadCtrl flag: the data provider has delivered its last byte. */
export const READ_EOF = 1 as const;

// Options of Engine.setOption, as Spdylay numbers them.
/** Engine option: count received bytes but never send WINDOW_UPDATE by itself (0 or 1). */
export const OPT_NO_AUTO_WINDOW_UPDATE = 1 as const;
/** Engine option: limit for control frames and inflated header blocks (8192 to 16777215 bytes). */
export const OPT_MAX_RECV_CTRL_FRAME_BUFFER = 2 as const;
/** Engine option: send WINDOW_UPDATE for bytes reported to `consume()` only (0 or 1). */
export const OPT_NO_AUTO_WINDOW_UPDATE2 = 3 as const;

// Library error numbers, as in Spdylay.
/** Error number: an argument is out of range or malformed. */
export const ERR_INVALID_ARGUMENT = -501 as const;
/** Error number: header compression failed. */
export const ERR_ZLIB = -502 as const;
/** Error number: not a SPDY version that this library speaks. */
export const ERR_UNSUPPORTED_VERSION = -503 as const;
/** Error number: an I/O callback cannot go on without blocking. */
export const ERR_WOULDBLOCK = -504 as const;
/** Error number: the peer broke the protocol. */
export const ERR_PROTO = -505 as const;
/** Error number: a frame with a wrong length or layout. */
export const ERR_INVALID_FRAME = -506 as const;
/** Error number: the transport ended. */
export const ERR_EOF = -507 as const;
/** Answer of a data provider: nothing now, `resumeData()` will follow. */
export const ERR_DEFERRED = -508 as const;
/** Error number: all stream ids of this side are used up. */
export const ERR_STREAM_ID_NOT_AVAILABLE = -509 as const;
/** Error number: the stream is closed or was never open. */
export const ERR_STREAM_CLOSED = -510 as const;
/** Error number: a RST_STREAM of ours is queued for the stream. */
export const ERR_STREAM_CLOSING = -511 as const;
/** Error number: our half of the stream is closed. */
export const ERR_STREAM_SHUT_WR = -512 as const;
/** Error number: the frame does not fit the side that opened the stream. */
export const ERR_INVALID_STREAM_ID = -513 as const;
/** Error number: the frame does not fit the state of the stream. */
export const ERR_INVALID_STREAM_STATE = -514 as const;
/** Error number: kept for completeness; DATA items of one stream are queued one behind the other here. */
export const ERR_DEFERRED_DATA_EXIST = -515 as const;
/** Error number: no new streams after GOAWAY. */
export const ERR_SYN_STREAM_NOT_ALLOWED = -516 as const;
/** Error number: GOAWAY was sent before. */
export const ERR_GOAWAY_ALREADY_SENT = -517 as const;
/** Error number: a header block with forbidden content. */
export const ERR_INVALID_HEADER_BLOCK = -518 as const;
/** Error number: the call does not fit the state of the session. */
export const ERR_INVALID_STATE = -519 as const;
/** Error number: a gzip body could not be inflated. */
export const ERR_GZIP = -520 as const;
/** Error number: a data provider failed for its stream only. */
export const ERR_TEMPORAL_CALLBACK_FAILURE = -521 as const;
/** Error number: a frame above the size that its length field can hold. */
export const ERR_FRAME_TOO_LARGE = -522 as const;
/** Boundary: numbers below it are fatal for the call. */
export const ERR_FATAL = -900 as const;
/** Error number: out of memory (kept for completeness). */
export const ERR_NOMEM = -901 as const;
/** Error number: a callback of the application failed. */
export const ERR_CALLBACK_FAILURE = -902 as const;

/** Bytes of every frame header. */
export const FRAME_HEADER_LENGTH = 8 as const;
/** Largest payload that the 24-bit length field can announce. */
export const MAX_FRAME_LENGTH = 0xffffff as const;
/** Highest stream id (31 bits). */
export const MAX_STREAM_ID = 0x7fffffff as const;
/** Window of a stream, and in SPDY/3.1 of the session, before anything else was agreed (bytes). */
export const DEFAULT_WINDOW_SIZE = 65536 as const;
/** Largest window (bytes). */
export const MAX_WINDOW_SIZE = 0x7fffffff as const;
/** Smallest limit for control frames that may be configured (SPDY/3 2.2.1). */
export const MIN_CONTROL_FRAME_LIMIT = 8192 as const;
