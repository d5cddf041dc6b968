/**
 * Gives the value that was made last in place of a new one that is equal: thousands of connections with the same options hold them once.
 * Values are records of primitives, of what counts as itself, and of arrays of either or of such records. It keeps none of them alive.
 */
export class LastEqual<T extends object> {
  #last: WeakRef<T> | null = null;

  /** The last value if `next` is equal to it, else `next`. Neither may be changed any more. */
  of(next: T): T {
    const last = this.#last?.deref();
    if (last !== undefined && sameRecord(last, next)) return last;
    this.#last = new WeakRef(next);
    return next;
  }
}

function sameRecord(a: object, b: object): boolean {
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => same(left[name], right[name]));
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every(
    (item, i) =>
      Object.is(item, b[i]) || (isObject(item) && isObject(b[i]) && sameRecord(item, b[i])),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
