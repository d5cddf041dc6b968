import { Duplex, type DuplexOptions } from 'node:stream';
import type { HeaderList } from '../protocol/frames.ts';
import type { DuplexEvents } from './events.ts';
import type { SpdyStream } from './stream.ts';

/** How a stream is opened. */
export interface StreamOptions {
  /** 0 is the most urgent. Default: the least urgent one. */
  readonly priority?: number;
  /** True to send nothing but the headers. Default false. */
  readonly endStream?: boolean;
  /** Resets the stream with CANCEL and destroys it with `ERR_SPDY_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** Events of a SpdyStream with their arguments, besides those of a Duplex. */
export interface StreamEvents extends DuplexEvents {
  /** The stream has got its id: its SYN_STREAM is being sent. */
  ready: [id: number];
  /** The peer has accepted a stream of ours (SYN_REPLY). */
  response: [headers: HeaderList];
  /** Further headers came before any data. */
  headers: [headers: HeaderList];
  /** Headers came behind data. */
  trailers: [headers: HeaderList];
  /** The peer pushes a stream in association with this one (SPDY/3 3.3). */
  push: [stream: SpdyStream];
  /** The stream was reset before it was finished. */
  aborted: [];
  /** Nothing was received or sent for the time given to `setTimeout()`. */
  timeout: [];
}

/** A Duplex with the events of a SpdyStream. */
interface EventedDuplex extends Duplex {
  addListener<K extends keyof StreamEvents>(
    event: K,
    listener: (...args: StreamEvents[K]) => void,
  ): this;
  on<K extends keyof StreamEvents>(event: K, listener: (...args: StreamEvents[K]) => void): this;
  once<K extends keyof StreamEvents>(event: K, listener: (...args: StreamEvents[K]) => void): this;
  prependListener<K extends keyof StreamEvents>(
    event: K,
    listener: (...args: StreamEvents[K]) => void,
  ): this;
  prependOnceListener<K extends keyof StreamEvents>(
    event: K,
    listener: (...args: StreamEvents[K]) => void,
  ): this;
  off<K extends keyof StreamEvents>(event: K, listener: (...args: StreamEvents[K]) => void): this;
  removeListener<K extends keyof StreamEvents>(
    event: K,
    listener: (...args: StreamEvents[K]) => void,
  ): this;
}

/** `Duplex` with the events of a SpdyStream: the same class at run time. */
export const StreamDuplex: new (options?: DuplexOptions) => EventedDuplex = Duplex as new (
  options?: DuplexOptions,
) => EventedDuplex;

/** Readable or not, writable or not: few objects, since Node looks fast only into options whose shape it knows. */
const DUPLEX_OPTIONS: readonly DuplexOptions[] = [false, true].flatMap((writable) =>
  [false, true].map((readable) => ({
    readable,
    writable,
    readableHighWaterMark: 16384,
    writableHighWaterMark: 16384,
  })),
);

/** The options of the Duplex that a stream is. */
export function duplexOptions(readable: boolean, writable: boolean): DuplexOptions {
  return DUPLEX_OPTIONS[(readable ? 1 : 0) + (writable ? 2 : 0)] as DuplexOptions;
}
