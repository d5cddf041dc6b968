import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { contentType } from '../../../lib/tools/files/media-type.ts';
import { type StaticFilesOptions, serveFiles } from '../../../lib/tools/index.ts';
import { makeFolder, removeFolder } from '../../cli/support/programs.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const MODIFIED = new Date('2024-05-06T07:08:09.500Z');

describe('static files', () => {
  let parent: string;
  let root: string;
  let server: http.Server;
  let listing: http.Server;

  before(async () => {
    parent = makeFolder({
      'secret.txt': 'secret',
      'www-other/near.txt': 'secret',
      'www/index.html': '<p>home',
      'www/digits.txt': '0123456789',
      'www/empty.bin': '',
      'www/sub/index.html': '<p>sub',
      'www/bare/page&1.html': '<p>',
      'www/.env': 'secret',
      'www/.git/config': 'secret',
      'www/.well-known/security.txt': 'contact',
      'www/with space & ü.txt': 'named',
      'www/a:b': 'colon',
    });
    root = join(parent, 'www');
    utimesSync(join(root, 'digits.txt'), MODIFIED, MODIFIED);
    symlinkSync(join(parent, 'secret.txt'), join(root, 'leak.txt'));
    symlinkSync(parent, join(root, 'up'));
    symlinkSync('digits.txt', join(root, 'alias.txt'));
    symlinkSync('nowhere', join(root, 'dangling'));
    mkdirSync(join(root, 'trap'));
    symlinkSync(join(parent, 'secret.txt'), join(root, 'trap', 'index.html'));
    mkdirSync(join(root, 'evil.example'));
    server = http.createServer(serveFiles({ root, server: 'spec' }));
    const shown = { root, listing: true, dotfiles: true, maxAge: 5, cacheCheckMs: 0 };
    listing = http.createServer(serveFiles(shown));
    for (const each of [server, listing]) {
      await new Promise<void>((ready) => each.listen(0, '127.0.0.1', ready));
    }
  });

  after(() => {
    for (const each of [server, listing]) each.close().closeAllConnections();
    removeFolder(parent);
  });

  function ask(
    path: string,
    headers: http.OutgoingHttpHeaders = {},
    method = 'GET',
    from = server,
  ): Promise<Answer> {
    const { port } = from.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, headers, agent: false };
      const request = http.request(options, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode as number, headers: response.headers, body }),
        );
      });
      request.on('error', reject);
      request.end();
    });
  }

  it('serves a file with its type, length, date, tag and age', async () => {
    const { status, headers, body } = await ask('/digits.txt?query#x');
    expect(status).to.equal(200);
    expect(body).to.equal('0123456789');
    expect(headers).to.include({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '10',
      'last-modified': 'Mon, 06 May 2024 07:08:09 GMT',
      'cache-control': 'max-age=3600',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      server: 'spec',
    });
    expect(headers.etag).to.match(/^"[^"]+"$/);
    expect(headers.date).to.be.a('string');
  });

  it('answers HEAD as GET without the body', async () => {
    const { status, headers, body } = await ask('/digits.txt', { range: 'bytes=0-1' }, 'HEAD');
    expect([status, headers['content-length'], body]).to.deep.equal([200, '10', '']);
  });

  it('decodes names, and gives links their target', async () => {
    expect((await ask('/with%20space%20%26%20%C3%BC.txt')).body).to.equal('named');
    expect((await ask('/digits%2Etxt')).body).to.equal('0123456789');
    expect((await ask('/alias.txt')).body).to.equal('0123456789');
    expect((await ask('/empty.bin')).headers['content-length']).to.equal('0');
  });

  it('serves index.html of a folder, and redirects to its slash within the same server', async () => {
    expect((await ask('/')).body).to.equal('<p>home');
    expect((await ask('/sub/')).body).to.equal('<p>sub');
    const { status, headers, body } = await ask('/sub?a=b');
    expect([status, headers.location]).to.deep.equal([301, '/sub/?a=b']);
    expect(body).to.include('301 Moved Permanently');
    expect((await ask('//evil.example')).headers.location).to.equal('/evil.example/');
    expect((await ask('/%2fevil.example')).headers.location).to.not.match(/^\/\//);
  });

  for (const path of [
    '/../secret.txt',
    '/sub/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2E%2E%2Fsecret.txt',
    '/sub/%2e%2e/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/%252e%252e/secret.txt',
    '/../www-other/near.txt',
    '/./digits.txt',
    '/sub/..',
    '/.',
    '/digits.txt%00.html',
    '/%c0%ae%c0%ae/secret.txt',
    '/leak.txt',
    '/up/secret.txt',
    '/up/',
    '/up',
    '/trap/',
    '/dangling',
    '/.env',
    '/.git/config',
    '/.git',
    '/digits.txt/',
    '/digits.txt/more',
    '/none',
  ]) {
    it(`finds nothing at ${path}`, async () => {
      const { status, body } = await ask(path);
      expect(status).to.be.oneOf([400, 404]);
      expect(body).to.not.include('secret');
      expect(body).to.not.include('0123');
    });
  }

  it('serves .well-known, and other hidden names only if asked to', async () => {
    expect((await ask('/.well-known/security.txt')).body).to.equal('contact');
    expect((await ask('/.env', {}, 'GET', listing)).body).to.equal('secret');
  });

  it('refuses paths that are none, and other methods', async () => {
    expect((await ask('/%zz')).status).to.equal(400);
    expect((await ask('*')).status).to.equal(400);
    expect((await ask('http://else.example/digits.txt')).status).to.equal(400);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask('/digits.txt', {}, method);
      expect([status, headers.allow], method).to.deep.equal([405, 'GET, HEAD']);
    }
  });

  it('tells what may not be read', async () => {
    // For root nothing is closed: as anybody else it cannot even enter the folder.
    const asRoot = process.getuid?.() === 0;
    const closed = join(root, 'digits.txt');
    if (asRoot) process.seteuid?.(65534);
    else chmodSync(closed, 0);
    try {
      const { status, body } = await ask('/digits.txt', {}, 'GET', listing);
      expect([status, body.includes('403 Forbidden')]).to.deep.equal([403, true]);
    } finally {
      if (asRoot) process.seteuid?.(0);
      else chmodSync(closed, 0o644);
    }
  });

  it('lists a folder only if asked to', async () => {
    expect((await ask('/bare/')).status).to.equal(404);
    const { status, headers, body } = await ask('/bare/', {}, 'GET', listing);
    expect([status, headers['content-type']]).to.deep.equal([200, 'text/html; charset=utf-8']);
    expect(body).to.include('<h1>Index of /bare/</h1>');
    expect(body).to.include('<a href="./page%261.html">page&amp;1.html</a>');
    expect(body).to.include('<a href="./../">');
  });

  it('has max-age as an option', async () => {
    const { headers } = await ask('/digits.txt', {}, 'GET', listing);
    expect(headers['cache-control']).to.equal('max-age=5');
  });

  describe('conditions', () => {
    async function statusFor(headers: http.OutgoingHttpHeaders): Promise<number> {
      return (await ask('/digits.txt', headers)).status;
    }

    it('if-none-match: 304 for the tag, weak or in a list, or any', async () => {
      const etag = (await ask('/digits.txt')).headers.etag as string;
      for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        expect(await statusFor({ 'if-none-match': value }), value).to.equal(304);
      }
      expect(await statusFor({ 'if-none-match': '"x"' })).to.equal(200);
      const { headers, body } = await ask('/digits.txt', { 'if-none-match': etag });
      expect(headers).to.include({ etag, 'cache-control': 'max-age=3600' });
      expect(headers).to.not.have.any.keys('content-type', 'content-length');
      expect(body).to.equal('');
    });

    it('if-modified-since: 304 unless it is newer; if-none-match stands before it', async () => {
      const at = 'Mon, 06 May 2024 07:08:09 GMT';
      const before = 'Mon, 06 May 2024 07:08:08 GMT';
      expect(await statusFor({ 'if-modified-since': at })).to.equal(304);
      expect(await statusFor({ 'if-modified-since': before })).to.equal(200);
      expect(await statusFor({ 'if-modified-since': 'nonsense' })).to.equal(200);
      expect(await statusFor({ 'if-modified-since': at, 'if-none-match': '"x"' })).to.equal(200);
    });

    it('if-match and if-unmodified-since: 412 when they do not hold', async () => {
      const etag = (await ask('/digits.txt')).headers.etag as string;
      expect(await statusFor({ 'if-match': '"x"' })).to.equal(412);
      expect(await statusFor({ 'if-match': `W/${etag}` })).to.equal(412);
      expect(await statusFor({ 'if-match': etag })).to.equal(200);
      const before = 'Mon, 06 May 2024 07:08:08 GMT';
      expect(await statusFor({ 'if-unmodified-since': before })).to.equal(412);
    });
  });

  describe('ranges', () => {
    for (const [range, expected, contentRange] of [
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=-30', '0123456789', 'bytes 0-9/10'],
      ['bytes=5-500', '56789', 'bytes 5-9/10'],
      ['bytes=9-9', '9', 'bytes 9-9/10'],
    ] as const) {
      it(`206 for ${range}`, async () => {
        const { status, headers, body } = await ask('/digits.txt', { range });
        expect([status, body, headers['content-range'], headers['content-length']]).to.deep.equal([
          206,
          expected,
          contentRange,
          String(expected.length),
        ]);
      });
    }

    for (const range of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) {
      it(`416 for ${range}`, async () => {
        const { status, headers } = await ask('/digits.txt', { range });
        expect([status, headers['content-range']]).to.deep.equal([416, 'bytes */10']);
      });
    }

    for (const range of ['bytes=4-2', 'bytes=-', 'lines=1-2', 'bytes=0-1,3-4', 'bytes=a-b']) {
      it(`the whole file for ${range}`, async () => {
        const { status, body } = await ask('/digits.txt', { range });
        expect([status, body]).to.deep.equal([200, '0123456789']);
      });
    }

    it('if-range: the whole file when it has changed', async () => {
      const { etag, 'last-modified': date } = (await ask('/digits.txt')).headers;
      const status = async (value: string | undefined): Promise<number> =>
        (await ask('/digits.txt', { range: 'bytes=1-2', 'if-range': value })).status;
      expect(await status(etag)).to.equal(206);
      expect(await status(date)).to.equal(206);
      expect(await status('"x"')).to.equal(200);
      expect(await status(`W/${etag}`)).to.equal(200);
      expect(await status('Mon, 06 May 2024 07:08:10 GMT')).to.equal(200);
    });
  });

  describe('compressed files beside plain ones', () => {
    const style = 'body { color: red }';

    before(() => {
      for (const [name, content] of Object.entries({
        'style.css': style,
        'style.css.br': brotliCompressSync(style),
        'style.css.gz': gzipSync(style),
        'old.css': style,
        'old.css.gz': gzipSync('older'),
        'leaky.css': style,
        'picture.png': 'png',
        'picture.png.gz': gzipSync('png'),
      })) {
        writeFileSync(join(root, name), content);
      }
      utimesSync(join(root, 'old.css.gz'), MODIFIED, MODIFIED);
      symlinkSync(join(parent, 'secret.txt'), join(root, 'leaky.css.gz'));
    });

    it('are sent to those who accept them, br before gzip', async () => {
      const plain = await ask('/style.css');
      const etags = new Set([plain.headers.etag]);
      for (const [accepted, coding] of [
        ['gzip, deflate, br', 'br'],
        ['gzip', 'gzip'],
        ['*', 'br'],
        ['br;q=0, gzip', 'gzip'],
      ] as const) {
        const headers = { 'accept-encoding': accepted };
        const answer = await ask('/style.css', headers, 'HEAD');
        expect(answer.headers, accepted).to.include({
          'content-encoding': coding,
          'content-type': 'text/css; charset=utf-8',
          vary: 'accept-encoding',
        });
        etags.add(answer.headers.etag);
        const again = { ...headers, 'if-none-match': answer.headers.etag };
        expect((await ask('/style.css', again)).status).to.equal(304);
      }
      expect(etags.size).to.equal(3);
      expect(plain.headers).to.include({ vary: 'accept-encoding', 'content-length': '19' });
      expect(plain.headers).to.not.have.property('content-encoding');
      expect(plain.body).to.equal(style);
      const { port } = server.address() as AddressInfo;
      const fetched = await fetch(`http://127.0.0.1:${port}/style.css`);
      expect(fetched.headers.get('content-encoding')).to.equal('gzip');
      expect(await fetched.text()).to.equal(style);
    });

    it('are left out when they are older, lie outside, or the type gains nothing by them', async () => {
      for (const path of ['/old.css', '/leaky.css', '/picture.png']) {
        const { status, headers } = await ask(path, { 'accept-encoding': 'gzip' });
        expect(status, path).to.equal(200);
        expect(headers, path).to.not.have.property('content-encoding');
      }
    });

    it('are left out for a range, which is one of the plain file', async () => {
      const headers = { 'accept-encoding': 'gzip, br', range: 'bytes=0-3' };
      const { status, headers: answered, body } = await ask('/style.css', headers);
      expect([status, body]).to.deep.equal([206, 'body']);
      expect(answered).to.not.have.property('content-encoding');
    });
  });

  describe('options', () => {
    const text = 'body { color: red }\n'.repeat(100);
    const handlers: http.Server[] = [];

    after(() => {
      for (const each of handlers) each.close().closeAllConnections();
    });

    async function serving(options: Partial<StaticFilesOptions>): Promise<http.Server> {
      const made = http.createServer(serveFiles({ root, ...options }));
      handlers.push(made);
      await new Promise<void>((ready) => made.listen(0, '127.0.0.1', ready));
      return made;
    }

    it('spa: a path without a file and without a dot gets the page of the root', async () => {
      const from = await serving({ spa: true });
      for (const path of ['/route', '/some/route?x=1', '/route/', '/trap/', '/bare/']) {
        const { status, body } = await ask(path, {}, 'GET', from);
        expect([status, body], path).to.deep.equal([200, '<p>home']);
      }
      for (const path of ['/none.css', '/.env', '/route/%zz', '/sub/../..']) {
        expect((await ask(path, {}, 'GET', from)).status, path).to.be.oneOf([400, 404]);
      }
      expect((await ask('/digits.txt', {}, 'GET', from)).body).to.equal('0123456789');
      const listed = await serving({ spa: true, listing: true });
      expect((await ask('/bare/', {}, 'GET', listed)).body).to.include('Index of /bare/');
    });

    it('cors: every response may be read, and preflights are answered', async () => {
      const from = await serving({ cors: true });
      for (const [path, method] of [
        ['/digits.txt', 'GET'],
        ['/none', 'GET'],
        ['/digits.txt', 'POST'],
      ] as const) {
        const { headers } = await ask(path, {}, method, from);
        expect(headers['access-control-allow-origin'], method).to.equal('*');
        expect(headers['access-control-expose-headers']).to.include('etag');
      }
      const { status, headers } = await ask('/digits.txt', {}, 'OPTIONS', from);
      expect(status).to.equal(204);
      expect(headers).to.include({
        allow: 'GET, HEAD, OPTIONS',
        'access-control-allow-methods': 'GET, HEAD',
        'access-control-allow-headers': '*',
      });
    });

    it('compress: what gains by it is compressed where no file has done so', async () => {
      writeFileSync(join(root, 'plain.css'), text);
      writeFileSync(join(root, 'half.css'), text);
      writeFileSync(join(root, 'half.css.gz'), gzipSync(text, { level: 1 }));
      writeFileSync(join(root, 'noise.txt'), randomBytes(5000));
      const from = await serving({ compress: true });
      const { port } = from.address() as AddressInfo;
      for (const path of ['/plain.css', '/half.css']) {
        for (const coding of ['br', 'gzip']) {
          const headers = { 'accept-encoding': coding };
          const answer = await ask(path, headers, 'HEAD', from);
          expect(answer.headers['content-encoding'], path).to.equal(coding);
          expect(Number(answer.headers['content-length'])).to.be.below(text.length / 4);
          const fetched = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
          expect(await fetched.text()).to.equal(text);
        }
        expect((await ask(path, {}, 'GET', from)).body).to.equal(text);
      }
      for (const path of ['/noise.txt', '/digits.txt']) {
        const { headers } = await ask(path, { 'accept-encoding': 'br, gzip' }, 'GET', from);
        expect(headers, path).to.not.have.property('content-encoding');
      }
      const without = await ask('/plain.css', { 'accept-encoding': 'br, gzip' });
      expect(without.headers).to.not.have.property('content-encoding');
    });
  });

  // Linux tells which files a process has open.
  if (process.platform === 'linux')
    it('closes what it has opened, however a request ends', async () => {
      writeFileSync(join(root, 'long.txt'), 'x'.repeat(3 << 20));
      writeFileSync(join(root, 'long.txt.gz'), gzipSync('x'.repeat(3 << 20), { level: 0 }));
      const { etag } = (await ask('/long.txt', {}, 'HEAD')).headers;
      for (const [status, headers, method] of [
        [200, {}, 'GET'],
        [200, { 'accept-encoding': 'gzip' }, 'HEAD'],
        [304, { 'if-none-match': etag }, 'GET'],
        [412, { 'if-match': '"x"' }, 'GET'],
        [416, { range: 'bytes=9999999-' }, 'GET'],
        [206, { range: 'bytes=5-5' }, 'GET'],
      ] as const) {
        expect((await ask('/long.txt', headers, method)).status).to.equal(status);
      }
      const { port } = server.address() as AddressInfo;
      await new Promise<void>((resolve) => {
        const options = { host: '127.0.0.1', port, path: '/long.txt', agent: false };
        const request = http.get(options, (response) => {
          response.on('error', () => {});
          response.once('data', () => request.destroy());
          response.once('close', resolve);
        });
      });
      // What was given up is closed when the server has heard of it.
      while (openFiles().some((path) => path.includes('long.txt'))) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });

  it('breaks the response off when a file becomes shorter', async () => {
    const path = join(root, 'shrinking.bin');
    writeFileSync(path, Buffer.alloc(4 << 20));
    const { port } = server.address() as AddressInfo;
    const outcome = await new Promise<string>((resolve) => {
      http.get({ host: '127.0.0.1', port, path: '/shrinking.bin', agent: false }, (response) => {
        writeFileSync(path, '');
        response.on('error', () => resolve('broken'));
        response.on('end', () => resolve('complete'));
        response.resume();
      });
    });
    expect(outcome).to.equal('broken');
  });

  it('knows types, with a character set where they are text', () => {
    expect(contentType('a/b.HTML')).to.equal('text/html; charset=utf-8');
    expect(contentType('x.js')).to.equal('text/javascript; charset=utf-8');
    expect(contentType('x.json')).to.equal('application/json; charset=utf-8');
    expect(contentType('x.svg')).to.equal('image/svg+xml; charset=utf-8');
    expect(contentType('x.png')).to.equal('image/png');
    expect(contentType('none')).to.equal('application/octet-stream');
  });

  it('refuses options that are none, and numbers out of range', () => {
    expect(() => serveFiles({ root, maxage: 1 } as never)).to.throw(/did you mean maxAge/);
    for (const name of ['maxAge', 'cacheBytes', 'cacheCheckMs']) {
      expect(() => serveFiles({ root, [name]: -1 }), name).to.throw(new RegExp(`^${name} must be`));
    }
  });

  it('refuses a folder that does not exist', () => {
    expect(() => serveFiles({ root: join(parent, 'none') })).to.throw(/ENOENT/);
    writeFileSync(join(parent, 'no-folder'), '');
    expect(() => serveFiles({ root: join(parent, 'no-folder') })).to.throw(
      /^ENOTDIR: not a directory, '.*no-folder'$/,
    );
  });
});

/** The paths of all files that this process has open (Linux). */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return '';
    }
  });
}
