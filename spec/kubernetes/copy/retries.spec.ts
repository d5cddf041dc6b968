import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { copyFromPod } from '../../../lib/kubernetes/copy/from-pod.ts';
import type { CopyProgress } from '../../../lib/kubernetes/copy/options.ts';
import { copyToPod } from '../../../lib/kubernetes/copy/to-pod.ts';
import { ConnectionLostError, RemoteFailureError } from '../../../lib/kubernetes/errors.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../lib/kubernetes/fake/api-server.ts';
import type { FakeFault } from '../../../lib/kubernetes/fake/faults/fault.ts';

const MIB = 1 << 20;

describe('cp over a connection that is lost', () => {
  let folder = '';
  let fake: FakeApiServer;
  let pod = '';
  /** What goes wrong with each command, and what is done when it is asked for, by its number from 1 on. */
  let faults: Record<number, FakeFault | (() => void)> = {};
  let commands = 0;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-retries-'));
    pod = path.join(folder, 'pod');
    mkdirSync(path.join(pod, 'data'), { recursive: true });
    mkdirSync(path.join(folder, 'bin'));
    faults = {};
    commands = 0;
    fake = createFakeApiServer({
      pods: [
        { name: 'p1', containers: { main: { directory: pod } } },
        {
          name: 'poor',
          containers: { main: { directory: pod, env: { PATH: path.join(folder, 'bin') } } },
        },
      ],
      fault: ({ action }) => {
        if (action !== 'exec') return null;
        commands += 1;
        const fault = faults[commands] ?? null;
        if (typeof fault !== 'function') return fault;
        fault();
        return null;
      },
    });
    await fake.listen();
  });

  afterEach(async () => {
    await fake.close();
    rmSync(folder, { recursive: true });
  });

  const rejection = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => expect.fail('it resolved'),
      (error: Error) => error,
    );

  const down = (
    retries: number,
    more: Partial<Parameters<typeof copyFromPod>[0]> = {},
  ): ReturnType<typeof copyFromPod> => {
    const to = path.join(folder, 'copy');
    return copyFromPod({ cluster: fake.cluster, pod: 'p1', from: 'data', to, retries, ...more });
  };

  /** Writes files of random bytes, and returns what is in them. */
  const plant = (sizes: Readonly<Record<string, number>>): Map<string, Buffer> =>
    new Map(
      Object.entries(sizes).map(([name, size]) => {
        const content = randomBytes(size);
        writeFileSync(path.join(pod, 'data', name), content);
        return [name, content];
      }),
    );

  const expectCopied = (files: ReadonlyMap<string, Buffer>): void => {
    expect(readdirSync(path.join(folder, 'copy')).sort()).to.deep.equal([...files.keys()].sort());
    for (const [name, content] of files)
      expect(readFileSync(path.join(folder, 'copy', name)).equals(content), name).to.equal(true);
  };

  for (const transport of ['spdy', 'websocket'] as const) {
    it(`from a pod goes on where it stopped, over ${transport}`, async () => {
      const files = plant({ a: 3, b: 3 * MIB, c: 100_000, d: 0 });
      faults = { 1: { dropAfterBytes: MIB }, 3: { dropAfterBytes: MIB } };
      const seen: CopyProgress[] = [];
      const onProgress = (progress: CopyProgress): void => void seen.push(progress);
      const { files: count, bytes } = await down(2, { transport, onProgress });
      expectCopied(files);
      expect(count).to.equal(4);
      // Twice the hash and the rest, and the hash of all.
      expect(commands).to.equal(6);
      expect(bytes).to.equal(seen.at(-1)?.bytes);
      expect(bytes).to.be.within(3 * MIB, 3.2 * MIB);
      const steps = seen.map((progress) => progress.bytes);
      expect(steps).to.deep.equal([...steps].sort((one, other) => one - other));
    });
  }

  it('from a pod begins again when a file has changed since', async () => {
    plant({ a: 2 * MIB });
    const changed = randomBytes(2 * MIB);
    faults = {
      1: { dropAfterBytes: MIB },
      2: () => writeFileSync(path.join(pod, 'data/a'), changed),
    };
    await down(1);
    expectCopied(new Map([['a', changed]]));
    expect(commands).to.equal(3);
  });

  it('from a pod begins again where the container cannot tell whether one has', async () => {
    const where = (name: string): string =>
      ['/usr/bin', '/bin'].map((one) => path.join(one, name)).find((one) => isThere(one)) ?? name;
    for (const name of ['tar', 'sh', 'head', 'tail'])
      symlinkSync(where(name), path.join(folder, 'bin', name));
    const files = plant({ a: 2 * MIB });
    faults = { 1: { dropAfterBytes: MIB } };
    await down(1, { pod: 'poor' });
    expectCopied(files);
    expect(commands).to.equal(3);
  });

  it('from a pod is tried as often as was said, and not when something else is wrong', async () => {
    plant({ a: 2 * MIB });
    faults = { 1: { dropAfterBytes: MIB }, 2: { dropAfterBytes: 0 } };
    expect(await rejection(down(1))).to.be.instanceOf(ConnectionLostError);
    expect(commands).to.equal(2);
    expect(readdirSync(path.join(folder, 'copy'))).to.deep.equal([]);
    faults = { 3: { dropAfterBytes: MIB } };
    expect(await rejection(down(0))).to.be.instanceOf(ConnectionLostError);
    expect(commands).to.equal(3);
    expect(await rejection(down(5, { from: 'nothing' }))).to.be.instanceOf(RemoteFailureError);
    expect(commands).to.equal(4);
    faults = { 5: { refuseWith: 503 }, 6: { refuseWith: 503 } };
    expect(await rejection(down(5))).to.include({ code: 'ERR_SPDY_UPGRADE_REFUSED' });
    expect(commands).to.equal(6);
  });

  it('from a pod tries again when the server cannot be reached for a while, but not when it says no', async () => {
    const files = plant({ a: 2 * MIB });
    faults = { 1: { dropAfterBytes: MIB }, 2: { refuseWith: 503 } };
    await down(2, { transport: 'spdy' });
    expectCopied(files);
    expect(commands).to.equal(5);
    faults = { 6: { dropAfterBytes: MIB }, 7: { refuseWith: 403 } };
    expect(await rejection(down(9, { transport: 'spdy' }))).to.include({ statusCode: 403 });
    expect(commands).to.equal(7);
  });

  it('tells that the rest could not be read', async () => {
    plant({ a: 2 * MIB, b: 10 });
    faults = {
      1: { dropAfterBytes: MIB },
      3: () => writeFileSync(path.join(pod, 'data/a'), 'short'),
    };
    // Another archive, of which the rest is none.
    const error = await rejection(down(1));
    expect(error)
      .to.have.property('code')
      .that.match(/^ERR_SPDY_(?:PROTOCOL|CONNECTION_LOST)$/);
    expect(readdirSync(path.join(folder, 'copy'))).not.to.include('a');
  });

  it('from a pod begins again when a file has changed while the rest came', async () => {
    const files = plant({ a: 2 * MIB });
    const changed = Buffer.from(files.get('a') as Buffer).fill(0, 0, 1000);
    faults = {
      1: { dropAfterBytes: MIB },
      3: () => writeFileSync(path.join(pod, 'data/a'), changed),
    };
    await down(1);
    expectCopied(new Map([['a', changed]]));
    expect(commands).to.equal(5);
  });

  it('to a pod sends all again', async () => {
    const content = randomBytes(MIB);
    writeFileSync(path.join(folder, 'file'), content);
    // The first command looks where it goes.
    faults = { 2: { dropAfterBytes: 1 }, 3: { dropAfterBytes: 1 } };
    const options = {
      cluster: fake.cluster,
      pod: 'p1',
      from: path.join(folder, 'file'),
      to: 'copy',
    };
    const { files } = await copyToPod({ ...options, retries: 2 });
    expect(files).to.equal(1);
    expect(readFileSync(path.join(pod, 'copy')).equals(content)).to.equal(true);
    faults = { 6: { dropAfterBytes: 1 } };
    expect(await rejection(copyToPod(options))).to.be.instanceOf(ConnectionLostError);
  });

  it('to a pod is not tried again where a local file is the reason, or who is told of progress', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, randomBytes(MIB));
    const options = { cluster: fake.cluster, pod: 'p1', from: file, to: 'copy', retries: 5 };
    // The first command looks where it goes, the second one is lost.
    faults = { 2: { dropAfterBytes: 1 }, 3: () => rmSync(file) };
    expect(await rejection(copyToPod(options))).to.include({ code: 'ENOENT' });
    expect(commands).to.equal(3);
    writeFileSync(file, randomBytes(MIB));
    faults = { 5: { dropAfterBytes: 1 } };
    const onProgress = (): void => {
      if (commands > 5) throw new Error('enough');
    };
    expect((await rejection(copyToPod({ ...options, onProgress }))).message).to.equal('enough');
    expect(commands).to.equal(6);
  });

  it('does not wait for the next try when it is given up', async () => {
    plant({ a: 2 * MIB });
    const abort = new AbortController();
    const { signal } = abort;
    faults = {
      1: { dropAfterBytes: MIB },
      2: () => abort.abort(),
    };
    expect(await rejection(down(1000, { signal }))).to.include({ code: 'ERR_SPDY_ABORTED' });
    expect(commands).to.equal(2);
  });

  it('checks how often', async () => {
    for (const retries of [-1, 1001, 0.5])
      expect(await rejection(down(retries))).to.include({ code: 'ERR_SPDY_INVALID_ARGUMENT' });
  });
});

function isThere(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
