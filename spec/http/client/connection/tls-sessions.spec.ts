import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { expect } from 'chai';
import { SpdyAgent } from '../../../../lib/http/client/agent.ts';
import type { SpdyAgentOptions } from '../../../../lib/http/client/agent-options.ts';
import { SpdyDispatcher } from '../../../../lib/http/client/dispatcher.ts';
import { makeCertificate } from '../../../../lib/http/server/connection/certificate.ts';
import type { SpdyServerOptions } from '../../../../lib/http/server/options.ts';
import { createServer } from '../../../../lib/http/server/server.ts';
import { textOf } from '../../support/origin-server.ts';

/** A server on loopback, and how its connections began. */
interface End {
  readonly port: number;
  readonly listener: tls.Server;
  /** Of each connection, whether it resumed a session. */
  readonly reused: boolean[];
  /** Ends connections instead of shaking hands. */
  deaf: boolean;
}

type Agent = SpdyAgent | https.Agent;
/** What both kinds of agents are asked for. */
type Ask = Pick<
  https.RequestOptions,
  'ca' | 'checkServerIdentity' | 'host' | 'lookup' | 'minVersion' | 'servername'
>;

/** A name more than there is room for by default. */
const MANY = Array.from({ length: 101 }, (_, i) => `${i}.test`);
const NAMES = ['localhost', 'a.test', 'b.test', 'c.test', ...MANY];
const { key, cert } = makeCertificate(NAMES);
const other = makeCertificate(['other.test']);
const toLoopback: net.LookupFunction = (_name, { all }, callback) => {
  if (all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

describe('http/client/connection/tls-sessions', () => {
  const ends: (() => Promise<void>)[] = [];
  const agents: Agent[] = [];

  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  async function serve(options: SpdyServerOptions = {}): Promise<End> {
    const server = createServer({ key, cert, ...options }, (_request, response) => {
      response.end('hello');
    });
    const reused: boolean[] = [];
    server.on('connection', (socket) => reused.push((socket as tls.TLSSocket).isSessionReused()));
    server.on('upgrade', (_request, socket: Duplex) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    });
    const sockets = new Set<net.Socket>();
    const listener = server.listener as tls.Server;
    const front = net.createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      if (end.deaf) socket.destroy();
      else listener.emit('connection', socket);
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    ends.push(async () => {
      for (const socket of sockets) socket.destroy();
      front.close();
      await once(front, 'close');
    });
    const end = { port: (front.address() as AddressInfo).port, listener, reused, deaf: false };
    return end;
  }

  const made = <A extends Agent>(agent: A): A => {
    agents.push(agent);
    return agent;
  };
  const spdyAgent = (options: SpdyAgentOptions = {}): SpdyAgent =>
    made(new SpdyAgent({ ca: cert, keepAlive: false, ...options }));

  /** Makes a request on a connection of its own: whether that resumed a session. */
  async function ask(agent: Agent, { port }: End, options: Ask = {}): Promise<boolean> {
    const all = { host: 'localhost', lookup: toLoopback, ca: cert, ...options, port };
    const request = agent instanceof https.Agent ? https.get({ ...all, agent }) : agent.get(all);
    const closed = once(request, 'close');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const reused = (response.socket as tls.TLSSocket).isSessionReused();
    expect(await textOf(response)).to.equal('hello');
    await closed;
    return reused;
  }

  /** What each of the requests found, one behind the other. */
  async function askAll(agent: Agent, end: End, requests: readonly Ask[]): Promise<boolean[]> {
    const found: boolean[] = [];
    for (const options of requests) found.push(await ask(agent, end, options));
    return found;
  }

  const kinds = {
    SpdyAgent: (options: { maxCachedSessions?: number } = {}) => spdyAgent(options),
    'https.Agent': (options: { maxCachedSessions?: number } = {}) =>
      made(new https.Agent({ keepAlive: false, ...options })),
  };

  for (const [kind, agentWith] of Object.entries(kinds)) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      describe(`${kind}, ${version}`, () => {
        const only = { minVersion: version, maxVersion: version };

        it('resumes the session of the connection before', async () => {
          const end = await serve(only);
          expect(await askAll(agentWith(), end, [{}, {}, {}])).to.deep.equal([false, true, true]);
          expect(end.reused).to.deep.equal([false, true, true]);
        });

        it('resumes none with maxCachedSessions: 0', async () => {
          const agent = agentWith({ maxCachedSessions: 0 });
          expect(await askAll(agent, await serve(only), [{}, {}])).to.deep.equal([false, false]);
        });

        it('shakes hands anew with a server that has other keys, and resumes from there', async () => {
          const end = await serve(only);
          const agent = agentWith();
          expect(await ask(agent, end)).to.equal(false);
          end.listener.setTicketKeys(Buffer.alloc(48, 7));
          expect(await askAll(agent, end, [{}, {}])).to.deep.equal([false, true]);
        });

        it('tells servers, server names, certificate authorities and versions apart', async () => {
          const end = await serve(only);
          const apart: Ask[] = [
            {},
            { host: 'a.test' },
            { servername: 'a.test' },
            { ca: [cert, other.cert] },
            { minVersion: 'TLSv1.1' },
          ];
          const agent = agentWith();
          expect(await askAll(agent, end, apart)).to.deep.equal(apart.map(() => false));
          expect(await askAll(agent, end, apart)).to.deep.equal(apart.map(() => true));
          expect(await ask(agent, await serve(only))).to.equal(false);
        });

        it('drops the oldest of too many', async () => {
          const end = await serve(only);
          const [a, b, c] = ['a.test', 'b.test', 'c.test'].map((host) => ({ host }));
          const agent = agentWith({ maxCachedSessions: 2 });
          const found = await askAll(agent, end, [a, b, c, c, b, a] as Ask[]);
          expect(found).to.deep.equal([false, false, false, true, true, false]);
        });
      });
    }

    it(`${kind} keeps 100 by default`, async () => {
      const end = await serve();
      const agent = agentWith();
      const requests = MANY.map((host): Ask => ({ host }));
      await askAll(agent, end, requests);
      const found = await askAll(agent, end, [requests[100], requests[1], requests[0]] as Ask[]);
      expect(found).to.deep.equal([true, true, false]);
    });
  }

  it('drops a session when a connection with it fails', async () => {
    const end = await serve();
    const agent = spdyAgent();
    await ask(agent, end);
    end.deaf = true;
    const failure = await ask(agent, end).catch((error: Error) => error);
    expect(failure).to.be.an('error');
    end.deaf = false;
    expect(await askAll(agent, end, [{}, {}])).to.deep.equal([false, true]);
  });

  it('resumes nothing for who looks at the certificates', async () => {
    const end = await serve();
    const seen: string[] = [];
    const checkServerIdentity = (host: string): undefined => {
      seen.push(host);
    };
    const agent = spdyAgent();
    const found = await askAll(agent, end, [{}, { checkServerIdentity }, { checkServerIdentity }]);
    expect(found).to.deep.equal([false, false, false]);
    expect(seen).to.deep.equal(['localhost', 'localhost']);
    const same = { checkServerIdentity: tls.checkServerIdentity };
    expect(await askAll(agent, end, [{}, same, same])).to.deep.equal([true, false, true]);
    const wide = spdyAgent({ checkServerIdentity });
    expect(await askAll(wide, end, [{}, {}])).to.deep.equal([false, false]);
    expect(seen).to.have.length(4);
  });

  it('resumes nothing that was not authorized, and stays so', async () => {
    const end = await serve();
    for (const wrong of [{ ca: other.cert }, { servername: 'other.test' }]) {
      const agent = spdyAgent({ ...wrong, rejectUnauthorized: false });
      for (let round = 0; round < 2; round++) {
        const request = agent.get({ host: 'localhost', port: end.port, lookup: toLoopback });
        const closed = once(request, 'close');
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        const socket = response.socket as tls.TLSSocket;
        expect([socket.authorized, socket.isSessionReused()]).to.deep.equal([false, false]);
        await textOf(response);
        await closed;
      }
    }
  });

  it('leaves a session to whoever gives one', async () => {
    const end = await serve({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    const socket = tls.connect({
      host: '127.0.0.1',
      port: end.port,
      ca: cert,
      servername: 'localhost',
    });
    const [session] = (await once(socket, 'session')) as [Buffer];
    socket.destroy();
    const given = spdyAgent({ tls: { ca: cert, session } });
    expect(await askAll(given, end, [{}, {}])).to.deep.equal([true, true]);
    end.listener.setTicketKeys(Buffer.alloc(48, 7));
    expect(await askAll(given, end, [{}, {}])).to.deep.equal([false, false]);
    const none = spdyAgent({ tls: { ca: cert, session: undefined } });
    expect(await askAll(none, end, [{}, {}])).to.deep.equal([false, true]);
  });

  it('resumes with HTTP/1.1 too, also where SPDY was spoken before', async () => {
    const end = await serve({ ALPNProtocols: ['http/1.1'] });
    expect(await askAll(spdyAgent(), end, [{}, {}])).to.deep.equal([false, true]);

    const both = await serve();
    const agent = spdyAgent();
    await ask(agent, both);
    const request = agent.get({
      host: 'localhost',
      port: both.port,
      lookup: toLoopback,
      tls: { ca: cert },
      headers: { connection: 'upgrade', upgrade: 'x' },
    });
    const [, socket] = (await once(request, 'upgrade')) as [IncomingMessage, Duplex];
    socket.destroy();
    expect(both.reused).to.deep.equal([false, true]);
  });

  it('resumes for a dispatcher', async () => {
    const end = await serve();
    const agent = spdyAgent();
    const dispatcher = new SpdyDispatcher(agent);
    for (let round = 0; round < 2; round++) {
      const origin = `https://localhost:${end.port}`;
      const { body } = await dispatcher.request({ origin, path: '/', method: 'GET' });
      expect(await body.text()).to.equal('hello');
    }
    expect(end.reused).to.deep.equal([false, true]);
  });
});
