import { expect } from 'chai';
import type { HeaderFault } from '../../lib/framing/frame-sink.ts';
import {
  type DecodedHeaderBlock,
  decodeHeaderBlock,
  encodeHeaderBlock,
} from '../../lib/framing/header-block.ts';
import { type HeaderEncoding, headerBlockLength } from '../../lib/framing/header-list.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import {
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  SPDY2,
  SPDY3,
  SPDY3_1,
} from '../../lib/protocol/version.ts';
import { FrameFactory } from '../support/frame-factory.ts';

function decode(
  block: Buffer,
  version: ProtocolVersion = SPDY3_1,
  encoding: HeaderEncoding = 'latin1',
  maxCount = 1000,
): DecodedHeaderBlock {
  return decodeHeaderBlock(version, block, encoding, maxCount);
}

/** A plain block with any headers, count and lengths right unless `count` is given. */
function plain(headers: HeaderList, version: ProtocolVersion = SPDY3_1, count?: number): Buffer {
  return new FrameFactory(version).headerBlock(headers, count);
}

function faultOf(headers: HeaderList, version: ProtocolVersion): HeaderFault | null {
  return decode(plain(headers, version), version).fault;
}

/** A header whose block has more bytes than the decoder turns into one string. */
const LONG: HeaderList[number] = ['long', 'v'.repeat(5000)];

