import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import type { LoadSocket } from './load-socket.ts';

/** How often something is read: at less than 20 bytes in a second, each single one. */
const READS_PER_SECOND = 20;

/**
 * A socket that is read at a rate: what comes faster stays in the socket, and then in the network, as with a client that does not keep up. What is
 * written goes at once. It is closed when the socket is, and ends it.
 */
export class SlowSocket extends Duplex implements LoadSocket {
  readonly #socket: Socket;
  readonly #piece: number;
  readonly #pauseMs: number;
  #read = 0;
  #wanted = false;
  #pause: NodeJS.Timeout | null = null;

  /** Takes over a socket that nobody reads; `bytesPerSecond` from 1 on. */
  constructor(socket: Socket, bytesPerSecond: number) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#piece = Math.max(1, Math.floor(bytesPerSecond / READS_PER_SECOND));
    this.#pauseMs = (this.#piece * 1000) / bytesPerSecond;
    // Nobody may listen yet.
    this.on('error', () => {});
    socket.on('readable', () => this.#readPiece());
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** Bytes that were passed on to the reader. */
  get bytesRead(): number {
    return this.#read;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  // Agents of Node's http call these four although what they are given may be any Duplex.

  setKeepAlive(on: boolean, delayMs: number): this {
    this.#socket.setKeepAlive(on, delayMs);
    return this;
  }

  setTimeout(ms: number): this {
    this.#socket.setTimeout(ms);
    return this;
  }

  ref(): this {
    this.#socket.ref();
    return this;
  }

  unref(): this {
    this.#socket.unref();
    return this;
  }

  override _read(): void {
    this.#wanted = true;
    this.#readPiece();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#socket.write(chunk, encoding, (error) => done(error ?? undefined));
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#socket.destroy();
    done(error);
  }

  #readPiece(): void {
    if (!this.#wanted || this.#pause !== null || this.destroyed) return;
    const socket = this.#socket;
    // The last bytes are read as they are, and the end is told by reading once more.
    const chunk = socket.read(Math.min(this.#piece, socket.readableLength)) as Buffer | null;
    if (chunk === null) return;
    this.#wanted = false;
    this.#read += chunk.length;
    const share = chunk.length / this.#piece;
    this.#pause = setTimeout(
      () => {
        this.#pause = null;
        this.#readPiece();
      },
      Math.ceil(this.#pauseMs * share),
    );
    this.push(chunk);
  }
}
