import { once } from 'node:events';
import { expect } from 'chai';
import { StreamError } from '../../lib/errors.ts';
import {
  CANCEL,
  PROTO_SPDY2,
  PROTO_SPDY3,
  PROTO_SPDY3_1,
  REFUSED_STREAM,
} from '../../lib/protocol/constants.ts';
import { serve } from './support/app.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { headerValue, TestClient } from './support/client.ts';
import { requirePeer } from './support/peers.ts';
import { dial, type Endpoint, hangUp, type Listener, listen } from './support/sockets.ts';
import {
  readAll,
  type TransportEndpoint,
  type TransportListener,
  type TransportRequest,
  type TransportStream,
  transportDial,
  transportListen,
  transportRequest,
} from './support/spdy-transport.ts';
import { transportApplication } from './support/transport-app.ts';

/** It applies windows to SPDY/2, where no WINDOW_UPDATE exists: larger bodies would stall there. */
const VERSIONS = [
  { version: PROTO_SPDY2, name: 'SPDY/2', sizes: [0, 1, 30_000] },
  { version: PROTO_SPDY3, name: 'SPDY/3', sizes: [0, 1, 65_536, 3 << 20] },
  { version: PROTO_SPDY3_1, name: 'SPDY/3.1', sizes: [0, 1, 65_536, 3 << 20] },
] as const;

/**
 * Above every body: it forgets a stream whose last frames still wait for the session window, and resets it when a
 * WINDOW_UPDATE comes for it.
 */
const WINDOWS = { initialWindowSize: 8 << 20, sessionWindowSize: 8 << 20 };

