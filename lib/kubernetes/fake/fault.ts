import { Duplex } from 'node:stream';
import { checkObject, checkRange, checkTime } from '../../common/check.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';

/** Something that goes wrong on purpose. */
export interface FakeFault {
  /** Milliseconds before the answer. Default 0. */
  readonly delayMs?: number;
  /** Answer with this HTTP status, 400 to 599, and do nothing. */
  readonly refuseWith?: number;
  /** What `refuseWith` says, as `message` of its Status. Default `'refused on purpose'`. */
  readonly message?: string;
  /** Exec, attach, portforward: end the connection, and say nothing, after so many bytes behind the 101; 0 for at once. */
  readonly dropAfterBytes?: number;
}

const FAULT_NAMES = optionNames<FakeFault>({
  delayMs: true,
  refuseWith: true,
  message: true,
  dropAfterBytes: true,
});

/** Checks a fault. */
export function checkFault(fault: FakeFault): FakeFault {
  checkObject('fault', fault);
  checkOptions('fault', fault, FAULT_NAMES);
  const { delayMs = 0, refuseWith = 500, dropAfterBytes = 0 } = fault;
  checkTime('delayMs', delayMs);
  checkRange('refuseWith', refuseWith, 400, 599);
  checkRange('dropAfterBytes', dropAfterBytes, 0, Number.MAX_SAFE_INTEGER);
  return fault;
}

/** The other side of a connection that breaks off after some bytes: what is written here goes to `socket` until then. */
export class DroppingSocket extends Duplex {
  readonly #socket: Duplex;
  #left: number;
  /** The head of the reply comes first and does not count. */
  #head = true;

  constructor(socket: Duplex, bytes: number) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#left = bytes;
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const part = this.#head ? chunk : chunk.subarray(0, this.#left);
    if (!this.#head) this.#left -= part.length;
    this.#head = false;
    this.#socket.write(part, (error) => {
      done(error);
      if (this.#left === 0) this.destroy();
    });
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
