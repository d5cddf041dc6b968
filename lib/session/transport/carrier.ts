import { nextTick } from 'node:process';
import type { Duplex } from 'node:stream';

/**
 * Carries bytes both ways between a session and its socket, with the backpressure of two pipes in a fifth of their memory: a process may
 * have many connections, and most of them are idle.
 */
export class Carrier {
  readonly #socket: Duplex;
  readonly #session: Duplex;
  /** Which directions it carries. */
  #input = true;
  #output = true;

  readonly #onOutput: (this: Duplex, chunk: Buffer) => void;

  /**
   * Begins at once, also where either of them was paused. `output` is the listener for 'data' of the session: it has to call
   * `carryOutput()`, and may be the same for many sessions.
   */
  constructor(socket: Duplex, session: Duplex, output: (this: Duplex, chunk: Buffer) => void) {
    this.#socket = socket;
    this.#session = session;
    this.#onOutput = output;
    socket.on('data', this.#onInput);
    // One that has ended before does not say so again.
    if (socket.readableEnded) nextTick(this.#onInputEnd);
    else socket.on('end', this.#onInputEnd);
    session.on('data', output);
    socket.resume();
    session.resume();
  }

  /** Whether it takes bytes to `sink`, or to anything if that is undefined. */
  takesTo(sink: unknown): boolean {
    return this.#output && (sink === undefined || sink === this.#socket);
  }

  /** All that the session had to say was carried. */
  endOutput(): void {
    if (this.#output) this.#socket.end();
  }

  /** A piece came out of the session. */
  carryOutput(chunk: Buffer): void {
    if (this.#socket.write(chunk)) return;
    this.#session.pause();
    this.#socket.once('drain', () => {
      if (this.#output) this.#session.resume();
    });
  }

  /** Brings no more. */
  stopInput(): void {
    if (!this.#input) return;
    this.#input = false;
    this.#socket.removeListener('data', this.#onInput);
    this.#socket.removeListener('end', this.#onInputEnd);
    this.#socket.pause();
  }

  /** Takes no more to the socket. */
  stopOutput(): void {
    this.#output = false;
    this.#session.removeListener('data', this.#onOutput);
  }

  readonly #onInput = (chunk: Buffer): void => {
    const session = this.#session;
    if (!session.writable) {
      this.stopInput();
    } else if (!session.write(chunk) && this.#input) {
      this.#socket.pause();
      session.once('drain', () => {
        if (this.#input) this.#socket.resume();
      });
    }
  };

  readonly #onInputEnd = (): void => {
    if (this.#input) this.#session.end();
  };
}
