import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { CommandStdin } from '../../../../lib/kubernetes/client/command/command-stdin.ts';
import type { SpdyStream } from '../../../../lib/session/public.ts';

const KIB = 1024;

/** What stands for the stream: knows what has come together. */
class Recorder extends Duplex {
  readonly writes: number[][] = [];
  refusal: Error | null = null;

  constructor() {
    super({ autoDestroy: false });
    this.on('error', () => {});
  }

  close(): void {
    this.destroy();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: unknown, done: (error?: Error | null) => void): void {
    this.#note([chunk], done);
  }

  override _writev(writes: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#note(
      writes.map(({ chunk }) => chunk),
      done,
    );
  }

  #note(chunks: Buffer[], done: (error?: Error | null) => void): void {
    this.writes.push(chunks.map(({ length }) => length));
    process.nextTick(done, this.refusal);
  }
}

describe('CommandStdin', () => {
  const begin = (released = true): { stream: Recorder; stdin: CommandStdin } => {
    const stream = new Recorder();
    const stdin = new CommandStdin(stream as unknown as SpdyStream);
    if (released) stdin.release();
    return { stream, stdin };
  };
  const piece = (kib: number): Buffer => Buffer.alloc(kib * KIB);

  it('lets large writes of one turn of the event loop leave together', async () => {
    const { stream, stdin } = begin();
    stdin.write(piece(64));
    await Promise.resolve();
    stdin.write(piece(32));
    process.nextTick(() => stdin.write(piece(48)));
    await setImmediate();
    expect(stream.writes).to.deep.equal([[64 * KIB, 32 * KIB, 48 * KIB]]);
  });

  it('lets them leave when 256 KiB wait, and says that this is enough', () => {
    const { stream, stdin } = begin();
    const more = [64, 64, 64, 64].map((kib) => stdin.write(piece(kib)));
    expect(more).to.deep.equal([true, true, true, false]);
    expect(stream.writes).to.deep.equal([[64 * KIB, 64 * KIB, 64 * KIB, 64 * KIB]]);
  });

  it('lets a small write, and one that fills the buffer, leave at once', async () => {
    const { stream, stdin } = begin();
    stdin.write('ls\n');
    expect(stream.writes).to.deep.equal([[3]]);
    await setImmediate();
    stdin.write(piece(256));
    expect(stream.writes).to.deep.equal([[3], [256 * KIB]]);
  });

  it('lets a small write and the end follow a large one', async () => {
    const { stream, stdin } = begin();
    const finished = once(stream, 'finish');
    stdin.write(piece(64));
    stdin.write('the end\n');
    stdin.end();
    expect(stream.writes).to.deep.equal([[64 * KIB, 8]]);
    await finished;
  });

  it('holds no more writes of a source that has one at a time, but now and then', async () => {
    const { stream, stdin } = begin();
    const heldBack: number[] = [];
    for (let at = 0; at < 10; at++) {
      stdin.write(piece(64));
      if (stream.writes.length === at) heldBack.push(at);
      await setImmediate();
    }
    expect(heldBack).to.deep.equal([0, 4, 8]);
    expect(stream.writes).to.have.length(10);
  });

  it('leaves what its user has corked to the user', async () => {
    const { stream, stdin } = begin();
    stdin.write(piece(64));
    stdin.cork();
    stdin.write(piece(64));
    await setImmediate();
    expect(stream.writes).to.deep.equal([]);
    stdin.uncork();
    expect(stream.writes).to.deep.equal([[64 * KIB, 64 * KIB]]);
  });

  it('calls back for each write, in order, when the last of them has left', async () => {
    const { stdin } = begin();
    const called: unknown[] = [];
    stdin.write(piece(64), (error) => called.push(['first', error ?? null]));
    const second = new Promise<void>((resolve) => {
      stdin.write(piece(64), (error) => {
        called.push(['second', error ?? null]);
        resolve();
      });
    });
    expect(stdin.writableLength).to.equal(128 * KIB);
    await second;
    expect(called).to.deep.equal([
      ['first', null],
      ['second', null],
    ]);
    expect(stdin.writableLength).to.equal(0);
  });

  it('keeps them until the server has accepted the streams', async () => {
    const { stream, stdin } = begin(false);
    for (let at = 0; at < 3; at++) stdin.write(piece(64));
    await setImmediate();
    expect(stream.writes).to.deep.equal([]);
    stdin.release();
    expect(stream.writes).to.deep.equal([[64 * KIB, 64 * KIB, 64 * KIB]]);
  });

  it('is closed without an error when the server wants no more of them', async () => {
    const { stream, stdin } = begin();
    stream.refusal = new Error('reset');
    const failed: unknown[] = [];
    stdin.on('error', (error) => failed.push(error));
    stdin.write(piece(64));
    stdin.write(piece(64));
    await once(stdin, 'close');
    expect(failed).to.deep.equal([]);
  });

  it('hands on what was written before destroy()', () => {
    const { stream, stdin } = begin();
    stdin.write(piece(64));
    stdin.destroy();
    expect(stream.writes).to.deep.equal([[64 * KIB]]);
  });
});
