// Two processes that measure the same work on two builds take turns, round by round: what disturbs the machine hits both.

/** At the parent: one process at a time has its turn, in the order in which they asked. */
export class Turns {
  #last = Promise.resolve();

  /** Resolves, when it is its turn, with what ends it. */
  async take() {
    const before = this.#last;
    let end;
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }
}

/** In the process of a part: lets the other one have its turn. Alone it goes on at once. */
export function yieldTurn() {
  if (process.env.SPDYLAY_BENCH_TURNS === undefined) return;
  return new Promise((resolve) => {
    process.once('message', resolve);
    process.send({ turn: 'over' });
  });
}
