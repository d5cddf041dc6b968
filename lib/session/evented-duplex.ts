import { Duplex, type DuplexOptions, type Readable } from 'node:stream';

/** Events of every Duplex with their arguments. */
export interface DuplexEvents {
  /** Nothing follows any more, and what was held is given back. */
  close: [];
  /** A Buffer, or a string behind `setEncoding()`; `any`, as @types/node has it, so that a listener may name either. */
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  data: [chunk: any];
  /** Writing may go on after `write()` has returned false. */
  drain: [];
  /** All that came was read. */
  end: [];
  /** It has failed; 'close' follows. */
  error: [error: Error];
  /** All that was written has left. */
  finish: [];
  /** Reading was paused. */
  pause: [];
  /** A Readable is piped into it. */
  pipe: [source: Readable];
  /** There is something to read, or the end. */
  readable: [];
  /** Reading goes on. */
  resume: [];
  /** A Readable is piped into it no more. */
  unpipe: [source: Readable];
}

/** Names and arguments of events. `any`: with `unknown` an interface with listeners of these events does not extend Duplex. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
type EventMap<Events> = { [Name in keyof Events]: any[] };

/** A Duplex whose events are known: other names, and listeners with other arguments, do not compile. */
export interface EventedDuplex<Events extends DuplexEvents & EventMap<Events>> extends Duplex {
  /** The same as `on()`. */
  addListener<Name extends keyof Events & string>(
    event: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  /** Calls `listener` at every `event`. */
  on<Name extends keyof Events & string>(
    event: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  /** Calls `listener` at the next `event`. */
  once<Name extends keyof Events & string>(
    event: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  /** As `on()`, before the listeners that are there. */
  prependListener<Name extends keyof Events & string>(
    event: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  /** As `once()`, before the listeners that are there. */
  prependOnceListener<Name extends keyof Events & string>(
    event: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  /** The same as `removeListener()`. */
  off<Name extends keyof Events & string>(
    event: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
  /** Takes a listener away. */
  removeListener<Name extends keyof Events & string>(
    event: Name,
    listener: (...args: Events[Name]) => void,
  ): this;
}

/** `Duplex` with known events: the same class at run time. */
export const TypedDuplex: new <Events extends DuplexEvents & EventMap<Events>>(
  options?: DuplexOptions,
) => EventedDuplex<Events> = Duplex as never;
