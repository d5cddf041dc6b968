import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Deadline } from '../../../common/deadline.ts';
import { resetConnection } from '../../../common/network/socket-end.ts';

/** Ends a connection of HTTP/1.1 whose client takes nothing more of an answer that is complete here: before its end another one waits for room, and sees to it that some comes. */
export class Http1Watch {
  readonly #socket: Socket;
  readonly #stallMs: number;
  readonly #deadline = new Deadline();
  #last: ServerResponse | null = null;
  /** Bytes that had left when that was looked at; -1 before. */
  #left = -1;

  /** @param stallMs how long nothing of the end of an answer may leave, and at most twice that; 0 for ever */
  constructor(socket: Socket, stallMs: number) {
    this.#socket = socket;
    this.#stallMs = stallMs;
    socket.once('close', () => this.stop());
  }

  /** An answer has begun. */
  follow(response: ServerResponse): void {
    this.#last = response;
    if (this.#stallMs > 0 && !this.#deadline.running) this.#look();
  }

  /** The connection is something else from now on. */
  stop(): void {
    this.#last = null;
    this.#deadline.stop();
  }

  /** Looks when the time is up, as long as there is something to leave: one timer is enough for all answers. */
  #look(): void {
    this.#deadline.start(this.#stallMs, () => {
      const { bytesWritten, writableLength } = this.#socket;
      const before = this.#left;
      const ended = this.#last?.writableEnded === true && writableLength > 0;
      this.#left = ended ? bytesWritten - writableLength : -1;
      if (ended && this.#left === before) resetConnection(this.#socket);
      else if (ended || this.#last?.writableEnded === false) this.#look();
    });
  }
}
