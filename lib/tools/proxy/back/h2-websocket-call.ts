import { Deadline } from '../../../common/deadline.ts';
import { SpdyError } from '../../../errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { failureOf } from '../relay/failure.ts';
import type { BackCall, BackHandler } from './back.ts';
import type { H2Settings } from './h2-settings.ts';

/** A request for a WebSocket that waits for what the server says of itself: whether it takes an extended CONNECT (RFC 8441 3). */
export class H2WebSocketCall implements BackCall {
  readonly #deadline = new Deadline();
  readonly #handler: BackHandler;
  readonly #begin: () => BackCall;
  readonly #leave: () => void;
  #call: BackCall | null = null;

  /**
   * @param timeoutMs how long it waits; 0 for ever
   * @param begin sends the request once that is known
   */
  constructor(
    settings: H2Settings,
    timeoutMs: number,
    handler: BackHandler,
    begin: () => BackCall,
  ) {
    this.#handler = handler;
    this.#begin = begin;
    this.#leave = settings.wait((error) => this.#told(error));
    if (timeoutMs === 0) return;
    this.#deadline.start(timeoutMs, () => {
      this.#leave();
      this.#told(new SpdyError('ERR_SPDY_TIMEOUT', `no settings within ${timeoutMs} ms`));
    });
  }

  get connected(): boolean {
    return this.#call?.connected ?? false;
  }

  write(chunk: Uint8Array): boolean {
    return this.#call?.write(chunk) ?? false;
  }

  end(trailers: HeaderList): void {
    this.#call?.end(trailers);
  }

  reset(cause: Error): void {
    this.#leave();
    this.#deadline.stop();
    this.#call?.reset(cause);
  }

  onDrain(listener: () => void): void {
    this.#call?.onDrain(listener);
  }

  #told(error: Error | null): void {
    this.#deadline.stop();
    try {
      if (error !== null) throw error;
      this.#call = this.#begin();
    } catch (cause) {
      this.#handler.failed(failureOf(cause as Error, true));
    }
  }
}
