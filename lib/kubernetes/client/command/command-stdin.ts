import { Writable } from 'node:stream';
import type { SpdyStream } from '../../../session/public.ts';

type Done = (error?: Error | null) => void;

/**
 * The standard input of a remote command. Bytes wait until the server has accepted all streams: before that they can wedge a
 * spdystream server. When the server wants no more of them (the command has ended), it is closed without an error.
 */
export class CommandStdin extends Writable {
  readonly #stream: SpdyStream;
  #released = false;
  #waiting: (() => void) | null = null;

  constructor(stream: SpdyStream) {
    super({ highWaterMark: stream.writableHighWaterMark });
    this.#stream = stream;
    // The peer sends nothing here but its FIN.
    stream.resume();
    stream.on('end', () => this.destroy());
    stream.on('close', () => this.destroy());
  }

  /** Lets bytes flow. */
  release(): void {
    this.#released = true;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#whenReleased(() =>
      this.#stream.write(chunk, (error) => {
        // The server wants no more: nobody shall take these bytes for sent.
        if (error) this.destroy();
        done();
      }),
    );
  }

  override _final(done: Done): void {
    this.#whenReleased(() => this.#stream.end(() => done()));
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#waiting = null;
    if (!this.#stream.writableFinished) this.#stream.close();
    done(error);
  }

  #whenReleased(action: () => void): void {
    if (this.#released) action();
    else this.#waiting = action;
  }
}
