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
import { CHANNELS } from './diagnostics.ts';
import type { Emit } from './session-events.ts';
import type { StreamRegistry } from './stream-registry.ts';

/** What a session itself has to know of what its engine reports. */
export interface SessionHooks {
  pingSent(id: number): void;
  pingReceived(id: number): void;
  settingsReceived(frame: SettingsFrame): void;
  goawaySent(): void;
  goawayReceived(): void;
  failed(error: SessionError): void;
}

/**
 * Makes events of what the engine reports, and publishes it to the diagnostics channels. Measured: `emit` without a listener
 * takes a few nanoseconds, so nothing is gained by asking for listeners first.
 */
export class EventReporter implements EngineHandler {
  readonly #session: unknown;
  readonly #own: (streamId: number) => boolean;
  readonly #emit: Emit;
  readonly #hooks: SessionHooks;
  /** PING frames sent and received. */
  pings = 0;
  /** The streams of the session; set before anything is reported. */
  streams: StreamRegistry | null = null;

  /** `session` only names the session in messages; `own` tells which stream ids belong to this side. */
  constructor(
    session: unknown,
    own: (streamId: number) => boolean,
    emit: Emit,
    hooks: SessionHooks,
  ) {
    this.#session = session;
    this.#own = own;
    this.#emit = emit;
    this.#hooks = hooks;
  }

  onCtrlRecv(frame: ControlFrame): void {
    if (CHANNELS.frameReceived.hasSubscribers) this.#publishFrame(CHANNELS.frameReceived, frame);
    if (frame.type === SYN_STREAM && CHANNELS.streamOpened.hasSubscribers) {
      this.#publishStream(CHANNELS.streamOpened, frame.streamId, 0, null);
    }
    this.#emit('ctrlRecv', frame);
    switch (frame.type) {
      case SYN_STREAM:
        this.#emit('synStream', frame);
        break;
      case SYN_REPLY:
        this.#emit('synReply', frame);
        break;
      case RST_STREAM:
        this.#emit('rstStream', frame);
        break;
      case SETTINGS:
        this.#hooks.settingsReceived(frame);
        this.#emit('settings', frame);
        break;
      case PING:
        this.pings++;
        this.#hooks.pingReceived(frame.id);
        this.#emit('ping', frame);
        break;
      case GOAWAY:
        this.#hooks.goawayReceived();
        this.#emit('goaway', frame);
        break;
      case HEADERS:
        this.#emit('headers', frame);
        break;
      case WINDOW_UPDATE:
        this.#emit('windowUpdate', frame);
        break;
      case CREDENTIAL:
        this.#emit('credential', frame);
        break;
    }
    this.streams?.ctrlRecv(frame);
  }

  onInvalidCtrlRecv(frame: ControlFrame, status: number): void {
    this.#emit('invalidCtrlRecv', frame, status);
  }

  onDataChunkRecv(flags: number, streamId: number, data: Buffer): void {
    this.#emit('dataChunkRecv', flags, streamId, data);
    this.streams?.data(streamId, data);
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
    this.#emit('dataRecv', flags, streamId, length);
    this.streams?.dataEnd(flags, streamId);
  }

  beforeCtrlSend(frame: ControlFrame): void {
    this.streams?.beforeCtrlSend(frame);
    this.#emit('beforeCtrlSend', frame);
  }

  onCtrlSend(frame: ControlFrame): void {
    if (CHANNELS.frameSent.hasSubscribers) this.#publishFrame(CHANNELS.frameSent, frame);
    if (frame.type === PING) {
      this.pings++;
      this.#hooks.pingSent(frame.id);
    } else if (frame.type === GOAWAY) {
      this.#hooks.goawaySent();
    } else if (frame.type === SYN_STREAM && CHANNELS.streamOpened.hasSubscribers) {
      this.#publishStream(CHANNELS.streamOpened, frame.streamId, 0, null);
    }
    this.streams?.ctrlSend(frame);
    this.#emit('ctrlSend', frame);
  }

  onCtrlNotSend(frame: ControlFrame, errno: number): void {
    this.#emit('ctrlNotSend', frame, errno);
  }

  onDataSend(flags: number, streamId: number, length: number): void {
    if (CHANNELS.frameSent.hasSubscribers) {
      CHANNELS.frameSent.publish({ session: this.#session, frame: null, streamId, flags, length });
    }
    this.streams?.dataSend(flags, streamId);
    this.#emit('dataSend', flags, streamId, length);
  }

  onStreamClose(streamId: number, status: number, error: StreamError | SessionError | null): void {
    if (CHANNELS.streamClosed.hasSubscribers) {
      this.#publishStream(CHANNELS.streamClosed, streamId, status, error);
    }
    this.#emit('streamClose', streamId, status, error);
    this.streams?.closed(streamId, status, error);
  }

  onRequestRecv(streamId: number): void {
    this.#emit('requestRecv', streamId);
  }

  onCtrlRecvParseError(type: number, head: Buffer, payload: Buffer, errno: number): void {
    this.#emit('ctrlRecvParseError', type, head, payload, errno);
  }

  onUnknownCtrlRecv(head: Buffer, payload: Buffer): void {
    this.#emit('unknownCtrlRecv', head, payload);
  }

  onStreamError(error: StreamError): void {
    this.#emit('streamError', error);
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
    const own = streamId === 0 || this.#own(streamId);
    channel.publish({ session: this.#session, streamId, own, status, error });
  }
}
