import { Writable } from 'node:stream';
import type { SpdyStream } from '../../../session/public.ts';
import { GatheredInput, INPUT_HIGH_WATER_MARK, writeTogether } from '../gathered-input.ts';

type Done = (error?: Error | null) => void;

/**
 * The standard input of a remote command. Bytes wait until the server has accepted all streams: before that they can wedge a
 * spdystream server. When the server wants no more of them (the command has ended), it is closed without an error.
 */
export class CommandStdin extends Writable {
  readonly #stream: SpdyStream;
  readonly #gathered = new GatheredInput(this);
  #released = false;
  #waiting: (() => void) | null = null;

  constructor(stream: SpdyStream) {
    super({ highWaterMark: INPUT_HIGH_WATER_MARK });
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

  /** As of every Writable; large writes of one turn of the event loop leave together. */
  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    this.#gathered.before(chunk);
    const more = super.write(chunk, encoding as BufferEncoding, done);
    this.#gathered.after();
    return more;
  }

  /** As of every Writable; what was written before goes on its way. */
  override destroy(error?: Error): this {
    this.#gathered.release();
    return super.destroy(error);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#whenReleased(() => this.#stream.write(chunk, this.#unlessRefused(done)));
  }

  override _writev(writes: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    this.#whenReleased(() => writeTogether(this.#stream, writes, this.#unlessRefused(done)));
  }

  override _final(done: Done): void {
    this.#whenReleased(() => this.#stream.end(() => done()));
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#waiting = null;
    if (!this.#stream.writableFinished) this.#stream.close();
    done(error);
  }

  #unlessRefused(done: Done): Done {
    return (error) => {
      // The server wants no more: nobody shall take these bytes for sent.
      if (error) this.destroy();
      done();
    };
  }

  #whenReleased(action: () => void): void {
    if (this.#released) action();
    else this.#waiting = action;
  }
}
