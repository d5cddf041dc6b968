import { Duplex } from 'node:stream';
import type { Break } from './fault.ts';

/** The other side of a connection that breaks off after some bytes: what is written here goes to `socket` until then. */
export class BrokenSocket extends Duplex {
  readonly #socket: Duplex;
  readonly #how: Break['how'];
  #left: number;
  /** The head of the reply comes first and does not count. */
  #head = true;
  #broken = false;

  constructor(socket: Duplex, { how, afterBytes }: Break) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#how = how;
    this.#left = afterBytes;
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    if (!this.#broken || this.#how === 'halfClose') this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    // Nobody hears of that any more.
    if (this.#broken) {
      if (this.#how !== 'freeze') done();
      return;
    }
    const part = this.#head ? chunk : chunk.subarray(0, this.#left);
    if (!this.#head) this.#left -= part.length;
    this.#head = false;
    this.#socket.write(part, (error) => {
      if (this.#left === 0) this.#break();
      if (!this.#broken || this.#how !== 'freeze') done(error);
    });
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #break(): void {
    if (this.#broken) return;
    this.#broken = true;
    switch (this.#how) {
      case 'drop':
        this.destroy();
        break;
      case 'freeze':
        this.#socket.pause();
        break;
      case 'truncate':
        this.#socket.removeAllListeners('data').resume();
        this.#socket.end();
        break;
      case 'halfClose':
        this.#socket.end();
    }
  }
}
