import { expect } from 'chai';
import { PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { headerValue, TestClient } from './support/client.ts';
import { mirror } from './support/mirror.ts';
import { peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess, run } from './support/process.ts';
import { dial, type Endpoint, hangUp, listen } from './support/sockets.ts';

/** spdystream knows no flow control, and drops streams as soon as both sides have finished. */
const KUBERNETES = { flowControl: false, lenientStreams: true } as const;

describe('our client and a spdystream server', () => {
  let server: PeerProcess | undefined;
  let end: Endpoint;
  let client: TestClient;
  let port = 0;

  before(async function () {
    requirePeer(this, 'spdystream');
    server = new PeerProcess([peerPath('gostream'), 'server', '0']);
    port = Number((await server.printed(/plain=(\d+)/))[1]);
  });

  after(() => server?.stop());

  beforeEach(async () => {
    end = await dial(PROTO_SPDY3_1, port, KUBERNETES);
    client = new TestClient(end.session, `localhost:${port}`);
  });

  afterEach(() => hangUp(end));

  for (const size of [0, 1, 65_536, 10 << 20]) {
    it(`mirrors ${size} bytes and our headers`, async () => {
      const reply = await client.post('/mirror', pattern(size), {
        headers: [['x-stream', 'seven']],
      });
      expect(reply.body.length).to.equal(size);
      expect(reply.sha256).to.equal(sha256(pattern(size)));
      expect(headerValue(reply.headers, 'x-stream')).to.equal('seven');
    });
  }

  it('mirrors 20 streams at once', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => pattern(200_000 + index));
    const replies = await Promise.all(bodies.map((body) => client.post('/mirror', body)));
    expect(replies.map((reply) => reply.sha256)).to.deep.equal(bodies.map(sha256));
  });

  it('gets a PING back', async () => {
    expect(await end.session.ping()).to.be.within(0, 5000);
  });

  it('ends in order when we close', async () => {
    await client.post('/mirror', pattern(1000));
    await end.session.close();
    expect(end.errors).to.deep.equal([]);
  });
});

describe('a spdystream client and our server', () => {
  before(function () {
    requirePeer(this, 'spdystream');
  });

  for (const [streams, size] of [
    [1, 0],
    [1, 1],
    [3, 10 << 20],
    [50, 65_536],
  ] as const) {
    it(`mirrors ${size} bytes on ${streams} streams`, async () => {
      const listener = await listen(PROTO_SPDY3_1, mirror, KUBERNETES);
      try {
        const { stdout } = await run([
          peerPath('gostream'),
          'client',
          String(listener.port),
          String(streams),
          String(size),
        ]);
        const seen = JSON.parse(stdout) as { ok: number; ping_err: string };
        expect(seen.ok).to.equal(streams);
        expect(seen.ping_err).to.equal('<nil>');
      } finally {
        await listener.close();
      }
    });
  }
});
