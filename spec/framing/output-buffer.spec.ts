import { expect } from 'chai';
import { OutputBuffer } from '../../lib/framing/output-buffer.ts';
import { SlabPool } from '../../lib/framing/slab-pool.ts';

function numbers(from: number, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => (from + index) & 0xff));
}

describe('framing/output-buffer', () => {
  it('appends numbers big-endian (checklist 2)', () => {
    const out = new OutputBuffer();
    out.writeUint8(0x12);
    out.writeUint16(0x3456);
    out.writeUint24(0x789abc);
    out.writeUint32(0xdef01234);
    expect(out.length).to.equal(10);
    expect(out.take().toString('hex')).to.equal('123456789abcdef01234');
    expect(out.length).to.equal(0);
  });

  it('writes every 32-bit number', () => {
    const out = new OutputBuffer();
    for (const value of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) out.writeUint32(value);
    expect(out.take().toString('hex')).to.equal('00000000000000017fffffff80000000ffffffff');
  });

  it('keeps only the low bits of a number that is too large', () => {
    const out = new OutputBuffer();
    out.writeUint8(0x1ff);
    out.writeUint16(0x1ffff);
    out.writeUint24(0x1ffffff);
    expect(out.take().toString('hex')).to.equal('ffffffffffff');
  });

  it('copies whole and partial pieces of any length', () => {
    for (const length of [0, 1, 31, 32, 33, 500]) {
      const source = numbers(7, length);
      const out = new OutputBuffer(new SlabPool(64));
      out.writeBytes(source);
      out.writeBytes(source, Math.min(1, length));
      out.writeBytes(source, 0, Math.max(0, length - 1));
      expect(out.take()).to.deep.equal(
        Buffer.concat([source, source.subarray(1), source.subarray(0, Math.max(0, length - 1))]),
      );
    }
  });

  it('is not affected by what becomes of the source', () => {
    const out = new OutputBuffer();
    const source = numbers(0, 100);
    out.writeBytes(source);
    source.fill(0xee);
    expect(out.take()).to.deep.equal(numbers(0, 100));
  });

  it('grows without losing what is pending, whether or not room was reserved', () => {
    const out = new OutputBuffer(new SlabPool(16));
    const expected: number[] = [];
    for (let i = 0; i < 1000; i++) {
      if (i % 3 === 0) out.reserve(1 + (i % 40));
      out.writeUint8(i);
      expected.push(i & 0xff);
    }
    expect(out.length).to.equal(1000);
    expect(out.take()).to.deep.equal(Buffer.from(expected));
  });

  it('grows in the middle of each kind of number', () => {
    for (const used of [13, 14, 15, 16]) {
      const out = new OutputBuffer(new SlabPool(16));
      out.writeBytes(numbers(0, used));
      out.writeUint16(0x0102);
      out.writeBytes(numbers(0, 100), 0, 16 - ((used + 2) % 16));
      out.writeUint24(0x030405);
      out.writeUint32(0x06070809);
      const bytes = out.take();
      expect(bytes.subarray(0, used)).to.deep.equal(numbers(0, used));
      expect(bytes.subarray(-7).toString('hex')).to.equal('03040506070809');
    }
  });

  it('never writes again to bytes that it handed out', () => {
    const out = new OutputBuffer(new SlabPool(64));
    const taken: Buffer[] = [];
    const copies: Buffer[] = [];
    for (let i = 0; i < 200; i++) {
      out.writeBytes(numbers(i, 1 + (i % 20)));
      if (i % 3 === 0) {
        const piece = out.take();
        taken.push(piece);
        copies.push(Buffer.from(piece));
      }
    }
    expect(taken).to.deep.equal(copies);
  });

  it('serves many small flushes from one slab', () => {
    const out = new OutputBuffer(new SlabPool(1024));
    const memory = new Set<unknown>();
    for (let i = 0; i < 64; i++) {
      out.writeBytes(numbers(0, 16));
      memory.add(out.take().buffer);
    }
    expect(memory.size).to.equal(1);
    out.writeUint8(1);
    memory.add(out.take().buffer);
    expect(memory.size).to.equal(2);
  });

  it('takes no more than a multiple of what is pending', () => {
    const out = new OutputBuffer(new SlabPool(1024));
    const piece = numbers(0, 512);
    for (let i = 0; i < 2048; i++) out.writeBytes(piece);
    expect(out.length).to.equal(1048576);
    expect(out.take().buffer.byteLength).to.be.at.most(4 * 1048576);
  });

  it('takes no memory before the first byte', () => {
    const out = new OutputBuffer();
    expect(out.take()).to.have.length(0);
    expect(out.take().buffer.byteLength).to.equal(0);
  });

  it('lets go of a slab above the usual size when nothing is pending', () => {
    const out = new OutputBuffer(new SlabPool(16));
    out.reserve(1000);
    out.writeUint32(0x01020304);
    const taken = out.take();
    expect(taken.buffer.byteLength).to.be.at.least(1000);
    out.writeUint8(5);
    const next = out.take();
    expect(next.buffer.byteLength).to.equal(16);
    out.writeUint8(6);
    expect(out.takePieces()[0]?.buffer).to.equal(next.buffer);
    expect(taken.toString('hex')).to.equal('01020304');
  });

  it('shares its memory with others when nothing is pending, and never while something is', () => {
    const pool = new SlabPool(64);
    const [one, two] = [new OutputBuffer(pool), new OutputBuffer(pool)];
    one.writeUint32(0x01010101);
    two.writeUint32(0x02020202);
    const first = [one.take(), two.take()];
    expect(first.map((piece) => piece.toString('hex'))).to.deep.equal(['01010101', '02020202']);
    expect(first[0]?.buffer).to.not.equal(first[1]?.buffer);
    one.writeUint32(0x03030303);
    const third = one.take();
    two.writeUint32(0x04040404);
    const fourth = two.take();
    expect(third.buffer).to.equal(fourth.buffer);
    expect([...first, third, fourth].map((piece) => piece.toString('hex'))).to.deep.equal([
      '01010101',
      '02020202',
      '03030303',
      '04040404',
    ]);
  });

  it('never hands out the same bytes twice when something large comes between', () => {
    const pool = new SlabPool(64);
    const out = new OutputBuffer(pool);
    out.writeUint32(0x01010101);
    const first = out.take();
    out.writeBytes(numbers(0, 100));
    out.take();
    out.writeUint32(0x02020202);
    expect(out.take().buffer).to.equal(first.buffer);
    expect(first.toString('hex')).to.equal('01010101');
  });

  it('has payload stand between its slabs without a copy', () => {
    const out = new OutputBuffer(new SlabPool(16));
    const payload = numbers(0, 100);
    out.writeUint16(0x0102);
    out.append(payload);
    out.writeUint16(0x0304);
    expect(out.length).to.equal(104);
    const pieces = out.takePieces();
    expect(out.length).to.equal(0);
    expect(pieces.map(({ length }) => length)).to.deep.equal([2, 100, 2]);
    expect(pieces[1]).to.equal(payload);
    expect(pieces[0]?.buffer).to.equal(pieces[2]?.buffer);
    expect(out.takePieces()).to.deep.equal([]);
  });

  it('joins the pieces for who wants one', () => {
    const out = new OutputBuffer(new SlabPool(16));
    out.append(numbers(0, 50));
    out.writeUint16(0x0102);
    out.append(numbers(50, 3));
    expect(out.take()).to.deep.equal(
      Buffer.concat([numbers(0, 50), Buffer.of(1, 2), numbers(50, 3)]),
    );
    expect(out.take()).to.have.length(0);
  });

  it('begins another slab instead of moving what is pending', () => {
    const out = new OutputBuffer(new SlabPool(16));
    for (let i = 0; i < 10; i++) out.writeUint32(i);
    expect(out.takePieces().map(({ length }) => length)).to.deep.equal([16, 16, 8]);
  });

  it('begins with little memory, and takes more when it is used up', () => {
    const out = new OutputBuffer(new SlabPool());
    const sizes = new Set<number>();
    for (let i = 0; i < 50; i++) {
      out.writeBytes(numbers(0, 1000));
      sizes.add(out.take().buffer.byteLength);
    }
    expect([...sizes]).to.deep.equal([2048, 4096, 8192, 16384]);
  });
});
