import { Readable, Writable } from 'node:stream';
import type { SpdyStream } from '../../session/public.ts';

type Done = (error?: Error | null) => void;

/**
 * What a client sends on a stream, as a plain Readable: it ends with FIN and with RST_STREAM, and is destroyed without an error when the
 * client is gone. Once destroyed, what still comes is thrown away, so that the other streams of the connection go on.
 */
export class StreamInput extends Readable {
  readonly #source: SpdyStream;
  readonly #isLost: () => boolean;
  #complete = false;

  /** `isLost` tells, once the stream is closed, whether that was the end of the connection. */
  constructor(source: SpdyStream, isLost: () => boolean) {
    super();
    this.#source = source;
    this.#isLost = isLost;
    this.on('error', () => {});
    source.pause();
    source.on('data', this.#take);
    source.once('end', () => this.#end());
    // Reset before the command was complete: its 'close' has passed.
    if (source.destroyed) this.#closed();
    else source.once('close', () => this.#closed());
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#source.removeListener('data', this.#take);
    this.#source.resume();
    done(error);
  }

  readonly #take = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#source.pause();
  };

  #closed(): void {
    if (this.#isLost() && !this.#complete) this.destroy();
    else this.#end();
  }

  #end(): void {
    if (this.#complete || this.destroyed) return;
    this.#complete = true;
    this.push(null);
  }
}

/** What is sent to a client, of whichever transport. */
export abstract class CommandOutput extends Writable {
  constructor() {
    super();
    // A handler that writes on behind its end, or destroys this, does not end the server.
    this.on('error', () => {});
  }

  /** Ends it, if that was not done, and waits until everything has left, or cannot any more. */
  async finished(): Promise<void> {
    if (!this.writableEnded && !this.destroyed) this.end();
    if (this.writableFinished || this.destroyed) return;
    await new Promise<void>((done) => {
      this.once('finish', done);
      this.once('close', done);
    });
  }
}

/**
 * What is sent to a client on a stream, as a plain Writable: a write is done when it has left towards the transport. It is destroyed without
 * an error when the client wants no more or is gone; destroying it sends FIN.
 */
export class StreamOutput extends CommandOutput {
  readonly #sink: SpdyStream;

  constructor(sink: SpdyStream) {
    super();
    this.#sink = sink;
    // Clients send nothing there.
    sink.resume();
    if (sink.destroyed) this.destroy();
    else sink.once('close', () => this.destroy());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#sink.write(chunk, (error) => this.#written(error, done));
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this.#sink.write(bytes, (error) => this.#written(error, done));
  }

  override _final(done: Done): void {
    this.#sink.end(() => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    if (!this.#sink.writableEnded && !this.#sink.destroyed) this.#sink.end();
    done(error);
  }

  /** The end of the client is no error of the writer. */
  #written(error: Error | null | undefined, done: Done): void {
    if (error !== null && error !== undefined) this.destroy();
    done();
  }
}
