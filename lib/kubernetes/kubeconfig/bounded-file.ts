import { open } from 'node:fs/promises';

/**
 * Reads a whole file of at most `limit` bytes; also pipes, whose size nobody knows before.
 *
 * @throws RangeError for a longer one, and what `node:fs` throws
 */
export async function readBounded(path: string, limit: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(65536) });
      if (bytesRead === 0) return Buffer.concat(chunks, length);
      length += bytesRead;
      if (length > limit) throw new RangeError(`${path} has more than ${limit} bytes`);
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
