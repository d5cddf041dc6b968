import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { expect } from 'chai';
import {
  type Certificate,
  makeCertificate,
} from '../../../lib/http/server/connection/certificate.ts';
import type { SpdyRequest } from '../../../lib/http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../lib/http/server/exchange/response.ts';
import { createServer, type SpdyServer } from '../../../lib/http/server/server.ts';
import { DEAD_PORT } from '../../support/dead-port.ts';
import { makeFolder, removeFolder, spdycat, start } from '../support/programs.ts';

const PAGE = `<!doctype html><link rel="stylesheet" href="/a.css"><link rel="SHORTCUT ICON" href="i.ico">
  <link rel="next" href="/next"><script src="s.js"></script><img src="/sub/../p.png#x"><img src="p.png">
  <img src="https://elsewhere.example/x.png"><img src="//elsewhere.example/y.png"><img><script>0</script>`;

/** A line of `--json`, as far as these specs look into it. */
interface Line {
  readonly url: string;
  readonly timesMs: object;
  readonly error: object | null;
}

/** What the server of these specs answers. */
function answer(request: SpdyRequest, response: SpdyResponse): void {
  const { url = '/' } = request;
  const plain = Buffer.from('compressed text '.repeat(1000));
  if (url.startsWith('/bytes/')) {
    response.end(Buffer.alloc(Number(url.slice(7)), url.at(-2)));
  } else if (url === '/gzip') {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(zlib.gzipSync(plain));
  } else if (url === '/deflate') {
    response.writeHead(200, { 'content-encoding': 'deflate' }).end(zlib.deflateSync(plain));
  } else if (url === '/br') {
    response.writeHead(200, { 'content-encoding': 'br' }).end(zlib.brotliCompressSync(plain));
  } else if (url === '/badgzip') {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is no gzip');
  } else if (url === '/echo') {
    const head = `${request.method} ${request.headers['content-length'] ?? 'chunks'} `;
    response.write(head);
    request.pipe(response);
  } else if (url === '/headers') {
    response.end(JSON.stringify(request.headers));
  } else if (url.startsWith('/status/')) {
    response.writeHead(Number(url.slice(8))).end(`status ${url.slice(8)}`);
  } else if (url === '/reset') {
    response.destroy();
  } else if (url === '/half') {
    response.writeHead(200, { 'content-length': 10 });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  } else if (url.startsWith('/wait/')) {
    setTimeout(() => response.end(url), Number(url.slice(6)));
  } else if (url === '/never') {
    // The client gives up.
  } else if (url === '/page') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  } else if (url === '/push') {
    response.push?.('/pushed.txt', { 'content-type': 'text/plain' }).end('pushed');
    response.end('pushing');
  } else if (url === '/slowpush') {
    const push = response.push?.('/slow.txt');
    setTimeout(() => push?.end('slow'), 200);
    response.end('pushing');
  } else {
    response.end(`${request.method} ${url}`);
  }
}

