import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { SpdyAgent } from '../../lib/http/agent.ts';
import { get } from '../../lib/http/client.ts';
import type { ClientResponse } from '../../lib/http/client-response.ts';
import { fetch } from '../../lib/http/fetch.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { certificate, nettyCommand, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';

const TEN_MIB = 10 << 20;

describe("our HTTP client and Netty's server, TLS with ALPN", function () {
  this.timeout(60_000);
  let server: PeerProcess | undefined;
  let agent: SpdyAgent;
  let origin = '';

  before(async function () {
    requirePeer(this, 'netty');
    const keys = ['--p12', peerPath('certificates/server.p12')];
    server = new PeerProcess(nettyCommand('NettySpdyServer', '--tls-port', '0', ...keys));
    origin = `https://localhost:${(await server.printed(/tls=(\d+)/))[1]}`;
  });

  after(() => server?.stop());

  beforeEach(() => {
    agent = new SpdyAgent({ tls: { ca: certificate().cert } });
  });

  afterEach(() => agent.close());

  for (const size of [0, 1, 65_536, TEN_MIB]) {
    it(`fetches ${size} bytes and posts them`, async () => {
      const down = await fetch(`${origin}/bytes/${size}`, { agent });
      expect(down.status).to.equal(200);
      expect(await digestOf(down)).to.equal(sha256(pattern(size)));
      const body = Uint8Array.from(pattern(size));
      const up = await fetch(`${origin}/echo`, { agent, method: 'POST', body });
      expect(await digestOf(up)).to.equal(sha256(pattern(size)));
    });
  }

  it('fetches 100 at once on one session', async () => {
    let sessions = 0;
    agent.on('session', () => {
      sessions++;
    });
    const bodies = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const response = await fetch(`${origin}/bytes/${30_000 + index}`, { agent });
        return digestOf(response);
      }),
    );
    expect(bodies).to.deep.equal(bodies.map((_, index) => sha256(pattern(30_000 + index))));
    expect(sessions).to.equal(1);
  });

  it('takes several values, trailers and a push', async () => {
    const multi = await fetch(`${origin}/multi`, { agent });
    expect(multi.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    const response = await getWhole(`${origin}/trailers`, agent);
    expect(response.trailers).to.deep.equal({ 'x-trailer': 'one, two' });
    const request = get(`${origin}/push`, { agent });
    request.on('response', (main) => main.resume());
    const [, pushed] = (await once(request, 'push')) as [unknown, ClientResponse];
    expect(pushed.statusCode).to.equal(200);
    expect(await textOf(pushed)).to.equal('pushed 2\n');
  });

  it('tries again on a new session after GOAWAY', async () => {
    let sessions = 0;
    agent.on('session', () => {
      sessions++;
    });
    expect(await (await fetch(`${origin}/goaway`, { agent })).text()).to.equal('bye\n');
    expect((await fetch(`${origin}/bytes/10`, { agent })).status).to.equal(200);
    expect(sessions).to.equal(2);
  });

  it('fails for a reset stream and goes on', async () => {
    const failure = await fetch(`${origin}/rst/5`, { agent }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(TypeError);
    expect((await fetch(`${origin}/status/404`, { agent })).status).to.equal(404);
  });
});

async function digestOf(response: Response): Promise<string> {
  return sha256(new Uint8Array(await response.arrayBuffer()));
}

async function getWhole(url: string, agent: SpdyAgent): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  await textOf(response);
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
