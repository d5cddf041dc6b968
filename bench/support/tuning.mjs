// What all implementations of a comparison share.

/** Receive window of each stream and each session, in bytes: spdy-transport's default, set on the others. */
export const WINDOW = 1 << 20;

/** Bodies are sent in pieces of this size. */
export const PIECE = Buffer.alloc(65_536, 'p');

/** Body of a small reply. */
export const SMALL = Buffer.alloc(100, 's');

/** Hands `send` the pieces of a body of `length` bytes. */
export function* pieces(length) {
  for (let left = length; left > 0; left -= PIECE.length)
    yield left >= PIECE.length ? PIECE : PIECE.subarray(0, left);
}
