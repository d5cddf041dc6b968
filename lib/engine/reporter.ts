import type { SessionError, StreamError } from '../errors.ts';
import type { ControlFrame } from '../protocol/frames.ts';
import type { EngineHandler } from './engine-handler.ts';

/**
 * Calls the handler. An exception that comes out of it must not leave the engine half way, so the last one is kept and thrown by
 * `rethrow()` at the end of the engine call that was running.
 */
export class Reporter {
  readonly #handler: EngineHandler;
  #failed = false;
  #exception: unknown;

  constructor(handler: EngineHandler) {
    this.#handler = handler;
  }

  /** Throws what a notification threw. */
  rethrow(): void {
    if (!this.#failed) return;
    const exception = this.#exception;
    this.#failed = false;
    this.#exception = undefined;
    throw exception;
  }

  ctrlRecv(frame: ControlFrame): void {
    if (this.#handler.onCtrlRecv === undefined) return;
    try {
      this.#handler.onCtrlRecv(frame);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  invalidCtrlRecv(frame: ControlFrame, status: number): void {
    if (this.#handler.onInvalidCtrlRecv === undefined) return;
    try {
      this.#handler.onInvalidCtrlRecv(frame, status);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  dataChunkRecv(flags: number, streamId: number, data: Buffer): void {
    if (this.#handler.onDataChunkRecv === undefined) return;
    try {
      this.#handler.onDataChunkRecv(flags, streamId, data);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  dataRecv(flags: number, streamId: number, length: number): void {
    if (this.#handler.onDataRecv === undefined) return;
    try {
      this.#handler.onDataRecv(flags, streamId, length);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  beforeCtrlSend(frame: ControlFrame): void {
    if (this.#handler.beforeCtrlSend === undefined) return;
    try {
      this.#handler.beforeCtrlSend(frame);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  ctrlSend(frame: ControlFrame): void {
    if (this.#handler.onCtrlSend === undefined) return;
    try {
      this.#handler.onCtrlSend(frame);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  ctrlNotSend(frame: ControlFrame, errno: number): void {
    if (this.#handler.onCtrlNotSend === undefined) return;
    try {
      this.#handler.onCtrlNotSend(frame, errno);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  dataSend(flags: number, streamId: number, length: number): void {
    if (this.#handler.onDataSend === undefined) return;
    try {
      this.#handler.onDataSend(flags, streamId, length);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  streamClose(streamId: number, status: number, error: StreamError | SessionError | null): void {
    if (this.#handler.onStreamClose === undefined) return;
    try {
      this.#handler.onStreamClose(streamId, status, error);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  requestRecv(streamId: number): void {
    if (this.#handler.onRequestRecv === undefined) return;
    try {
      this.#handler.onRequestRecv(streamId);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  ctrlRecvParseError(type: number, head: Buffer, payload: Buffer, errno: number): void {
    if (this.#handler.onCtrlRecvParseError === undefined) return;
    try {
      this.#handler.onCtrlRecvParseError(type, head, payload, errno);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  unknownCtrlRecv(head: Buffer, payload: Buffer): void {
    if (this.#handler.onUnknownCtrlRecv === undefined) return;
    try {
      this.#handler.onUnknownCtrlRecv(head, payload);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  streamError(error: StreamError): void {
    if (this.#handler.onStreamError === undefined) return;
    try {
      this.#handler.onStreamError(error);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  sessionError(error: SessionError): void {
    if (this.#handler.onSessionError === undefined) return;
    try {
      this.#handler.onSessionError(error);
    } catch (exception) {
      this.#keep(exception);
    }
  }

  #keep(exception: unknown): void {
    this.#failed = true;
    this.#exception = exception;
  }
}