for (const { version, name, sizes } of VERSIONS) {
  describe(`our client and a spdy-transport server, ${name}`, () => {
    let listener: TransportListener | undefined;
    let end: Endpoint;
    let client: TestClient;

    before(async function () {
      requirePeer(this, 'spdy-transport');
      listener = await transportListen(version, (stream) => void transportApplication(stream));
    });

    after(() => listener?.close());

    beforeEach(async () => {
      end = await dial(version, listener?.port ?? 0, WINDOWS);
      client = new TestClient(end.session, 'localhost');
    });

    afterEach(() => hangUp(end));

    for (const size of sizes) {
      it(`receives and sends a body of ${size} bytes`, async () => {
        const down = await client.get(`/bytes/${size}`);
        expect(down.status).to.equal(200);
        expect(down.sha256).to.equal(sha256(pattern(size)));
        const up = await client.post('/echo', pattern(size));
        expect(up.status).to.equal(200);
        expect(up.sha256).to.equal(sha256(pattern(size)));
      });
    }

    it('carries 50 streams at once', async () => {
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, index) => client.get(`/bytes/${300 + index}`)),
      );
      expect(replies.map((reply) => reply.sha256)).to.deep.equal(
        replies.map((_, index) => sha256(pattern(300 + index))),
      );
    });

    it('delivers headers in both directions', async () => {
      const reply = await client.get('/headers', { headers: [['x-one', 'a=b']] });
      expect(JSON.parse(reply.body.toString())).to.include({ ':path': '/headers', 'x-one': 'a=b' });
      expect(headerValue(reply.headers, 'x-two')).to.equal('c');
    });

    it('receives headers that follow the reply', async () => {
      const reply = await client.get('/trailers');
      expect(reply.trailers.map((pair) => [...pair])).to.deep.equal([['x-trailer', 'one']]);
      expect(reply.body.toString()).to.equal('body\n');
    });

    it('ends only the stream that the peer resets', async () => {
      const error = await client.get('/abort').then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(StreamError);
      expect((error as StreamError).status).to.equal(REFUSED_STREAM);
      expect((await client.get('/bytes/5')).status).to.equal(200);
    });

    it('receives a pushed resource, although it is not marked unidirectional', async () => {
      const reply = await client.get('/push');
      expect(reply.body.toString()).to.equal('pusher\n');
      await client.get('/bytes/1');
      expect(client.pushes).to.have.length(1);
      expect(headerValue(client.pushes[0]?.request ?? [], ':path')).to.equal('/pushed');
      expect(client.pushes[0]?.status).to.equal(200);
      expect(client.pushes[0]?.body.toString()).to.equal('pushed\n');
    });

    it('gets a PING back', async () => {
      await client.get('/bytes/1');
      expect(await end.session.ping()).to.be.within(0, 5000);
    });

    it('ends when the peer says GOAWAY', async () => {
      await client.get('/bytes/1');
      const closed = once(end.session, 'close');
      const goaway = once(end.session, 'goaway');
      listener?.endpoints.at(-1)?.connection.end();
      expect((await goaway)[0]).to.include({ lastGoodStreamId: 1, status: 0 });
      await closed;
      expect(end.errors).to.deep.equal([]);
    });

    it('ends in order when we close', async () => {
      await client.get('/bytes/1000');
      await end.session.close();
      expect(end.errors).to.deep.equal([]);
    });
  });

  describe(`a spdy-transport client and our server, ${name}`, () => {
    let listener: Listener | undefined;
    let peer: TransportEndpoint;

    before(async function () {
      requirePeer(this, 'spdy-transport');
      listener = await listen(version, serve);
    });

    after(() => listener?.close());

    beforeEach(async () => {
      peer = await transportDial(version, listener?.port ?? 0);
    });

    afterEach(() => {
      expect(listener?.endpoints.at(-1)?.errors).to.deep.equal([]);
      expect(peer.errors).to.deep.equal([]);
      peer.socket.destroy();
    });

    for (const size of sizes) {
      it(`serves a body of ${size} bytes and takes one`, async () => {
        const down = await transportRequest(peer, { path: `/bytes/${size}` });
        expect(down.status).to.equal(200);
        expect(sha256(down.body)).to.equal(sha256(pattern(size)));
        const up = await transportRequest(peer, { path: '/echo', method: 'POST' }, pattern(size));
        expect(up.status).to.equal(200);
        expect(sha256(up.body)).to.equal(sha256(pattern(size)));
      });
    }

    it('serves 50 streams at once', async () => {
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          transportRequest(peer, { path: `/bytes/${300 + index}` }),
        ),
      );
      expect(replies.map(({ body }) => sha256(body))).to.deep.equal(
        replies.map((_, index) => sha256(pattern(300 + index))),
      );
    });

    it('delivers headers in both directions', async () => {
      const { body, headers } = await transportRequest(peer, {
        path: '/headers',
        headers: { 'X-One': 'a=b' },
      });
      const seen = JSON.parse(body.toString()) as { headers: [string, string][] };
      expect(seen.headers)
        .to.deep.include(['x-one', 'a=b'])
        .and.to.deep.include([':path', '/headers']);
      expect(headers['content-length']).to.equal(String(body.length));
    });

    it('sends headers after the reply', async () => {
      const stream = peer.connection.request(get('/trailers'));
      const trailers = once(stream, 'headers') as Promise<[Record<string, string>]>;
      // Its client knows no FIN on HEADERS: the stream stays open there.
      expect((await trailers)[0]['x-trailer']).to.contain('one');
      stream.abort();
    });

    it('pushes a resource', async () => {
      const stream = peer.connection.request(get('/push/merged'));
      const pushed = new Promise<{ path: string; status: number; body: Buffer }>((resolve) => {
        stream.once('pushPromise', (push: TransportStream) => {
          push.once('response', async (status: number) => {
            resolve({ path: push.path, status, body: await readAll(push) });
          });
        });
      });
      expect((await readAll(stream)).toString()).to.equal('pusher\n');
      const { path, status, body } = await pushed;
      expect({ path, status, body: body.toString() }).to.deep.equal({
        path: '/pushed/1',
        status: 200,
        body: 'pushed\n',
      });
    });

    it('takes a reset of one stream', async () => {
      const stream = peer.connection.request(get('/slow/60000'));
      await transportRequest(peer, { path: '/bytes/1' });
      const status = new Promise<number>((resolve) => {
        listener?.endpoints.at(-1)?.session.on('streamClose', (id, code) => {
          if (id === stream.id) resolve(code);
        });
      });
      stream.abort();
      expect(await status).to.equal(CANCEL);
      expect((await transportRequest(peer, { path: '/bytes/5' })).status).to.equal(200);
    });

    it('resets one stream', async () => {
      const stream = peer.connection.request(get('/rst/3'));
      const [error] = (await once(stream, 'error')) as [Error];
      expect(error.message).to.equal('Got RST: REFUSED_STREAM');
      expect((await transportRequest(peer, { path: '/bytes/5' })).status).to.equal(200);
    });

    it('answers PING', async () => {
      await new Promise<void>((resolve, reject) => {
        peer.connection.ping((error) => (error ? reject(error) : resolve()));
      });
    });

    it('ends when the client says GOAWAY', async () => {
      await transportRequest(peer, { path: '/bytes/1' });
      const session = listener?.endpoints.at(-1)?.session;
      const closed = session && once(session, 'close');
      peer.connection.end();
      await closed;
    });

    it('says GOAWAY when it closes', async () => {
      await transportRequest(peer, { path: '/bytes/1' });
      const closed = once(peer.socket, 'close');
      await listener?.endpoints.at(-1)?.session.close();
      await closed;
      // It sends 8 bytes in SPDY/2 and cannot read the 4 that its text asks for.
      if (version === PROTO_SPDY2)
        expect(peer.errors.splice(0).map(String)).to.deep.equal(['Error: GOAWAY OOB']);
      else expect(peer.frames.map(({ type }) => type)).to.include('GOAWAY');
    });
  });
}

function get(path: string): TransportRequest {
  return { method: 'GET', path, host: 'localhost', headers: {} };
}
