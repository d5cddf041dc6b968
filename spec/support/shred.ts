/** Deterministic random numbers, so that a failing cut can be repeated. */
export interface Random {
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number;
}

/** A small seeded generator (mulberry32). The same seed gives the same numbers on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
  return { integer: (min, max) => min + Math.floor(next() * (max - min + 1)) };
}

/** How a byte stream is cut into chunks. */
export type Cut =
  /** One chunk. */
  | { readonly kind: 'whole' }
  /** Pieces of `size` bytes; the last one may be shorter. */
  | { readonly kind: 'pieces'; readonly size: number }
  /** Random pieces of 1 to `most` bytes. */
  | { readonly kind: 'random'; readonly seed: number; readonly most: number }
  /** Cuts at these offsets. */
  | { readonly kind: 'offsets'; readonly at: readonly number[] };

/** Everything at once. */
export const WHOLE: Cut = { kind: 'whole' };
/** Byte by byte. */
export const BYTES: Cut = { kind: 'pieces', size: 1 };

/** Random pieces; many small ones, so that every part of a frame gets cut. */
export function randomCut(seed: number, most = 24): Cut {
  return { kind: 'random', seed, most };
}

/** The three cuts that every wire case must survive, by name. */
export const CUTS: readonly (readonly [name: string, cut: Cut])[] = [
  ['whole', WHOLE],
  ['byte by byte', BYTES],
  ['cut at random', randomCut(0x5bd1)],
];

/** Cuts bytes into chunks that are views of them. No bytes give no chunk. */
export function* shred(bytes: Buffer, cut: Cut): Generator<Buffer, void, undefined> {
  if (cut.kind === 'offsets') {
    let from = 0;
    for (const offset of [...cut.at, bytes.length]) {
      const to = Math.min(offset, bytes.length);
      if (to > from) yield bytes.subarray(from, to);
      from = Math.max(from, to);
    }
    return;
  }
  const random = cut.kind === 'random' ? createRandom(cut.seed) : null;
  for (let from = 0; from < bytes.length; ) {
    let size = bytes.length;
    if (cut.kind === 'pieces') size = cut.size;
    if (cut.kind === 'random' && random) size = random.integer(1, cut.most);
    yield bytes.subarray(from, from + size);
    from += size;
  }
}
