import { expect } from 'chai';
import {
  blockPrefixLength,
  CONTROL_DECODERS,
  hasHeaderBlock,
  headerBlockFrame,
  readBlockPrefix,
  typeExists,
} from '../../lib/framing/decode.ts';
import {
  CREDENTIAL,
  GOAWAY,
  HEADERS,
  NOOP,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../../lib/protocol/constants.ts';
import {
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  SPDY2,
  SPDY3,
  SPDY3_1,
} from '../../lib/protocol/version.ts';

/** What the decoder of a type makes of a payload, which stands somewhere inside a larger buffer. */
function decode(version: ProtocolVersion, type: number, payload: string, flags = 0): unknown {
  const bytes = Buffer.from(`eeeeee${payload}ee`, 'hex');
  return CONTROL_DECODERS[type]?.decode(version, flags, payload.length / 2, bytes, 3);
}

function acceptedLengths(version: ProtocolVersion, type: number): number[] {
  const lengths = Array.from({ length: 40 }, (_, index) => index);
  return lengths.filter((length) => CONTROL_DECODERS[type]?.accepts(version, length));
}

describe('framing/decode', () => {
  it('knows which types each version has (checklist 156, 157, 172)', () => {
    const types = Array.from({ length: 20 }, (_, index) => index);
    const of = (version: ProtocolVersion): number[] =>
      types.filter((type) => typeExists(version, type));
    expect(of(SPDY2)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(of(SPDY3)).to.deep.equal([1, 2, 3, 4, 6, 7, 8, 9, 10]);
    expect(of(SPDY3_1)).to.deep.equal([1, 2, 3, 4, 6, 7, 8, 9]);
    expect(types.filter(hasHeaderBlock)).to.deep.equal([SYN_STREAM, SYN_REPLY, HEADERS]);
  });

  it('accepts exactly the lengths that a frame can have (checklist 93, 117, 147, 158, 159, 181)', () => {
    for (const version of PROTOCOL_VERSIONS) {
      expect(acceptedLengths(version, RST_STREAM)).to.deep.equal([8]);
      expect(acceptedLengths(version, SETTINGS)).to.deep.equal([4, 12, 20, 28, 36]);
      expect(acceptedLengths(version, PING)).to.deep.equal([4]);
      expect(acceptedLengths(version, WINDOW_UPDATE)).to.deep.equal([8]);
      expect(acceptedLengths(version, CREDENTIAL)[0]).to.equal(6);
      expect(CONTROL_DECODERS[NOOP]).to.equal(undefined);
    }
    expect(acceptedLengths(SPDY2, GOAWAY)).to.deep.equal([4, 8]);
    expect(acceptedLengths(SPDY3, GOAWAY)).to.deep.equal([8]);
  });

  it('reads RST_STREAM', () => {
    expect(decode(SPDY3, RST_STREAM, '80000005ffffffff', 0xff)).to.deep.equal({
      version: 3,
      flags: 0xff,
      length: 8,
      type: RST_STREAM,
      streamId: 5,
      status: 0xffffffff,
    });
  });

  it('reads SETTINGS entries of each version (checklist 119, 120, 121, 122, 126)', () => {
    const entries = [
      { id: 0x030201, flags: 0x81, value: 0xfffffffe },
      { id: 0x800000, flags: 0, value: 1 },
    ];
    expect(
      decode(SPDY2, SETTINGS, `00000002${'01020381fffffffe'}${'0000800000000001'}`, 1),
    ).to.deep.equal({ version: 2, flags: 1, length: 20, type: SETTINGS, entries });
    expect(
      decode(SPDY3_1, SETTINGS, `00000002${'81030201fffffffe'}${'0080000000000001'}`, 1),
    ).to.deep.equal({ version: 3, flags: 1, length: 20, type: SETTINGS, entries });
    expect(decode(SPDY3, SETTINGS, '00000000')).to.have.deep.property('entries', []);
  });

  it('keeps SETTINGS entries of one id in their order (checklist 123)', () => {
    const frame = decode(SPDY3, SETTINGS, `00000002${'0000000400000001'}${'0000000400000002'}`);
    expect(frame).to.have.deep.property('entries', [
      { id: 4, flags: 0, value: 1 },
      { id: 4, flags: 0, value: 2 },
    ]);
  });

  it('refuses a SETTINGS count that the length does not match (checklist 117, 118)', () => {
    for (const count of ['00000000', '00000002', '20000001', '80000001', 'ffffffff']) {
      expect(decode(SPDY3, SETTINGS, `${count}0000000400000001`)).to.match(/SETTINGS of 12 bytes/);
    }
    expect(decode(SPDY3, SETTINGS, '20000000')).to.match(/announces 536870912 entries/);
  });

  it('reads PING', () => {
    expect(decode(SPDY2, PING, 'ffffffff')).to.deep.equal({
      version: 2,
      flags: 0,
      length: 4,
      type: PING,
      id: 0xffffffff,
    });
  });

  it('reads GOAWAY, whose status means nothing in SPDY/2 (checklist 158, 159, 169)', () => {
    const rest = { version: 2, flags: 0, type: GOAWAY, lastGoodStreamId: 7, status: 0 };
    expect(decode(SPDY2, GOAWAY, '80000007')).to.deep.equal({ ...rest, length: 4 });
    expect(decode(SPDY2, GOAWAY, '0000000700000002')).to.deep.equal({ ...rest, length: 8 });
    expect(decode(SPDY3, GOAWAY, '0000000700000b0b')).to.deep.equal({
      ...rest,
      version: 3,
      length: 8,
      status: 0xb0b,
    });
  });

  it('reads WINDOW_UPDATE without the reserved bits (checklist 14)', () => {
    expect(decode(SPDY3_1, WINDOW_UPDATE, '80000000ffffffff')).to.deep.equal({
      version: 3,
      flags: 0,
      length: 8,
      type: WINDOW_UPDATE,
      streamId: 0,
      delta: 0x7fffffff,
    });
  });

  it('reads CREDENTIAL into memory of its own', () => {
    const bytes = Buffer.from('000300000002aabb00000001c100000002c2c3', 'hex');
    const frame = CONTROL_DECODERS[CREDENTIAL]?.decode(SPDY3, 0, bytes.length, bytes, 0);
    bytes.fill(0);
    expect(frame).to.deep.equal({
      version: 3,
      flags: 0,
      length: 19,
      type: CREDENTIAL,
      slot: 3,
      proof: Uint8Array.of(0xaa, 0xbb),
      certificates: [Uint8Array.of(0xc1), Uint8Array.of(0xc2, 0xc3)],
    });
  });

  it('refuses CREDENTIAL that does not fit together', () => {
    expect(decode(SPDY3, CREDENTIAL, '000000000000')).to.match(/slot 0/);
    expect(decode(SPDY3, CREDENTIAL, '000100000000')).to.match(/without a certificate/);
    expect(decode(SPDY3, CREDENTIAL, '0001000000010000')).to.match(/certificate that does not fit/);
    expect(decode(SPDY3, CREDENTIAL, '000100000003aabb')).to.match(/proof that is longer/);
    expect(decode(SPDY3, CREDENTIAL, '0001ffffffffaabb')).to.match(/proof that is longer/);
    expect(decode(SPDY3, CREDENTIAL, '00010000000000000002c1')).to.match(/does not fit/);
    expect(decode(SPDY3, CREDENTIAL, '000100000000ffffffffc1')).to.match(/does not fit/);
    expect(decode(SPDY3, CREDENTIAL, '00010000000000000001c100')).to.match(/does not fit/);
    expect(decode(SPDY3, CREDENTIAL, '00010000000000000000')).to.match(/does not fit/);
  });

  it('reads the fields before a header block (checklist 14, 52, 53, 55, 56, 67, 68, 81, 82)', () => {
    const bytes = Buffer.from('ee80000001800000037f55', 'hex');
    const prefixOf = (version: ProtocolVersion, type: number): unknown => {
      const prefix = { streamId: -1, associatedToStreamId: -1, priority: -1, slot: -1 };
      readBlockPrefix(version, type, bytes, 1, prefix);
      return prefix;
    };
    const open = { streamId: 1, associatedToStreamId: 3 };
    expect(prefixOf(SPDY2, SYN_STREAM)).to.deep.equal({ ...open, priority: 1, slot: 0 });
    expect(prefixOf(SPDY3, SYN_STREAM)).to.deep.equal({ ...open, priority: 3, slot: 0x55 });
    expect(prefixOf(SPDY3_1, SYN_STREAM)).to.deep.equal({ ...open, priority: 3, slot: 0 });
    for (const type of [SYN_REPLY, HEADERS]) {
      expect(prefixOf(SPDY3, type)).to.deep.equal({
        streamId: 1,
        associatedToStreamId: 0,
        priority: 0,
        slot: 0,
      });
      expect(blockPrefixLength(SPDY2, type)).to.equal(6);
      expect(blockPrefixLength(SPDY3, type)).to.equal(4);
    }
    for (const version of PROTOCOL_VERSIONS) {
      expect(blockPrefixLength(version, SYN_STREAM)).to.equal(10);
    }
  });

  it('gives the fields of each frame in one order', () => {
    const prefix = { streamId: 1, associatedToStreamId: 2, priority: 3, slot: 4 };
    const keys = (type: number): string[] =>
      Object.keys(headerBlockFrame(SPDY3, type, 0, 9, prefix, []));
    expect(keys(SYN_STREAM).join()).to.equal(
      'version,flags,length,type,streamId,associatedToStreamId,priority,slot,headers',
    );
    expect(keys(SYN_REPLY).join()).to.equal('version,flags,length,type,streamId,headers');
    expect(keys(HEADERS).join()).to.equal('version,flags,length,type,streamId,headers');
    expect(Object.keys(decode(SPDY3, GOAWAY, '0000000100000000') as object).join()).to.equal(
      'version,flags,length,type,lastGoodStreamId,status',
    );
    expect(headerBlockFrame(SPDY3, HEADERS, 0, 9, prefix, []).type).to.equal(HEADERS);
  });
});
