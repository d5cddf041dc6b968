import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HeldSignals, type TakenSignal } from '../../../lib/cli/held-signals.ts';
import type { ProgramConfig } from '../../../lib/cli/spdyproxy/config.ts';
import type { Teller } from '../../../lib/cli/spdyproxy/worker.ts';
import { Workers } from '../../../lib/cli/spdyproxy/workers.ts';

const CONFIG = { fronts: [], proxy: {}, admin: null, accessLog: null, workers: 1 } as never;

/** Tells that it listens, and works until it is ended. */
const WORKER = `process.send({ told: 'listening', urls: [], backs: [] });
setInterval(() => {}, 1000);
`;

/** Signals that nobody sends. */
class Signals extends HeldSignals {
  readonly handlers = new Map<TakenSignal, () => void>();

  override on(name: TakenSignal, handler: () => void): void {
    this.handlers.set(name, handler);
  }
}

describe('workers of spdyproxy that end or cannot start', () => {
  const umask = process.umask();
  let folder: string;
  let signals: Signals;
  let complaints: string[];
  let listening: () => void;
  let reloaded: () => void;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spdyproxy-'));
    writeFileSync(join(folder, 'worker.cjs'), WORKER);
    signals = new Signals();
    complaints = [];
    listening = () => {};
    reloaded = () => {};
  });

  afterEach(() => {
    process.umask(umask);
    cluster.setupPrimary({ cwd: process.cwd() });
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  function make(cwd: string): Workers {
    cluster.setupPrimary({ exec: join(folder, 'worker.cjs'), args: [], cwd, execArgv: [] });
    const teller: Teller = {
      listening: () => listening(),
      complain: (text) => complaints.push(text),
      reloaded: () => reloaded(),
    };
    return new Workers(async () => CONFIG as ProgramConfig, CONFIG, teller);
  }

  it('fails when the first worker cannot start, and says why', async () => {
    expect(await make(join(folder, 'nowhere')).run(signals)).to.equal(1);
    expect(complaints).to.have.length(1);
    expect(complaints[0]).to.match(/^worker \d+ cannot start: spawn .* ENOENT$/);
  });

  it('replaces a worker after a pause when it cannot start', async () => {
    const begun = new Promise<void>((resolve) => {
      listening = resolve;
    });
    const forked = once(cluster, 'fork');
    const over = make(folder).run(signals);
    const [worker] = (await forked) as [Worker];
    await begun;
    worker.emit('error', new Error('write EPIPE'));
    expect(complaints).to.deep.equal([]);
    cluster.setupPrimary({ cwd: join(folder, 'nowhere') });
    worker.process.kill('SIGKILL');
    await once(cluster, 'fork');
    await new Promise((resolve) => setImmediate(resolve));
    expect(complaints).to.have.length(3);
    expect(complaints[0]).to.match(/ has ended \(SIGKILL\), another one takes its place/);
    expect(complaints[1]).to.match(/ cannot start: spawn .* ENOENT$/);
    expect(complaints[2]).to.match(/ has ended \(ENOENT\), another one takes its place/);
    signals.handlers.get('SIGTERM')?.();
    expect(await over).to.equal(0);
  });

  it('ends though what a worker has told comes behind its end', async () => {
    const begun = new Promise<void>((resolve) => {
      listening = resolve;
    });
    const forked = once(cluster, 'fork');
    const over = make(folder).run(signals);
    const [worker] = (await forked) as [Worker];
    await begun;
    worker.process.kill('SIGKILL');
    await once(worker, 'exit');
    worker.emit('message', { told: 'listening', urls: [], backs: [] });
    signals.handlers.get('SIGTERM')?.();
    expect(await over).to.equal(0);
  });

  it('ends a reload while no worker is there', async () => {
    const begun = new Promise<void>((resolve) => {
      listening = resolve;
    });
    const forked = once(cluster, 'fork');
    const over = make(folder).run(signals);
    const [worker] = (await forked) as [Worker];
    await begun;
    worker.process.kill('SIGKILL');
    await once(worker, 'exit');
    const again = new Promise<void>((resolve) => {
      reloaded = resolve;
    });
    signals.handlers.get('SIGHUP')?.();
    await again;
    signals.handlers.get('SIGTERM')?.();
    expect(await over).to.equal(0);
  });
});
