import { createReadStream } from 'node:fs';
import type { ConnectionDecoder } from '../decode/connection-decoder.ts';
import type { DumpDirection } from '../events.ts';

const PIECE = 1 << 16;

/**
 * Reads files with the bytes of each direction of a connection, in turns: neither can be said to come before the other. Resolves when both are
 * read.
 */
export async function readRaw(
  files: Readonly<Record<DumpDirection, string | null>>,
  connection: ConnectionDecoder,
  signal?: AbortSignal,
): Promise<void> {
  const sources = (['c2s', 's2c'] as const).map((direction) => ({
    direction,
    pieces: piecesOf(files[direction]),
  }));
  for (let left = sources; left.length > 0; ) {
    const more: typeof sources = [];
    for (const source of left) {
      signal?.throwIfAborted();
      const { done, value } = await source.pieces.next();
      if (done === true) {
        connection.end(source.direction);
      } else {
        connection.push(source.direction, value);
        more.push(source);
      }
    }
    left = more;
  }
}

async function* piecesOf(file: string | null): AsyncGenerator<Buffer> {
  if (file !== null) yield* createReadStream(file, { highWaterMark: PIECE });
}
