import type http2 from 'node:http2';
import { Deadline } from '../../../common/deadline.ts';

/** Ends what holds a session of HTTP/2 for nothing: the session when it has no requests, and answers that are complete here and of which the client takes nothing more. */
export class H2Watch {
  readonly #idle = new Deadline();
  readonly #stall = new Deadline();
  readonly #wait: () => void;
  readonly #stallMs: number;
  /** Those that are open, with how much of their end waited to leave when that was looked at; -1 before. */
  readonly #streams = new Map<http2.ServerHttp2Stream, number>();

  /**
   * @param idleMs how long a session may have no requests; 0 for ever
   * @param stallMs how long nothing of the end of an answer may leave, and at most twice that; 0 for ever
   */
  constructor(session: http2.ServerHttp2Session, idleMs: number, stallMs: number) {
    this.#stallMs = stallMs;
    this.#wait = () => {
      // close() would wait for a head that never ends.
      if (idleMs > 0 && !session.destroyed) this.#idle.start(idleMs, () => session.destroy());
    };
    this.#wait();
  }

  /** A stream was opened: by a request, or for a push. */
  follow(stream: http2.ServerHttp2Stream): void {
    this.#streams.set(stream, -1);
    this.#idle.stop();
    if (this.#stallMs > 0 && !this.#stall.running) this.#look();
    stream.once('close', () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#wait();
    });
  }

  /** The session is over. */
  stop(): void {
    this.#idle.stop();
    this.#stall.stop();
  }

  /** Looks at all streams when the time is up: one timer is enough for them. */
  #look(): void {
    this.#stall.start(this.#stallMs, () => {
      for (const [stream, before] of this.#streams) {
        const { writableEnded, writableLength } = stream;
        // Before its end another one waits for room, and sees to it that some comes.
        const left = writableEnded && writableLength > 0 ? writableLength : -1;
        if (left < 0 || left !== before) this.#streams.set(stream, left);
        else stream.destroy(new Error('the client takes nothing of the answer'));
      }
      if (this.#streams.size > 0) this.#look();
    });
  }
}
