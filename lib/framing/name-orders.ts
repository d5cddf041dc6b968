import { interned } from '../common/interned.ts';

/** As many orders are known, by the number of their names. */
const ORDERS = 16;
/** Longer lists are not remembered. */
const MOST_NAMES = 64;
/** Where lists differ in each call, one of so many is remembered: to do so costs more than it would save. */
const EVERY = 8;

/** The names of a list of headers in their order: all different, none of them long. */
export interface NameOrder {
  /** As the application gave them. */
  readonly given: readonly string[];
  /** As they stand on the wire. */
  readonly wire: readonly string[];
}

const NONE: NameOrder = { given: [], wire: [] };

/** Names that came together before: most lists have those of an earlier one, and need no check of them. Bounded by 16 lists. */
export class NameOrders {
  readonly #orders: NameOrder[] = new Array<NameOrder>(ORDERS).fill(NONE);
  #missed = 0;

  /** An order that a list with so many names may have. */
  expected(count: number): NameOrder {
    return this.#orders[count % ORDERS] as NameOrder;
  }

  /** A list of other names than those expected has come: whether it should be remembered. */
  missed(count: number): boolean {
    return this.#missed++ % EVERY === 0 && count <= MOST_NAMES;
  }

  /** Expects these names another time. */
  remember(given: readonly string[], wire: readonly string[]): void {
    this.#orders[given.length % ORDERS] = { given: given.map(interned), wire };
  }
}
