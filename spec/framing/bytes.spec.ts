import { expect } from 'chai';
import { NO_BYTES, readUint16, readUint32 } from '../../lib/framing/bytes.ts';

describe('framing/bytes', () => {
  it('reads big-endian numbers anywhere (checklist 2)', () => {
    const bytes = Buffer.from('00010203fffefdfc80', 'hex');
    expect(readUint16(bytes, 1)).to.equal(0x0102);
    expect(readUint16(bytes, 4)).to.equal(0xfffe);
    expect(readUint32(bytes, 1)).to.equal(0x010203ff);
    expect(readUint32(bytes, 0)).to.equal(0x00010203);
  });

  it('never reads a negative 32-bit number', () => {
    expect(readUint32(Buffer.from('ffffffff', 'hex'), 0)).to.equal(0xffffffff);
    expect(readUint32(Buffer.from('80000000', 'hex'), 0)).to.equal(0x80000000);
  });

  it('has an empty buffer', () => {
    expect(NO_BYTES).to.have.length(0);
  });
});
