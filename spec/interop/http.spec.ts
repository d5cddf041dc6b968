import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SpdyAgent } from '../../lib/http/agent.ts';
import { get } from '../../lib/http/client.ts';
import type { ClientResponse } from '../../lib/http/client-response.ts';
import { fetch } from '../../lib/http/fetch.ts';
import { createServer, type SpdyServer } from '../../lib/http/server.ts';
import type { SpdyResponse } from '../../lib/http/server-response.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { certificate, nettyCommand, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess, run } from './support/process.ts';

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

describe("Netty's client and our HTTP server, TLS with ALPN", function () {
  this.timeout(60_000);
  let server: SpdyServer | undefined;
  let port = '';

  before(async function () {
    requirePeer(this, 'netty');
    server = createServer({ ...certificate() }, answer);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    port = String((server.address() as AddressInfo).port);
  });

  after(() => server?.close());

  async function client(
    ...args: string[]
  ): Promise<{ alpn: string; ok: number; pushes: number; errors: string[] }> {
    const options = ['127.0.0.1', port, '--tls', ...args];
    const { stdout } = await run(nettyCommand('NettySpdyClient', ...options));
    return JSON.parse(stdout) as { alpn: string; ok: number; pushes: number; errors: string[] };
  }

  it('serves bodies of every size', async () => {
    const paths = ['/bytes/0', '/bytes/1', '/bytes/65536', `/bytes/${TEN_MIB}`];
    const seen = await client('-n', '8', '-m', '4', ...paths);
    expect(seen.errors).to.deep.equal([]);
    expect(seen).to.include({ alpn: 'spdy/3.1', ok: 8 });
  });

  it('takes uploads of 10 MiB', async () => {
    const seen = await client('-n', '4', '-m', '4', '--post', String(TEN_MIB), '/echo');
    expect(seen.errors).to.deep.equal([]);
    expect(seen.ok).to.equal(4);
  });

  it('serves 100 at once', async () => {
    const seen = await client('-n', '300', '-m', '100', '/bytes/30000');
    expect(seen.errors).to.deep.equal([]);
    expect(seen.ok).to.equal(300);
  });

  it('sends trailers and pushes', async () => {
    // Its client leaves with the last reply, which may be before the end of a push.
    const seen = await client('-n', '3', '-m', '1', '/trailers', '/push', '/bytes/1');
    expect(seen.errors).to.deep.equal([]);
    expect(seen).to.include({ ok: 3, pushes: 1 });
  });
});

function answer(request: IncomingMessage, response: SpdyResponse): void {
  const [, route = '', argument = ''] = (request.url ?? '').split('/');
  if (route === 'bytes') response.end(pattern(Number(argument)));
  else if (route === 'echo') request.pipe(response);
  else if (route === 'trailers') {
    response.write('body\n');
    response.addTrailers({ 'x-trailer': 'one' });
    response.end();
  } else if (route === 'push') {
    response.push?.('/pushed', { 'content-type': 'text/plain' }, { form: 'split' }).end('pushed\n');
    response.end('pusher\n');
  } else {
    response.statusCode = 404;
    response.end();
  }
}

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
