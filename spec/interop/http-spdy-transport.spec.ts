import { once } from 'node:events';
import { expect } from 'chai';
import {
  fetch,
  PROTO_SPDY2,
  PROTOCOL_VERSIONS,
  REFUSED_STREAM,
  SpdyAgent,
  StreamError,
} from '../../lib/index.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { type ClientFacts, type HttpListener, listenHttp } from './support/http-app.ts';
import { ask, failure, pushesOf, replyTo } from './support/http-client.ts';
import { certificate, requirePeer } from './support/peers.ts';
import {
  readAll,
  type TransportEndpoint,
  type TransportListener,
  type TransportStream,
  transportDial,
  transportListen,
  transportRequest,
} from './support/spdy-transport.ts';
import { transportApplication } from './support/transport-app.ts';

/** It applies windows to SPDY/2, where no WINDOW_UPDATE exists: larger bodies would stall there. */
const SIZES = { 2: [0, 1, 30_000], 3: [0, 1, 65_536, 3 << 20], 4: [0, 1, 65_536, 3 << 20] };

/** Above every body: it forgets a stream whose last frames still wait for the session window. */
const WINDOWS = { initialWindowSize: 8 << 20, sessionWindowSize: 8 << 20 };

for (const { id, name } of PROTOCOL_VERSIONS) {
  describe(`a spdy-transport client and createServer(), ${name}`, () => {
    let listener: HttpListener | undefined;
    let peer: TransportEndpoint;

    before(async function () {
      requirePeer(this, 'spdy-transport');
      listener = await listenHttp({ tls: false, version: id });
    });

    after(() => listener?.close());

    beforeEach(async () => {
      peer = await transportDial(id, listener?.port ?? 0);
    });

    afterEach(() => {
      expect(peer.errors).to.deep.equal([]);
      peer.socket.destroy();
    });

    it('serves bodies of every size and takes them', async () => {
      for (const size of SIZES[id]) {
        const down = await transportRequest(peer, { path: `/bytes/${size}` });
        expect(down.status).to.equal(200);
        expect(sha256(down.body)).to.equal(sha256(pattern(size)));
        const up = await transportRequest(peer, { path: '/echo', method: 'POST' }, pattern(size));
        expect(sha256(up.body)).to.equal(sha256(pattern(size)));
      }
    });

    it('serves 50 requests at once', async () => {
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          transportRequest(peer, { path: `/bytes/${300 + index}` }),
        ),
      );
      expect(replies.map(({ body }) => sha256(body))).to.deep.equal(
        replies.map((_, index) => sha256(pattern(300 + index))),
      );
    });

    it('delivers headers in both directions, and the address of the client', async () => {
      const headers = { 'X-One': 'a=b', Cookie: 'c=d' };
      const { body } = await transportRequest(peer, { path: '/headers', headers });
      const seen = JSON.parse(body.toString()) as { headers: object };
      expect(seen.headers).to.include({ host: 'localhost', 'x-one': 'a=b', cookie: 'c=d' });
      const multi = await transportRequest(peer, { path: '/multi' });
      expect(String(multi.headers['set-cookie'])).to.contain('a=1').and.to.contain('b=2; path=/');
      const client = await transportRequest(peer, { path: '/client' });
      const facts = JSON.parse(client.body.toString()) as ClientFacts;
      expect(facts).to.include({ address: '127.0.0.1', encrypted: false });
      expect(facts.port).to.equal(peer.socket.localPort);
    });

    it('answers with a status alone, and late', async () => {
      expect(await transportRequest(peer, { path: '/status/404' })).to.include({ status: 404 });
      const slow = await transportRequest(peer, { path: '/slow/20' });
      expect(slow.body.toString()).to.equal('slow\n');
    });

    it('pushes a resource', async () => {
      const stream = peer.connection.request({ method: 'GET', path: '/push/joined', headers: {} });
      const pushed = new Promise<{ path: string; status: number; body: string }>((resolve) => {
        stream.once('pushPromise', (push: TransportStream) => {
          push.once('response', async (status: number) => {
            resolve({ path: push.path, status, body: (await readAll(push)).toString() });
          });
        });
      });
      expect((await readAll(stream)).toString()).to.equal('pusher\n');
      // In SPDY/2 a push has its whole URL there.
      const path = id === PROTO_SPDY2 ? 'https://localhost/pushed/1' : '/pushed/1';
      expect(await pushed).to.deep.equal({ path, status: 200, body: 'pushed\n' });
    });

    it('resets one request, and takes a reset of one', async () => {
      const refused = peer.connection.request({ method: 'GET', path: '/rst/3', headers: {} });
      const [error] = (await once(refused, 'error')) as [Error];
      expect(error.message).to.equal('Got RST: REFUSED_STREAM');
      const slow = peer.connection.request({ method: 'GET', path: '/slow/50', headers: {} });
      await transportRequest(peer, { path: '/bytes/1' });
      slow.abort();
      expect((await transportRequest(peer, { path: '/bytes/5' })).status).to.equal(200);
    });

    it('has no session left, and none that failed', async () => {
      peer.socket.destroy();
      await listener?.quiet();
      expect(listener?.errors).to.deep.equal([]);
    });
  });

  describe(`SpdyAgent, request() and fetch() with a spdy-transport server, ${name} over TLS`, () => {
    let listener: TransportListener | undefined;
    let agent: SpdyAgent;
    const url = (path: string): string => `https://localhost:${listener?.port}${path}`;

    before(async function () {
      requirePeer(this, 'spdy-transport');
      listener = await transportListen(id, (stream) => void transportApplication(stream), true);
    });

    after(() => listener?.close());

    beforeEach(() => {
      agent = new SpdyAgent({ tls: { ca: certificate().cert }, session: WINDOWS });
    });

    afterEach(() => agent.destroy());

    it('gets bodies of every size and posts them', async () => {
      for (const size of SIZES[id]) {
        const down = await ask(agent, url(`/bytes/${size}`));
        expect(down.status).to.equal(200);
        expect(down.sha256).to.equal(sha256(pattern(size)));
        const up = await ask(agent, url('/echo'), {}, pattern(size));
        expect(up.sha256).to.equal(sha256(pattern(size)));
      }
      expect(agent.statistics[0]).to.include({ connects: 1 });
    });

    it('sends 50 requests at once on one session', async () => {
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, index) => ask(agent, url(`/bytes/${300 + index}`))),
      );
      expect(replies.map((reply) => reply.sha256)).to.deep.equal(
        replies.map((_, index) => sha256(pattern(300 + index))),
      );
      expect(agent.statistics[0]).to.include({ connects: 1, requests: 50 });
    });

    it('delivers headers in both directions', async () => {
      const reply = await ask(agent, url('/headers'), { headers: { 'X-One': 'a=b' } });
      expect(reply.headers).to.include({ 'x-two': 'c' });
      expect(JSON.parse(reply.body.toString())).to.include({ ':path': '/headers', 'x-one': 'a=b' });
    });

    it('fetches', async () => {
      const response = await fetch(url('/echo'), { agent, method: 'POST', body: 'text' });
      expect(response.status).to.equal(200);
      expect(await response.text()).to.equal('text');
      expect((await fetch(url('/none'), { agent })).status).to.equal(404);
    });

    it('takes a push', async () => {
      const request = agent.request(url('/push'));
      const pushes = pushesOf(request);
      expect((await replyTo(request)).body.toString()).to.equal('pusher\n');
      await ask(agent, url('/bytes/1'));
      const [pushed] = await Promise.all(pushes);
      expect(pushed?.request.url).to.equal(url('/pushed'));
      expect(pushed?.reply.body.toString()).to.equal('pushed\n');
    });

    it('fails for a refused request, and goes on', async () => {
      const error = await failure(ask(agent, url('/abort')));
      expect(error).to.be.instanceOf(StreamError);
      expect(error as StreamError).to.include({ status: REFUSED_STREAM, retryable: true });
      expect(agent.statistics[0]).to.include({ retries: 3, connects: 1 });
      expect((await ask(agent, url('/bytes/5'))).status).to.equal(200);
    });

    it('makes a new session after GOAWAY', async () => {
      await ask(agent, url('/bytes/1'));
      listener?.endpoints.at(-1)?.connection.end();
      while (agent.statistics[0]?.protocol !== null) await new Promise(setImmediate);
      expect((await ask(agent, url('/bytes/5'))).status).to.equal(200);
      expect(agent.statistics[0]).to.include({ connects: 2 });
    });

    it('closes in order', async () => {
      const reply = ask(agent, url('/bytes/1000'));
      await ask(agent, url('/bytes/1'));
      await agent.close();
      expect((await reply).body).to.have.length(1000);
      if (id !== PROTO_SPDY2) expect(listener?.endpoints.at(-1)?.errors).to.deep.equal([]);
    });
  });
}
