import type { SessionError } from '../../errors.ts';
import type { HeaderList, SettingsEntry } from '../../protocol/frames.ts';
import type { DataSource } from '../data-provider.ts';
import type { StreamHandle } from '../streams/stream-record.ts';

/**
 * The calls of Spdylay's session that only queue, ask or set something. An Engine and a Session both have them. Arguments that are
 * out of range or malformed throw an InvalidArgumentError.
 */
export interface SessionCalls {
  /**
   * Queues a SYN_STREAM, and the data of `provider` behind it; without one it carries FIN. The stream gets its id when the frame
   * leaves, most urgent priority first: learn it in `beforeCtrlSend` or from the handle.
   *
   * @throws InvalidArgumentError for a bad priority (0 is the most urgent, `getPriLowest()` the least) or bad headers
   * @throws InvalidStateError when all ids are used up
   */
  submitRequest(
    priority: number,
    headers: HeaderList,
    provider?: DataSource | null,
    userData?: unknown,
  ): StreamHandle;

  /** Queues a SYN_REPLY, and the data of `provider` behind it; without one it carries FIN. The stream is looked at when it leaves. */
  submitResponse(streamId: number, headers: HeaderList, provider?: DataSource | null): void;

  /**
   * Queues a SYN_STREAM with these flags (FIN, UNIDIRECTIONAL). `associatedToStreamId` is for server push, which is always UNIDIRECTIONAL, and ignored at a client;
   * `slot` is a certificate slot of SPDY/3.
   */
  submitSynStream(
    flags: number,
    associatedToStreamId: number,
    priority: number,
    headers: HeaderList,
    userData?: unknown,
    slot?: number,
  ): StreamHandle;

  /** Queues a SYN_REPLY with these flags (FIN). */
  submitSynReply(flags: number, streamId: number, headers: HeaderList): void;

  /** Queues HEADERS with these flags (FIN). They go behind what the stream has to send, but pass data that is deferred, and, without FIN, data that ends the stream. */
  submitHeaders(flags: number, streamId: number, headers: HeaderList): void;

  /** Queues the data of a provider behind what the stream has to send; with the flag FIN its last frame carries FIN. */
  submitData(streamId: number, flags: number, provider: DataSource): void;

  /** Queues RST_STREAM: from now on nothing else is sent or reported on the stream, which closes when the frame was written. */
  submitRstStream(streamId: number, status: number): void;

  /** Ends a stream by the handle of its request: without a frame while its SYN_STREAM waits, else with RST_STREAM. */
  cancel(handle: StreamHandle, status: number): void;

  /**
   * Queues PING and returns its id; `onCtrlRecv` reports the answer with the same id.
   *
   * @throws InvalidStateError when `maxOutstandingPings` wait for an answer
   */
  submitPing(): number;

  /** Queues GOAWAY: no more streams either way, those that are open finish. Requests that wait to leave go first. */
  submitGoaway(status?: number): void;

  /**
   * Queues SETTINGS, sorted by id; our own values count at once.
   *
   * @throws InvalidArgumentError for an id outside 1 to 8 or given twice
   */
  submitSettings(flags: number, entries: readonly SettingsEntry[]): void;

  /**
   * Queues WINDOW_UPDATE with `delta` bytes (1 to 2^31-1); stream 0 is the session (SPDY/3.1).
   *
   * @throws StreamClosedError when the stream is not open
   * @throws InvalidArgumentError where the version has no such window
   */
  submitWindowUpdate(streamId: number, delta: number): void;

  /** Queues CREDENTIAL (SPDY/3 client): a proof and a chain (DER, leaf first) for a slot, counted from 1. */
  submitCredential(slot: number, proof: Uint8Array, certificates: readonly Uint8Array[]): void;

  /** Asks a provider again that answered `ERR_DEFERRED`, or has `ended` while no window was left; false if none of the stream did. */
  resumeData(streamId: number): boolean;

  /** Tells that the application has consumed `length` received bytes of a stream (option `windowUpdates: 'consume'`). */
  consume(streamId: number, length: number): void;

  /** Ends the session: GOAWAY with `status` is the last frame, nothing more is read, all streams end. */
  failSession(status: number, error?: SessionError): void;

  /**
   * Spdylay's options: `OPT_NO_AUTO_WINDOW_UPDATE`, `OPT_NO_AUTO_WINDOW_UPDATE2` (0 or 1), `OPT_MAX_RECV_CTRL_FRAME_BUFFER`
   * (8192 to 16777215: control frames and inflated header blocks).
   */
  setOption(option: number, value: number): void;

  /** What was given with the request; null for streams of the peer that got none and for streams that are not open. */
  getStreamUserData(streamId: number): unknown;

  /**
   * Keeps something with a stream, own or of the peer.
   *
   * @throws InvalidArgumentError when the stream is not open
   */
  setStreamUserData(streamId: number, userData: unknown): void;

  /** Frames that wait to be sent, without data that is deferred or waits for a window. */
  getOutboundQueueSize(): number;

  /** The least urgent priority: 3 in SPDY/2, else 7. */
  getPriLowest(): number;

  /** Bytes received on a stream and not given back by WINDOW_UPDATE; 0 in SPDY/2, -1 if the stream is not open. */
  getStreamRecvDataLength(streamId: number): number;

  /** Bytes received on the session and not given back by WINDOW_UPDATE; 0 but in SPDY/3.1. */
  getRecvDataLength(): number;

  /** Sets the id of our next stream: of our parity, not lower than the one it would have. */
  setNextStreamId(streamId: number): void;

  /** Puts the client certificate of the TLS handshake (DER, leaf first) into slot 1 (SPDY/3 server with `credentials`). */
  setClientCertificate(chain: readonly Uint8Array[]): void;

  /** The chain in a certificate slot, null if there is none. */
  getClientCertificate(slot: number): readonly Uint8Array[] | null;

  /** Whether bytes of the peer are still of interest. When neither this nor `wantWrite()` holds, the connection can be dropped. */
  wantRead(): boolean;

  /** Whether there are bytes to send. */
  wantWrite(): boolean;
}
