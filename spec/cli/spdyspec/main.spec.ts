import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { UsageError } from '../../../lib/cli/arguments.ts';
import { parseSpdyspecOptions, type SpdyspecOptions } from '../../../lib/cli/spdyspec/options.ts';
import {
  type Daemon,
  makeFolder,
  programFile,
  removeFolder,
  run,
  spdyd,
} from '../support/programs.ts';

describe('spdyspec', () => {
  let folder: string;
  let daemon: Daemon;
  let place: string;
  /** A server that answers nothing. */
  let mute: string;
  let silent: net.Server;

  before(async () => {
    folder = makeFolder({ 'index.html': 'x'.repeat(1000) });
    daemon = await spdyd(['--no-tls', '--spdy3-1', '--echo', '-d', folder, '0']);
    place = `127.0.0.1:${daemon.port}`;
    silent = net.createServer((socket) => socket.on('error', () => {}).resume());
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    mute = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  });

  after(async () => {
    silent.close();
    await daemon.end();
    removeFolder(folder);
  });

  const spec = (...args: string[]): ReturnType<typeof run> =>
    run('spdyspec', args, { cwd: folder });

  it('tells what a server does, test by test', async () => {
    const { status, text, stderr } = await spec(place, '-p', 'spdy/3.1', 'ping', 'goaway/1');
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(text.split('\n')).to.deep.equal([
      'spdy/3.1',
      '  ok   ping/1       A PING is answered with its own id (SPDY/3 2.6.5, must)',
      '  ok   ping/2       Each of many is answered, in their order (SPDY/3 2.6.5, must)',
      '  ok   ping/3       A PING of the parity of the other side is not answered (SPDY/3 2.6.5, must)',
      '  ok   ping/4       PING of another length than 4 ends the session (SPDY/3 2.6.5, must)',
      '  ok   goaway/1     What is open when GOAWAY comes is answered (SPDY/3 2.6.6, must)',
      '',
      '5 tests: 5 passed, 0 failed (0 of what it must do), 0 skipped',
      '',
    ]);
  });

  it('tells what was expected, what came, and with -v what was sent', async () => {
    const { status, text } = await spec(mute, '-v', '-p', 'spdy/2', '-o', '0.3', 'streams/1');
    expect(status).to.equal(1);
    expect(text).to.match(
      /\n {2}FAIL streams\/1 .*\n {7}expected: a complete answer to stream 1\n/,
    );
    expect(text).to.match(/\n {7}got: {6}.*\n {7}sent: 80020001/);
  });

  it('counts what is not demanded with --strict only', async () => {
    const args = [mute, '-p', 'spdy/2', '-o', '0.3', '-l', 'should', 'streams/9'];
    expect((await spec(...args)).status).to.equal(0);
    expect((await spec('-S', ...args)).status).to.equal(1);
  });

  it('has its results as JSON and as JUnit wants them', async () => {
    const args = ['--json', '-j', 'out.xml', place, '-p', 'spdy/3.1', 'ping/1'];
    const { text } = await spec(...args);
    expect(JSON.parse(text)).to.include({ id: 'ping/1', outcome: 'passed', version: 'spdy/3.1' });
    const xml = readFileSync(join(folder, 'out.xml'), 'utf8');
    expect(xml).to.contain('<testsuite name="spdy/3.1" tests="1" failures="0" skipped="0">');
  });

  it('says once what there is instead of SPDY', async () => {
    const http = createServer();
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const { port } = http.address() as AddressInfo;
    const { status, text, stderr } = await spec(`127.0.0.1:${port}`, '-j', 'none.xml');
    http.close();
    expect([status, text, stderr]).to.deep.equal([
      1,
      '',
      'spdyspec: the server speaks HTTP/1.1: HTTP/1.1 400 Bad Request, not SPDY\n',
    ]);
    expect(readFileSync(join(folder, 'none.xml'), 'utf8')).to.contain('<testsuites>');
  });

  it('has passed nothing when no version was chosen', async () => {
    const other = await spdyd(['--spdy3', '-d', folder, '0']);
    const args = ['--tls', '-k', `127.0.0.1:${other.port}`, '-p', 'spdy/2', 'ping'];
    const { status, text } = await spec(...args);
    expect(text).to.contain('1 test: 0 passed, 0 failed (0 of what it must do), 1 skipped');
    expect(status).to.equal(1);
    expect((await spec(...args, '-p', 'spdy/3')).status).to.equal(0);
    await other.end();
  });

  it('lists its tests', async () => {
    const { text } = await spec('-n', 'ping');
    expect(text.split('\n')).to.have.lengthOf(5);
    const clients = await spec('-n', '--listen', '0');
    expect(clients.text).to.match(/^client\/1 {5}Its streams have odd ids/);
  });

  it('tests a client', async () => {
    const client = `${process.execPath} ${programFile('spdycat')} --no-tls --spdy3-1 -n {url}`;
    const args = ['--listen', '0', '--exec', client, '-o', '20', '-p', 'spdy/3.1'];
    const { status, text } = await spec(...args, 'client/1', 'client/5');
    expect(text).to.contain('2 tests: 2 passed, 0 failed');
    expect(status).to.equal(0);
  });

  it('ends clients that do not end when their test has', async () => {
    const client = `${process.execPath} ${programFile('spdycat')} --no-tls --spdy3-1 -n {url}; sleep 600`;
    const args = ['--listen', '0', '--exec', client, '-o', '20', '-p', 'spdy/3.1', 'client/1'];
    const { status, text } = await spec(...args);
    expect([status, text]).to.deep.equal([
      0,
      `spdy/3.1
  ok   client/1     Its streams have odd ids, and no associated stream (SPDY/3 2.3.2, must)

1 test: 1 passed, 0 failed (0 of what it must do), 0 skipped
`,
    ]);
  });

  it('says what makes no sense', async () => {
    const parsed = (...args: string[]): SpdyspecOptions =>
      parseSpdyspecOptions(args) as SpdyspecOptions;
    expect(parsed('[::1]:80', 'ping')).to.deep.include({
      target: { host: '::1', port: 80 },
      only: ['ping'],
    });
    expect(parsed('unix:/run/a', 'ping')).to.deep.include({
      target: { socketPath: '/run/a' },
      only: ['ping'],
    });
    for (const [args, message] of [
      [[], /which server/],
      [['a:0'], /which server/],
      [['a:1', '-p', 'spdy/4'], /--protocol takes/],
      [['a:1', '-l', 'may'], /--level takes/],
      [['--listen', '0'], /--listen needs --exec/],
      [['a:1', '--exec', 'x'], /--exec needs --listen/],
      [['a:1', '--api', 'http://a/'], /--api needs --listen/],
    ] as const)
      expect(() => parseSpdyspecOptions(args)).to.throw(UsageError, message);
    const unknown = await spec(place, 'pong');
    expect([unknown.status, unknown.stderr]).to.deep.equal([
      64,
      "spdyspec: there is no test 'pong', did you mean ping?\nTry 'spdyspec --help'.\n",
    ]);
    const unlisted = await spec('-n', 'pong');
    expect([unlisted.status, unlisted.text]).to.deep.equal([64, '']);
    const api = await spec('--listen', '0', '--exec', 'true', '--api', 'a');
    expect([api.status, api.stderr.split('\n')[0]]).to.deep.equal([
      64,
      "spdyspec: api must be a URL of http:, got 'a'",
    ]);
    const elsewhere = await spec('192.0.2.1:80', '--hostile');
    expect(elsewhere.stderr).to.contain('--hostile is for this machine');
  });
});
