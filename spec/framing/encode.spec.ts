import { expect } from 'chai';
import { SpdyError } from '../../lib/errors.ts';
import * as encode from '../../lib/framing/encode.ts';
import { OutputBuffer } from '../../lib/framing/output-buffer.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';

/** The bytes of one frame as hex; checks the returned length on the way. */
function hex(write: (out: OutputBuffer) => number): string {
  const out = new OutputBuffer();
  const length = write(out);
  const bytes = out.take();
  expect(bytes.length).to.equal(8 + length);
  expect(bytes.readUIntBE(5, 3)).to.equal(length);
  return bytes.toString('hex');
}

const BLOCK = Buffer.from('b10c', 'hex');

describe('framing/encode', () => {
  it('writes DATA of all lengths (checklist 1, 4)', () => {
    const out = new OutputBuffer();
    expect(encode.writeDataHeader(out, 1, 0, 5)).to.equal(5);
    expect(encode.writeDataHeader(out, 0x7fffffff, 1, 0xffffff)).to.equal(0xffffff);
    expect(out.take().toString('hex')).to.equal('00000001000000057fffffff01ffffff');
  });

  it('writes SYN_STREAM with the priority in the top bits (checklist 2, 3, 52, 53, 55)', () => {
    const write = (version: typeof SPDY2, priority: number, slot: number): string =>
      hex((out) => encode.writeSynStream(out, version, 3, 5, 3, priority, slot, BLOCK));
    expect(write(SPDY2, 3, 0)).to.equal('80020001' + '0300000c' + '00000005' + '00000003c000b10c');
    expect(write(SPDY3, 7, 0)).to.equal('80030001' + '0300000c' + '00000005' + '00000003e000b10c');
    expect(write(SPDY3_1, 1, 0)).to.equal('800300010300000c00000005000000032000b10c');
  });

  it('writes the slot in SPDY/3 only (checklist 55, 56)', () => {
    const slotByte = (version: typeof SPDY2): string =>
      hex((out) => encode.writeSynStream(out, version, 0, 1, 0, 0, 9, BLOCK)).slice(34, 36);
    expect(slotByte(SPDY2)).to.equal('00');
    expect(slotByte(SPDY3)).to.equal('09');
    expect(slotByte(SPDY3_1)).to.equal('00');
  });

  it('keeps a priority out of other bits (checklist 54)', () => {
    for (const version of PROTOCOL_VERSIONS) {
      const lowest = version.lowestPriority << version.priorityShift;
      for (const priority of [version.lowestPriority, version.lowestPriority + 1, 1000]) {
        const bytes = hex((out) =>
          encode.writeSynStream(out, version, 0, 1, 0, priority, 0, BLOCK),
        );
        expect(bytes.slice(32, 36)).to.equal(`${lowest.toString(16)}00`);
      }
      const negative = hex((out) => encode.writeSynStream(out, version, 0, 1, 0, -1, 0, BLOCK));
      expect(Number.parseInt(negative.slice(32, 34), 16) & ~lowest).to.equal(0);
    }
  });

  it('writes SYN_REPLY and HEADERS, with 16 unused bits in SPDY/2 (checklist 67, 68, 81, 82)', () => {
    const two = (write: typeof encode.writeSynReply): string =>
      hex((out) => write(out, SPDY2, 1, 5, BLOCK));
    const three = (write: typeof encode.writeSynReply): string =>
      hex((out) => write(out, SPDY3_1, 1, 5, BLOCK));
    expect(two(encode.writeSynReply)).to.equal('800200020100000800000005' + '0000b10c');
    expect(three(encode.writeSynReply)).to.equal('800300020100000600000005' + 'b10c');
    expect(two(encode.writeHeaders)).to.equal('800200080100000800000005' + '0000b10c');
    expect(three(encode.writeHeaders)).to.equal('800300080100000600000005' + 'b10c');
  });

  it('writes RST_STREAM of 8 bytes without flags (checklist 12, 93, 94)', () => {
    expect(hex((out) => encode.writeRstStream(out, SPDY3, 7, 11))).to.equal(
      '8003000300000008000000070000000b',
    );
    expect(hex((out) => encode.writeRstStream(out, SPDY2, 7, 0xffffffff))).to.equal(
      '800200030000000800000007ffffffff',
    );
  });

  it('writes SETTINGS ids little-endian in SPDY/2 (checklist 2, 120, 121, 122)', () => {
    const entries = [
      { id: 4, flags: 1, value: 0xffffffff },
      { id: 0x010203, flags: 2, value: 0x01020304 },
    ];
    expect(hex((out) => encode.writeSettings(out, SPDY2, 1, entries))).to.equal(
      '8002000401000014' + '00000002' + '04000001ffffffff' + '0302010201020304',
    );
    expect(hex((out) => encode.writeSettings(out, SPDY3, 1, entries))).to.equal(
      '8003000401000014' + '00000002' + '01000004ffffffff' + '0201020301020304',
    );
  });

  it('writes SETTINGS without entries (checklist 119)', () => {
    expect(hex((out) => encode.writeSettings(out, SPDY3, 0, []))).to.equal(
      '800300040000000400000000',
    );
  });

  it('writes PING with all 32 bits of the id (checklist 147, 153)', () => {
    expect(hex((out) => encode.writePing(out, SPDY2, 0xffffffff))).to.equal(
      '8002000600000004ffffffff',
    );
    expect(hex((out) => encode.writePing(out, SPDY3_1, 2))).to.equal('800300060000000400000002');
  });

  it('writes GOAWAY with a status in SPDY/3 only (checklist 158)', () => {
    expect(hex((out) => encode.writeGoaway(out, SPDY2, 5, 1))).to.equal('800200070000000400000005');
    expect(hex((out) => encode.writeGoaway(out, SPDY3, 5, 1))).to.equal(
      '80030007000000080000000500000001',
    );
  });

  it('writes WINDOW_UPDATE of 8 bytes (checklist 181)', () => {
    expect(hex((out) => encode.writeWindowUpdate(out, SPDY3_1, 0, 0x7fffffff))).to.equal(
      '8003000900000008000000007fffffff',
    );
  });

  it('writes NOOP', () => {
    expect(hex((out) => encode.writeNoop(out, SPDY2))).to.equal('8002000500000000');
  });

  it('writes CREDENTIAL with its certificates', () => {
    const proof = Buffer.from('aabb', 'hex');
    const certificates = [Buffer.from('c1', 'hex'), Buffer.from('c2c3', 'hex')];
    expect(hex((out) => encode.writeCredential(out, SPDY3, 2, proof, certificates))).to.equal(
      '8003000a00000013' + '000200000002aabb' + '00000001c1' + '00000002c2c3',
    );
  });

  it('sends reserved bits as 0 (checklist 14)', () => {
    expect(hex((out) => encode.writeRstStream(out, SPDY3, 0xffffffff, 1)).slice(16, 24)).to.equal(
      '7fffffff',
    );
    expect(hex((out) => encode.writeWindowUpdate(out, SPDY3, 0xffffffff, 0xffffffff))).to.equal(
      '80030009000000087fffffff7fffffff',
    );
    expect(hex((out) => encode.writeGoaway(out, SPDY2, 0xffffffff, 0)).slice(16)).to.equal(
      '7fffffff',
    );
    const open = hex((out) =>
      encode.writeSynStream(out, SPDY3, 0, 0xffffffff, 0xffffffff, 0, 0, BLOCK),
    );
    expect(open.slice(16, 32)).to.equal('7fffffff7fffffff');
  });

  it('refuses a payload above 24 bits and writes nothing then (checklist 9)', () => {
    const out = new OutputBuffer();
    const block = Buffer.alloc(0xffffff - 3);
    expect(encode.writeSynReply(out, SPDY3, 0, 1, block.subarray(1))).to.equal(0xffffff);
    out.take();
    for (const write of [
      () => encode.writeSynReply(out, SPDY3, 0, 1, block),
      () => encode.writeSynStream(out, SPDY3, 0, 1, 0, 0, 0, block),
      () => encode.writeCredential(out, SPDY3, 1, block, [block]),
      () => encode.writeDataHeader(out, 1, 0, 0x1000000),
    ]) {
      expect(write)
        .to.throw(SpdyError, '16777215')
        .with.property('code', 'ERR_SPDY_FRAME_TOO_LARGE');
      expect(out.length).to.equal(0);
    }
  });
});
