import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import net from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import type { SpdyRequest } from '../../../lib/http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../lib/http/server/exchange/response.ts';
import { createServer, type SpdyServer } from '../../../lib/http/server/server.ts';
import { makeFolder, removeFolder, spdycat } from '../support/programs.ts';

const FILE = Buffer.from('0123456789'.repeat(1000));

describe('spdycat, as people use curl', () => {
  let server: SpdyServer;
  let other: SpdyServer;
  let origin: string;
  let elsewhere: string;
  let folder: string;
  let tries = 0;

  function answer(request: SpdyRequest, response: SpdyResponse): void {
    const { url = '/', method = '', headers } = request;
    const [path = '', query = ''] = url.split('?');
    if (path === '/fields') {
      response.end(JSON.stringify({ method, ...headers }));
    } else if (path === '/echo') {
      response.setHeader('x-method', method);
      request.pipe(response);
    } else if (path === '/moved') {
      response.writeHead(Number(query || 302), { location: '/fields' }).end('moved');
    } else if (path === '/away') {
      response.writeHead(302, { location: `${elsewhere}/fields` }).end();
    } else if (path === '/circle') {
      response.writeHead(302, { location: '/circle' }).end();
    } else if (path === '/busy') {
      response.writeHead(++tries % 3 === 0 ? 200 : 503, { 'retry-after': '0' });
      response.end(`try ${tries}`);
    } else if (path === '/breaks') {
      response.writeHead(200, { 'content-length': FILE.length });
      if (++tries % 2 === 0) response.end(FILE);
      else {
        response.write(FILE.subarray(0, 100));
        setTimeout(() => response.destroy(), 20);
      }
    } else if (path === '/headonly') {
      breakOff(response);
    } else if (path === '/file') {
      sendFile(headers.range, response);
    } else {
      response.end(`${method} ${url}`);
    }
  }

  /** Closes the first time behind the head, and answers the second time. */
  function breakOff(response: SpdyResponse): void {
    response.writeHead(200, { 'content-type': 'text/plain' });
    if (++tries % 2 === 0) response.end('whole');
    else {
      response.flushHeaders();
      setTimeout(() => response.destroy(), 20);
    }
  }

  function sendFile(range: string | undefined, response: SpdyResponse): void {
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    const [first, last] = [Number(from), to === '' ? FILE.length - 1 : Number(to)];
    if (range === undefined) response.end(FILE);
    else if (first >= FILE.length)
      response.writeHead(416, { 'content-range': `bytes */${FILE.length}` }).end('no such part');
    else {
      const field = `bytes ${first}-${last}/${FILE.length}`;
      response.writeHead(206, { 'content-range': field }).end(FILE.subarray(first, last + 1));
    }
  }

  async function listening(each: SpdyServer | Server): Promise<number> {
    await new Promise<void>((ready) => {
      each.listen(0, '127.0.0.1', () => ready());
    });
    return (each.address() as AddressInfo).port;
  }

  const portOf = (url: string): string => new URL(url).port;

  before(async () => {
    const certificate = makeCertificate();
    server = createServer(certificate, answer);
    other = createServer(certificate, answer);
    origin = `https://127.0.0.1:${await listening(server)}`;
    elsewhere = `https://127.0.0.1:${await listening(other)}`;
  });

  beforeEach(() => {
    tries = 0;
    folder = makeFolder({ 'data.txt': 'file\n' });
  });

  afterEach(() => removeFolder(folder));

  after(() => {
    for (const each of [server, other]) {
      each.close();
      each.closeAllConnections();
    }
  });

  const ask = (...args: string[]): ReturnType<typeof spdycat> =>
    spdycat(['-k', ...args], { cwd: folder });

  it('-d posts a form, -T puts a file, -G asks with a query, -X with any method', async () => {
    const posted = await ask('-i', '-d', 'a=1', '-d', 'b=2', `${origin}/echo`);
    expect(posted.text).to.match(/^SPDY\/3\.1 200 OK\r\nx-method: POST\r\n[\s\S]*\r\n\r\na=1&b=2$/);
    const put = await ask('-i', '-T', 'data.txt', `${origin}/echo`);
    expect(put.text).to.match(/x-method: PUT\r\n[\s\S]*\r\n\r\nfile\n$/);
    expect((await ask('-G', '-d', 'a=1', `${origin}/x`)).text).to.equal('GET /x?a=1');
    expect((await ask('-X', 'DELETE', `${origin}/x`)).text).to.equal('DELETE /x');
  });

  it('-I shows heads only', async () => {
    const { text } = await ask('-I', `${origin}/x`, `${origin}/y`);
    expect(text).to.match(/^(?:SPDY\/3\.1 200 OK\r\n(?:.+\r\n)*\r\n){2}$/);
  });

  it('-u, --netrc and the URI give a name and a password', async () => {
    writeFileSync(join(folder, 'netrc'), 'machine 127.0.0.1 login n password p');
    const authorization = async (...args: string[]): Promise<string> => {
      const { text } = await ask(...args);
      const { authorization: field = '' } = JSON.parse(text) as { authorization?: string };
      return Buffer.from(field.replace('Basic ', ''), 'base64').toString();
    };
    expect(await authorization('-u', 'me:se:cret', `${origin}/fields`)).to.equal('me:se:cret');
    expect(await authorization('--netrc-file', 'netrc', `${origin}/fields`)).to.equal('n:p');
    const own = `${origin.replace('//', '//u:v@')}/fields`;
    expect(await authorization('--netrc-file', 'netrc', own)).to.equal('u:v');
  });

  it('-L follows redirects, without what is secret to other servers', async () => {
    expect((await ask(`${origin}/moved`)).text).to.equal('moved');
    const posted = await ask('-L', '-d', 'x', '-u', 'a:b', `${origin}/moved`);
    const fields = JSON.parse(posted.text);
    expect(fields).to.include({ method: 'GET', authorization: 'Basic YTpi' });
    expect(fields).to.not.have.any.keys('content-type', 'content-length');
    const kept = JSON.parse((await ask('-L', '-d', 'x', `${origin}/moved?307`)).text);
    expect(kept).to.include({ method: 'POST', 'content-length': '1' });
    const away = await ask('-L', '-u', 'a:b', '-H', 'cookie: c=1', `${origin}/away`);
    expect(JSON.parse(away.text)).to.not.have.any.keys('authorization', 'cookie');
    const circle = await ask('-L', '--max-redirs', '3', `${origin}/circle`);
    expect(circle.status).to.equal(1);
    expect(circle.stderr).to.contain('more than 3 redirects');
  });

  it('-i with -L shows all heads', async () => {
    const { text } = await ask('-iL', `${origin}/moved`);
    expect(text).to.match(
      /^SPDY\/3\.1 302 Found\r\n[\s\S]*\r\n\r\nSPDY\/3\.1 200 OK\r\n[\s\S]*\r\n\r\n\{/,
    );
  });

  it('-o saves bodies in files, in the order of the URIs', async () => {
    const { text } = await ask(
      '-o',
      'one',
      '-o',
      '-',
      '-o',
      'three',
      ...['/a', '/b', '/c', '/d'].map((path) => origin + path),
    );
    expect(text).to.equal('GET /bGET /d');
    expect(readFileSync(join(folder, 'one'), 'utf8')).to.equal('GET /a');
    expect(readFileSync(join(folder, 'three'), 'utf8')).to.equal('GET /c');
    const failed = await ask('-f', '-o', 'none', `${origin}/busy`);
    expect([failed.status, existsSync(join(folder, 'none'))]).to.deep.equal([1, false]);
  });

  it('-C goes on where a file ends, and finds that it is complete', async () => {
    const saved = join(folder, 'file');
    writeFileSync(saved, FILE.subarray(0, 1234));
    expect((await ask('-O', '-C', '-', `${origin}/file`)).status).to.equal(0);
    expect(readFileSync(saved).equals(FILE)).to.equal(true);
    expect((await ask('-O', '-C', '-', `${origin}/file`)).status).to.equal(0);
    expect(readFileSync(saved).equals(FILE)).to.equal(true);
    expect((await ask('-C', '9990', `${origin}/file`)).text).to.equal('0123456789');
    const whole = await ask('-O', '-C', '-', `${origin}/x`);
    expect(whole.status).to.equal(0);
    const refused = await ask('-O', '-C', '-', `${origin}/x`);
    expect([refused.status, readFileSync(join(folder, 'x'), 'utf8')]).to.deep.equal([1, 'GET /x']);
    expect(refused.stderr).to.contain('does not go on at byte 6');
    expect((await ask('-O', `${origin}/busy`)).status).to.equal(0);
    const later = await ask('-O', '-C', '-', `${origin}/busy`);
    expect([later.status, readFileSync(join(folder, 'busy'), 'utf8')]).to.deep.equal([1, 'try 1']);
    expect(later.stderr).to.contain('does not go on at byte 5 (HTTP status 503)');
  });

  it('-r asks for a part, uncompressed', async () => {
    expect((await ask('-r', '5-9', `${origin}/file`)).text).to.equal('56789');
    const { text } = await ask('-r', '5-9', `${origin}/fields`);
    expect(JSON.parse(text)).to.include({ 'accept-encoding': 'identity', range: 'bytes=5-9' });
  });

  it('--retry tries again what may pass', async () => {
    const { text } = await ask('--retry', '5', '-w', ' %{num_retries}', `${origin}/busy`);
    expect(text).to.equal('try 3 2');
    const few = await ask('--retry', '1', '-f', `${origin}/busy`);
    expect(few.status).to.equal(1);
  });

  it('--retry begins a file once more that has broken off, but nothing that is written already', async () => {
    const saved = await ask('--retry', '1', '--retry-delay', '0', '-O', `${origin}/breaks`);
    expect(saved.status).to.equal(0);
    expect(readFileSync(join(folder, 'breaks')).equals(FILE)).to.equal(true);
    tries = 0;
    const written = await ask('--retry', '1', '--retry-delay', '0', `${origin}/breaks`);
    expect(written.status).to.equal(1);
    expect(written.text).to.equal(FILE.subarray(0, 100).toString());
    tries = 0;
    const early = await ask(
      '--retry',
      '1',
      '--retry-delay',
      '0',
      `${origin}/headonly`,
      `${origin}/x`,
    );
    expect([early.status, early.text]).to.deep.equal([0, 'wholeGET /x']);
  });

  it('--retry waits for a server that is not there yet', async () => {
    const free = net.createServer();
    const port = await listening(free);
    await new Promise((closed) => free.close(closed));
    const late = http.createServer((_request, response) => response.end('here'));
    const asked = ask('--retry', '50', '--retry-delay', '0.1', `http://127.0.0.1:${port}/`);
    setTimeout(() => late.listen(port, '127.0.0.1'), 300);
    expect((await asked).text).to.equal('here');
    late.close();
  });

  it('names the file that it was told when it cannot be written', async () => {
    const { status, stderr } = await ask('-o', 'none/x', `${origin}/a`);
    expect([status, stderr]).to.deep.equal([
      1,
      `spdycat: ${origin}/a: ENOENT: no such file or directory, open 'none/x'\n`,
    ]);
  });

  it('says at once that a certificate is none', async () => {
    writeFileSync(join(folder, 'none.pem'), 'none');
    const pair = await ask('--cert', 'none.pem', '--key', 'none.pem', `${origin}/a`);
    expect([pair.status, pair.stderr.split('\n')[0]]).to.deep.equal([
      64,
      'spdycat: --key: there is no private key (PEM)',
    ]);
    const trusted = await ask('--cacert', 'none.pem', `${origin}/a`);
    expect([trusted.status, trusted.stderr.split('\n')[0]]).to.deep.equal([
      64,
      'spdycat: --cacert: there is no certificate (PEM)',
    ]);
  });

  it('-Z asks several servers at once, and keeps the order of their bodies', async () => {
    const urls = [`${origin}/a`, `${elsewhere}/b`, `${origin}/c`, `${elsewhere}/d`];
    const { text } = await ask('-Z', '--parallel-max', '3', ...urls);
    expect(text).to.equal('GET /aGET /bGET /cGET /d');
  });

  it('--resolve and --connect-to lead elsewhere', async () => {
    const [port, otherPort] = [portOf(origin), portOf(elsewhere)];
    const resolved = await ask(
      '--resolve',
      `a.test:${port}:127.0.0.1`,
      `https://a.test:${port}/fields`,
    );
    expect(JSON.parse(resolved.text).host).to.equal(`a.test:${port}`);
    const format = '%{remote_port}';
    const moved = ['--connect-to', `b.test:443:127.0.0.1:${otherPort}`];
    const { text } = await ask('-n', '-w', format, ...moved, 'https://b.test/x');
    expect(text).to.equal(otherPort);
  });

  if (process.platform !== 'win32')
    it('--unix-socket connects there, whatever the URI and the environment say', async () => {
      const path = join(folder, 'socket');
      const local = createServer({ tls: false, version: 'spdy/3' }, answer);
      await once(local.listen(path), 'listening');
      const args = ['--unix-socket', path, '--no-tls', '-3', '-w', ' %{remote_ip}|'];
      const { text } = await spdycat([...args, 'http://d.test/x', 'http://e.test/fields'], {
        env: { HTTP_PROXY: 'http://127.0.0.1:1' },
      });
      expect(text).to.match(/^GET \/x \|\{.*"host":"e\.test".*\} \|$/);
      const none = await spdycat([
        '--unix-socket',
        `${path}-none`,
        '--no-tls',
        '-3',
        'http://d.test/',
      ]);
      expect([none.status, none.stderr]).to.deep.equal([
        1,
        `spdycat: http://d.test/: connect ENOENT ${path}-none\n`,
      ]);
      local.close();
    });

  it('variables of the environment name proxies', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = http.createServer();
    proxy.on('connect', (request, socket, head) => {
      asked.push(request.url, request.headers['proxy-authorization']);
      const to = net.connect(Number(portOf(origin)), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        to.write(head);
        to.pipe(socket).pipe(to);
      });
      for (const each of [to, socket]) each.on('error', () => {});
    });
    const HTTPS_PROXY = `http://a:b@127.0.0.1:${await listening(proxy)}`;
    const by = (NO_PROXY: string, ...args: string[]): ReturnType<typeof spdycat> =>
      spdycat(['-k', ...args], { env: { HTTPS_PROXY, NO_PROXY } });
    expect((await by('', 'https://c.test/x')).text).to.equal('GET /x');
    expect(asked).to.deep.equal(['c.test:443', 'Basic YTpi']);
    const past = ['--resolve', `c.test:${portOf(origin)}:127.0.0.1`];
    const { text } = await by('c.test', ...past, `https://c.test:${portOf(origin)}/y`);
    expect([text, asked.length]).to.deep.equal(['GET /y', 2]);
    const wrong = await spdycat(['-k', 'https://c.test/'], { env: { HTTPS_PROXY: 'socks5://x' } });
    expect(wrong.stderr).to.contain('the variable HTTPS_PROXY has to be the URL of a proxy');
    proxy.close();
    proxy.closeAllConnections();
  });

  it('--http1.1 speaks nothing else', async () => {
    const { text } = await ask('--http1.1', '-i', `${origin}/x`);
    expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n[\s\S]*GET \/x$/);
  });

  it('--limit-rate holds bodies back, both ways', async () => {
    const format = ['-w', '%{time_total}'];
    const down = await ask('-n', '--limit-rate', '40k', ...format, `${origin}/file`);
    expect(Number(down.text)).to.be.at.least(0.2);
    writeFileSync(join(folder, 'large'), FILE);
    const up = await ask('-n', '--limit-rate', '40k', ...format, '-T', 'large', `${origin}/x`);
    expect(Number(up.text)).to.be.at.least(0.2);
  });
});
