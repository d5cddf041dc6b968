import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { PROTO_SPDY2, PROTOCOL_VERSIONS, SpdyAgent } from '../../lib/index.ts';
import { createProxy, type FrontOptions, type SpdyProxy } from '../../lib/tools/index.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { Haproxy, SClient } from './support/haproxy.ts';
import { type HttpListener, listenHttp } from './support/http-app.ts';
import { ask } from './support/http-client.ts';
import { nettyCommand, peerPath, requirePeer } from './support/peers.ts';
import { run } from './support/process.ts';
import { transportDial, transportRequest } from './support/spdy-transport.ts';

const PLAIN: FrontOptions = { port: 0, host: '127.0.0.1', tls: false, sniff: true };

describe('real programs and createProxy()', () => {
  let listener: HttpListener;
  let proxy: SpdyProxy;

  beforeEach(async () => {
    listener = await listenHttp({ tls: false, sniff: true });
    proxy = createProxy({ backs: [`http://127.0.0.1:${listener.port}`] });
  });

  afterEach(async () => {
    proxy.destroy();
    await listener.close();
  });

  async function listen(options: FrontOptions = PLAIN): Promise<number> {
    return (await proxy.listen(options)).port;
  }

  function tls(): FrontOptions {
    const [key, cert] = ['key', 'cert'].map((name) =>
      readFileSync(peerPath(`certificates/${name}.pem`)),
    );
    return { port: 0, host: '127.0.0.1', key, cert } as FrontOptions;
  }

  for (const [title, option, version] of [
    ['HTTP/2', '--http2', '2'],
    ['HTTP/1.1', '--http1.1', '1.1'],
  ] as const) {
    it(`curl by ${title}: bodies of every size, uploads, an answer that is cut off`, async function () {
      requirePeer(this, 'curl');
      const origin = `https://127.0.0.1:${await listen(tls())}`;
      const curl = (...args: string[]) =>
        run([
          peerPath('curl'),
          ...['-sS', '--max-time', '20', option],
          ...['--cacert', peerPath('certificates/cert.pem')],
          ...args,
        ]);
      const format = '%{http_version} %{response_code} %{size_download}\n';
      for (const size of [0, 1, 65_536, 3 << 20]) {
        const { stdout } = await curl('-w', format, '-o', '/dev/null', `${origin}/bytes/${size}`);
        expect(stdout).to.equal(`${version} 200 ${size}\n`);
      }
      const file = peerPath('certificates/server.p12');
      const { stdout, code } = await curl(
        '--data-binary',
        `@${file}`,
        '-w',
        format,
        '-o',
        '/dev/null',
        `${origin}/echo`,
      );
      expect(stdout).to.equal(`${version} 200 ${readFileSync(file).length}\n`);
      expect(code).to.equal(0);

      proxy.destroy();
      const { createServer } = await import('node:net');
      const cutting = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () =>
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n', () =>
            socket.destroy(),
          ),
        );
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => cutting.once('listening', resolve));
      proxy = createProxy({
        backs: [`http://127.0.0.1:${(cutting.address() as { port: number }).port}`],
      });
      const cut = await curl(`https://127.0.0.1:${await listen(tls())}/`);
      expect(cut.stdout).to.equal('part');
      // 18: partial file; 56: the connection was reset; 92: a stream of HTTP/2 was.
      expect([18, 56, 92]).to.include(cut.code);
      cutting.close();
    });
  }

  it('nghttp: uploads, with padding and small windows', async function () {
    requirePeer(this, 'nghttp');
    const origin = `https://127.0.0.1:${await listen(tls())}`;
    const file = peerPath('certificates/server.p12');
    for (const options of [[], ['--padding=200'], ['--window-bits=10']]) {
      const { code, stdout } = await run([
        peerPath('nghttp'),
        ...options,
        `--data=${file}`,
        `${origin}/digest`,
      ]);
      expect(code).to.equal(0);
      expect(stdout).to.include(sha256(readFileSync(file)));
    }
  });

  it('h2load: many streams of several connections', async function () {
    requirePeer(this, 'nghttp');
    const origin = `https://127.0.0.1:${await listen(tls())}`;
    const numbers = ['-n', '400', '-c', '4', '-m', '50'];
    const paths = ['/bytes/0', '/bytes/1', '/bytes/65536', '/status/404'];
    const urls = paths.map((path) => `${origin}${path}`);
    const { stdout } = await run([peerPath('h2load'), ...numbers, ...urls]);
    expect(stdout).to.include(
      '400 total, 400 started, 400 done, 300 succeeded, 100 failed, 0 errored',
    );
    expect(stdout).to.include('status codes: 300 2xx, 0 3xx, 100 4xx, 0 5xx');
  });

  for (const secure of [false, true]) {
    it(`Netty's client, ${secure ? 'over TLS' : 'over plain TCP'}`, async function () {
      requirePeer(this, 'netty');
      const port = await listen(secure ? tls() : { ...PLAIN, sniff: false, version: 'spdy/3.1' });
      const args = ['127.0.0.1', String(port), ...(secure ? ['--tls'] : []), '-n', '12', '-m', '6'];
      const sizes = [0, 1, 65_536, 10 << 20].map((size) => `/bytes/${size}`);
      const { stdout } = await run(
        nettyCommand('NettySpdyClient', ...args, ...sizes, '/status/404', '/slow/50'),
      );
      const seen = JSON.parse(stdout) as { errors: string[]; status: Record<string, number> };
      expect(seen.errors).to.deep.equal([]);
      expect(seen.status).to.deep.equal({ 200: 10, 404: 2 });
    });
  }

  for (const { id, name } of PROTOCOL_VERSIONS) {
    it(`spdy-transport's client, ${name}`, async function () {
      requirePeer(this, 'spdy-transport');
      const port = await listen({ ...PLAIN, sniff: false, version: id });
      const peer = await transportDial(id, port);
      // It applies windows to SPDY/2, where no WINDOW_UPDATE exists: larger bodies would stall there.
      const largest = id === PROTO_SPDY2 ? 30_000 : 3 << 20;
      for (const size of [0, 1, largest]) {
        const down = await transportRequest(peer, { path: `/bytes/${size}` });
        expect(down.status).to.equal(200);
        expect(sha256(down.body)).to.equal(sha256(pattern(size)));
        const up = await transportRequest(peer, { path: '/echo', method: 'POST' }, pattern(size));
        expect(sha256(up.body)).to.equal(sha256(pattern(size)));
      }
      const many = Array.from({ length: 50 }, (_, index) =>
        transportRequest(peer, { path: `/bytes/${300 + index}` }),
      );
      expect((await Promise.all(many)).map(({ body }) => body.length)).to.deep.equal(
        many.map((_, index) => 300 + index),
      );
      const { headers, status } = await transportRequest(peer, { path: '/multi' });
      expect(status).to.equal(200);
      expect(String(headers['set-cookie'])).to.contain('a=1').and.to.contain('b=2; path=/');
      expect(peer.errors).to.deep.equal([]);
      peer.socket.destroy();
    });
  }

  it('clients that know NPN alone, behind haproxy', async function () {
    requirePeer(this, 'haproxy');
    const port = await listen({
      port: 0,
      host: '127.0.0.1',
      tls: false,
      proxyProtocol: { allow: ['127.0.0.1'] },
    });
    const haproxy = await Haproxy.start(port);
    const seen: string[] = [];
    proxy.on('exchange', ({ request }) =>
      seen.push(`${request.protocol} ${request.client.address}`),
    );
    for (const { id, name } of PROTOCOL_VERSIONS) {
      const client = new SClient(haproxy.port, '-bind', '127.0.0.7:0', '-nextprotoneg', name);
      const agent = new SpdyAgent({ version: id, createConnection: () => client.stream });
      const { body } = await ask(agent, 'http://localhost/bytes/100000');
      expect(sha256(body)).to.equal(sha256(pattern(100_000)));
      agent.destroy();
      await client.stop();
    }
    expect(seen).to.deep.equal(PROTOCOL_VERSIONS.map(({ name }) => `${name} 127.0.0.7`));
    await haproxy.stop();
  });
});
