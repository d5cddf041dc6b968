import { expect } from 'chai';
import { PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import { serve } from './support/app.ts';
import { nettyCommand, requirePeer } from './support/peers.ts';
import { run } from './support/process.ts';
import { type Listener, listen } from './support/sockets.ts';

/** The line of JSON that NettySpdyClient prints. Wrong bodies count as bad. */
interface Summary {
  alpn: string | null;
  ok: number;
  bad: number;
  unfinished: number;
  status: Record<string, number>;
  pushes: number;
  rst_in: number;
  goaway: string | null;
  errors: string[];
}

for (const secure of [false, true]) {
  describe(`Netty's client and our server, ${secure ? 'TLS with ALPN' : 'plain TCP'}`, () => {
    let listener: Listener | undefined;

    before(async function () {
      requirePeer(this, 'netty');
      listener = await listen(PROTO_SPDY3_1, serve, { secure });
    });

    after(() => listener?.close());

    async function client(...args: string[]): Promise<Summary & { stderr: string }> {
      const port = String(listener?.port);
      const options = [...(secure ? ['--tls'] : []), ...args];
      const { stdout, stderr } = await run(
        nettyCommand('NettySpdyClient', '127.0.0.1', port, ...options),
      );
      return { ...(JSON.parse(stdout) as Summary), stderr };
    }

    it('serves bodies of every size', async () => {
      const seen = await client(
        '-n',
        '8',
        '-m',
        '4',
        '/bytes/0',
        '/bytes/1',
        '/bytes/65536',
        '/bytes/10485760',
      );
      expect(seen.errors).to.deep.equal([]);
      expect(seen.ok).to.equal(8);
      expect(seen.alpn).to.equal(secure ? 'spdy/3.1' : null);
    });

    for (const size of [0, 1, 65_536, 10 << 20]) {
      it(`takes an upload of ${size} bytes and sends it back`, async () => {
        const seen = await client('-n', '2', '-m', '2', '--post', String(size), '/echo');
        expect(seen.errors).to.deep.equal([]);
        expect(seen.ok).to.equal(2);
      });
    }

    it('serves 100 streams at once on two connections', async () => {
      const seen = await client(
        '-n',
        '600',
        '-m',
        '100',
        '-c',
        '2',
        '/bytes/0',
        '/bytes/1000',
        '/bytes/65536',
      );
      expect(seen.errors).to.deep.equal([]);
      expect(seen.ok).to.equal(600);
    });

    it('serves through windows of 4096 bytes', async () => {
      const seen = await client('-n', '10', '-m', '5', '--window', '4096', '/bytes/200000');
      expect(seen.errors).to.deep.equal([]);
      expect(seen.ok).to.equal(10);
    });

    it('delivers headers, several values and trailers', async () => {
      const seen = await client(
        '-n',
        '3',
        '-m',
        '1',
        '--dump',
        '-H',
        'x-one:1',
        '/headers',
        '/multi',
        '/trailers',
      );
      expect(seen.errors).to.deep.equal([]);
      expect(seen.stderr).to.contain('["x-one","1"]').and.to.contain('[":method","GET"]');
      expect(seen.stderr).to.contain('set-cookie=a=1, set-cookie=b=2');
      expect(seen.stderr).to.contain('x-trailer=one, x-trailer=two');
    });

    it('pushes a resource', async () => {
      const seen = await client('-n', '1', '/push');
      expect(seen.errors).to.deep.equal([]);
      expect(seen.pushes).to.equal(1);
    });

    it('resets one stream and serves the next ones', async () => {
      const seen = await client('-n', '3', '-m', '1', '/rst/3', '/bytes/10', '/status/404');
      expect(seen.errors).to.deep.equal(['RST_STREAM REFUSED_STREAM on /rst/3']);
      expect(seen.status).to.deep.equal({ 200: 1, 404: 1 });
    });

    it('finishes the open stream after its own GOAWAY', async () => {
      const seen = await client('-n', '1', '/goaway');
      expect(seen.errors).to.deep.equal([]);
      expect(seen.status).to.deep.equal({ 200: 1 });
    });

    it('leaves no session behind', async () => {
      // Netty closes without waiting for us: give its last FIN a moment.
      const open = (): unknown[] =>
        listener?.endpoints.filter(({ session }) => !session.destroyed) ?? [];
      for (let tries = 0; tries < 100 && open().length > 0; tries++)
        await new Promise((r) => setTimeout(r, 20));
      expect(open()).to.have.length(0);
      expect(listener?.endpoints.flatMap(({ errors }) => errors)).to.deep.equal([]);
    });
  });
}
