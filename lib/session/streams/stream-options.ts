import type { DuplexOptions } from 'node:stream';
import { optionNames } from '../../common/option-names.ts';

/** How a stream is opened. */
export interface StreamOptions {
  /** 0 is the most urgent. Default: the least urgent one. */
  readonly priority?: number | undefined;
  /** True to send nothing but the headers. Default false. */
  readonly endStream?: boolean | undefined;
  /** Resets the stream with CANCEL and destroys it with `ERR_SPDY_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/** Their names. */
export const STREAM_OPTION_NAMES: ReadonlySet<string> = optionNames<StreamOptions>({
  priority: true,
  endStream: true,
  signal: true,
});

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
