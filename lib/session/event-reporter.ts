import type { EngineHandler } from '../engine/engine-handler.ts';
import type { SessionError, StreamError } from '../errors.ts';
import {
  CREDENTIAL,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../protocol/constants.ts';
import type { ControlFrame, SettingsFrame } from '../protocol/frames.ts';
import type { Pings } from './liveness/pings.ts';
import type { Emit } from './session-events.ts';
import type { StreamRegistry } from './streams/stream-registry.ts';
import { CHANNELS } from './trace/diagnostics.ts';

/** What a session itself has to know of what its engine reports. */
export interface SessionHooks {
  readonly streams: StreamRegistry;
  readonly pings: Pings;
  readonly emit: Emit;
  settingsReceived(frame: SettingsFrame): void;
  goawaySent(): void;
  goawayCame(): void;
  failed(error: SessionError): void;
}

/**
 * Makes events of what the engine reports, and publishes it to the diagnostics channels. Measured: `emit` without a listener
 * takes a few nanoseconds, so nothing is gained by asking for listeners first.
 */
export class EventReporter implements EngineHandler {
  readonly #session: unknown;
  readonly #parity: 0 | 1;
  readonly #hooks: SessionHooks;
  /** PING frames sent and received. */
  pings = 0;

  /** `session` only names the session in messages; `parity` is that of the stream ids which belong to this side. */
  constructor(session: unknown, parity: 0 | 1, hooks: SessionHooks) {
    this.#session = session;
    this.#parity = parity;
    this.#hooks = hooks;
  }

  onCtrlRecv(frame: ControlFrame): void {
    if (CHANNELS.frameReceived.hasSubscribers) this.#publishFrame(CHANNELS.frameReceived, frame);
    if (frame.type === SYN_STREAM && CHANNELS.streamOpened.hasSubscribers) {
      this.#publishStream(CHANNELS.streamOpened, frame.streamId, 0, null);
    }
    this.#hooks.emit('ctrlRecv', frame);
    switch (frame.type) {
      case SYN_STREAM:
        this.#hooks.emit('synStream', frame);
        break;
      case SYN_REPLY:
        this.#hooks.emit('synReply', frame);
        break;
      case RST_STREAM:
        this.#hooks.emit('rstStream', frame);
        break;
      case SETTINGS:
        this.#hooks.settingsReceived(frame);
        this.#hooks.emit('settings', frame);
        break;
      case PING:
        this.pings++;
        this.#hooks.pings.received(frame.id);
        this.#hooks.emit('ping', frame);
        break;
      case GOAWAY:
        this.#hooks.goawayCame();
        this.#hooks.emit('goaway', frame);
        break;
      case HEADERS:
        this.#hooks.emit('headers', frame);
        break;
      case WINDOW_UPDATE:
        this.#hooks.emit('windowUpdate', frame);
        break;
      case CREDENTIAL:
        this.#hooks.emit('credential', frame);
        break;
    }
    this.#hooks.streams.ctrlRecv(frame);
  }

  onInvalidCtrlRecv(frame: ControlFrame, status: number): void {
    this.#hooks.emit('invalidCtrlRecv', frame, status);
  }

  onDataChunkRecv(flags: number, streamId: number, data: Buffer): void {
    this.#hooks.emit('dataChunkRecv', flags, streamId, data);
    this.#hooks.streams.data(streamId, data);
  }

  onDataRecv(flags: number, streamId: number, length: number): void {
    if (CHANNELS.frameReceived.hasSubscribers) {
      CHANNELS.frameReceived.publish({
        session: this.#session,
        frame: null,
        streamId,
        flags,
        length,
      });
    }
    this.#hooks.emit('dataRecv', flags, streamId, length);
    this.#hooks.streams.dataEnd(flags, streamId);
  }

  beforeCtrlSend(frame: ControlFrame): void {
    this.#hooks.streams.beforeCtrlSend(frame);
    this.#hooks.emit('beforeCtrlSend', frame);
  }

  onCtrlSend(frame: ControlFrame): void {
    if (CHANNELS.frameSent.hasSubscribers) this.#publishFrame(CHANNELS.frameSent, frame);
    if (frame.type === PING) {
      this.pings++;
      this.#hooks.pings.sent(frame.id);
    } else if (frame.type === GOAWAY) {
      this.#hooks.goawaySent();
    } else if (frame.type === SYN_STREAM && CHANNELS.streamOpened.hasSubscribers) {
      this.#publishStream(CHANNELS.streamOpened, frame.streamId, 0, null);
    }
    this.#hooks.streams.ctrlSend(frame);
    this.#hooks.emit('ctrlSend', frame);
  }

  onCtrlNotSend(frame: ControlFrame, errno: number): void {
    this.#hooks.emit('ctrlNotSend', frame, errno);
  }

  onDataSend(flags: number, streamId: number, length: number): void {
    if (CHANNELS.frameSent.hasSubscribers) {
      CHANNELS.frameSent.publish({ session: this.#session, frame: null, streamId, flags, length });
    }
    this.#hooks.streams.dataSend(flags, streamId);
    this.#hooks.emit('dataSend', flags, streamId, length);
  }

  onStreamClose(streamId: number, status: number, error: StreamError | SessionError | null): void {
    if (CHANNELS.streamClosed.hasSubscribers) {
      this.#publishStream(CHANNELS.streamClosed, streamId, status, error);
    }
    this.#hooks.emit('streamClose', streamId, status, error);
    this.#hooks.streams.closed(streamId, status, error);
  }

  onRequestRecv(streamId: number): void {
    this.#hooks.emit('requestRecv', streamId);
  }

  onCtrlRecvParseError(type: number, head: Buffer, payload: Buffer, errno: number): void {
    this.#hooks.emit('ctrlRecvParseError', type, head, payload, errno);
  }

  onUnknownCtrlRecv(head: Buffer, payload: Buffer): void {
    this.#hooks.emit('unknownCtrlRecv', head, payload);
  }

  onStreamError(error: StreamError): void {
    this.#hooks.emit('streamError', error);
  }

  onSessionError(error: SessionError): void {
    this.#hooks.failed(error);
  }

  #publishFrame(channel: (typeof CHANNELS)['frameSent'], frame: ControlFrame): void {
    const streamId = 'streamId' in frame ? frame.streamId : 0;
    const { flags, length } = frame;
    channel.publish({ session: this.#session, frame, streamId, flags, length });
  }

  #publishStream(
    channel: (typeof CHANNELS)['streamOpened'],
    streamId: number,
    status: number,
    error: StreamError | SessionError | null,
  ): void {
    const own = streamId === 0 || (streamId & 1) === this.#parity;
    channel.publish({ session: this.#session, streamId, own, status, error });
  }
}
