import type { ERR_DEFERRED } from '../protocol/constants.ts';

/** How a data provider marks the end of its data: `control.flags = READ_EOF`. */
export interface ReadCtrl {
  /** `READ_EOF` (1) when no data comes behind what is returned, else 0. */
  flags: number;
}

/**
 * Where the payload of DATA frames comes from. Asked when a frame is about to be written, never for 0 bytes.
 */
export interface DataSource<S = unknown> {
  /** Passed to every call of `readCb`. */
  readonly source?: S | undefined;
  /**
   * Returns 1 to `length` bytes (they are copied, unless the source is `stable`), or `ERR_DEFERRED` when there is nothing yet: then `resumeData(streamId)` has to
   * follow. No bytes without `READ_EOF` count as deferred. Throw `TemporalCallbackFailureError` to reset the stream
   * with INTERNAL_ERROR; anything else fails the running `send()` or `pull()`.
   */
  readCb(
    streamId: number,
    length: number,
    control: ReadCtrl,
    source: S,
  ): Uint8Array | typeof ERR_DEFERRED | null | undefined;
  /** Called once when nobody will ask any more: all was delivered, or the stream has ended, or it never took the data. */
  close?(): void;
  /** True when bytes that were returned are never changed again: `pullPieces()` then hands large ones on without a copy. */
  readonly stable?: boolean | undefined;
  /** True once nothing more will come: lets the last, empty frame pass while no window is left. */
  readonly ended?: boolean | undefined;
}

/** Spdylay's data provider: a source and the function that reads it. */
export class DataProvider<S = unknown> implements DataSource<S> {
  source: S;
  readCb: DataSource<S>['readCb'];

  /** A provider that `readCb` reads from `source`. */
  constructor(source: S, readCb: DataSource<S>['readCb']) {
    this.source = source;
    this.readCb = readCb;
  }
}