describe('spdycat', () => {
  let certificate: Certificate;
  let server: SpdyServer;
  let origin: string;
  let folder: string;
  let sessions = 0;
  let plains: [string, string, SpdyServer][];

  function listening<T extends net.Server | SpdyServer>(each: T): Promise<number> {
    return new Promise((ready) => {
      each.listen(0, '127.0.0.1', () => ready((each.address() as AddressInfo).port));
    });
  }

  before(async () => {
    certificate = makeCertificate();
    server = createServer({ ...certificate, requestCert: true, rejectUnauthorized: false }, answer);
    server.on('session', () => sessions++);
    server.on('sessionError', () => {});
    origin = `https://127.0.0.1:${await listening(server)}`;
    plains = [];
    for (const [option, version] of [
      ['-2', 'spdy/2'],
      ['-3', 'spdy/3'],
      ['--spdy3-1', 'spdy/3.1'],
    ] as const) {
      const plain = createServer({ tls: false, version }, answer);
      plains.push([option, `http://127.0.0.1:${await listening(plain)}`, plain]);
    }
    folder = makeFolder({
      'ca.pem': certificate.cert,
      'key.pem': certificate.key,
      'data.txt': 'data',
    });
  });

  after(() => {
    for (const each of [server, ...plains.map(([, , plain]) => plain)]) {
      each.close();
      each.closeAllConnections();
    }
    removeFolder(folder);
  });

  it('writes the body, and nothing else, to standard output', async () => {
    const { status, text, stderr } = await spdycat(['-k', `${origin}/bytes/3000`]);
    expect([status, text, stderr]).to.deep.equal([0, '0'.repeat(3000), '']);
  });

  it('verifies certificates, unless -k or --cacert says otherwise', async () => {
    const refused = await spdycat([`${origin}/x`]);
    expect([refused.status, refused.text]).to.deep.equal([1, '']);
    expect(refused.stderr).to.match(/^spdycat: https:.*self-signed certificate.* \(-k /);
    const trusted = await spdycat(['--cacert', join(folder, 'ca.pem'), `${origin}/x`]);
    expect([trusted.status, trusted.text]).to.deep.equal([0, 'GET /x']);
    const named = ['--cacert', join(folder, 'ca.pem'), '-H', ':host: other.example', `${origin}/x`];
    const wrong = await spdycat(named);
    expect([wrong.status, wrong.stderr.includes('other.example')]).to.deep.equal([1, true]);
  });

  it('logs frames on standard error only, in the format of Spdylay', async () => {
    const { text, stderr } = await spdycat(['-k', '-v', `${origin}/x`]);
    expect(text).to.equal('GET /x');
    expect(stderr).to.match(/^\[ {2}\d\.\d{3}\] ALPN: this client offers\n {10}\* spdy\/3\.1\n/);
    expect(stderr).to.include('          the server chose spdy/3.1\n');
    expect(stderr).to.match(/\] Handshake complete\n/);
    expect(stderr).to.match(
      /\n\[ {2}\d\.\d{3}\] send SYN_STREAM frame <version=3, flags=1, length=\d\d+>\n {10}\(stream_id=1, assoc_stream_id=0, pri=3\)\n {10}:method: GET\n/,
    );
    expect(stderr).to.match(/recv SYN_REPLY frame <version=3, flags=0, length=\d+>\n/);
    expect(stderr).to.match(/recv DATA frame \(stream_id=1, flags=\d, length=6\)\n/);
    expect(stderr).to.match(/send GOAWAY frame <.*>\n {10}\(last_good_stream_id=0\)\n/);
    expect(stderr.includes('\x1b')).to.equal(false);
    expect((await spdycat(['-kvn', '--color', `${origin}/x`])).stderr).to.include(
      '\x1b[35mSYN_STREAM',
    );
  });

  for (const [option, name, version] of [
    ['-2', 'spdy/2', 2],
    ['-3', 'spdy/3', 3],
    ['--spdy3-1', 'spdy/3.1', 3],
  ] as const) {
    it(`${option} speaks ${name} only, with TLS and without`, async () => {
      const [, plain = ''] = plains.find(([each]) => each === option) ?? [];
      for (const url of [`${origin}/bytes/200000`, `${plain}/bytes/200000`]) {
        const tlsOptions = url.startsWith('https') ? ['-k'] : ['--no-tls'];
        const { status, text, stderr } = await spdycat([option, '-v', ...tlsOptions, url]);
        expect([status, text.length], url).to.deep.equal([0, 200_000]);
        expect(stderr).to.include(name);
        expect(stderr).to.include(`send SYN_STREAM frame <version=${version},`);
      }
    });
  }

  it('one connection for consecutive URIs of a server, bodies in their order', async () => {
    const former = sessions;
    const urls = ['/wait/150', '/bytes/300005', '/wait/1', '/bytes/100006'];
    const { status, text } = await spdycat(['-k', ...urls.map((path) => `${origin}${path}`)]);
    expect(status).to.equal(0);
    expect(text).to.equal(`/wait/150${'0'.repeat(300_005)}/wait/1${'0'.repeat(100_006)}`);
    expect(sessions).to.equal(former + 1);
  });

  it('-m requests each URI several times', async () => {
    const { text, stderr } = await spdycat(['-k', '-m', '12', `${origin}/a`, `${origin}/b`]);
    expect(text).to.equal('GET /a'.repeat(12) + 'GET /b'.repeat(12));
    expect(stderr).to.match(/^24 requests in [\d.]+ s: [\d.]+ a second, 0 failed; 24 x 200\n/);
    expect(stderr).to.match(/\ntime of a request \(ms\): least .*\nbodies: 144 bytes, .*\n$/);
  });

  it('counts failed servers in its exit status, and says why', async () => {
    const closed = `https://127.0.0.1:${DEAD_PORT}/`;
    const { status, text, stderr } = await spdycat([
      ...['-k', `${origin}/a`, `${origin}/reset`, closed, `${origin}/b`, `${origin}/status/500`],
    ]);
    expect([status, text]).to.deep.equal([2, 'GET /aGET /bstatus 500']);
    expect(stderr).to.include(`spdycat: ${origin}/reset: `);
    expect(stderr).to.include('1 of 2 requests failed');
    expect(stderr).to.match(/ECONNREFUSED/);
  });

  it('a body that breaks off is a failure', async () => {
    const { status, text, stderr } = await spdycat(['-k', `${origin}/half`]);
    expect([status, text]).to.deep.equal([1, 'half']);
    expect(stderr).to.match(/^spdycat: \S+\/half: \S/);
  });

  it('-f makes a failure of HTTP 400 and above, and leaves its body out', async () => {
    const { status, text, stderr } = await spdycat(['-kf', `${origin}/status/404`, `${origin}/x`]);
    expect([status, text]).to.deep.equal([1, 'GET /x']);
    expect(stderr).to.include('HTTP status 404 Not Found');
    expect((await spdycat(['-kf', `${origin}/status/304`])).status).to.equal(0);
  });

  it('wrong usage is status 64 with a hint', async () => {
    const { status, text, stderr } = await spdycat(['--nonsense']);
    expect([status, text]).to.deep.equal([64, '']);
    expect(stderr).to.equal("spdycat: Unknown option '--nonsense'\nTry 'spdycat --help'.\n");
  });

  it('--trace writes what happens in the sessions to a file', async () => {
    const file = join(folder, 'trace.jsonl');
    const { status } = await spdycat(['-kn', '--trace', file, `${origin}/a`]);
    expect(status).to.equal(0);
    const events = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).to.include({ event: 'begin', side: 'client' });
    expect(events.some(({ type }) => type === 'SYN_STREAM')).to.equal(true);
    expect(events.at(-1)).to.include({ event: 'end', error: null });
    const wrong = await spdycat(['-kn', '--trace', folder, `${origin}/a`]);
    expect(wrong.status).to.equal(64);
    expect(wrong.stderr).to.match(/^spdycat: --trace: EISDIR/);
  });

  it('--har writes all requests to a file, also those that fail', async () => {
    const file = join(folder, 'requests.har');
    const { status } = await spdycat(['-kn', '--har', file, `${origin}/a`, `${origin}/reset`]);
    expect(status).to.equal(1);
    const { log } = JSON.parse(readFileSync(file, 'utf8'));
    expect(log.version).to.equal('1.2');
    const [first, second] = log.entries;
    expect(first.request).to.include({ url: `${origin}/a`, httpVersion: 'spdy/3.1' });
    expect(first.response).to.include({ status: 200, bodySize: 6 });
    expect(first).not.to.have.property('_error');
    expect(second.response.status).to.equal(0);
    expect(second._error).to.be.a('string').that.is.not.equal('');
    const wrong = await spdycat(['-kn', '--har', folder, `${origin}/a`]);
    expect(wrong.status).to.equal(64);
    expect(wrong.stderr).to.match(/^spdycat: --har: EISDIR/);
  });

  it('-O saves bodies by their names', async () => {
    const args = ['-k', '-O', `${origin}/dir/name.txt`, `${origin}/dir/`, `${origin}/half`];
    const saved = await spdycat(args, { cwd: folder });
    expect([saved.status, saved.text]).to.deep.equal([1, '']);
    expect(readFileSync(join(folder, 'name.txt'), 'utf8')).to.equal('GET /dir/name.txt');
    expect(readFileSync(join(folder, 'index.html'), 'utf8')).to.equal('GET /dir/');
    expect(existsSync(join(folder, 'half'))).to.equal(false);
  });

  it('-d posts a file, standard input or a device, to every URI', async () => {
    const file = await spdycat(['-k', '--data-file', 'data.txt', `${origin}/echo`], {
      cwd: folder,
    });
    expect(file.text).to.equal('POST 4 data');
    const two = await spdycat(['-k', '--data-file', '-', '-m', '2', `${origin}/echo`], {
      input: 'typed',
    });
    expect(two.text).to.equal('POST 5 typedPOST 5 typed');
    const long = await spdycat(['-k2', '--data-file', '-', `${origin}/echo`], {
      input: Buffer.alloc(500_000),
    });
    expect(long.stdout.length).to.equal(500_012);
    const device = await spdycat(['-k', '--data-file', '/dev/null', '-m', '2', `${origin}/echo`]);
    expect(device.text).to.equal('POST 0 POST 0 ');
  });

  it('-H replaces and adds headers', async () => {
    const headers = ['-H', 'accept: text/x', '-H', 'X-Added: yes', '-H', ':host: named.example'];
    const { text } = await spdycat(['-k', ...headers, `${origin}/headers`]);
    expect(JSON.parse(text)).to.include({
      host: 'named.example',
      accept: 'text/x',
      'accept-encoding': 'gzip, deflate, br',
      'x-added': 'yes',
    });
    const other = await spdycat(['-k', '-H', ':path: /other', '-H', ':method: put', `${origin}/x`]);
    expect(other.text).to.equal('PUT /other');
  });

  it('decompresses bodies; a broken one is a failure', async () => {
    const urls = ['/gzip', '/deflate', '/br'].map((path) => origin + path);
    const { status, text } = await spdycat(['-k', ...urls]);
    expect([status, text === 'compressed text '.repeat(3000)]).to.deep.equal([0, true]);
    const broken = await spdycat(['-kv', `${origin}/badgzip`, `${origin}/wait/50`]);
    expect([broken.status, broken.text]).to.deep.equal([1, '/wait/50']);
    expect(broken.stderr).to.match(/incorrect header check/);
  });

  it('-a fetches what a page refers to, from the same server, once', async () => {
    const { status, text, stderr } = await spdycat(['-kas', `${origin}/page`]);
    expect(status).to.equal(0);
    expect(text).to.equal(`${PAGE}GET /a.cssGET /i.icoGET /s.jsGET /p.png`);
    expect(stderr.match(/^#\d+: .*$/gm)).to.have.lengthOf(5);
  });

  it('-s shows the times of requests', async () => {
    const { stderr } = await spdycat(['-kns', `${origin}/x`, `${origin}/reset`, `${origin}/push`]);
    expect(stderr).to.match(
      /\*{5} Statistics \*{5}\n#1: \S+\/x\n {4}Status: 200 OK\n {4}Delta \(ms\) from SSL\/TLS handshake\(SYN_STREAM\):\n {8}SYN_REPLY: \d+\(\d+\)\n {8}Completed: \d+\(\d+\)\n\n#2: /,
    );
    expect(stderr).to.match(/#2: \S+\/reset\n {4}Error: .+\n {4}Delta .*\n\n#3/);
    expect(stderr).to.match(/#4: \S+\/pushed\.txt \(pushed\)\n {4}Status: 200/);
  });

  it('waits for pushes that are under way, and leaves their bodies out', async () => {
    const { status, text, stderr } = await spdycat(['-ks', `${origin}/slowpush`]);
    expect([status, text]).to.deep.equal([0, 'pushing']);
    expect(stderr).to.match(/\/slow\.txt \(pushed\)\n {4}Status: 200\n.*\n.*\n {8}Completed: /);
  });

  it('--json has one line for each response, and no bodies', async () => {
    const { status, text } = await spdycat(['-k', '--json', `${origin}/push`, `${origin}/reset`]);
    expect(status).to.equal(1);
    const records = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
      .sort((a, b) => a.url.localeCompare(b.url));
    expect(records).to.have.lengthOf(3);
    const [push, pushed, reset] = records;
    expect(push).to.include({ url: `${origin}/push`, status: 200, protocol: 'spdy/3.1', bytes: 7 });
    expect(push?.timesMs).to.have.keys('begun', 'handshake', 'sent', 'reply', 'completed');
    expect(pushed).to.include({ pushed: true, bytes: 6, error: null });
    expect(reset).to.deep.include({ status: null, bytes: 0 });
    expect(reset?.error).to.have.keys('code', 'message');
    const frames = await spdycat(['-kv', '--json', `${origin}/x`]);
    for (const line of frames.stderr.trimEnd().split('\n'))
      expect(JSON.parse(line)).to.have.property('time');
  });

  it('-w announces a window, for the session too', async () => {
    const { status, stderr } = await spdycat([
      '-kvn',
      '--window-bits',
      '18',
      `${origin}/bytes/500000`,
    ]);
    expect(status).to.equal(0);
    expect(stderr).to.include('[7(0):262144]');
    expect(stderr).to.include('(stream_id=0, delta_window_size=196608)');
    const small = await spdycat(['-kv', '--window-bits', '4', `${origin}/bytes/100`]);
    expect([small.status, small.text.length]).to.deep.equal([0, 100]);
    expect(small.stderr).to.include('length=16)');
  });

  it('-t and --max-time end what takes too long', async () => {
    const slow = await spdycat(['-k', '-t', '1', `${origin}/x`, `${origin}/never`]);
    expect([slow.status, slow.text]).to.deep.equal([1, 'GET /x']);
    expect(slow.stderr).to.include('timed out 1 s after connecting');
    const silent = net.createServer((socket) => socket.on('error', () => {}).resume());
    const port = await listening(silent);
    const deaf = await spdycat(['-k', '-t', '0.3', `https://127.0.0.1:${port}/`]);
    expect([deaf.status, deaf.stderr.includes('within 300 ms')]).to.deep.equal([1, true]);
    const all = await spdycat([
      '-k',
      '--max-time',
      '0.5',
      `${origin}/never`,
      'https://localhost:1/',
    ]);
    expect([all.status, all.stderr.includes('not done within 0.5 s')]).to.deep.equal([2, true]);
    silent.close();
  });

  it('SIGINT ends it with status 130, and removes unfinished files', async () => {
    const child = start('spdycat', ['-kvO', `${origin}/never`, `${origin}/x`], { cwd: folder });
    child.stdout.resume();
    child.stderr.on('data', (chunk: Buffer) => {
      if (chunk.includes('recv SYN_REPLY')) child.kill('SIGINT');
    });
    const status = await new Promise((done) => child.once('close', done));
    expect(status).to.equal(130);
    expect(existsSync(join(folder, 'never.part'))).to.equal(false);
  });

  it('ends quietly when nobody reads its output', async () => {
    const child = start('spdycat', ['-k', `${origin}/bytes/3000000`]);
    child.stdout.once('data', () => child.stdout.destroy());
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const status = await new Promise((done) => child.once('close', done));
    expect([status, stderr]).to.deep.equal([1, '']);
  });

  it('falls back to HTTP/1.1 where the server speaks nothing else', async () => {
    const handler = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      answer(request as SpdyRequest, response as SpdyResponse);
    };
    const secure = https.createServer(certificate, handler);
    const plain = http.createServer(handler);
    const urls = [
      `https://127.0.0.1:${await listening(secure)}`,
      `http://127.0.0.1:${await listening(plain)}`,
    ];
    for (const url of urls) {
      const { status, text, stderr } = await spdycat([
        '-kvs',
        `${url}/x`,
        `${url}/gzip`,
        `${url}/x`,
      ]);
      expect([status, text.slice(0, 20)], url).to.deep.equal([0, 'GET /xcompressed tex']);
      expect(stderr).to.include('http/1.1');
      expect(stderr).to.match(/SYN_REPLY: \d+\(\d+\)/);
    }
    const posted = await spdycat(['-k', '--data-file', 'data.txt', `${urls[0]}/echo`], {
      cwd: folder,
    });
    expect(posted.text).to.equal('POST 4 data');
    const forced = await spdycat(['-k3', `${urls[0]}/x`]);
    expect(forced.status).to.equal(1);
    secure.close().closeAllConnections();
    plain.close().closeAllConnections();
  });

  it('-3 is spoken with a server that negotiates nothing', async () => {
    const bare = tls.createServer(certificate, (socket) => server.handle(socket, 'spdy/3'));
    const { status, text } = await spdycat(['-k3', `https://127.0.0.1:${await listening(bare)}/x`]);
    expect([status, text]).to.deep.equal([0, 'GET /x']);
    bare.close();
  });

  it('--cert and --key show who we are', async () => {
    const shown: string[] = [];
    const look = (socket: net.Socket): void => {
      const { subject } = (
        socket as tls.TLSSocket
      ).getPeerCertificate() as Partial<tls.PeerCertificate>;
      shown.push(String(subject?.CN ?? 'nobody'));
    };
    server.on('connection', look);
    const files = ['--cert', join(folder, 'ca.pem'), '--key', join(folder, 'key.pem')];
    await spdycat(['-k', ...files, `${origin}/x`]);
    await spdycat(['-k', `${origin}/x`]);
    server.off('connection', look);
    expect(shown).to.deep.equal(['localhost', 'nobody']);
  });

  it('-p connects to another host, or asks a proxy', async () => {
    const { port } = new URL(origin);
    const instead = await spdycat(['-k', '-p', '127.0.0.1', '-P', port, 'https://far.example/x']);
    expect([instead.status, instead.text, instead.stderr]).to.deep.equal([0, 'GET /x', '']);
    const asked: string[] = [];
    const proxy = http.createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      if (request.url?.startsWith('closed')) {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const onward = net.connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    const at = `127.0.0.1:${await listening(proxy)}`;
    const through = await spdycat(['-k', '-p', `http://u:p@${at}`, 'https://far.example/x']);
    expect([through.status, through.text, through.stderr]).to.deep.equal([0, 'GET /x', '']);
    const refused = await spdycat(['-k', '-p', `http://${at}`, 'https://closed.example/x']);
    expect([refused.status, refused.stderr.includes('403')]).to.deep.equal([1, true]);
    expect(asked).to.deep.equal(['far.example:443 Basic dTpw', 'closed.example:443 ']);
    proxy.close().closeAllConnections();
  });
});
