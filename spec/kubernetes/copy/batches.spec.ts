import { Readable } from 'node:stream';
import { expect } from 'chai';
import { batches } from '../../../lib/kubernetes/copy/batches.ts';

const MEBIBYTE = 1 << 20;

describe('Batches', () => {
  /** A source that is given its chunks by hand. */
  function source(): Readable {
    return new Readable({ read() {}, highWaterMark: MEBIBYTE });
  }

  async function lengths(from: AsyncIterable<readonly Buffer[]>): Promise<number[]> {
    const all: number[] = [];
    for await (const batch of from) all.push(...batch.map(({ length }) => length));
    return all;
  }

  it('have the chunks in order, as they came, and end with their source', async () => {
    const from = source();
    for (const length of [3, 1, 2]) from.push(Buffer.alloc(length));
    from.push(null);
    expect(await lengths(batches(from))).to.deep.equal([3, 1, 2]);
  });

  it('have all that has come meanwhile at once', async () => {
    const from = source();
    const iterator = batches(from)[Symbol.asyncIterator]();
    const first = iterator.next();
    from.push(Buffer.alloc(1));
    expect((await first).value).to.have.length(1);
    for (let i = 0; i < 10; i++) from.push(Buffer.alloc(1));
    // The source has handed on all of it when it is asked for what it does not have.
    await new Promise((resolve) => setImmediate(resolve));
    expect((await iterator.next()).value).to.have.length(10);
    from.destroy();
  });

  it('hold no more than their source and one batch while nobody takes them', async () => {
    const from = source();
    const iterator = batches(from)[Symbol.asyncIterator]();
    const first = iterator.next();
    from.push(Buffer.alloc(1));
    await first;
    for (let i = 0; i < 16; i++) from.push(Buffer.alloc(MEBIBYTE / 4));
    await new Promise((resolve) => setImmediate(resolve));
    expect(from.isPaused()).to.equal(true);
    expect(from.readableLength).to.equal(3 * MEBIBYTE);
    expect((await iterator.next()).value).to.have.length(4);
    expect(from.isPaused()).to.equal(false);
    from.destroy();
  });

  it('hold no more than 256 chunks, however small these are', async () => {
    const from = source();
    const iterator = batches(from)[Symbol.asyncIterator]();
    const first = iterator.next();
    from.push(Buffer.alloc(1));
    await first;
    for (let i = 0; i < 1000; i++) from.push(Buffer.alloc(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(from.isPaused()).to.equal(true);
    expect((await iterator.next()).value).to.have.length(256);
    from.destroy();
  });

  it('fail as their source does, behind what came before', async () => {
    const from = source();
    const iterator = batches(from)[Symbol.asyncIterator]();
    const first = iterator.next();
    from.push(Buffer.alloc(5));
    from.once('data', () => from.destroy(new Error('lost')));
    expect((await first).value).to.have.length(1);
    const error = await iterator.next().catch((reason: Error) => reason);
    expect(error).to.have.property('message', 'lost');
  });

  it('fail when their source is closed before its end', async () => {
    const from = source();
    const next = batches(from)[Symbol.asyncIterator]().next();
    from.destroy();
    const error = await next.catch((reason: Error) => reason);
    expect(error).to.have.property('code', 'ERR_STREAM_PREMATURE_CLOSE');
  });

  it('destroy their source when they are left', async () => {
    const from = source();
    from.push(Buffer.alloc(1));
    for await (const _ of batches(from)) break;
    expect(from.destroyed).to.equal(true);
  });

  it('take what goes wrong while their source is destroyed', async () => {
    const from = new Readable({
      read: () => {},
      destroy: (_error, done) => done(new Error('late')),
    });
    from.push(Buffer.alloc(1));
    const failed = new Promise((resolve) => from.once('close', () => resolve(from.errored)));
    for await (const _ of batches(from)) break;
    expect(await failed).to.have.property('message', 'late');
  });
});
