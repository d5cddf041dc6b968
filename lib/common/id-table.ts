/** Slots at the beginning. */
const LEAST = 4;
/** As many slots are kept once they were needed: not every burst shall make them anew. */
const KEPT = 256;

/** The slots of tables that never needed any; nothing is written to them. */
const NO_IDS: number[] = [0];
const NO_VALUES: undefined[] = [undefined];

/** No peer can tell which ids share a slot. */
const SEED = (Math.random() * 0x1_0000_0000) | 0;

/**
 * Values by stream id (1 to 2^31 - 1). A `Map` does the same, but where entries come and go as streams do, V8 keeps what was deleted until
 * its next full collection: each outgrown table of a Map refers to its successor, so one old table keeps all that came after it
 * (measured: a third of the time of a small request). Open addressing; takes and gives back memory by doubling and halving.
 */
export class IdTable<T> {
  /** An id that came when there was no other one, or 0, and its value: most sessions are idle, or have one stream at a time. */
  #id = 0;
  #value: T | undefined = undefined;
  /** The other ids, 0 where there is none, and their values. */
  #ids: number[] = NO_IDS;
  #values: (T | undefined)[] = NO_VALUES;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#id === 0 ? this.#size : this.#size + 1;
  }

  get(id: number): T | undefined {
    return id === this.#id ? this.#value : this.#values[this.#find(id)];
  }

  set(id: number, value: T): void {
    if (id === this.#id || this.size === 0) {
      this.#id = id;
      this.#value = value;
      return;
    }
    let slot = this.#find(id);
    if (this.#ids[slot] === 0) {
      this.#size++;
      if (4 * this.#size > 3 * this.#ids.length) {
        this.#resize(Math.max(LEAST, 2 * this.#ids.length));
        slot = this.#find(id);
      }
      this.#ids[slot] = id;
    }
    this.#values[slot] = value;
  }

  /** Forgets an id; false if it is not there. */
  delete(id: number): boolean {
    if (id === this.#id) {
      this.#id = 0;
      this.#value = undefined;
      return id !== 0;
    }
    let hole = this.#find(id);
    const ids = this.#ids;
    const values = this.#values;
    if (ids[hole] === 0) return false;
    const mask = ids.length - 1;
    // What was driven out of the slots before moves up: no search may end in front of it.
    for (let slot = (hole + 1) & mask; ids[slot] !== 0; slot = (slot + 1) & mask) {
      const home = hash(ids[slot] as number) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      ids[hole] = ids[slot] as number;
      values[hole] = values[slot];
      hole = slot;
    }
    ids[hole] = 0;
    values[hole] = undefined;
    this.#size--;
    if (ids.length > KEPT && 8 * this.#size < ids.length) this.#resize(ids.length >>> 1);
    return true;
  }

  /** Gives the memory back that was kept for more. */
  rest(): void {
    if (this.#size > 0) return;
    this.#ids = NO_IDS;
    this.#values = NO_VALUES;
  }

  /** All values in the order of their ids. */
  values(): T[] {
    const ids = [this.#id, ...this.#ids].filter((id) => id !== 0).sort((a, b) => a - b);
    return ids.map((id) => this.get(id) as T);
  }

  /** The slot of an id, or the empty one where it would stand. */
  #find(id: number): number {
    const ids = this.#ids;
    const mask = ids.length - 1;
    let slot = hash(id) & mask;
    while (ids[slot] !== id && ids[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  #resize(slots: number): void {
    const ids = this.#ids;
    const values = this.#values;
    this.#ids = new Array<number>(slots).fill(0);
    this.#values = new Array<T | undefined>(slots).fill(undefined);
    for (const [from, id] of ids.entries()) {
      if (id === 0) continue;
      const slot = this.#find(id);
      this.#ids[slot] = id;
      this.#values[slot] = values[from];
    }
  }
}

function hash(id: number): number {
  let mixed = id ^ SEED;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