describe('framing/header-block', () => {
  describe('encodeHeaderBlock', () => {
    it('has 16-bit counts and lengths in SPDY/2 (checklist 205)', () => {
      expect(encodeHeaderBlock(SPDY2, [['ab', 'c']], 'latin1').toString('hex')).to.equal(
        '0001' + '00026162' + '000163',
      );
    });

    it('has 32-bit counts and lengths in SPDY/3 (checklist 206)', () => {
      for (const version of [SPDY3, SPDY3_1]) {
        expect(encodeHeaderBlock(version, [['ab', 'c']], 'latin1').toString('hex')).to.equal(
          '00000001' + '000000026162' + '0000000163',
        );
      }
    });

    it('writes a count even without pairs (checklist 220)', () => {
      expect(encodeHeaderBlock(SPDY2, [], 'latin1').toString('hex')).to.equal('0000');
      expect(encodeHeaderBlock(SPDY3, [], 'utf8').toString('hex')).to.equal('00000000');
    });

    it('writes strings of every length, in blocks of every length', () => {
      for (const length of [0, 1, 23, 24, 25, 100, 4096, 65535]) {
        const headers: HeaderList = [
          ['n'.repeat(Math.max(1, length)), 'ÿ'.repeat(length)],
          ['x', 'y'],
        ];
        for (const version of PROTOCOL_VERSIONS) {
          const block = encodeHeaderBlock(version, headers, 'latin1');
          expect(block).to.deep.equal(plain(headers, version));
          expect(block.length).to.equal(headerBlockLength(version, headers, 'latin1'));
        }
      }
    });

    it('counts the bytes of UTF-8', () => {
      const headers: HeaderList = [['x', 'ä☃😀']];
      const block = encodeHeaderBlock(SPDY3, headers, 'utf8');
      expect(block.toString('hex')).to.equal(
        '00000001' + '0000000178' + '00000009c3a4e29883f09f9880',
      );
      expect(block.length).to.equal(headerBlockLength(SPDY3, headers, 'utf8'));
      expect(decode(block, SPDY3, 'utf8')).to.deep.equal({ headers, fault: null });
    });

    it('does not keep the memory of a very long block', () => {
      const memory = (headers: HeaderList): number =>
        encodeHeaderBlock(SPDY3, headers, 'latin1').buffer.byteLength;
      expect(memory([['x', 'v'.repeat(1_000_000)]])).to.be.at.least(1_000_000);
      expect(memory([['x', 'v']])).to.be.at.most(65536);
    });
  });

  describe('decodeHeaderBlock', () => {
    it('keeps the order of the pairs (checklist 222)', () => {
      for (const version of PROTOCOL_VERSIONS) {
        const headers: HeaderList = [
          ['z', '1'],
          [':path', '/'],
          ['a', '2'],
        ];
        expect(decode(plain(headers, version), version)).to.deep.equal({ headers, fault: null });
      }
    });

    it('takes no bytes and a count of 0 for zero pairs (checklist 221)', () => {
      for (const version of PROTOCOL_VERSIONS) {
        const nothing = { headers: [], fault: null };
        expect(decode(Buffer.alloc(0), version)).to.deep.equal(nothing);
        expect(decode(plain([], version), version)).to.deep.equal(nothing);
      }
    });

    it('splits values at NUL into pairs of the same name (checklist 211)', () => {
      for (const extra of [[], [LONG]]) {
        expect(decode(plain([['a', '1\x0022\x003'], ['b', 'x'], ...extra]))).to.deep.equal({
          headers: [['a', '1'], ['a', '22'], ['a', '3'], ['b', 'x'], ...extra],
          fault: null,
        });
      }
    });

    it('accepts empty values in all versions (checklist 213, 214)', () => {
      for (const version of PROTOCOL_VERSIONS) {
        expect(decode(plain([['a', '']], version), version)).to.deep.equal({
          headers: [['a', '']],
          fault: null,
        });
      }
    });

    it('refuses empty names (checklist 207)', () => {
      for (const version of PROTOCOL_VERSIONS)
        expect(faultOf([['', 'x']], version)).to.equal('content');
    });

    it('accepts in names 0x20 to 0x7e without A to Z, nothing else (checklist 208, 209)', () => {
      for (let code = 0; code < 256; code++) {
        const name = `a${String.fromCharCode(code)}b`;
        const fine = code >= 0x20 && code <= 0x7e && !(code >= 0x41 && code <= 0x5a);
        expect(faultOf([[name, 'x']], SPDY3), `0x${code.toString(16)}`).to.equal(
          fine ? null : 'content',
        );
      }
    });

    it('accepts in values HT, 0x20 to 0x7e and 0x80 to 0xff unchanged (checklist 216, 217)', () => {
      for (let code = 1; code < 256; code++) {
        const headers: HeaderList = [['x', `a${String.fromCharCode(code)}`]];
        const fine = code === 9 || (code >= 0x20 && code !== 0x7f);
        expect(decode(plain(headers)), `0x${code.toString(16)}`).to.deep.equal({
          headers,
          fault: fine ? null : 'content',
        });
      }
    });

    it('refuses values with a leading, trailing or doubled NUL (checklist 212)', () => {
      for (const version of PROTOCOL_VERSIONS) {
        for (const value of ['\0', '\0a', 'a\0', 'a\0\0b', '\0\0\0']) {
          expect(faultOf([['x', value]], version), JSON.stringify(value)).to.equal('content');
        }
      }
    });

    it('refuses a name that stands twice, among few and among many (checklist 210)', () => {
      for (const count of [2, 15, 16, 17, 18, 40, 500]) {
        const headers = Array.from({ length: count }, (_, index) => [`n${index}`, 'v'] as const);
        expect(faultOf(headers, SPDY3)).to.equal(null);
        for (const again of [0, count >> 1, count - 1]) {
          expect(faultOf([...headers, [`n${again}`, 'w']], SPDY3)).to.equal('content');
        }
      }
    });

    it('still returns what it could read of forbidden content', () => {
      const headers: HeaderList = [
        ['a', '1'],
        ['B', '2\r\n'],
        ['', '3'],
        ['a', '4'],
      ];
      expect(decode(plain(headers))).to.deep.equal({ headers, fault: 'content' });
    });

    it('refuses a block that ends too early, wherever it is cut (checklist 218)', () => {
      for (const version of PROTOCOL_VERSIONS) {
        const block = plain(
          [
            ['name', 'value'],
            ['other', '1\x002'],
          ],
          version,
        );
        for (let length = 1; length < block.length; length++) {
          expect(decode(block.subarray(0, length), version).fault, `${length}`).to.equal(
            'structure',
          );
        }
      }
    });

    it('refuses bytes left over (checklist 218)', () => {
      for (const version of PROTOCOL_VERSIONS) {
        const block = Buffer.concat([plain([['a', 'b']], version), Buffer.alloc(1)]);
        expect(decode(block, version)).to.deep.equal({ headers: [['a', 'b']], fault: 'structure' });
        expect(decode(plain([['a', 'b']], version, 0), version).fault).to.equal('structure');
      }
    });

    it('believes no count and no length (checklist 219)', () => {
      const heapBefore = process.memoryUsage().heapUsed;
      for (const version of PROTOCOL_VERSIONS) {
        const size = version.headerLengthSize;
        const whole = plain([['name', 'value']], version);
        for (const at of [0, size, size + size + 4]) {
          for (const byte of [0x7f, 0x80, 0xff]) {
            const block = Buffer.from(whole);
            block.fill(byte, at, at + size);
            expect(decode(block, version).fault).to.equal('structure');
          }
        }
      }
      expect(process.memoryUsage().heapUsed - heapBefore).to.be.below(16_000_000);
    });

    it('refuses more pairs than allowed, values counted one by one', () => {
      const headers: HeaderList = [
        ['a', '1\x002'],
        ['b', '3'],
      ];
      expect(decode(plain(headers), SPDY3, 'latin1', 3).fault).to.equal(null);
      expect(decode(plain(headers), SPDY3, 'latin1', 2)).to.deep.equal({
        headers: [
          ['a', '1'],
          ['a', '2'],
        ],
        fault: 'size',
      });
      expect(decode(plain(headers), SPDY3, 'latin1', 1)).to.deep.equal({
        headers: [['a', '1']],
        fault: 'size',
      });
      expect(decode(plain(headers), SPDY3, 'latin1', 0)).to.deep.equal({
        headers: [],
        fault: 'size',
      });
      expect(decode(plain([]), SPDY3, 'latin1', 0).fault).to.equal(null);
    });

    it('reads UTF-8 where asked to, in short and in long blocks', () => {
      for (const extra of [[], [LONG]]) {
        const bytes = plain([['x', 'Ã¤\0â\x98\x83'], ['y', 'z'], ...extra]);
        expect(decode(bytes, SPDY3, 'utf8').headers).to.deep.equal([
          ['x', 'ä'],
          ['x', '☃'],
          ['y', 'z'],
          ...extra,
        ]);
        expect(decode(bytes, SPDY3, 'latin1').headers[0]).to.deep.equal(['x', 'Ã¤']);
      }
    });

    it('gives strings that do not change with the memory of the block', () => {
      for (const extra of [[], [LONG]]) {
        const block = plain([['name', 'a value of some length'], ...extra]);
        const { headers } = decode(block);
        block.fill(0);
        expect(headers[0]).to.deep.equal(['name', 'a value of some length']);
      }
    });

    it('looks for duplicates without comparing each name with each other', () => {
      // The quadratic way takes longer than a spec may.
      const headers = Array.from({ length: 60000 }, (_, index) => [`n${index}`, ''] as const);
      const block = plain([...headers, ['n0', '']]);
      expect(decode(block, SPDY3, 'latin1', 1e6).fault).to.equal('content');
    });
  });
});
