import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { readData } from '../support/corpus-data.ts';

/** The checksum that names a dictionary in a zlib header (RFC 1950). */
function adler32(bytes: Uint8Array): string {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return (b * 65536 + a).toString(16).padStart(8, '0');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('compression/dictionaries', () => {
  it('has the dictionary of SPDY/2 with its final NUL (checklist 225, 227)', () => {
    const dictionary = dictionaryFor(2);
    expect(dictionary).to.have.length(907);
    expect(dictionary[906]).to.equal(0);
    expect(adler32(dictionary)).to.equal('dfa251b2');
    expect(sha256(dictionary)).to.equal(
      '0088d05d3b07b510aae796d67857c83308247ae79078d5743f412e483c23fbc6',
    );
  });

  it('has the dictionary of SPDY/3 and SPDY/3.1 (checklist 226)', () => {
    const dictionary = dictionaryFor(3);
    expect(dictionary).to.have.length(1423);
    expect(adler32(dictionary)).to.equal('e3c6a7c2');
    expect(sha256(dictionary)).to.equal(
      '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02',
    );
  });

  it('equals the dictionaries of the corpus byte by byte', () => {
    expect(Buffer.from(dictionaryFor(2))).to.deep.equal(readData('dictionary-v2.bin'));
    expect(Buffer.from(dictionaryFor(3))).to.deep.equal(readData('dictionary-v3.bin'));
  });

  it('makes each dictionary once', () => {
    expect(dictionaryFor(2)).to.equal(dictionaryFor(2));
    expect(dictionaryFor(3)).to.equal(dictionaryFor(3));
  });
});
