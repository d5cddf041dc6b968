import type { Duplex } from 'node:stream';

/** What a connection is made on: a socket, or one that is read slowly. */
export interface LoadSocket extends Duplex {
  /** Bytes that were read, as the protocol has them: without TLS. */
  readonly bytesRead: number;
  /** Bytes that were written. */
  readonly bytesWritten: number;
}
