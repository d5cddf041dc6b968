// Bodies that the applications answer with.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

export const LONG = 'words to be made smaller; '.repeat(200);

/** 200 pieces of some hundred bytes. */
export function pieces() {
  return Readable.from(Array.from({ length: 200 }, (_, i) => `piece ${i};`.repeat(1 + (i % 50))));
}

/** Each piece is written when 'more' was noted so often. */
export function slowly(log) {
  return Readable.from(
    (async function* () {
      for (let i = 1; i <= 3; i++) {
        await log.seen(`more ${i}`);
        yield `piece ${i};`;
      }
    })(),
  );
}

export function endless() {
  return new Readable({
    read() {
      this.push(Buffer.alloc(16384, 'x'));
    },
  });
}

/** Fails behind its first piece. */
export function broken() {
  let read = 0;
  return new Readable({
    read() {
      if (read++ === 0) this.push('the first piece');
      else setImmediate(() => this.destroy(new Error('broken')));
    },
  });
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
