/** What a frame reader needs of the decompressor; made by compression/. One per session and direction. */
export interface HeaderInflater {
  /**
   * Inflates a piece of the current header block and appends the result to the block, up to `limit` bytes in all;
   * what comes beyond is inflated and dropped, up to `hardLimit`.
   * Returns null, or a message when the zlib stream cannot go on (corrupt, ended, other dictionary, hard limit).
   */
  push(
    chunk: Uint8Array,
    start: number,
    end: number,
    limit: number,
    hardLimit: number,
  ): string | null;
  /** Bytes that the current block inflated to, dropped ones included. */
  readonly length: number;
  /** The inflated block (at most `limit` bytes): a view that is valid until the next `push` or `reset`. */
  block(): Buffer;
  /** Forgets the current block, ready for the next one. The zlib stream goes on. */
  reset(): void;
  /** Gives memory back that the next block does not need, if none is being read. */
  rest(): void;
}
