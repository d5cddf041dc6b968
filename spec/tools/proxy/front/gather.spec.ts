import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { gather } from '../../../../lib/tools/proxy/front/gather.ts';

/** A stream that tells what came together. */
class Pieces extends Writable {
  readonly seen: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.seen.push(String(chunk));
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.seen.push(chunks.map(({ chunk }) => chunk).join('+'));
    done();
  }
}

describe('tools/proxy/front/gather', () => {
  it('lets what is written in one turn leave at its end, all at once', async () => {
    const one = new Pieces();
    const two = new Pieces();
    for (const part of ['a', 'b']) {
      for (const connection of [one, two]) {
        gather(connection);
        connection.write(part);
      }
    }
    await Promise.resolve();
    expect([one.seen, two.seen]).to.deep.equal([[], []]);
    await turn();
    expect([one.seen, two.seen]).to.deep.equal([['a+b'], ['a+b']]);
    one.write('c');
    expect(one.seen).to.deep.equal(['a+b', 'c']);
    gather(one);
    one.write('d');
    await turn();
    expect(one.seen).to.deep.equal(['a+b', 'c', 'd']);
    expect([one.writableCorked, two.writableCorked]).to.deep.equal([0, 0]);
  });

  it('keeps back neither what ends a connection nor what is uncorked', async () => {
    const one = new Pieces();
    const two = new Pieces();
    gather(one);
    one.write('a');
    one.end('b');
    expect(one.seen).to.deep.equal(['a+b']);
    gather(two);
    two.write('a');
    two.uncork();
    expect(two.seen).to.deep.equal(['a']);
    await turn();
    expect(two.writableCorked).to.equal(0);
  });
});
