import { InvalidStateError, type SessionError, type StreamError } from '../errors.ts';
import type { ControlFrame } from '../protocol/frames.ts';
import type { DataSource } from './data-provider.ts';
import { checkHandler, type EngineHandler } from './engine-handler.ts';

/**
 * Calls the handler. An exception that comes out of it must not leave the engine half way, so the last one is kept and thrown by
 * `rethrow()` at the end of the engine call that was running.
 */
export class Reporter {
  readonly #handler: EngineHandler;
  #failed = false;
  #depth = 0;
  #exception: unknown;

  constructor(handler: EngineHandler) {
    checkHandler(handler);
    this.#handler = handler;
  }

  /** Application code is about to be called. */
  enter(): void {
    this.#depth++;
  }

  /** Application code has returned. */
  leave(): void {
    this.#depth--;
  }

  /** Refuses a call that would enter the engine a second time, from inside application code. */
  assertOutside(call: string): void {
    if (this.#depth === 0) return;
    throw new InvalidStateError(`${call}() cannot be called from inside a callback of the engine`);
  }

  /** Throws what a notification threw, unless application code called us: it is not its exception. */
  rethrow(): void {
    if (!this.#failed || this.#depth > 0) return;
    const exception = this.#exception;
    this.#failed = false;
    this.#exception = undefined;
    throw exception;
  }

  /** Tells a data provider, if there is one, that nobody will ask it any more. */
  closeProvider(provider: DataSource | null): void {
    if (provider?.close === undefined) return;
    this.enter();
    try {
      provider.close();
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  ctrlRecv(frame: ControlFrame): void {
    if (this.#handler.onCtrlRecv === undefined) return;
    this.enter();
    try {
      this.#handler.onCtrlRecv(frame);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  invalidCtrlRecv(frame: ControlFrame, status: number): void {
    if (this.#handler.onInvalidCtrlRecv === undefined) return;
    this.enter();
    try {
      this.#handler.onInvalidCtrlRecv(frame, status);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  dataChunkRecv(flags: number, streamId: number, data: Buffer): void {
    if (this.#handler.onDataChunkRecv === undefined) return;
    this.enter();
    try {
      this.#handler.onDataChunkRecv(flags, streamId, data);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  dataRecv(flags: number, streamId: number, length: number): void {
    if (this.#handler.onDataRecv === undefined) return;
    this.enter();
    try {
      this.#handler.onDataRecv(flags, streamId, length);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  beforeCtrlSend(frame: ControlFrame): void {
    if (this.#handler.beforeCtrlSend === undefined) return;
    this.enter();
    try {
      this.#handler.beforeCtrlSend(frame);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  ctrlSend(frame: ControlFrame): void {
    if (this.#handler.onCtrlSend === undefined) return;
    this.enter();
    try {
      this.#handler.onCtrlSend(frame);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  ctrlNotSend(frame: ControlFrame, errno: number): void {
    if (this.#handler.onCtrlNotSend === undefined) return;
    this.enter();
    try {
      this.#handler.onCtrlNotSend(frame, errno);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  dataSend(flags: number, streamId: number, length: number): void {
    if (this.#handler.onDataSend === undefined) return;
    this.enter();
    try {
      this.#handler.onDataSend(flags, streamId, length);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  streamClose(streamId: number, status: number, error: StreamError | SessionError | null): void {
    if (this.#handler.onStreamClose === undefined) return;
    this.enter();
    try {
      this.#handler.onStreamClose(streamId, status, error);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  requestRecv(streamId: number): void {
    if (this.#handler.onRequestRecv === undefined) return;
    this.enter();
    try {
      this.#handler.onRequestRecv(streamId);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  ctrlRecvParseError(type: number, head: Buffer, payload: Buffer, errno: number): void {
    if (this.#handler.onCtrlRecvParseError === undefined) return;
    this.enter();
    try {
      this.#handler.onCtrlRecvParseError(type, head, payload, errno);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  unknownCtrlRecv(head: Buffer, payload: Buffer): void {
    if (this.#handler.onUnknownCtrlRecv === undefined) return;
    this.enter();
    try {
      this.#handler.onUnknownCtrlRecv(head, payload);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  streamError(error: StreamError): void {
    if (this.#handler.onStreamError === undefined) return;
    this.enter();
    try {
      this.#handler.onStreamError(error);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  sessionError(error: SessionError): void {
    if (this.#handler.onSessionError === undefined) return;
    this.enter();
    try {
      this.#handler.onSessionError(error);
    } catch (exception) {
      this.#keep(exception);
    }
    this.leave();
  }

  #keep(exception: unknown): void {
    this.#failed = true;
    this.#exception = exception;
  }
}
