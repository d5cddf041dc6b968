import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';

/** Bytes that are read at a time. */
const PIECE_SIZE = 65536;

/**
 * Sends the bytes of a file from `first` to `last`, both included, ends what they are sent to, and closes the file. One that has become
 * shorter meanwhile breaks the transfer off.
 */
export function sendFile(file: FileHandle, first: number, last: number, out: Writable): void {
  if (last < first || out.destroyed) {
    out.end();
    close(file);
    return;
  }
  new FileTransfer(file, first, last, out).read();
}

/** One piece after the other goes through one buffer, which is free when the piece has left. */
class FileTransfer {
  readonly #file: FileHandle;
  readonly #out: Writable;
  readonly #buffer: Buffer;
  readonly #onWritten = (): void => {
    if (!this.#over) this.read();
  };
  #position: number;
  #left: number;
  #over = false;

  constructor(file: FileHandle, first: number, last: number, out: Writable) {
    this.#file = file;
    this.#out = out;
    this.#position = first;
    this.#left = last - first + 1;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(this.#left, PIECE_SIZE));
    out.once('close', () => this.#end());
  }

  read(): void {
    const length = Math.min(this.#left, this.#buffer.length);
    this.#file.read(this.#buffer, 0, length, this.#position).then(
      ({ bytesRead }) => this.#send(bytesRead),
      () => this.#break(),
    );
  }

  #send(length: number): void {
    if (this.#over) return;
    if (length === 0) {
      this.#break();
      return;
    }
    this.#position += length;
    this.#left -= length;
    const piece = this.#buffer.subarray(0, length);
    if (this.#left > 0) {
      this.#out.write(piece, this.#onWritten);
      return;
    }
    this.#end();
    this.#out.end(piece);
  }

  #break(): void {
    this.#end();
    this.#out.destroy();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    close(this.#file);
  }
}

/** Nobody is left to hear of an error. */
function close(file: FileHandle): void {
  file.close().catch(() => {});
}
