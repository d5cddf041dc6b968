import { finished, type Readable } from 'node:stream';

/** Most bytes of a batch, and most chunks: then the source waits. */
const MOST_BYTES = 1 << 20;
const MOST_CHUNKS = 256;

/**
 * What a source brings, with all the chunks at once that have come since the last batch was asked for. Ends and fails as it does; whoever
 * leaves early destroys it, as with `for await` over the source itself.
 */
export async function* batches(source: Readable): AsyncGenerator<Buffer[]> {
  let batch: Buffer[] = [];
  let length = 0;
  let over = false;
  let failure: Error | null = null;
  let wake: () => void = () => {};
  const take = (chunk: Buffer): void => {
    batch.push(chunk);
    length += chunk.length;
    if (length >= MOST_BYTES || batch.length >= MOST_CHUNKS) source.pause();
    wake();
  };
  // Left as it is: what goes wrong while the source is destroyed hurts nobody.
  finished(source, { writable: false }, (error) => {
    over = true;
    failure = error ?? null;
    wake();
  });
  source.on('data', take);
  try {
    for (;;) {
      if (batch.length > 0) {
        const taken = batch;
        batch = [];
        length = 0;
        source.resume();
        yield taken;
      } else if (!over) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (failure === null) return;
      else throw failure;
    }
  } finally {
    source.removeListener('data', take);
    source.destroy();
  }
}
