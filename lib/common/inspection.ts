/** The method by which `util.inspect()` and `console.log()` ask an object how it wants to be shown. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** Streams, connections and the like of which each is shown; of more the number. */
const MOST_SHOWN = 5;

/** What `util.inspect()` gives to that method besides the depth that is left. */
interface InspectOptions {
  readonly depth?: number | null | undefined;
}

/** `util.inspect()`, with options of any kind. */
type Inspect = (value: unknown, options: InspectOptions) => string;

/** A class, or one that is abstract. */
type Constructor<Shown> = abstract new (...args: never) => Shown;

/** `util.inspect()` shall show objects of a class by their name and some facts, these always whole; where no depth is left by their name. */
export function showBy<Shown extends object>(
  shown: Constructor<Shown>,
  factsOf: (shown: Shown) => object,
): void {
  const show = function (
    this: Shown,
    depth: number,
    options: InspectOptions,
    inspect: Inspect,
  ): string {
    const { name } = this.constructor;
    if (depth < 0) return `[${name}]`;
    return `${name} ${inspect(factsOf(this), { ...options, depth: 2 })}`;
  };
  Object.defineProperty(shown.prototype, INSPECT, {
    value: show,
    configurable: true,
    writable: true,
  });
}

/** The first of many, and how many there are besides. */
export function firstOf<T>(items: readonly T[]): (T | string)[] {
  const rest = items.length - MOST_SHOWN;
  return rest <= 0 ? [...items] : [...items.slice(0, MOST_SHOWN), `... ${rest} more`];
}
