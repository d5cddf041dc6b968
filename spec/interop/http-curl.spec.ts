import { expect } from 'chai';
import { pattern, sha256 } from './support/bytes.ts';
import { type ClientFacts, type HttpListener, listenHttp } from './support/http-app.ts';
import { peerPath, requirePeer } from './support/peers.ts';
import { run } from './support/process.ts';

/** One way to say that SPDY is not spoken: `alpn` is what the two agree on. */
const WAYS = [
  { title: 'http/1.1 by ALPN', options: ['--http1.1'], alpn: 'http/1.1' },
  { title: 'a choice of h2 and http/1.1', options: ['--http2'], alpn: 'http/1.1' },
  { title: 'HTTP/1.1 without ALPN', options: ['--http1.1', '--no-alpn'], alpn: false },
  { title: 'HTTP/1.0 without ALPN', options: ['--http1.0', '--no-alpn'], alpn: false },
] as const;

describe('curl and createServer(), over TLS', () => {
  let listener: HttpListener | undefined;

  before(async function () {
    requirePeer(this, 'curl');
    listener = await listenHttp();
  });

  after(() => listener?.close());

  /** Runs curl; the output is what the responses carry. */
  async function curl(options: readonly string[], ...paths: string[]): Promise<string> {
    const common = ['-sS', '--max-time', '10', '--cacert', peerPath('certificates/cert.pem')];
    const urls = paths.map((path) => `https://127.0.0.1:${listener?.port}${path}`);
    const { code, stdout, stderr } = await run([peerPath('curl'), ...common, ...options, ...urls]);
    expect(code, stderr).to.equal(0);
    return stdout;
  }

  for (const { title, options, alpn } of WAYS) {
    it(`serves ${title}`, async () => {
      const client = JSON.parse(await curl(options, '/client')) as ClientFacts;
      expect(client).to.include({ address: '127.0.0.1', encrypted: true, protocol: alpn });
      expect(client.scheme).to.equal(null);
    });
  }

  it('serves several requests over one connection', async () => {
    const format = '%{http_version} %{num_connects} %{response_code} %{size_download}\n';
    const each = ['--http1.1', '-w', format, '-o', '/dev/null'];
    const more = ['/bytes/65536', '/bytes/3145728', '/status/404'].flatMap((path) => [
      '-o',
      '/dev/null',
      `https://127.0.0.1:${listener?.port}${path}`,
    ]);
    expect(
      (await curl([...each, ...more], '/bytes/0')).split('\n').filter(Boolean).sort(),
    ).to.deep.equal(['1.1 0 200 0', '1.1 0 200 3145728', '1.1 0 404 0', '1.1 1 200 65536']);
  });

  it('takes a POST', async () => {
    const body = pattern(20_000)
      .toString('latin1')
      .replace(/[^ -~]/g, 'x');
    const digest = await curl(['--http1.1', '--data-binary', body], '/digest');
    expect(digest).to.equal(sha256(Buffer.from(body)));
    const chunked = ['-H', 'transfer-encoding: chunked', '-H', 'expect: 100-continue'];
    expect(await curl(['--http1.1', ...chunked, '--data-binary', body], '/echo')).to.equal(body);
  });

  it('sends several values of one name and trailers', async () => {
    const multi = await curl(['--http1.1', '-i'], '/multi');
    expect(multi.match(/^set-cookie: .*$/gim)).to.deep.equal([
      'set-cookie: a=1',
      'set-cookie: b=2; path=/',
    ]);
    const trailers = await curl(['--http1.1', '-i'], '/trailers');
    expect(trailers)
      .to.contain('body\n')
      .and.to.match(/x-trailer: end/i);
  });

  it('answers HEAD without a body', async () => {
    const head = await curl(['--http1.1', '-I'], '/bytes/1000');
    expect(head)
      .to.match(/^HTTP\/1.1 200 OK\r\n/)
      .and.to.match(/\r\n\r\n$/);
  });
});
