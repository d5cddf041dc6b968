import { Readable } from 'node:stream';
import { cutIntoMessages } from '../wire/channels.ts';
import { CommandOutput } from '../wire/command-streams.ts';

type Done = (error?: Error | null) => void;

/** What a client sends on a channel, as a plain Readable; as a StreamInput. */
export class ChannelInput extends Readable {
  readonly #wanted: () => void;

  /** `wanted` is called when more is wanted, or nothing at all. */
  constructor(wanted: () => void) {
    super();
    this.#wanted = wanted;
    this.on('error', () => {});
  }

  override _read(): void {
    this.#wanted();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#wanted();
    done(error);
  }
}

/** What is sent to a client on a channel, as a plain Writable: a write is done when it has left. Destroyed without an error when the client is gone. */
export class ChannelOutput extends CommandOutput {
  readonly #send: (data: Buffer, done: Done) => void;

  constructor(send: (data: Buffer, done: Done) => void) {
    super();
    this.#send = send;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const messages = cutIntoMessages(chunk);
    const last = messages.pop() as Buffer;
    for (const message of messages) this.#send(message, () => {});
    // The end of the client is no error of the writer.
    this.#send(last, (error) => {
      if (error !== null && error !== undefined) this.destroy();
      done();
    });
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }
}
