import { once } from 'node:events';
import { expect } from 'chai';
import { fetch, REFUSED_STREAM, SpdyAgent, StreamError } from '../../lib/index.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { ask, failure, type HttpReply, pushesOf, replyTo } from './support/http-client.ts';
import { certificate, nettyCommand, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';

const WAYS = [
  { title: 'plain TCP', scheme: 'http' },
  { title: 'TLS with ALPN', scheme: 'https' },
] as const;

/** Starts a server that allows ten streams at once. */
async function startServer(): Promise<{ server: PeerProcess; http: string; https: string }> {
  const ports = ['--port', '0', '--tls-port', '0', '--p12', peerPath('certificates/server.p12')];
  const server = new PeerProcess(nettyCommand('NettySpdyServer', ...ports, '--settings', '4=10'));
  const [, http, https] = await server.printed(/plain=(\d+) tls=(\d+)/);
  return { server, http: `http://localhost:${http}`, https: `https://localhost:${https}` };
}

describe("SpdyAgent, request() and fetch() with Netty's server", () => {
  let started: Awaited<ReturnType<typeof startServer>> | undefined;

  before(async function () {
    requirePeer(this, 'netty');
    started = await startServer();
  });

  after(() => started?.server.stop());

  for (const { title, scheme } of WAYS) {
    describe(title, () => {
      let agent: SpdyAgent;
      let url: (path: string) => string;

      beforeEach(() => {
        const tls = { ca: certificate().cert };
        agent = new SpdyAgent(scheme === 'https' ? { tls } : { version: 'spdy/3.1' });
        url = (path) => `${started?.[scheme]}${path}`;
      });

      afterEach(() => agent.destroy());

      const get = (path: string): Promise<HttpReply> => ask(agent, url(path));

      for (const size of [0, 1, 65_536, 10 << 20]) {
        it(`gets a body of ${size} bytes`, async () => {
          const reply = await get(`/bytes/${size}`);
          expect(reply.status).to.equal(200);
          expect(reply.sha256).to.equal(sha256(pattern(size)));
        });
      }

      for (const size of [0, 300_000, 10 << 20]) {
        it(`posts a body of ${size} bytes and gets it back`, async () => {
          const reply = await ask(agent, url('/echo'), {}, pattern(size));
          expect(reply.status).to.equal(200);
          expect(reply.sha256).to.equal(sha256(pattern(size)));
        });
      }

      it('keeps to ten streams at once for 100 requests on one session', async () => {
        await get('/');
        const replies = await Promise.all(
          Array.from({ length: 100 }, (_, index) => get(`/bytes/${20_000 + index}`)),
        );
        expect(replies.map((reply) => reply.sha256)).to.deep.equal(
          replies.map((_, index) => sha256(pattern(20_000 + index))),
        );
        expect(agent.statistics[0]).to.include({ connects: 1, requests: 101, retries: 0 });
      });

      it('delivers headers', async () => {
        const headers = { 'X-One': 'a b=c; d', 'x-many': ['first', 'second'], cookie: 'a=b' };
        const { body } = await ask(agent, url('/headers?q=1'), { headers });
        const seen = JSON.parse(body.toString()) as { url: string; headers: object };
        expect(seen.url).to.equal('/headers?q=1');
        expect(seen.headers).to.deep.include({
          'x-one': 'a b=c; d',
          'x-many': ['first', 'second'],
          cookie: 'a=b',
          host: new URL(url('/')).host,
        });
      });

      it('receives several cookies, a status without a body, and trailers', async () => {
        const [multi, missing, trailers] = await Promise.all(
          ['/multi', '/status/404', '/trailers'].map(get),
        );
        expect(multi?.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
        expect(missing).to.include({ status: 404 });
        expect(missing?.body).to.have.length(0);
        expect(trailers?.body.toString()).to.equal('body\n');
        expect(trailers?.trailers).to.deep.equal({ 'x-trailer': 'one, two' });
      });

      it('tries a refused request again, then fails with an error that says so', async () => {
        const error = await failure(get('/rst/3'));
        expect(error).to.be.instanceOf(StreamError);
        expect(error as StreamError).to.include({ status: REFUSED_STREAM, retryable: true });
        expect(agent.statistics[0]).to.include({ retries: 3, connects: 1 });
        expect((await get('/')).status).to.equal(200);
      });

      it('does not try a cancelled request again', async () => {
        const error = await failure(get('/rst/5'));
        expect(error.code).to.equal('ERR_SPDY_STREAM_RESET');
        expect((error as StreamError).retryable).to.equal(false);
        expect(await failure(fetch(url('/rst/5'), { agent }))).to.be.instanceOf(TypeError);
        expect(agent.statistics[0]).to.include({ retries: 0 });
        expect((await get('/')).status).to.equal(200);
      });

      it('gives up a slow request, and goes on with the session', async () => {
        const slow = agent.request(url('/slow/5000'), { timeout: 100 });
        const reply = failure(replyTo(slow));
        await once(slow, 'timeout');
        slow.destroy(new Error('too slow'));
        expect((await reply).message).to.equal('too slow');
        expect((await get('/slow/10')).body.toString()).to.equal('slow\n');
        expect(agent.statistics[0]).to.include({ connects: 1 });
      });

      it('makes a new session after GOAWAY', async () => {
        expect((await get('/goaway')).body.toString()).to.equal('bye\n');
        expect((await get('/bytes/1000')).sha256).to.equal(sha256(pattern(1000)));
        expect((await get('/bytes/1000')).sha256).to.equal(sha256(pattern(1000)));
        expect(agent.statistics[0]).to.include({ connects: 2 });
      });

      it('fetches, and posts a stream', async () => {
        const down = await fetch(url('/bytes/300000'), { agent });
        expect(down.headers.get('content-length')).to.equal('300000');
        expect(sha256(Buffer.from(await down.arrayBuffer()))).to.equal(sha256(pattern(300_000)));
        const body = new Blob([Uint8Array.from(pattern(300_000))]).stream();
        const up = await fetch(url('/echo'), { agent, method: 'POST', body });
        expect(sha256(Buffer.from(await up.arrayBuffer()))).to.equal(sha256(pattern(300_000)));
      });

      it(`${scheme === 'https' ? 'takes' : 'refuses'} a push, which Netty says is of https`, async () => {
        const request = agent.request(url('/push'));
        const pushes = pushesOf(request);
        expect((await replyTo(request)).body.toString()).to.equal('pusher\n');
        await get('/');
        const [pushed] = await Promise.all(pushes);
        expect(pushes).to.have.length(scheme === 'https' ? 1 : 0);
        if (scheme === 'http') return;
        expect(pushed?.request).to.include({ method: 'GET', url: url('/pushed/2') });
        expect(pushed?.reply.status).to.equal(200);
        expect(pushed?.reply.body.toString()).to.equal('pushed 2\n');
        expect(agent.statistics[0]).to.include({ pushes: 1 });
      });

      it('closes in order', async () => {
        const last = get('/slow/50');
        await get('/');
        await agent.close();
        expect((await last).body.toString()).to.equal('slow\n');
      });
    });
  }
});
