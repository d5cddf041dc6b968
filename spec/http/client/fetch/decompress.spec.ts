import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { expect } from 'chai';
import { decompress } from '../../../../lib/http/client/fetch/decompress.ts';
import { textOf } from '../../support/origin-server.ts';

const TEXT = 'text that is repeated. '.repeat(20_000);

/** Bytes in pieces of `size`. */
function pieces(bytes: Buffer, size: number): Readable {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return Readable.from(chunks);
}

async function undo(bytes: Buffer, coding: string, size = 1000): Promise<string> {
  return textOf(decompress(pieces(bytes, size), coding) as Readable);
}

describe('http/client/fetch/decompress', () => {
  const plain = Buffer.from(TEXT);

  it('undoes each coding, however the bytes are cut', async () => {
    for (const size of [1, 7, 100_000]) {
      expect(await undo(zlib.gzipSync(plain), 'gzip', size)).to.equal(TEXT);
      expect(await undo(zlib.gzipSync(plain), ' X-Gzip ', size)).to.equal(TEXT);
      expect(await undo(zlib.deflateSync(plain), 'deflate', size)).to.equal(TEXT);
      expect(await undo(zlib.deflateRawSync(plain), 'deflate', size)).to.equal(TEXT);
      expect(await undo(zlib.brotliCompressSync(plain), 'br', size)).to.equal(TEXT);
    }
  });

  it('undoes several, the last one first', async () => {
    const bytes = zlib.deflateSync(zlib.gzipSync(plain));
    expect(await undo(bytes, 'identity, gzip,, deflate')).to.equal(TEXT);
  });

  it('leaves alone what it does not know, or what is not coded', () => {
    for (const coding of [undefined, '', 'identity', 'gzip, secret', 'zstd']) {
      expect(decompress(Readable.from([]), coding)).to.equal(null);
    }
    expect(() => decompress(Readable.from([]), 'gzip,'.repeat(6))).to.throw(TypeError);
  });

  it('takes empty bodies and bodies that end early', async () => {
    expect(await undo(Buffer.alloc(0), 'deflate')).to.equal('');
    expect(await undo(Buffer.alloc(0), 'gzip')).to.equal('');
    for (const [coding, bytes] of [
      ['gzip', zlib.gzipSync(plain)],
      ['deflate', zlib.deflateSync(plain)],
      ['br', zlib.brotliCompressSync(plain)],
    ] as const) {
      const text = await undo(bytes.subarray(0, bytes.length - 5), coding);
      expect(TEXT.startsWith(text)).to.equal(true);
    }
  });

  it('fails for bytes that are not coded so, and for a body that fails', async () => {
    for (const coding of ['gzip', 'deflate', 'br']) {
      const error = await undo(Buffer.from('\xffnothing'), coding).then(
        () => null,
        (reason: Error) => reason,
      );
      expect(error, coding).to.be.instanceOf(Error);
    }
    const broken = new Readable({ read() {} });
    broken.push(zlib.gzipSync(plain).subarray(0, 20));
    const failing = textOf(decompress(broken, 'gzip') as Readable).then(
      () => null,
      (reason: Error) => reason,
    );
    const cause = new Error('broken');
    broken.destroy(cause);
    expect(await failing).to.equal(cause);
  });

  it('keeps no more in memory than its reader has taken', async () => {
    for (const [coding, bomb] of [
      ['gzip', zlib.gzipSync(Buffer.alloc(50 << 20))],
      ['deflate', zlib.deflateSync(Buffer.alloc(50 << 20))],
    ] as const) {
      const decoded = decompress(pieces(bomb, 100_000), coding) as Readable;
      await new Promise((next) => decoded.once('readable', next));
      await new Promise((next) => setTimeout(next, 20));
      expect(decoded.readableLength).to.be.lessThan(1 << 20);
      decoded.destroy();
    }
  });
});
