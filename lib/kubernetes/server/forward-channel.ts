import { Duplex } from 'node:stream';
import { cutIntoMessages } from '../wire/channels.ts';

type Done = (error?: Error | null) => void;

/** Both ways of a channel. */
export interface ForwardChannelInit {
  /** More is wanted, or nothing at all. */
  readonly wanted: () => void;
  readonly send: (data: Buffer, done: Done) => void;
}

/** A forwarded connection on a channel, as a plain Duplex. A client cannot end its direction alone: that ends with the other one. */
export class ForwardChannel extends Duplex {
  readonly #init: ForwardChannelInit;
  #gone = false;
  #inputEnded = false;
  hasRoom = true;

  constructor(init: ForwardChannelInit) {
    super();
    this.#init = init;
    // A handler that writes on behind its end does not end the server.
    this.on('error', () => {});
  }

  /** Takes what the client has sent; false when that was enough for now. */
  accept(data: Buffer): boolean {
    // Once destroyed, nothing holds the others.
    if (this.destroyed || this.#inputEnded || data.length === 0) return true;
    this.hasRoom = this.push(data);
    return this.hasRoom;
  }

  /** The client sends and takes nothing more. Resolves when what it has sent was read, and both directions have ended. */
  async endInput(): Promise<void> {
    if (this.destroyed) return;
    this.#gone = true;
    this.#endOfInput();
    // Where nobody has ever read, and nothing came, nobody need hear of the end first.
    const isOfUse = this.readableLength > 0 || this.readableFlowing !== null;
    if (!this.readableEnded && isOfUse) await this.#either('end');
    this.end();
    if (!this.writableFinished && !this.destroyed) await this.#either('finish');
  }

  /** Ends it, if that was not done, and waits until everything has left, or cannot any more. */
  async finished(): Promise<void> {
    if (!this.writableEnded && !this.destroyed) this.end();
    if (!this.writableFinished && !this.destroyed) await this.#either('finish');
    // Nobody reads it any more.
    this.resume();
  }

  override _read(): void {
    this.#room();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#gone) {
      done();
      return;
    }
    const messages = cutIntoMessages(chunk);
    const last = messages.pop() as Buffer;
    for (const message of messages) this.#init.send(message, () => {});
    // The end of the client is no error of the writer.
    this.#init.send(last, () => done());
  }

  override _final(done: Done): void {
    done();
    this.#endOfInput();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#room();
    done(error);
  }

  /** Waits for an event, or the end of all. */
  #either(event: 'end' | 'finish'): Promise<void> {
    return new Promise((resolve) => {
      this.once(event, resolve);
      this.once('close', resolve);
    });
  }

  #endOfInput(): void {
    if (this.#inputEnded || this.destroyed) return;
    this.#inputEnded = true;
    this.push(null);
  }

  #room(): void {
    if (this.hasRoom) return;
    this.hasRoom = true;
    this.#init.wanted();
  }
}
