import { Writable } from 'node:stream';
import { expect } from 'chai';
import { Output } from '../../../lib/cli/spdydump/output.ts';

/** Keeps what it is given, and takes the next piece when it is told to. */
class Reader extends Writable {
  readonly taken: string[] = [];
  next: (() => void) | null = null;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken.push(String(chunk));
    this.next = done;
  }
}

describe('Output', () => {
  const lost = (characters: number): string => `lost ${characters}\n`;

  it('writes in large pieces, and what is left at the end', async () => {
    const reader = new Reader({ highWaterMark: 1 << 30 });
    const output = new Output(reader, lost);
    output.write('a');
    output.write('b');
    expect(reader.taken).to.deep.equal([]);
    await output.flush();
    expect(reader.taken).to.deep.equal(['ab']);
    reader.next?.();
    output.write('x'.repeat(70_000));
    expect(reader.taken[1]).to.have.length(70_000);
  });

  it('waits for a reader', async () => {
    const reader = new Reader({ highWaterMark: 1 });
    const output = new Output(reader, lost);
    output.write('a');
    let flushed = false;
    const waiting = output.flush().then(() => {
      flushed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(flushed).to.equal(false);
    reader.next?.();
    await waiting;
  });

  it('is closed when nobody reads, and waits for nobody then', async () => {
    const reader = new Reader({ highWaterMark: 1 });
    const output = new Output(reader, lost);
    output.write('a');
    const waiting = output.flush();
    reader.destroy();
    await waiting;
    expect(output.closed).to.equal(true);
    output.write('b');
    await output.flush();
    expect(reader.taken).to.deep.equal(['a']);
  });

  it('passes on little things soon for connections, without waiting for the reader for ever', async () => {
    const reader = new Reader();
    const output = new Output(reader, lost);
    const sink = output.flushing({
      event: () => output.write('e'),
      payload: () => output.write('p'),
    });
    sink.event({
      event: 'note',
      connection: 1,
      time: null,
      direction: null,
      offset: null,
      text: '',
    });
    sink.payload?.(1, 'c2s', 1, Buffer.of(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(reader.taken).to.deep.equal(['ep']);
    const large = 'x'.repeat(90 << 20);
    for (let i = 0; i < 4; i++) output.write(large);
    output.write('y'.repeat(70_000));
    const taken = reader.taken.length;
    while (reader.writableLength > 0) {
      reader.next?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(reader.taken.length).to.equal(taken + 3);
    output.write('z'.repeat(70_000));
    reader.next?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(reader.taken.slice(-2).map((text) => text.slice(0, 16))).to.deep.equal([
      `lost ${(90 << 20) + 70_000}\n`,
      'z'.repeat(16),
    ]);
  });
});
