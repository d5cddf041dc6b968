import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import {
  type Daemon,
  daemon,
  makeFolder,
  removeFolder,
  run,
  signalsWhenListening,
  spdycat,
} from '../support/programs.ts';

describe('spdyproxy', () => {
  let folder: string;
  let back: string;
  let application: http.Server;
  const waiting: http.ServerResponse[] = [];
  const daemons: Daemon[] = [];

  before(async () => {
    folder = makeFolder({});
    certificate('first', 'first.example');
    certificate('second', 'second.example');
    application = await serve('one');
    back = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
  });

  after(async () => {
    await Promise.all(daemons.map((it) => it.end('SIGKILL')));
    application.close();
    application.closeAllConnections();
    removeFolder(folder);
  });

  /** A server that tells its name; `/wait` is answered by the spec. */
  async function serve(name: string): Promise<http.Server> {
    const server = http.createServer((request, response) => {
      if (request.url === '/wait') {
        response.write('begun ');
        waiting.push(response);
      } else response.end(`${name} ${request.method} ${request.url}`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  /** Writes a certificate to the files `NAME.key` and `NAME.cert`. */
  function certificate(name: string, ...hosts: string[]): void {
    const made = makeCertificate([...hosts]);
    writeFileSync(join(folder, `${name}.key`), made.key);
    writeFileSync(join(folder, `${name}.cert`), made.cert);
  }

  function config(name: string, value: object): string {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  }

  async function start(...args: string[]): Promise<Daemon> {
    const started = await daemon('spdyproxy', args);
    daemons.push(started);
    return started;
  }

  function get(port: number, path: string, servername = 'first.example'): http.ClientRequest {
    const options = { host: '127.0.0.1', port, path, servername, rejectUnauthorized: false };
    return https.get({ ...options, agent: false });
  }

  async function textOf(request: http.ClientRequest): Promise<string> {
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  }

  async function nameShown(port: number, servername: string): Promise<string | undefined> {
    const socket: TLSSocket = tlsConnect({
      host: '127.0.0.1',
      port,
      servername,
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const { subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  }

  it('passes SPDY and HTTP/1.1 on, with a certificate made just now', async () => {
    const proxy = await start('-b', back, '0');
    await proxy.until(/ {2}to http\/1\.1\+http:/);
    expect(proxy.log()).to.include(`to http/1.1+${back}`);
    for (const option of ['-2', '-3', '--spdy3-1']) {
      const { text } = await spdycat(['-k', option, `${proxy.origin}/a`]);
      expect(text, option).to.equal('one GET /a');
    }
    expect(await textOf(get(proxy.port, '/b'))).to.equal('one GET /b');
    expect(await proxy.end()).to.equal(0);
  });

  it('--client lets clients of HTTP/1.1 reach a server that speaks SPDY alone', async () => {
    const server = await daemon('spdyd', ['-d', folder, '--no-tls', '--spdy3-1', '0']);
    daemons.push(server);
    writeFileSync(join(folder, 'page.txt'), 'page');
    const proxy = await start('--client', '-b', server.origin, '0');
    const response = await textOf(http.get(`${proxy.origin}/page.txt`));
    expect(response).to.equal('page');
    expect(await proxy.end()).to.equal(0);
  });

  it('takes signals from when it says that it listens', async () => {
    const taken = await signalsWhenListening('spdyproxy', ['-b', back, '0']);
    expect(taken).to.deep.equal(['SIGHUP', 'SIGINT', 'SIGTERM']);
  });

  it('waits for requests at SIGTERM, and for nothing at the second one', async () => {
    const proxy = await start('-b', back, '0');
    const request = get(proxy.port, '/wait');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    await once(response.setEncoding('utf8'), 'data');
    const ended = proxy.end('SIGTERM');
    waiting.pop()?.end('ended');
    let rest = '';
    for await (const chunk of response) rest += chunk;
    expect(rest).to.equal('ended');
    expect(await ended).to.equal(0);

    const other = await start('-b', back, '0');
    const lost = get(other.port, '/wait');
    const [cut] = (await once(lost, 'response')) as [http.IncomingMessage];
    cut.on('error', () => {});
    other.signal('SIGTERM');
    const over = new Promise((resolve) => cut.once('close', resolve));
    // The first signal has been taken when it does not listen any more.
    while (await listens(other.port));
    other.signal('SIGTERM');
    await over;
    expect(await other.ended()).to.equal(0);
  });

  it('SIGHUP: certificates, backs and fronts are read again, and requests go on', async () => {
    const second = await serve('two');
    const { port: secondPort } = second.address() as AddressInfo;
    const certificates = ['first', 'second'].map((name) => ({
      key: `${name}.key`,
      cert: `${name}.cert`,
    }));
    const front = { port: 0, host: '127.0.0.1', certificates };
    const file = config('proxy.json', { fronts: [front], backs: [back] });
    const proxy = await start('--config', file);
    expect(await nameShown(proxy.port, 'first.example')).to.equal('DNS:first.example');
    expect(await nameShown(proxy.port, 'second.example')).to.equal('DNS:second.example');
    expect(await nameShown(proxy.port, 'other.example')).to.equal('DNS:first.example');
    const request = get(proxy.port, '/wait');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    await once(response.setEncoding('utf8'), 'data');

    certificate('first', 'first.example', 'new.example');
    config('proxy.json', { fronts: [front], backs: [`http://127.0.0.1:${secondPort}`] });
    proxy.signal('SIGHUP');
    await proxy.until(/Reloaded/);
    expect(await nameShown(proxy.port, 'new.example')).to.match(/DNS:new\.example/);
    expect(await nameShown(proxy.port, 'other.example')).to.match(/DNS:new\.example/);
    expect(await textOf(get(proxy.port, '/a'))).to.equal('two GET /a');
    waiting.pop()?.end('ended');
    let rest = '';
    for await (const chunk of response) rest += chunk;
    expect(rest).to.equal('ended');

    writeFileSync(file, '{');
    proxy.signal('SIGHUP');
    await proxy.until(/not reloaded: .*proxy\.json is no JSON/);
    expect(await textOf(get(proxy.port, '/b'))).to.equal('two GET /b');
    expect(await proxy.end()).to.equal(0);
    second.close();
    second.closeAllConnections();
  });

  it('writes access logs, which can be moved away', async () => {
    const log = join(folder, 'access.log');
    const proxy = await start('-b', back, '--access-log', log, '--log-format', 'json', '0');
    await spdycat(['-k', `${proxy.origin}/a"b`]);
    while (!readFileSync(log, 'utf8').includes('\n'))
      await new Promise((done) => setImmediate(done));
    const entry = JSON.parse(readFileSync(log, 'utf8'));
    expect(entry).to.include({
      address: '127.0.0.1',
      protocol: 'spdy/3.1',
      method: 'GET',
      url: '/a%22b',
      status: 200,
      complete: true,
      back: `http/1.1+${back}`,
      tries: 1,
      error: null,
    });
    renameSync(log, `${log}.1`);
    proxy.signal('SIGHUP');
    await proxy.until(/Reloaded/);
    await spdycat(['-k', `${proxy.origin}/c`]);
    expect(await proxy.end()).to.equal(0);
    expect(JSON.parse(readFileSync(log, 'utf8')).url).to.equal('/c');
  });

  it('tells its health and what it has measured', async () => {
    const proxy = await start('-b', back, '--admin', '0', '--json', '0');
    await proxy.until(/"admin"/);
    const { admin } = JSON.parse(/^\{"admin".*$/m.exec(proxy.log())?.[0] ?? '{}');
    await spdycat(['-k', `${proxy.origin}/`]);
    expect(await textOf(http.get(`${admin}healthz`))).to.equal('ok\n');
    const metrics = await textOf(http.get(`${admin}metrics`));
    expect(metrics).to.include('spdyproxy_requests_total{protocol="spdy/3.1",status="200"} 1');
    expect(metrics).to.include(`spdyproxy_back_in_service{back="http/1.1+${back}"} 1`);
    expect(
      (await statusOf(`${admin}other`)) * 1000 + (await statusOf(`${admin}healthz`, 'POST')),
    ).to.equal(404_405);
    expect(await proxy.end()).to.equal(0);
  });

  function listens(port: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', () => resolve(false));
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
  }

  async function statusOf(url: string, method = 'GET'): Promise<number> {
    const [response] = await once(http.request(url, { method }).end(), 'response');
    response.resume();
    return response.statusCode;
  }

  it('--workers: several processes, with one set of measurements', async () => {
    const proxy = await start('-b', back, '--workers', '2', '--admin', '0', '--json', '0');
    await proxy.until(/"admin"/);
    const { admin } = JSON.parse(/^\{"admin".*$/m.exec(proxy.log())?.[0] ?? '{}');
    for (let i = 0; i < 4; i++) expect(await textOf(get(proxy.port, '/a'))).to.equal('one GET /a');
    const metrics = await textOf(http.get(`${admin}metrics`));
    expect(metrics).to.include('spdyproxy_requests_total{protocol="http/1.1",status="200"} 4');
    proxy.signal('SIGHUP');
    await proxy.until(/"reloaded":true/);
    expect(await textOf(get(proxy.port, '/b'))).to.equal('one GET /b');
    expect(await proxy.end()).to.equal(0);
  });

  it('--check reads a configuration and tells what is wrong with it', async () => {
    const fronts = [{ port: 0, tls: false, sniff: true }];
    const good = config('good.json', { fronts, backs: [back] });
    expect(await run('spdyproxy', ['--config', good, '--check'])).to.include({
      status: 0,
      text: 'The configuration is valid\n',
    });
    const yaml = join(folder, 'good.yaml');
    writeFileSync(yaml, `fronts: [{ port: 0, tls: false, sniff: true }]\nbacks: ["${back}"]\n`);
    expect(await run('spdyproxy', ['--config', yaml, '--check'])).to.include({ status: 0 });
    const pair = { key: 'none.key', cert: 'none.cert' };
    for (const [value, message] of [
      [{ backs: [back] }, /fronts: at least one/],
      [{ fronts, backs: [] }, /backs: at least one/],
      [{ fronts, backs: [back], stiky: 'x' }, /did you mean sticky/],
      [{ fronts: [{ prot: 0 }], backs: [back] }, /did you mean port/],
      [{ fronts: [{ port: 0, certificates: [pair] }], backs: [back] }, /none\.key/],
      [{ fronts, backs: [{ url: 'ftp://a' }] }, /http or https/],
      [{ fronts, backs: [back], workers: -1 }, /workers/],
      [{ fronts: [{ port: 65536, tls: false }], backs: [back] }, /port/],
      [{ fronts: [{ port: '80', tls: false }], backs: [back] }, /port/],
      [{ fronts: [{ port: 80, tls: 'no' }], backs: [back] }, /tls must be true or false/],
      [{ fronts: [{ port: 80 }, { port: 80 }], backs: [back] }, /two fronts listen at 80/],
      [{ fronts, backs: [back], admin: 9100 }, /admin: an object/],
      [{ fronts, backs: [back], accessLog: { file: '-', format: 'x' } }, /one of common/],
      [{ fronts: [{ inherited: 0 }], backs: [back] }, /LISTEN_FDS/],
    ] as const) {
      const { status, stderr } = await run('spdyproxy', [
        '--config',
        config('bad.json', value),
        '--check',
      ]);
      expect(stderr).to.match(message);
      expect(status).to.equal(64);
    }
  }).timeout(120_000);

  it('ends with status 1, and says why once, when a port is taken', async () => {
    const taken = String((application.address() as AddressInfo).port);
    for (const args of [
      [taken],
      ['--workers', '2', taken],
      ['--admin', taken, '0'],
      ['--admin', taken, '--workers', '2', '0'],
    ]) {
      const { status, stderr } = await run('spdyproxy', ['-b', back, ...args]);
      expect(status).to.equal(1);
      expect(stderr).to.match(/^spdyproxy: [^\n]*EADDRINUSE[^\n]*\n$/);
    }
  });

  it('refuses a command line that makes no sense', async () => {
    for (const [args, message] of [
      [['0'], /which server/],
      [['-b', back], /which PORT/],
      [['-b', 'x', '0'], /http or https/],
      [['-b', back, '0', 'key.pem'], /needs a CERT/],
      [['-b', back, '--no-tls', '0', 'a', 'b'], /no use for a certificate/],
      [['-b', back, '--x-forwarded', 'x', '0'], /append, replace/],
      [['-b', back, '--log-format', 'x', '--access-log', '-', '0'], /common, combined, json/],
      [['-b', back, 'systemd'], /LISTEN_FDS/],
      [['--config', 'x', '-b', back], /--back has no place/],
      [['--config', join(folder, 'missing.json')], /ENOENT/],
    ] as const) {
      const { status, stderr } = await run('spdyproxy', args);
      expect(stderr).to.match(message);
      expect(status).to.equal(64);
    }
  }).timeout(120_000);

  it('prints the schema of its configuration, and a help that fits a screen', async () => {
    const { text } = await run('spdyproxy', ['--schema']);
    expect(JSON.parse(text)).to.include({ type: 'object', title: 'spdyproxy' });
    const help = await run('spdyproxy', ['--help']);
    const lines = help.text.split('\n');
    expect(lines.length).to.be.below(25);
    for (const line of lines) expect(line.length).to.be.below(81);
  });
});
