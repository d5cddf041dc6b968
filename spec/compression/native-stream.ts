import { constants, createDeflate, createInflate, type ZlibOptions } from 'node:zlib';

/*
 * Node's own zlib as one long stream with a flush behind each block: the independent other side. It is asynchronous,
 * which is why the library cannot use it.
 */

/** What of zlib's options matters here. */
export interface NativeOptions extends ZlibOptions {
  /** Kind of flush behind each block. Default Z_SYNC_FLUSH. */
  readonly flushKind?: number;
}

/** Room for any output of a spec: nobody reads while zlib works. */
const ROOM = { highWaterMark: 1 << 28 };

/** Compresses the texts as the blocks of one zlib stream. */
export async function nativeDeflate(
  plains: readonly Uint8Array[],
  options: NativeOptions,
): Promise<Buffer[]> {
  const { flushKind = constants.Z_SYNC_FLUSH, ...zlibOptions } = options;
  const deflate = createDeflate({ ...ROOM, ...zlibOptions });
  const blocks: Buffer[] = [];
  for (const plain of plains) {
    deflate.write(plain);
    await new Promise<void>((resolve) => {
      deflate.flush(flushKind, resolve);
    });
    blocks.push(readAvailable(deflate));
  }
  deflate.destroy();
  return blocks;
}

/** Inflates the blocks of one zlib stream, each of which must come out complete. */
export async function nativeInflate(
  blocks: readonly Uint8Array[],
  options: ZlibOptions,
): Promise<Buffer[]> {
  const inflate = createInflate({ ...ROOM, ...options });
  const failed = new Promise<never>((_, reject) => {
    inflate.on('error', reject);
  });
  const plains: Buffer[] = [];
  for (const block of blocks) {
    const written = new Promise<void>((resolve) => {
      inflate.write(block, () => {
        inflate.flush(resolve);
      });
    });
    await Promise.race([written, failed]);
    plains.push(readAvailable(inflate));
  }
  inflate.destroy();
  return plains;
}

function readAvailable(stream: NodeJS.ReadableStream): Buffer {
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = stream.read() as Buffer | null;
    if (piece === null) return Buffer.concat(pieces);
    pieces.push(piece);
  }
}
