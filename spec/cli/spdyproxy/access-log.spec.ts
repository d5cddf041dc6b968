import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Daemon, daemon, makeFolder, removeFolder, run } from '../support/programs.ts';

describe('spdyproxy: its access log', () => {
  let folder: string;
  let back: string;
  let application: http.Server;
  let proxy: Daemon | undefined;

  before(async () => {
    application = http.createServer((_request, response) => response.end('answer'));
    await once(application.listen(0, '127.0.0.1'), 'listening');
    back = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
  });

  after(() => {
    application.close();
    application.closeAllConnections();
  });

  beforeEach(() => {
    folder = makeFolder({});
  });

  afterEach(async () => {
    await proxy?.end('SIGKILL');
    removeFolder(folder);
  });

  /** Writes a configuration whose log is this file. */
  function config(log: string | null, more: object = {}): string {
    const file = join(folder, 'proxy.json');
    const fronts = [{ port: 0, host: '127.0.0.1', tls: false, sniff: true }];
    const accessLog = log === null ? {} : { accessLog: { file: log, format: 'json' } };
    writeFileSync(file, JSON.stringify({ fronts, backs: [back], ...accessLog, ...more }));
    return file;
  }

  async function start(file: string): Promise<Daemon> {
    proxy = await daemon('spdyproxy', ['--config', file]);
    return proxy;
  }

  async function get(path: string): Promise<void> {
    const [response] = await once(
      http.get(`${proxy?.origin}${path}`, { agent: false }),
      'response',
    );
    await once(response.resume(), 'end');
  }

  /** The paths that a log tells. */
  function paths(name: string): string[] {
    if (!existsSync(join(folder, name))) return [];
    const lines = readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line).url);
  }

  async function logged(name: string, ...expected: string[]): Promise<void> {
    while (paths(name).length < expected.length) await new Promise((done) => setTimeout(done, 5));
    expect(paths(name)).to.deep.equal(expected);
  }

  for (const workers of [0, 2]) {
    it(`is opened anew at SIGUSR1 (${workers} workers)`, async () => {
      const { signal } = await start(config('log', { workers }));
      await get('/one');
      await logged('log', '/one');
      renameSync(join(folder, 'log'), join(folder, 'log.1'));
      signal('SIGUSR1');
      while (!existsSync(join(folder, 'log'))) await new Promise((done) => setTimeout(done, 5));
      // Each worker does that for itself.
      let asked = 0;
      while (paths('log').length < 2) await get(`/${++asked}`);
      expect(paths('log.1')[0]).to.equal('/one');
      expect(proxy?.log()).not.to.match(/Debugger|ws:/);
    });

    it(`may be cut to nothing (${workers} workers)`, async () => {
      await start(config('log', { workers }));
      await get('/one');
      await logged('log', '/one');
      truncateSync(join(folder, 'log'));
      await get('/two');
      await logged('log', '/two');
    });
  }

  it('is the one that the configuration names at SIGHUP', async () => {
    const { signal, until, end } = await start(config(null));
    await get('/none');
    const turn = async (log: string | null, reloads: number): Promise<void> => {
      config(log);
      signal('SIGHUP');
      await until({ test: (printed) => printed.split('Reloaded').length > reloads });
    };
    await turn('first', 1);
    await get('/one');
    await turn('second', 2);
    await get('/two');
    await turn(null, 3);
    await get('/none');
    expect(await end()).to.equal(0);
    expect([paths('first'), paths('second')]).to.deep.equal([['/one'], ['/two']]);
  });

  it('stays the old one where the new one cannot be opened, or nothing can be read', async () => {
    const { signal, until, end } = await start(config('log'));
    config('none/log');
    signal('SIGHUP');
    await until(/access log: ENOENT/);
    await until(/Reloaded/);
    await get('/one');
    writeFileSync(join(folder, 'proxy.json'), '{');
    signal('SIGHUP');
    await until(/not reloaded: .*is no JSON/);
    await get('/two');
    expect(await end()).to.equal(0);
    expect(paths('log')).to.deep.equal(['/one', '/two']);
  });

  it('keeps the program from starting when it cannot be opened', async () => {
    for (const workers of [0, 2]) {
      const { status, stderr } = await run('spdyproxy', [
        '--config',
        config('none/log', { workers }),
      ]);
      expect(stderr).to.match(/access log: ENOENT/);
      expect(status).to.equal(1);
    }
  });

  for (const workers of [0, 1]) {
    it(`tells what a new start is needed for (${workers} workers)`, async () => {
      const { signal, until, log } = await start(config(null, { workers }));
      config(null, { workers: 2, admin: { port: 0 } });
      signal('SIGHUP');
      await until(/Reloaded/);
      await until(/admin: a change needs a new start/);
      await until(/workers: a change needs a new start/);
      expect(log().split('new start').length - 1).to.equal(2);
    });
  }
});
