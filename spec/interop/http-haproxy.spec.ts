import { once } from 'node:events';
import { expect } from 'chai';
import {
  CLIENT,
  PROTOCOL_VERSIONS,
  Session,
  SpdyAgent,
  type SpdyVersion,
} from '../../lib/index.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { TestClient } from './support/client.ts';
import { Haproxy, SClient } from './support/haproxy.ts';
import { type ClientFacts, type HttpListener, listenHttp } from './support/http-app.ts';
import { ask, failure } from './support/http-client.ts';
import { requirePeer } from './support/peers.ts';

/** Where the client comes from: the terminator itself is at 127.0.0.1. */
const CLIENT_ADDRESS = '127.0.0.7';

describe('openssl s_client, haproxy and createServer() with proxyProtocol', () => {
  let listener: HttpListener | undefined;
  let haproxy: Haproxy | undefined;
  const clients: SClient[] = [];

  before(async function () {
    requirePeer(this, 'haproxy');
    listener = await listenHttp({ tls: false, proxyProtocol: { allow: ['127.0.0.1/32'] } });
    haproxy = await Haproxy.start(listener.port);
  });

  after(async () => {
    await haproxy?.stop();
    await listener?.close();
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.stop()));
  });

  function connect(...options: string[]): SClient {
    const client = new SClient(haproxy?.port ?? 0, '-bind', `${CLIENT_ADDRESS}:0`, ...options);
    clients.push(client);
    return client;
  }

  /** An agent whose requests go through one s_client. */
  function agentOver(client: SClient, version: SpdyVersion): SpdyAgent {
    return new SpdyAgent({ version, createConnection: () => client.stream });
  }

  for (const { id, name } of PROTOCOL_VERSIONS) {
    for (const option of ['-nextprotoneg', '-alpn']) {
      const means = option === '-alpn' ? 'ALPN' : 'NPN';

      it(`serves ${name} chosen by ${means}, and tells who the client is`, async () => {
        const agent = agentOver(connect(option, name), id);
        const { body } = await ask(agent, 'http://localhost/client');
        const client = JSON.parse(body.toString()) as ClientFacts;
        expect(client).to.include({ address: CLIENT_ADDRESS, encrypted: true, protocol: name });
        expect(client.port).to.be.greaterThan(0);
        const down = await ask(agent, 'http://localhost/bytes/1000000');
        expect(down.sha256).to.equal(sha256(pattern(1_000_000)));
        const up = await ask(agent, 'http://localhost/echo', {}, pattern(300_000));
        expect(up.sha256).to.equal(sha256(pattern(300_000)));
        expect(agent.statistics[0]).to.include({ protocol: name, connects: 1, requests: 3 });
        await agent.close();
      });
    }
  }

  it('carries a session that is piped through the program, many streams at once', async () => {
    const { stream } = connect('-nextprotoneg', 'spdy/3.1');
    const session = new Session(CLIENT, 'spdy/3.1');
    stream.pipe(session).pipe(stream);
    const client = new TestClient(session, 'localhost', 'https');
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) => client.get(`/bytes/${20_000 + index}`)),
    );
    expect(replies.map((reply) => reply.sha256)).to.deep.equal(
      replies.map((_, index) => sha256(pattern(20_000 + index))),
    );
    expect(await session.ping()).to.be.within(0, 5000);
    await session.close();
  });

  it('serves HTTP/1.1 to a client that negotiates nothing, or that', async () => {
    for (const options of [[], ['-alpn', 'http/1.1'], ['-nextprotoneg', 'http/1.1']]) {
      const { stream } = connect(...options);
      stream.write('GET /client HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n/);
      const facts = JSON.parse(/\{.*\}/.exec(text)?.[0] ?? '{}') as ClientFacts;
      expect(facts).to.include({ address: CLIENT_ADDRESS, encrypted: true });
    }
  });

  it('has no session left, and none that failed', async () => {
    await listener?.quiet();
    expect(listener?.errors).to.deep.equal([]);
  });
});

describe('haproxy and a server that allows PROXY headers from elsewhere only', () => {
  let listener: HttpListener | undefined;
  let haproxy: Haproxy | undefined;

  before(async function () {
    requirePeer(this, 'haproxy');
    listener = await listenHttp({ tls: false, proxyProtocol: { allow: ['10.0.0.0/8'] } });
    haproxy = await Haproxy.start(listener.port);
  });

  after(async () => {
    await haproxy?.stop();
    await listener?.close();
  });

  it('refuses the connection without a word', async () => {
    const client = new SClient(haproxy?.port ?? 0, '-nextprotoneg', 'spdy/3.1');
    const agent = new SpdyAgent({ version: 'spdy/3.1', createConnection: () => client.stream });
    const refused = listener && once(listener.server, 'proxyError');
    await failure(ask(agent, 'http://localhost/client'));
    expect(String((await refused)?.[0])).to.match(/127\.0\.0\.1 may not send one/);
    expect(listener?.server.sessions.size).to.equal(0);
    await client.stop();
    agent.destroy();
  });
});
