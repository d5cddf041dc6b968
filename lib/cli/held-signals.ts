import { constants } from 'node:os';

/** A signal that a program takes. */
export type TakenSignal = 'SIGHUP' | 'SIGUSR1' | 'SIGTERM' | 'SIGINT';

/**
 * Takes signals from the moment at which it is made, and holds those that come before somebody handles them: SIGHUP would end the process, SIGUSR1 open a
 * port for a debugger, and SIGTERM be nothing to the first process of a container. A second SIGTERM or SIGINT that nobody handles yet ends the process.
 */
export class HeldSignals {
  readonly #handlers = new Map<TakenSignal, () => void>();
  #held: TakenSignal[] = [];

  constructor(...names: readonly TakenSignal[]) {
    // The listeners stay: a signal that comes late must not change how the program ends.
    for (const name of names) process.on(name, () => this.#take(name));
  }

  /** Calls `handler` for each signal of this name, at once for those that have come. */
  on(name: TakenSignal, handler: () => void): void {
    this.#handlers.set(name, handler);
    const held = this.#held.filter((other) => other === name);
    this.#held = this.#held.filter((other) => other !== name);
    for (const _ of held) handler();
  }

  #take(name: TakenSignal): void {
    const handler = this.#handlers.get(name);
    if (handler !== undefined) handler();
    else if (isEnd(name) && this.#held.some(isEnd)) process.exit(128 + constants.signals[name]);
    else this.#held.push(name);
  }
}

function isEnd(name: TakenSignal): boolean {
  return name === 'SIGTERM' || name === 'SIGINT';
}
