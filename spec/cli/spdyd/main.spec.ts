import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import {
  type Daemon,
  makeFolder,
  program,
  removeFolder,
  run,
  signalsWhenListening,
  spdycat,
  spdyd,
} from '../support/programs.ts';

describe('spdyd', () => {
  let folder: string;
  let www: string;
  const certificate = makeCertificate();
  const daemons: Daemon[] = [];

  before(() => {
    folder = makeFolder({
      'secret.txt': 'secret',
      'key.pem': certificate.key,
      'cert.pem': certificate.cert,
      'www/index.html': '<link rel=stylesheet href=/style.css>',
      'www/style.css': 'body {}',
      'www/logo.png': Buffer.alloc(200_000, 7),
      'www/sub/index.html': 'sub',
    });
    www = join(folder, 'www');
    symlinkSync(join(folder, 'secret.txt'), join(www, 'leak.txt'));
  });

  after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.end('SIGKILL')));
    removeFolder(folder);
  });

  async function serve(...args: string[]): Promise<Daemon> {
    const daemon = await spdyd(['-d', www, ...args]);
    daemons.push(daemon);
    return daemon;
  }

  it('serves a folder over all versions and HTTP/1.1, with a certificate made just now', async () => {
    const daemon = await serve('0');
    expect(daemon.log()).to.match(
      /^Made a certificate for a day \(clients need -k\), SHA-256 \w\w:/,
    );
    expect(daemon.log()).to.include(`Serving ${www} at https://127.0.0.1:${daemon.port}/`);
    for (const option of ['-2', '-3', '--spdy3-1']) {
      const { status, stdout } = await spdycat(['-k', option, `${daemon.origin}/logo.png`]);
      expect([status, stdout.equals(Buffer.alloc(200_000, 7))], option).to.deep.equal([0, true]);
    }
    const { body, headers } = await overHttp1(daemon, '/style.css');
    expect([body, headers['content-type']]).to.deep.equal(['body {}', 'text/css; charset=utf-8']);
    expect(await daemon.end()).to.equal(0);
  });

  it('--trace writes what happens in all sessions to a file', async () => {
    const file = join(folder, 'trace.jsonl');
    const daemon = await serve('--trace', file, '0');
    for (let i = 0; i < 2; i++) await spdycat(['-kn', `${daemon.origin}/logo.png`]);
    expect(await daemon.end()).to.equal(0);
    const events = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const begins = events.filter(({ event }) => event === 'begin');
    expect(begins.map(({ session, side }) => [session, side])).to.deep.equal([
      [1, 'server'],
      [2, 'server'],
    ]);
    expect(events.filter(({ event }) => event === 'end')).to.have.length(2);
  });

  it('answers ranges, conditions and redirects, and lets nothing escape', async () => {
    const daemon = await serve('0');
    const ask = (path: string, headers = {}): Promise<Answer> => overHttp1(daemon, path, headers);
    const { etag } = (await ask('/style.css')).headers;
    const [part, unchanged, redirect, page] = await Promise.all([
      ask('/style.css', { range: 'bytes=1-3' }),
      ask('/style.css', { 'if-none-match': etag }),
      ask('/sub'),
      ask('/none'),
    ]);
    expect([part.status, part.body]).to.deep.equal([206, 'ody']);
    expect([unchanged.status, unchanged.body]).to.deep.equal([304, '']);
    expect([redirect.status, redirect.headers.location]).to.deep.equal([301, '/sub/']);
    expect([page.status, page.body.includes('<address>spdyd spdylay/')]).to.deep.equal([404, true]);
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2Fsecret.txt', '/leak.txt']) {
      expect((await ask(path)).status, path).to.equal(404);
      const over = ['-kf', '-H', `:path: ${path}`, `${daemon.origin}/`];
      if (path.startsWith('/%')) expect((await spdycat(over)).status, path).to.equal(1);
    }
    await daemon.end();
  });

  it('pushes what it was told to, before the reply', async () => {
    const daemon = await serve('--push', '/=/style.css,/logo.png,/none,/leak.txt', '0');
    for (const option of ['-2', '--spdy3-1']) {
      const { text, stderr } = await spdycat(['-kas', option, `${daemon.origin}/`]);
      expect(text).to.equal('<link rel=stylesheet href=/style.css>');
      const heads = stderr.match(/^#\d+: .*/gm) ?? [];
      expect(heads, option).to.have.lengthOf(3);
      expect(heads[1]).to.match(/\/style\.css \(pushed\)$/);
      expect(heads[2]).to.match(/\/logo\.png \(pushed\)$/);
    }
    expect((await overHttp1(daemon, '/')).body).to.include('stylesheet');
    await daemon.end();
  });

  it('-v logs connections and frames with the number of the connection', async () => {
    const daemon = await serve('-v', '0');
    await spdycat(['-k', `${daemon.origin}/style.css`]);
    await overHttp1(daemon, '/style.css');
    await daemon.end();
    const log = daemon.log();
    expect(log).to.match(
      /\n\[id=1\] \[ +\d+\.\d{3}\] connection of 127\.0\.0\.1 port \d+: spdy\/3\.1\n/,
    );
    expect(log).to.match(
      /\n\[id=1\] \[ +\d+\.\d{3}\] send SETTINGS frame <version=3, flags=0, length=12>\n {10}\(niv=1\)\n {10}\[4\(0\):100\]\n/,
    );
    expect(log.indexOf('send SETTINGS')).to.be.lessThan(log.indexOf('send SYN_REPLY'));
    expect(log).to.match(/\n\[id=1\] \[ +\d+\.\d{3}\] recv SYN_STREAM frame /);
    expect(log).to.match(/\n\[id=1\] .* stream_id=1 closed\n/);
    expect(log).to.match(/\n\[id=1\] .* closed\n/);
    expect(log).to.match(/\n\[id=2\] .* http\/1\.1 GET \/style\.css 200\n/);
  });

  it('-3 is the only version then, with TLS and without', async () => {
    const [secure, plain] = await Promise.all([serve('-3', '0'), serve('--no-tls', '-3', '0')]);
    const [own, other, bare] = await Promise.all([
      spdycat(['-k', `${secure.origin}/style.css`]),
      spdycat(['-k', '-2', `${secure.origin}/style.css`]),
      spdycat(['--no-tls', '-3', `${plain.origin}/style.css`]),
    ]);
    expect([own.status, own.text]).to.deep.equal([0, 'body {}']);
    expect([other.status, other.text]).to.deep.equal([1, '']);
    expect([bare.status, bare.text]).to.deep.equal([0, 'body {}']);
    await Promise.all([secure.end(), plain.end()]);
  });

  it('takes a key and a certificate, and -V demands one of clients', async () => {
    const files = [join(folder, 'key.pem'), join(folder, 'cert.pem')] as const;
    const daemon = await serve('-V', '0', ...files);
    expect(daemon.log()).to.not.include('Made a certificate');
    const ca = ['--cacert', files[1]];
    const nobody = await spdycat([...ca, '-t', '5', `${daemon.origin}/style.css`]);
    expect([nobody.status, nobody.text]).to.deep.equal([1, '']);
    const somebody = ['--key', files[0], '--cert', files[1]];
    const known = await spdycat([...ca, ...somebody, `${daemon.origin}/style.css`]);
    expect([known.status, known.text]).to.deep.equal([0, 'body {}']);
    await daemon.end();
  });

  it('takes certificates for several names, the first one for all others', async () => {
    const second = makeCertificate(['b.example', '*.c.example']);
    const nameless = makeCertificate(['127.0.0.2']);
    for (const [name, text] of Object.entries({
      'b.key': second.key,
      'b.crt': second.cert,
      'n.key': nameless.key,
      'n.crt': nameless.cert,
    })) {
      writeFileSync(join(folder, name), text);
    }
    const file = (name: string): string => join(folder, name);
    const first = [file('key.pem'), file('cert.pem')];
    const daemon = await serve('0', ...first, file('b.key'), file('b.crt'));
    for (const [name, cert] of [
      ['b.example', second.cert],
      ['x.c.example', second.cert],
      ['else.example', certificate.cert],
      [undefined, certificate.cert],
    ] as const) {
      const raw = await certificateSeen(daemon.port, name);
      expect(raw, name).to.equal(new X509Certificate(cert).fingerprint256);
    }
    await daemon.end();
    const wrong = await run('spdyd', ['0', ...first, file('n.key'), file('n.crt')]);
    expect([wrong.status, wrong.stderr]).to.deep.equal([
      64,
      `spdyd: ${file('n.crt')} is for no name that a client could ask for\nTry 'spdyd --help'.\n`,
    ]);
    const mixed = await run('spdyd', ['0', file('key.pem'), file('b.crt')]);
    expect([mixed.status, mixed.stderr.includes(file('b.crt'))]).to.deep.equal([64, true]);
  });

  it('--max-streams and --window-bits are what it announces', async () => {
    const daemon = await serve('--max-streams', '7', '--window-bits', '21', '0');
    const { stderr } = await spdycat(['-kvn', `${daemon.origin}/style.css`]);
    expect(stderr).to.match(
      /recv SETTINGS .*\n {10}\(niv=2\)\n {10}\[4\(0\):7\]\n {10}\[7\(0\):2097152\]/,
    );
    expect(stderr).to.match(
      /recv WINDOW_UPDATE .*\n {10}\(stream_id=0, delta_window_size=2031616\)/,
    );
    await daemon.end();
  });

  it('--echo gives bodies back, --delay lets answers wait', async () => {
    const daemon = await serve('--echo', '--delay', '300', '0');
    const body = randomBytes(300_000);
    const begun = performance.now();
    const overSpdy = spdycat(['-k', '--data-file', '-', `${daemon.origin}/any`], { input: body });
    const overHttp = overHttp1(daemon, '/style.css');
    expect((await overSpdy).stdout.equals(body)).to.equal(true);
    expect((await overHttp).body).to.equal('body {}');
    expect(performance.now() - begun).to.be.above(295);
    await daemon.end();
  });

  it('--spa, --cors and --compress are those of serveFiles()', async () => {
    const daemon = await serve('--spa', '--cors', '--compress', '0');
    const { status, headers, body } = await overHttp1(daemon, '/some/route');
    expect([status, body.includes('stylesheet')]).to.deep.equal([200, true]);
    expect(headers['access-control-allow-origin']).to.equal('*');
    writeFileSync(join(www, 'long.css'), 'body {}\n'.repeat(1000));
    const { stderr, text } = await spdycat(['-kv', `${daemon.origin}/long.css`]);
    expect(stderr).to.include('content-encoding: br');
    expect(text).to.equal('body {}\n'.repeat(1000));
    await daemon.end();
  });

  it('--access-log writes a line for each answer', async () => {
    const file = join(folder, 'access.log');
    const daemon = await serve('--access-log', file, '--echo', '0');
    await spdycat(['-kn', '-H', 'referer: a"b', `${daemon.origin}/style.css`]);
    await spdycat(['-kn', '-3', '--data-file', '-', `${daemon.origin}/p`], { input: 'posted' });
    await overHttp1(daemon, '/logo.png');
    await overHttp1(daemon, '/none');
    expect(await daemon.end()).to.equal(0);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const agent = '"spdylay/[^"]+"';
    for (const [at, expected] of [
      `"GET /style.css spdy/3.1" 200 7 "a\\\\x22b" ${agent}`,
      `"POST /p spdy/3" 200 6 "-" ${agent}`,
      `"GET /logo.png http/1.1" 200 200000 "-" "-"`,
      `"GET /none http/1.1" 404 \\d+ "-" "-"`,
    ].entries()) {
      const time = '\\[\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d \\+0000\\]';
      expect(lines[at]).to.match(new RegExp(`^127\\.0\\.0\\.1 - - ${time} ${expected}$`));
    }
    expect(lines).to.have.lengthOf(4);
  });

  it('--access-log - with --json writes objects to standard output', async () => {
    const daemon = await serve('--json', '--access-log', '-', '0');
    await spdycat(['-kn', `${daemon.origin}/style.css`]);
    await daemon.end();
    const [, line = ''] = daemon.log().split('\n');
    const { time, milliseconds, agent, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect([Date.parse(time as string) > 0, typeof milliseconds, typeof agent]).to.deep.equal([
      ...[true, 'number', 'string'],
    ]);
    expect(rest).to.deep.equal({
      ...{ address: '127.0.0.1', protocol: 'spdy/3.1', method: 'GET', url: '/style.css' },
      ...{ referer: null, status: 200, bytes: 7, complete: true },
    });
    const wrong = await run('spdyd', ['--access-log', '/nonexistent/log', '0']);
    expect([wrong.status, wrong.stderr.startsWith('spdyd: --access-log: ENOENT')]).to.deep.equal([
      ...[64, true],
    ]);
  });

  it('exits with 0 after signals, whatever clients have left behind', async () => {
    const daemon = await serve('--echo', '0');
    const plain = connect(daemon.port, '127.0.0.1').on('error', () => {});
    await once(plain, 'connect');
    const sockets: Socket[] = [plain];
    for (const [protocol, text] of [
      ['http/1.1', 'GET / HTTP/1.1\r\nHost: x\r\n'],
      ['http/1.1', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na'],
      ['spdy/3.1', '\x80\x03\x00\x01\x00'],
      ['spdy/3.1', ''],
      ['nonsense', ''],
    ] as const) {
      const options = { port: daemon.port, host: '127.0.0.1', rejectUnauthorized: false };
      const socket = tlsConnect({ ...options, ALPNProtocols: [protocol] }).on('error', () => {});
      sockets.push(socket);
      await new Promise<void>((settled) => {
        socket.once('secureConnect', settled).once('close', settled);
      });
      socket.write(text);
    }
    const first = daemon.end();
    const second = daemon.end();
    expect(await Promise.all([first, second])).to.deep.equal([0, 0]);
    for (const socket of sockets) socket.destroy();
  });

  it('takes signals from when it says that it listens', async () => {
    expect(await signalsWhenListening('spdyd', ['0'])).to.deep.equal(['SIGINT', 'SIGTERM']);
  });

  it('ends in order: what is under way is finished', async () => {
    const daemon = await serve('0');
    let ended: Promise<number | null> | null = null;
    const length = await new Promise<number>((resolve, reject) => {
      https.get(`${daemon.origin}/logo.png`, { rejectUnauthorized: false }, (response) => {
        let bytes = 0;
        ended = daemon.end();
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('error', reject);
        response.on('end', () => resolve(bytes));
      });
    });
    expect(length).to.equal(200_000);
    expect(await ended).to.equal(0);
  });

  it('--json tells where it listens, and logs, as JSON', async () => {
    const daemon = await serve('--json', '-v', '0');
    await spdycat(['-k', `${daemon.origin}/style.css`]);
    await daemon.end('SIGINT');
    const lines = daemon
      .log()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).to.deep.equal({
      listening: `${daemon.origin}/`,
      port: daemon.port,
      protocols: ['spdy/3.1', 'spdy/3', 'spdy/2', 'http/1.1'],
    });
    expect(
      lines.some(({ type, direction }) => type === 'SYN_REPLY' && direction === 'send'),
    ).to.equal(true);
  });

  it('listens at a unix socket', async () => {
    const path = join(folder, 'spdyd.sock');
    const server = program('spdyd', ['--no-tls', '--spdy3-1', '--json', `unix:${path}`]);
    await server.until(/"listening"/);
    expect(JSON.parse(server.log())).to.deep.equal({
      listening: `http+unix:${path}`,
      protocols: ['spdy/3.1'],
    });
    const { status } = await spdycat(['--spdy3-1', '--unix-socket', path, 'http://a/']);
    expect(status).to.equal(0);
    expect(await server.end()).to.equal(0);
    expect(existsSync(path)).to.equal(false);
  });

  it('tells wrong usage and a port that is taken', async () => {
    const none = await run('spdyd', ['-d', '/nonexistent', '0']);
    expect(none.status).to.equal(64);
    expect(none.stderr).to.match(/^spdyd: --htdocs: ENOENT.*\nTry 'spdyd --help'\.\n$/);
    const daemon = await serve('0');
    const taken = await run('spdyd', [String(daemon.port)]);
    expect([taken.status, taken.stderr.includes('EADDRINUSE')]).to.deep.equal([1, true]);
    await daemon.end();
  });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The fingerprint of the certificate that a client gets when it asks for this name. */
async function certificateSeen(port: number, servername?: string): Promise<string> {
  const name = servername === undefined ? {} : { servername };
  const socket: TLSSocket = tlsConnect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...name,
  });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

/** A request with the path exactly as it is. */
function overHttp1(daemon: Daemon, path: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = daemon;
    const options = { host: '127.0.0.1', port, path, headers, rejectUnauthorized: false };
    const request = https.get({ ...options, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode as number, headers: response.headers, body }),
      );
    });
    request.on('error', reject);
  });
}
