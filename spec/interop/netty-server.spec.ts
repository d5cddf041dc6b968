import { once } from 'node:events';
import { expect } from 'chai';
import { StreamError } from '../../lib/errors.ts';
import { PROTO_SPDY3_1, REFUSED_STREAM } from '../../lib/protocol/constants.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { headerValue, TestClient } from './support/client.ts';
import { nettyCommand, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';
import { dial, type Endpoint, hangUp } from './support/sockets.ts';

const BODY_SIZES = [0, 1, 65_536, 10 << 20];

for (const secure of [false, true]) {
  describe(`our client and Netty's server, ${secure ? 'TLS with ALPN' : 'plain TCP'}`, () => {
    let server: PeerProcess | undefined;
    let port = 0;
    let end: Endpoint;
    let client: TestClient;

    before(async function () {
      requirePeer(this, 'netty');
      const options = secure
        ? ['--tls-port', '0', '--p12', peerPath('certificates/server.p12')]
        : ['--port', '0'];
      server = new PeerProcess(nettyCommand('NettySpdyServer', ...options));
      port = Number((await server.printed(/(?:plain|tls)=(\d+)/))[1]);
    });

    after(() => server?.stop());

    beforeEach(async () => {
      end = await dial(PROTO_SPDY3_1, port, { secure });
      client = new TestClient(end.session, `localhost:${port}`, secure ? 'https' : 'http');
    });

    afterEach(() => hangUp(end));

    for (const size of BODY_SIZES) {
      it(`receives a body of ${size} bytes`, async () => {
        const reply = await client.get(`/bytes/${size}`);
        expect(reply.status).to.equal(200);
        expect(reply.body.length).to.equal(size);
        expect(reply.sha256).to.equal(sha256(pattern(size)));
      });

      it(`sends a body of ${size} bytes and receives it back`, async () => {
        const reply = await client.post('/echo', pattern(size));
        expect(reply.status).to.equal(200);
        expect(reply.body.length).to.equal(size);
        expect(reply.sha256).to.equal(sha256(pattern(size)));
      });
    }

    it('carries 100 streams at once', async () => {
      const replies = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          client.get(`/bytes/${60_000 + index}`, { priority: index % 8 }),
        ),
      );
      expect(replies.map((reply) => reply.sha256)).to.deep.equal(
        replies.map((_, index) => sha256(pattern(60_000 + index))),
      );
    });

    it('carries 100 uploads at once', async () => {
      const bodies = Array.from({ length: 100 }, (_, index) => pattern(40_000 + index));
      const replies = await Promise.all(bodies.map((body) => client.post('/echo', body)));
      expect(replies.map((reply) => reply.sha256)).to.deep.equal(bodies.map(sha256));
    });

    it('delivers headers unchanged, several values included', async () => {
      const { body } = await client.get('/headers', {
        headers: [
          ['x-one', 'a b=c; d'],
          ['x-many', 'first'],
          ['x-many', 'second'],
        ],
      });
      const seen = JSON.parse(body.toString()) as { headers: Record<string, string | string[]> };
      expect(seen.headers['x-one']).to.equal('a b=c; d');
      expect(seen.headers['x-many']).to.deep.equal(['first', 'second']);
    });

    it('receives several values of one name as several headers', async () => {
      const reply = await client.get('/multi');
      expect(
        reply.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
      ).to.deep.equal(['a=1', 'b=2']);
    });

    it('receives trailers', async () => {
      const reply = await client.get('/trailers');
      expect(reply.body.toString()).to.equal('body\n');
      expect(reply.trailers.map((pair) => [...pair])).to.deep.equal([
        ['x-trailer', 'one'],
        ['x-trailer', 'two'],
      ]);
    });

    it('receives a pushed resource', async () => {
      const reply = await client.get('/push');
      expect(reply.body.toString()).to.equal('pusher\n');
      await client.get('/');
      expect(client.pushes).to.have.length(1);
      expect(headerValue(client.pushes[0]?.request ?? [], ':path')).to.equal('/pushed/2');
      expect(client.pushes[0]?.status).to.equal(200);
      expect(client.pushes[0]?.body.toString()).to.equal('pushed 2\n');
    });

    it('ends only the stream that the peer resets', async () => {
      const error = await client.get('/rst/3').then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(StreamError);
      expect((error as StreamError).status).to.equal(REFUSED_STREAM);
      expect((error as StreamError).retryable).to.equal(true);
      expect((await client.get('/')).status).to.equal(200);
    });

    it('gets a PING back', async () => {
      expect(await end.session.ping()).to.be.within(0, 5000);
    });

    it('finishes its open stream after GOAWAY and then ends', async () => {
      const closed = once(end.session, 'close');
      expect((await client.get('/goaway')).body.toString()).to.equal('bye\n');
      await closed;
      expect(end.errors).to.deep.equal([]);
    });

    it('ends in order when we close', async () => {
      await client.get('/bytes/1000');
      await end.session.close();
      expect(end.errors).to.deep.equal([]);
    });
  });
}

describe("our client and Netty's server with settings of its own", () => {
  let server: PeerProcess | undefined;
  let port = 0;
  let end: Endpoint;

  before(async function () {
    requirePeer(this, 'netty');
    server = new PeerProcess(
      nettyCommand('NettySpdyServer', '--port', '0', '--settings', '4=7,7=1000', '--ping', '20'),
    );
    port = Number((await server.printed(/plain=(\d+)/))[1]);
  });

  after(() => server?.stop());

  beforeEach(async () => {
    end = await dial(PROTO_SPDY3_1, port);
  });

  afterEach(() => hangUp(end));

  it('uploads through a window of 1000 bytes', async () => {
    const client = new TestClient(end.session, `localhost:${port}`);
    await client.get('/');
    const reply = await client.post('/echo', pattern(300_000));
    expect(reply.sha256).to.equal(sha256(pattern(300_000)));
  });

  it('keeps to the allowed number of streams', async () => {
    const client = new TestClient(end.session, `localhost:${port}`);
    await client.get('/');
    const replies = await Promise.all(Array.from({ length: 50 }, () => client.get('/slow/5')));
    expect(replies.map(({ status }) => status)).to.deep.equal(Array(50).fill(200));
  });

  it('answers the PINGs of the server', async () => {
    let pings = 0;
    end.session.on('ping', () => {
      pings++;
    });
    const client = new TestClient(end.session, `localhost:${port}`);
    await client.get('/slow/200');
    expect(pings).to.be.greaterThan(2);
    expect((await client.get('/')).status).to.equal(200);
  });
});
