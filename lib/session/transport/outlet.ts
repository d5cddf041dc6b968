import { nextTick } from 'node:process';
import type { Duplex } from 'node:stream';
import type { Engine } from '../../engine/engine.ts';
import { raise } from '../raise.ts';
import type { Transport } from './transport.ts';

/** Bytes that are taken out of the engine at once. */
const PULL_SIZE = 65536;
/** The same for a socket that has passed on all of the last ones: nothing waits longer because of it. */
const QUICK_PULL_SIZE = 262_144;

/** Somebody who waits until bytes have left. */
export interface Waiting {
  /** Whether they may leave in the memory of their writers. */
  readonly shared: boolean;
  /** Set when all that leaves together is known. */
  closed: boolean;
  settle(): void;
}

/** Lets the engine work; null when it has nothing, or has failed. */
export interface Pull {
  pull<T>(take: (engine: Engine) => T | null): T | null;
}

/** What an outlet needs of its session. */
export interface OutletHost {
  /** Has to lead to another `send()` soon. */
  schedule(): void;
}

const takeSlab = (engine: Engine): Buffer | null => engine.pull(PULL_SIZE);
const takePieces = (engine: Engine): Buffer[] | null => engine.pullPieces(PULL_SIZE);
const takeMore = (engine: Engine): Buffer[] | null => engine.pullPieces(QUICK_PULL_SIZE);

/**
 * Where the bytes of a session leave it. A Duplex pushes them. But where a pipe does nothing else than write them to a socket, they are
 * written there at once, together and without a copy of large payload (measured: half of the CPU time of a long body), whose writers
 * hear of it when the socket has passed it on.
 */
export class Outlet {
  readonly #session: Duplex;
  readonly #transport: Transport;
  readonly #host: OutletHost;
  /** The reader has asked for bytes and not yet got enough. */
  #demand = false;
  #pushing = false;
  /** The socket has passed on as much as is taken at once, and has nothing left. */
  #quick = false;
  /** Whose bytes are being taken for a socket. */
  #waiting: Waiting[] | null = null;
  /** Who waits for the last write to the socket, until it was passed on. */
  #passing: Waiting[] | null = null;

  constructor(session: Duplex, transport: Transport, host: OutletHost) {
    this.#session = session;
    this.#transport = transport;
    this.#host = host;
  }

  /** Whether it is called out of its own work. */
  get busy(): boolean {
    return this.#pushing;
  }

  /** The reader wants bytes. */
  want(): void {
    this.#demand = true;
  }

  /** Settles `waiting`, whose bytes the engine is taking or has taken before, when their memory is not needed any more. */
  afterWrite(waiting: Waiting): void {
    if (this.#waiting !== null) this.#waiting.push(waiting);
    else if (this.#passing !== null && waiting.shared) this.#passing.push(waiting);
    else settleSoon([waiting]);
  }

  /** Sends what the engine has, as far as it is wanted. */
  send(from: Pull): void {
    if (!this.#demand) return;
    const sink = this.#transport.socketOf(this.#session);
    if (sink === null) this.#push(from);
    else if (sink.writableNeedDrain) this.#transport.awaitDrain();
    else this.#write(sink, from);
  }

  #push(from: Pull): void {
    const slab = from.pull(takeSlab);
    if (slab === null) return;
    this.#demand = false;
    this.#pushing = true;
    try {
      if (this.#session.push(slab)) this.#demand = true;
    } catch (exception) {
      this.#demand = true;
      raise(exception);
    }
    this.#pushing = false;
  }

  #write(sink: Duplex, from: Pull): void {
    const waiting: Waiting[] = [];
    this.#waiting = waiting;
    const pieces = from.pull(this.#quick ? takeMore : takePieces);
    this.#waiting = null;
    for (const one of waiting) one.closed = true;
    if (pieces === null) {
      for (const one of waiting) this.afterWrite(one);
      return;
    }
    const held = waiting.filter(({ shared }) => shared);
    settleSoon(held.length === 0 ? waiting : waiting.filter(({ shared }) => !shared));
    const last = pieces.length - 1;
    if (last > 0) sink.cork();
    for (let i = 0; i < last; i++) sink.write(pieces[i]);
    if (last === 0 && held.length === 0) {
      sink.write(pieces[0]);
    } else {
      this.#passing = held;
      sink.write(pieces[last], () => {
        if (this.#passing === held) this.#passing = null;
        settleAll(held);
      });
    }
    if (last > 0) sink.uncork();
    const isFull = lengthOf(pieces) >= PULL_SIZE;
    this.#quick = isFull && sink.writableLength === 0;
    // There may be more; a socket with a large buffer does not say when it wants that.
    if (sink.writableNeedDrain) this.#transport.awaitDrain();
    else if (isFull) this.#host.schedule();
  }
}

function lengthOf(pieces: readonly Buffer[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function settleSoon(all: readonly Waiting[]): void {
  if (all.length > 0) nextTick(settleAll, all);
}

/** What a callback of one writer throws must not keep the others waiting. */
function settleAll(all: readonly Waiting[]): void {
  for (const waiting of all) {
    try {
      waiting.settle();
    } catch (exception) {
      raise(exception);
    }
  }
}
