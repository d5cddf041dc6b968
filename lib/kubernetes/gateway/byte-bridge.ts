import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Deadline, StallDeadline } from '../../common/deadline.ts';
import { confirmEnd, resetSocket } from '../../common/network/socket-end.ts';
import { SpdyError } from '../../errors.ts';
import type { Life } from '../server/door.ts';

/** Two transports that carry the same bytes. */
export interface ByteBridgeInit {
  readonly front: Duplex;
  readonly back: Duplex;
  /** Without a byte either way until both are ended; 0: never. */
  readonly idleTimeoutMs: number;
  /** How long one may take for its end when the other has ended, without taking a byte; 0: for ever. */
  readonly endTimeoutMs: number;
  /** The back has failed. */
  readonly failed: (error: Error) => void;
}

/**
 * Hands the bytes of a SPDY session from one transport to another, whatever carries them. The end of one is the end of both, behind all bytes; the
 * loss of one is the loss of the other, never an orderly end.
 */
export class ByteBridge implements Life {
  readonly closed: Promise<void>;
  readonly #init: ByteBridgeInit;
  readonly #idle = new Deadline();
  readonly #farewell = new StallDeadline();
  #moved = 0;
  #over = false;

  constructor(init: ByteBridgeInit) {
    this.#init = init;
    const { front, back } = init;
    this.closed = Promise.all([closed(front), closed(back)]).then(() => {
      this.#idle.stop();
      this.#farewell.stop();
    });
    this.#carry(front, back);
    this.#carry(back, front);
    this.#watchEnd(front, back);
    this.#watchEnd(back, front);
    this.#busy();
  }

  /** Resets both. */
  end(): void {
    this.#over = true;
    reset(this.#init.front);
    reset(this.#init.back);
  }

  #carry(from: Duplex, to: Duplex): void {
    if (from.destroyed) {
      this.#lost(from, from.errored);
      return;
    }
    from.on('data', (chunk: Buffer) => {
      this.#moved += chunk.length;
      this.#busy();
    });
    // The next byte, or its 'close', tells of the other one's end.
    from.pipe(to, { end: false });
    from.on('error', (error) => this.#lost(from, error));
    from.once('close', () => {
      if (!from.readableEnded) this.#lost(from, null);
    });
  }

  #watchEnd(from: Duplex, to: Duplex): void {
    const confirm = (): void => {
      if (!(from instanceof Socket)) this.#ended(from, to);
      else
        confirmEnd(from, (error) => {
          if (error === null) this.#ended(from, to);
          else this.#lost(from, error);
        });
    };
    // An end that has come before anybody read does not come again.
    if (from.readableEnded) confirm();
    else from.once('end', confirm);
  }

  /** What was read is written yet; what the other side still sends is for nobody. */
  #ended(from: Duplex, to: Duplex): void {
    this.#over = true;
    to.unpipe(from);
    to.resume();
    to.end();
    from.end();
    const { endTimeoutMs } = this.#init;
    if (endTimeoutMs === 0 || this.#farewell.running) return;
    this.#farewell.start(
      endTimeoutMs,
      () => this.#moved - to.writableLength,
      () => this.end(),
    );
  }

  #lost(from: Duplex, error: Error | null): void {
    if (from === this.#init.back && !this.#over) {
      const message = 'the connection to the target was lost';
      this.#init.failed(error ?? new SpdyError('ERR_SPDY_TRANSPORT_CLOSED', message, 'peer'));
    }
    this.end();
  }

  #busy(): void {
    const { idleTimeoutMs } = this.#init;
    if (idleTimeoutMs > 0) this.#idle.start(idleTimeoutMs, () => this.end());
  }
}

function closed(stream: Duplex): Promise<void> {
  return new Promise((done) => {
    if (stream.closed) done();
    else stream.once('close', () => done());
  });
}

/** Ends it so that nothing passes for complete. */
function reset(stream: Duplex): void {
  if (stream.destroyed) return;
  if (stream instanceof Socket && !(stream instanceof TLSSocket)) resetSocket(stream);
  else stream.destroy();
}
