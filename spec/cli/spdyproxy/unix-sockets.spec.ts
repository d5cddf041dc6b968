import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder, type Program, program, removeFolder, run } from '../support/programs.ts';

describe('spdyproxy at unix sockets', () => {
  let folder: string;
  let application: http.Server;
  let proxy: Program | undefined;

  before(async () => {
    folder = makeFolder({});
    application = http.createServer((request, response) => {
      response.end(`${request.url} of ${request.headers['x-forwarded-for']}`);
    });
    await once(application.listen(join(folder, 'back.sock')), 'listening');
  });

  after(() => {
    application.close();
    application.closeAllConnections();
    removeFolder(folder);
  });

  afterEach(() => proxy?.end('SIGKILL'));

  async function start(...args: string[]): Promise<Program> {
    proxy = program('spdyproxy', args);
    await proxy.until(/Proxy at .*\n.* to /);
    return proxy;
  }

  function config(value: object): string {
    const file = join(folder, 'proxy.json');
    writeFileSync(file, JSON.stringify(value));
    return file;
  }

  async function get(socketPath: string, path = '/'): Promise<string> {
    const request = http.get({ socketPath, path, agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return text;
  }

  for (const workers of ['0', '2']) {
    it(`listens at one, asks at one, and leaves no file (${workers} workers)`, async () => {
      const path = join(folder, 'front.sock');
      const back = `unix:${join(folder, 'back.sock')}`;
      const { end, log } = await start(
        '--no-tls',
        '-b',
        back,
        '--workers',
        workers,
        `unix:${path}`,
      );
      expect(log()).to.contain(`Proxy at http+unix:${path}\n`);
      expect(log()).to.contain(`  to http/1.1+http://localhost at ${join(folder, 'back.sock')}\n`);
      expect(await get(path, '/a')).to.equal('/a of unknown');
      expect(await end()).to.equal(0);
      expect(existsSync(path)).to.equal(false);
    });

    it(`takes the place of one that was killed, and not of one that lives (${workers} workers)`, async () => {
      const path = join(folder, 'again.sock');
      const args = ['--no-tls', '-b', 'http://127.0.0.1', '--workers', workers, `unix:${path}`];
      const first = await start(...args);
      const second = await run('spdyproxy', args);
      expect(second.stderr).to.match(/EADDRINUSE/);
      expect(second.status).to.equal(1);
      expect(existsSync(path)).to.equal(true);
      await first.end('SIGKILL');
      expect(existsSync(path)).to.equal(true);
      const { end } = await start(...args);
      expect(await end()).to.equal(0);
      expect(existsSync(path)).to.equal(false);
    });

    it(`is of the same user alone, whatever files are else (${workers} workers)`, async () => {
      const [path, log] = [join(folder, 'private.sock'), join(folder, `log-${workers}`)] as const;
      const args = ['--no-tls', '-b', 'http://127.0.0.1', '--workers', workers];
      const former = process.umask(0);
      const started = start(...args, '--access-log', log, `unix:${path}`);
      process.umask(former);
      const { end } = await started;
      const modes = [path, log].map((file) => statSync(file).mode & 0o777);
      expect(await end()).to.equal(0);
      expect(modes).to.deep.equal([0o600, 0o666]);
    });

    it(`reads a configuration again that moves it (${workers} workers)`, async () => {
      const backs = ['unix:back.sock'];
      const front = (path: string): object => ({ path, mode: '660', tls: false, sniff: true });
      const first = config({ fronts: [front('one.sock')], backs, workers: Number(workers) });
      const { signal, until, end } = await start('--config', first);
      const [one, two] = [join(folder, 'one.sock'), join(folder, 'two.sock')] as const;
      expect(statSync(one).mode & 0o777).to.equal(0o660);
      expect(await get(one, '/a')).to.equal('/a of unknown');
      config({ fronts: [front('two.sock')], backs, workers: Number(workers) });
      signal('SIGHUP');
      await until(/Reloaded/);
      expect(statSync(two).mode & 0o777).to.equal(0o660);
      expect(await get(two, '/b')).to.equal('/b of unknown');
      while (existsSync(one)) await new Promise((done) => setTimeout(done, 5));
      expect(await end()).to.equal(0);
      expect(existsSync(two)).to.equal(false);
    });
  }

  it('needs no file on Linux', async function () {
    if (process.platform !== 'linux') this.skip();
    const name = `spdylay-spec-${process.pid}`;
    const back = http.createServer((_request, response) => response.end('abstract'));
    await once(back.listen(`\0${name}-back`), 'listening');
    const { log } = await start('--no-tls', '-b', `unix:@${name}-back`, `unix:@${name}`);
    expect(log()).to.contain(`Proxy at http+unix:@${name}\n`);
    expect(log()).to.contain(`at @${name}-back\n`);
    expect(await get(`\0${name}`)).to.equal('abstract');
    back.close();
    back.closeAllConnections();
  });

  it('takes PROXY headers there from whoever may connect, if that is said', async () => {
    const proxyProtocol = { allow: ['unix'] };
    const fronts = [{ path: 'proxied.sock', tls: false, proxyProtocol }];
    await start('--config', config({ fronts, backs: ['http/1.1+unix:back.sock'] }));
    const socket = net.connect(join(folder, 'proxied.sock'));
    socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /p HTTP/1.1\r\nHost: a\r\n');
    socket.write('Connection: close\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).to.match(/\/p of 192\.0\.2\.1/);
  });

  it('is told in words what is no path, and what is no mode', async () => {
    const backs = ['http://127.0.0.1'];
    for (const [value, message] of [
      [{ fronts: [{ path: 'x'.repeat(108), tls: false }], backs }, /at most 107 bytes/],
      [{ fronts: [{ path: 'a', mode: 'rw', tls: false }], backs }, /mode: of a unix socket/],
      [{ fronts: [{ path: 'a', mode: 432, tls: false }], backs }, /mode: of a unix socket/],
      [{ fronts: [{ port: 0, mode: '660', tls: false }], backs }, /mode: of a unix socket/],
      [
        { fronts: [{ port: 0 }], backs: [`unix:/${'x'.repeat(107)}`] },
        /socketPath: the path of a unix socket has at most 107/,
      ],
      [
        { fronts: [{ port: 0 }], backs: ['unix:'] },
        /socketPath: the path of a unix socket, or @NAME, got '' /,
      ],
    ] as const) {
      const args = ['--check', '--config', config(value)];
      const { stderr, status } = await run('spdyproxy', args);
      expect(stderr).to.match(message);
      expect(status).to.equal(64);
    }
  });
});
