import { encodeHeaderBlock } from '../../lib/framing/header-block.ts';
import { SPDY3 } from '../../lib/protocol/version.ts';
import { createRandom } from '../support/shred.ts';

/** Plain blocks like those of a browser: much repeats, some changes, one is long, one is empty. */
export function plainBlocks(count: number): Buffer[] {
  const random = createRandom(count);
  const blocks: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const cookie =
      i % 7 === 3 ? 'c'.repeat(random.integer(1, 3000)) : `id=${random.integer(0, 1e9)}`;
    const block = encodeHeaderBlock(
      SPDY3,
      [
        [':method', 'GET'],
        [':path', `/path/${random.integer(0, 1000)}/index.html`],
        [':version', 'HTTP/1.1'],
        [':host', 'www.example.com'],
        ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0'],
        ['accept-encoding', 'gzip, deflate'],
        ['cookie', cookie],
      ],
      'latin1',
    );
    blocks.push(Buffer.from(i === 5 ? block.subarray(0, 4).fill(0) : block));
  }
  return blocks;
}

/** Bytes that deflate cannot make shorter. */
export function randomBytes(length: number): Buffer {
  const random = createRandom(length);
  return Buffer.from(Array.from({ length }, () => random.integer(0, 255)));
}
