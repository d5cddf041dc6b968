import { firstOf } from '../common/inspection.ts';
import { CLIENT } from '../protocol/constants.ts';
import type { EngineState } from './engine-state.ts';
import { type StreamHandle, StreamRecord } from './streams/stream-record.ts';

/**
 * What our direction of a stream waits for: `limit` the peer's MAX_CONCURRENT_STREAMS, `application` something to send,
 * `streamWindow` and `sessionWindow` a WINDOW_UPDATE of the peer, `queued` its turn, `transport` that the transport takes more.
 * `resetting`: RST_STREAM is queued; `ended`: nothing more is sent.
 */
export type SendingState =
  | 'limit'
  | 'application'
  | 'streamWindow'
  | 'sessionWindow'
  | 'queued'
  | 'transport'
  | 'resetting'
  | 'ended';

/**
 * What the peer's direction of a stream waits for: `opening` our SYN_STREAM, `peer` frames of the peer, `streamWindow` and
 * `sessionWindow` that the application consumes, since the peer may send nothing more before; `held`: the transport is not read until
 * then. `resetting`: frames are dropped; `ended`: nothing more comes.
 */
export type ReceivingState =
  | 'opening'
  | 'peer'
  | 'streamWindow'
  | 'sessionWindow'
  | 'held'
  | 'resetting'
  | 'ended';

/** How a stream stands, at the moment of asking: why it does not move. */
export interface StreamState {
  /** 0 while its SYN_STREAM waits. */
  readonly id: number;
  /** Whether this side opened it. */
  readonly own: boolean;
  /** 0 is the most urgent. */
  readonly priority: number;
  /** What our direction waits for. */
  readonly sending: SendingState;
  /** What the peer's direction waits for. */
  readonly receiving: ReceivingState;
  /** Payload bytes that were written. */
  readonly bytesSent: number;
  /** Bytes that we may send on it, negative after the peer has made its windows smaller; null where no window holds us, and before it is opened. */
  readonly sendWindow: number | null;
  /** Bytes that the peer may send on it; null where no window holds the peer, and before it is opened. */
  readonly receiveWindow: number | null;
  /** Received bytes that the application has not consumed (`windowUpdates: 'consume'`, and every SpdyStream). */
  readonly unconsumedBytes: number;
  /** Frames with headers, and providers of data, that wait to be sent. */
  readonly outboundQueueSize: number;
}

/** Shows what an engine is doing. Looking changes nothing. */
export class EngineInsight {
  readonly #state: EngineState;

  /** The engine makes it. @internal */
  constructor(state: EngineState) {
    this.#state = state;
  }

  /** Bytes that we may send on the session; null where no window holds us (only SPDY/3.1 has one). */
  get sendWindow(): number | null {
    const { sendWindows, version, sendWindow } = this.#state;
    return sendWindows && version.sessionWindow ? sendWindow : null;
  }

  /** Bytes that the peer may send on the session; null where no window holds the peer. */
  get receiveWindow(): number | null {
    return this.#state.credit.sessionWindow;
  }

  /** Streams that we may have open at once: the peer's MAX_CONCURRENT_STREAMS, Infinity before it told one. */
  get peerMaxStreams(): number {
    return this.#state.peerMaxStreams;
  }

  /** Streams of ours whose SYN_STREAM waits. */
  get waitingStreams(): number {
    return this.#state.queue.waitingToOpen;
  }

  /** Bytes of memory that the headers take which the peer has sent on streams that are open. */
  get headerMemory(): number {
    return this.#state.headers.held;
  }

  /** Every stream: those that are open by their ids, then those that wait to be opened in the order of leaving. */
  streams(): StreamState[] {
    const { streams, queue } = this.#state;
    return [...streams.values(), ...queue.toOpen()].map((stream) => this.#describe(stream));
  }

  /** One stream, by its id or its handle; null when it is not open (any more). */
  stream(which: number | StreamHandle): StreamState | null {
    const found = typeof which === 'number' ? this.#state.streams.get(which) : which;
    return found instanceof StreamRecord && !found.closed ? this.#describe(found) : null;
  }

  /** What `util.inspect()` shows of the engine. @internal */
  facts(failed: boolean): object {
    const { side, version } = this.#state;
    const { sendWindow, receiveWindow, waitingStreams } = this;
    return {
      side: side === CLIENT ? 'client' : 'server',
      version: version.name,
      failed,
      sendWindow,
      receiveWindow,
      waitingStreams,
      streams: firstOf(this.streams().map(summary)),
    };
  }

  #describe(stream: StreamRecord): StreamState {
    const { credit, sendWindows } = this.#state;
    const opened = stream.streamId !== 0;
    return {
      id: stream.streamId,
      own: stream.own,
      priority: stream.priority,
      sending: this.#sending(stream),
      receiving: this.#receiving(stream),
      bytesSent: stream.bytesSent,
      sendWindow: opened && sendWindows ? stream.sendWindow : null,
      receiveWindow: opened && credit.streamWindows ? stream.receiveWindow : null,
      unconsumedBytes: stream.unconsumed,
      outboundQueueSize: stream.itemCount,
    };
  }

  #sending(stream: StreamRecord): SendingState {
    const state = this.#state;
    if (stream.closing) return 'resetting';
    if (stream.streamId === 0) return state.mayOpen ? 'queued' : 'limit';
    if (stream.localClosed) return 'ended';
    const item = stream.nextItem();
    if (item === null) return 'application';
    if (item.frame !== null || item.provider?.ended === true) return 'queued';
    if (state.sendWindows && stream.sendWindow <= 0) return 'streamWindow';
    return state.mayData ? 'queued' : 'sessionWindow';
  }

  #receiving(stream: StreamRecord): ReceivingState {
    const { credit } = this.#state;
    if (stream.closing) return 'resetting';
    if (stream.remoteClosed) return 'ended';
    if (stream.streamId === 0) return 'opening';
    if (credit.streamWindows && stream.receiveWindow <= 0) return 'streamWindow';
    const { sessionWindow } = credit;
    return sessionWindow !== null && sessionWindow <= 0 ? 'sessionWindow' : 'peer';
  }
}

/** A stream in a line. */
export function summary({ id, sending, receiving }: StreamState): string {
  return `${id === 0 ? 'waiting' : id}: sending ${sending}, receiving ${receiving}`;
}
