import { expect } from 'chai';
import { type HttpListener, listenHttp } from './support/http-app.ts';
import { nettyCommand, requirePeer } from './support/peers.ts';
import { run } from './support/process.ts';

/** The line of JSON that NettySpdyClient prints. Wrong bodies count as bad. */
interface Summary {
  alpn: string | null;
  ok: number;
  bad: number;
  unfinished: number;
  status: Record<string, number>;
  pushes: number;
  rst_in: number;
  errors: string[];
}

for (const secure of [false, true]) {
  const title = secure ? 'TLS with ALPN' : 'plain TCP';
  describe(`Netty's client and createServer(), ${title}`, () => {
    let listener: HttpListener | undefined;

    before(async function () {
      requirePeer(this, 'netty');
      listener = await listenHttp({ tls: secure });
    });

    after(() => listener?.close());

    async function client(
      options: string,
      ...paths: string[]
    ): Promise<Summary & { dump: string }> {
      const given = options === '' ? [] : options.split(' ');
      const args = ['127.0.0.1', String(listener?.port), ...(secure ? ['--tls'] : []), ...given];
      const { stdout, stderr } = await run(nettyCommand('NettySpdyClient', ...args, ...paths));
      return { ...(JSON.parse(stdout) as Summary), dump: stderr };
    }

    it('serves bodies of every size, any status, and late answers', async () => {
      const sizes = [0, 1, 65_536, 10 << 20].map((size) => `/bytes/${size}`);
      const seen = await client('-n 12 -m 6', ...sizes, '/status/404', '/slow/50');
      expect(seen.errors).to.deep.equal([]);
      expect(seen.status).to.deep.equal({ 200: 10, 404: 2 });
      expect(seen.alpn).to.equal(secure ? 'spdy/3.1' : null);
    });

    it('takes uploads and sends them back', async () => {
      const seen = await client('-n 6 -m 3 --post 300000', '/echo');
      expect(seen.errors).to.deep.equal([]);
      expect(seen.ok).to.equal(6);
    });

    it('serves 100 requests at once on two connections', async () => {
      const seen = await client('-n 300 -m 100 -c 2', '/bytes/0', '/bytes/1000', '/bytes/65536');
      expect(seen.errors).to.deep.equal([]);
      expect(seen.ok).to.equal(300);
    });

    it('delivers headers, several values of one name, trailers and pushes, through small windows', async () => {
      const seen = await client(
        '-n 7 -m 1 --dump --window 4096 -H x-one:1 -H Cookie:a=b',
        '/headers',
        '/multi',
        '/trailers',
        '/push',
        // Netty refuses this form of a push.
        '/push/joined',
        '/rst/3',
        // The answer is complete before the session ends by GOAWAY.
        '/goaway',
      );
      expect(seen.errors).to.deep.equal(['RST_STREAM REFUSED_STREAM on /rst/3']);
      expect(seen.ok).to.equal(6);
      const line = seen.dump.split('\n').find((text) => text.startsWith('{')) ?? '{}';
      const got = JSON.parse(line) as { method: string; url: string; headers: object };
      expect(got).to.include({ method: 'GET', url: '/headers' });
      expect(got.headers).to.include({
        host: `127.0.0.1:${listener?.port}`,
        'user-agent': 'netty-spdy-test',
        accept: '*/*',
        'x-one': '1',
        cookie: 'a=b',
      });
      expect(seen.dump).to.contain('set-cookie=a=1, set-cookie=b=2; path=/');
      expect(seen.dump).to.contain('x-trailer=end');
      expect(seen.pushes).to.equal(1);
      expect(seen.dump).to.contain('pushed\n');
    });

    it('has no session left, and none that failed', async () => {
      await listener?.quiet();
      expect(listener?.errors).to.deep.equal([]);
    });
  });
}
