import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { restartDelay } from '../../../lib/cli/spdyproxy/workers.ts';
import { type Daemon, daemon, spdycat } from '../support/programs.ts';

describe('cli/spdyproxy/workers', () => {
  let application: http.Server;
  let proxy: Daemon | undefined;

  before(async () => {
    application = http.createServer((_request, response) => response.end('answer'));
    await once(application.listen(0, '127.0.0.1'), 'listening');
  });

  after(() => {
    application.close();
    application.closeAllConnections();
  });

  afterEach(() => proxy?.end('SIGKILL'));

  /** The workers of a process. */
  function workersOf(pid: number): number[] {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.trim().split(' ').map(Number);
  }

  it('waits longer each time that a worker ends early', () => {
    expect([0, 1, 2, 3, 5, 6, 60].map(restartDelay)).to.deep.equal([
      0, 1000, 2000, 4000, 16_000, 30_000, 30_000,
    ]);
  });

  it('puts another worker in the place of one that was killed, and tells so; a reload meanwhile ends', async function () {
    if (process.platform !== 'linux') this.skip();
    const { port } = application.address() as AddressInfo;
    const back = `http://127.0.0.1:${port}`;
    proxy = await daemon('spdyproxy', ['-b', back, '--workers', '2', '0']);
    // The port is theirs together once both listen.
    proxy.signal('SIGHUP');
    await proxy.until(/Reloaded/);
    const before = workersOf(proxy.pid);
    process.kill(before[0] as number, 'SIGKILL');
    proxy.signal('SIGHUP');
    await proxy.until(/worker 1 has ended \(SIGKILL\), another one takes its place in 1 s/);
    await proxy.until(/Reloaded[\s\S]*Reloaded/);
    const asked = await spdycat(['-k', `${proxy.origin}/`]);
    expect(asked).to.include({ stderr: '', text: 'answer' });
    while (workersOf(proxy.pid).length < 2) await new Promise((done) => setTimeout(done, 5));
    expect(workersOf(proxy.pid)).to.include(before[1] as number);
    expect(workersOf(proxy.pid)).not.to.include(before[0] as number);
    expect(await proxy.end()).to.equal(0);
  });

  it('ends when its workers are killed while they end', async function () {
    if (process.platform !== 'linux') this.skip();
    const { port } = application.address() as AddressInfo;
    proxy = await daemon('spdyproxy', ['-b', `http://127.0.0.1:${port}`, '--workers', '2', '0']);
    proxy.signal('SIGHUP');
    await proxy.until(/Reloaded/);
    const workers = workersOf(proxy.pid);
    // They wait for a handshake that never comes.
    const client = net.connect(proxy.port, '127.0.0.1').on('error', () => {});
    await once(client, 'connect');
    const ended = proxy.ended();
    proxy.signal('SIGTERM');
    for (const pid of workers) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    expect(await ended).to.equal(0);
    client.destroy();
  });
});
