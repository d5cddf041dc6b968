import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import type { SpdyError } from '../../../lib/errors.ts';
import type { ClientRequest } from '../../../lib/http/client/request/request.ts';
import { REFUSED_STREAM } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import { sharedCertificate, until } from '../../support/session-pair.ts';
import { answer, fieldOf, reply, Stage, textOf } from '../support/origin-server.ts';

async function bodyOf(request: ClientRequest): Promise<string> {
  const [response] = await once(request, 'response');
  return textOf(response as IncomingMessage);
}

describe('http/client/agent', () => {
  const stage = new Stage();
  afterEach(() => stage.end());

  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      const only = { protocols: [version.name] };

      it('sends all requests of an origin over one session, made once (checklist 286)', async () => {
        const server = await stage.server(only);
        const agent = stage.agent();
        const requests = Array.from({ length: 20 }, () => agent.get(server.url()));
        const bodies = await Promise.all(requests.map(bodyOf));
        expect(bodies).to.deep.equal(Array.from({ length: 20 }, () => 'hello'));
        expect(server.sessions.length).to.equal(1);
        const [statistics] = agent.statistics;
        expect(statistics).to.include({
          origin: `https://localhost:${server.port}`,
          protocol: version.name,
          connects: 1,
          requests: 20,
          retries: 0,
        });
        const later = agent.get(server.url());
        await bodyOf(later);
        expect(later.reusedSocket).to.equal(true);
      });

      it('lets the first of very many requests leave before the last is made', async () => {
        const server = await stage.server(only);
        const agent = stage.agent();
        await bodyOf(agent.get(server.url()));
        const sent: number[] = [];
        const requests = Array.from({ length: 80 }, () => agent.get(server.url()));
        for (const request of requests) {
          request.on('stream', () => sent.push(request.session?.statistics.streamsOpened ?? 0));
        }
        await Promise.all(requests.map(bodyOf));
        const [first = 0] = sent;
        const last = sent.at(-1) ?? 0;
        expect(first).to.equal(1);
        expect(last).to.be.at.least(32).and.below(80);
      });

      it('makes a new session after GOAWAY, while the old one finishes its streams', async () => {
        const streams: SpdyStream[] = [];
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            streams.push(stream);
            if (streams.length > 1) answer(stream, 'new');
          },
        });
        const agent = stage.agent();
        const old = bodyOf(agent.get(server.url()));
        await until(() => streams.length === 1);
        server.sessions[0]?.submitGoaway();
        await until(() => agent.statistics[0]?.protocol === null);
        expect(await bodyOf(agent.get(server.url()))).to.equal('new');
        expect(agent.statistics[0]?.sessions).to.equal(2);
        answer(streams[0] as SpdyStream, 'old');
        expect(await old).to.equal('old');
        await until(() => agent.statistics[0]?.sessions === 1);
        expect(server.sessions.length).to.equal(2);
      });

      it('tries requests again that GOAWAY leaves unprocessed, and those that had to wait', async () => {
        const server = await stage.server({ ...only, session: { maxConcurrentStreams: 1 } });
        let first: SpdyStream | null = null;
        server.handler = (stream) => {
          if (first !== null) answer(stream, 'second session');
          else first = stream;
        };
        const agent = stage.agent();
        const held = bodyOf(agent.get(server.url()));
        await until(() => first !== null);
        const waiting = [1, 2].map(() => bodyOf(agent.get(server.url())));
        await until(() => agent.statistics[0]?.active === 3);
        server.sessions[0]?.submitGoaway();
        expect(await Promise.all(waiting)).to.deep.equal(['second session', 'second session']);
        answer(first as unknown as SpdyStream, 'first session');
        expect(await held).to.equal('first session');
        expect(agent.statistics[0]?.retries).to.equal(2);
      });

      it('keeps requests that have to wait when GOAWAY comes: nothing is tried again', async () => {
        const held: SpdyStream[] = [];
        const server = await stage.server({
          ...only,
          session: { maxConcurrentStreams: 1 },
          handler: (stream, headers) => {
            if (fieldOf(headers, ':path') === '/held') held.push(stream);
            else answer(stream, 'other session');
          },
        });
        const agent = stage.agent({ maxRetries: 0 });
        await bodyOf(agent.get(server.url()));
        const first = bodyOf(agent.get(server.url('/held')));
        await until(() => held.length === 1);
        const waiting = [1, 2, 3].map(() => bodyOf(agent.get(server.url())));
        await until(() => agent.statistics[0]?.active === 4);
        server.sessions[0]?.submitGoaway();
        expect(new Set(await Promise.all(waiting))).to.deep.equal(new Set(['other session']));
        answer(held[0] as SpdyStream, 'first session');
        expect(await first).to.equal('first session');
        expect(server.sessions.length).to.equal(2);
      });

      it('lets the most urgent requests go first when they have to wait', async () => {
        const paths: string[] = [];
        const held: SpdyStream[] = [];
        const server = await stage.server({
          ...only,
          session: { maxConcurrentStreams: 1 },
          handler: (stream, headers) => {
            paths.push(fieldOf(headers, ':path'));
            if (paths.length === 1) held.push(stream);
            else answer(stream, '');
          },
        });
        const agent = stage.agent();
        const first = bodyOf(agent.get(server.url('/first')));
        await until(() => held.length === 1);
        const waiting = [3, 1, 2, 0, 1].map((priority) =>
          bodyOf(agent.get(server.url(`/${priority}`), { priority })),
        );
        await until(() => agent.statistics[0]?.active === 6);
        answer(held[0] as SpdyStream, '');
        await Promise.all([first, ...waiting]);
        expect(paths).to.deep.equal(['/first', '/0', '/1', '/1', '/2', '/3']);
      });

      it('keeps to MAX_CONCURRENT_STREAMS', async () => {
        let open = 0;
        let most = 0;
        const server = await stage.server({
          ...only,
          session: { maxConcurrentStreams: 2 },
          handler: (stream) => {
            most = Math.max(most, ++open);
            stream.resume();
            setTimeout(() => {
              // Its 'close' may come after the request that the client sends for it.
              open--;
              answer(stream, 'ok');
            }, 5);
          },
        });
        const agent = stage.agent({ maxRetries: 0 });
        // The limit is known once something was answered.
        await bodyOf(agent.get(server.url()));
        const requests = Array.from({ length: 10 }, () => bodyOf(agent.get(server.url())));
        expect(await Promise.all(requests)).to.have.length(10);
        expect(most).to.be.at.most(2);
      });

      it('speaks it over plain TCP when it is told the version', async () => {
        const server = await stage.server({ plain: version });
        const agent = stage.agent({ version: version.name });
        expect(await bodyOf(agent.get(server.url()))).to.equal('hello');
        expect(agent.statistics[0]?.protocol).to.equal(version.name);
      });

      it('never sends an associated stream (checklist 256)', async () => {
        const associated: number[] = [];
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            associated.push(stream.associatedId);
            answer(stream, '');
          },
        });
        await bodyOf(stage.agent().get(server.url()));
        expect(associated).to.deep.equal([0]);
      });
    });
  }

  describe('http/1.1', () => {
    it('is spoken over the connection that ALPN gave to it', async () => {
      const bodies: string[] = [];
      const server = await stage.server({
        protocols: ['http/1.1'],
        http: (request, response) => {
          textOf(request).then((body) => {
            bodies.push(`${request.method} ${request.headers['content-length']} ${body}`);
            response.setHeader('trailer', 'x');
            response.write('answer');
            response.addTrailers({ x: 'y' });
            response.end();
          }, response.destroy);
        },
      });
      let connections = 0;
      server.server.on('connection', () => connections++);
      const agent = stage.agent({ maxSockets: 1 });
      for (const body of ['first', 'second']) {
        const request = agent.request(server.url(), { method: 'POST' }).end(body);
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        expect(await textOf(response)).to.equal('answer');
        expect(response.trailers).to.deep.equal({ x: 'y' });
        if (!request.closed) await once(request, 'close');
      }
      expect(bodies).to.deep.equal(['POST 5 first', 'POST 6 second']);
      expect(connections).to.equal(1);
      const several = [1, 2, 3].map(() => bodyOf(agent.get(server.url())));
      expect(await Promise.all(several)).to.deep.equal(['answer', 'answer', 'answer']);
      expect(connections).to.equal(1);
      expect(agent.statistics[0]?.protocol).to.equal('http/1.1');
    });

    it('is spoken where nothing is negotiated, and over plain TCP', async () => {
      const silent = await stage.server({ protocols: [] });
      expect(await bodyOf(stage.agent().get(silent.url()))).to.equal('one');
      const plain = silent.http.listen(0, '127.0.0.1');
      await once(plain, 'listening');
      const { port } = plain.address() as net.AddressInfo;
      const agent = stage.agent();
      const request = agent.get(`http://127.0.0.1:${port}/`);
      expect(await bodyOf(request)).to.equal('one');
      agent.destroy();
      plain.close();
      await once(plain, 'close');
    });

    it('streams bodies of any method, and passes on continue', async () => {
      const server = await stage.server({
        protocols: ['http/1.1'],
        http: (request, response) => request.pipe(response),
      });
      const request = stage.agent().request(server.url(), {
        method: 'DELETE',
        headers: { expect: '100-continue' },
      });
      await once(request, 'continue');
      request.write('a');
      setTimeout(() => request.end('b'), 5);
      expect(await bodyOf(request)).to.equal('ab');
    });

    it('passes on upgrades, timeouts and interim responses', async () => {
      const server = await stage.server({
        protocols: ['http/1.1'],
        http: (request, response) => {
          if (request.url === '/slow') return;
          response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('done'));
        },
      });
      server.http.on('upgrade', (_request, socket) => {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi',
        );
      });
      const agent = stage.agent();
      const headers = { connection: 'Upgrade', upgrade: 'x' };
      const upgrade = agent.request(server.url(), { headers });
      const upgraded = once(upgrade, 'upgrade');
      upgrade.end();
      const [response, socket] = await upgraded;
      expect(response.statusCode).to.equal(101);
      socket.destroy();
      const hinted = agent.get(server.url());
      const [[information]] = await Promise.all([once(hinted, 'information'), bodyOf(hinted)]);
      expect(information.statusCode).to.equal(103);
      const slow = agent.get(server.url('/slow'), { timeout: 20 });
      slow.on('error', () => {});
      await once(slow, 'timeout');
      slow.destroy();
    });

    it('closes its connections when they are not used, or with the agent', async () => {
      const server = await stage.server({ protocols: ['http/1.1'] });
      const agent = stage.agent({ idleTimeoutMs: 20 });
      await bodyOf(agent.get(server.url()));
      await until(() => agent.statistics[0]?.protocol === null);
      const other = stage.agent();
      await bodyOf(other.get(server.url()));
      await other.close();
      const connections = (): Promise<number> =>
        new Promise((done) => server.server.getConnections((_error, count) => done(count)));
      while ((await connections()) > 0) await new Promise((next) => setTimeout(next, 5));
    });

    it('tells errors as http does', async () => {
      const server = await stage.server({
        protocols: ['http/1.1'],
        http: (request) => request.socket.destroy(),
      });
      const [error] = await once(stage.agent().get(server.url()), 'error');
      expect(error.code).to.equal('ECONNRESET');
    });
  });

  it('tells all who wait why it could not connect, and tries again for the next one', async () => {
    const server = await stage.server();
    const url = server.url();
    await server.close();
    server.close = () => Promise.resolve();
    const agent = stage.agent();
    const failures = await Promise.all([1, 2].map(() => once(agent.get(url), 'error')));
    expect(failures.map(([error]) => error.code)).to.deep.equal(['ECONNREFUSED', 'ECONNREFUSED']);
    expect(agent.statistics[0]).to.include({ failures: 1, active: 0 });
    const [again] = await once(agent.get(url), 'error');
    expect(again.code).to.equal('ECONNREFUSED');
  });

  it('gives up connecting in time', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as net.AddressInfo;
    const agent = stage.agent({ connectTimeoutMs: 30 });
    const [error] = await once(agent.get(`https://127.0.0.1:${port}/`), 'error');
    expect((error as SpdyError).code).to.equal('ERR_SPDY_TIMEOUT');
    silent.close();
  });

  it('reaches addresses as well as names, and checks the certificate for them', async () => {
    const server = await stage.server();
    const agent = stage.agent();
    expect(await bodyOf(agent.get(`https://127.0.0.1:${server.port}/`))).to.equal('hello');
    const [error] = await once(agent.get(`https://127.0.0.2:${server.port}/`), 'error');
    expect(error.code).to.match(/ECONNREFUSED|ALTNAME/);
  });

  it('refuses options that are out of range', () => {
    expect(() => stage.agent({ maxRetries: -1 })).to.throw('maxRetries');
    expect(() => stage.agent({ idleTimeoutMs: Number.NaN })).to.throw('idleTimeoutMs');
  });

  it('closes at the end of its scope', async () => {
    const server = await stage.server();
    const agent = stage.agent();
    await bodyOf(agent.get(server.url()));
    await agent[Symbol.asyncDispose]();
    await until(() => server.sessions[0]?.closed === true);
  });

  it('has sessions of their own for other TLS options', async () => {
    const server = await stage.server();
    const agent = stage.agent({ tls: {} });
    const tls = { ca: sharedCertificate().cert };
    const [error] = await once(agent.get(server.url()), 'error');
    expect(error.code).to.match(/CERT|SIGN|ISSUER/);
    expect(await bodyOf(agent.get(server.url(), { tls }))).to.equal('hello');
    expect(await bodyOf(agent.get(server.url(), { tls: { rejectUnauthorized: false } }))).to.equal(
      'hello',
    );
    expect(server.sessions.length).to.equal(2);
  });

  it('takes TLS options that are undefined for not given', async () => {
    const server = await stage.server();
    const unset = { ca: undefined, checkServerIdentity: undefined, host: undefined } as object;
    const agent = stage.agent({ ca: sharedCertificate().cert, tls: unset });
    expect(await bodyOf(agent.get(server.url()))).to.equal('hello');
    expect(await bodyOf(agent.get(server.url(), { tls: unset }))).to.equal('hello');
  });

  it('closes what was not used for a while', async () => {
    const server = await stage.server();
    const agent = stage.agent({ idleTimeoutMs: 20 });
    await bodyOf(agent.get(server.url()));
    await until(() => agent.statistics[0]?.sessions === 0);
    await until(() => server.sessions[0]?.closed === true);
    await bodyOf(agent.get(server.url()));
    expect(server.sessions.length).to.equal(2);
  });

  it('closes at once without keepAlive', async () => {
    const server = await stage.server();
    const agent = stage.agent({ keepAlive: false });
    await bodyOf(agent.get(server.url()));
    await until(() => server.sessions[0]?.closed === true);
  });

  it('close() lets requests finish, destroy() does not', async () => {
    const streams: SpdyStream[] = [];
    const server = await stage.server({ handler: (stream) => streams.push(stream) });
    const agent = stage.agent();
    const request = bodyOf(agent.get(server.url()));
    await until(() => streams.length === 1);
    const closing = agent.close();
    const [refused] = await once(agent.get(server.url()), 'error');
    expect(refused.code).to.equal('ERR_SPDY_SESSION_CLOSED');
    answer(streams[0] as SpdyStream, 'done');
    expect(await request).to.equal('done');
    await closing;

    const other = stage.agent();
    const cut = other.get(server.url());
    await until(() => streams.length === 2);
    const failed = once(cut, 'error');
    other.destroy();
    await failed;
  });

  describe('close()', () => {
    for (const protocol of ['spdy/3.1', 'http/1.1']) {
      it(`lets requests finish that have no connection yet, ${protocol}`, async () => {
        const server = await stage.server({ protocols: [protocol] });
        const agent = stage.agent({ maxSockets: 1 });
        const requests = [1, 2, 3].map(() => bodyOf(agent.get(server.url())));
        let done = 0;
        for (const request of requests) void request.then(() => done++);
        await agent.close();
        expect(done).to.equal(3);
        const [refused] = await once(agent.get(server.url()), 'error');
        expect(refused.code).to.equal('ERR_SPDY_SESSION_CLOSED');
        if (protocol !== 'http/1.1') await until(() => server.sessions[0]?.closed === true);
      });
    }

    it('lets requests finish that wait for a place in the session', async () => {
      const streams: SpdyStream[] = [];
      const server = await stage.server({
        session: { maxConcurrentStreams: 1 },
        handler: (stream) => streams.push(stream),
      });
      const agent = stage.agent();
      const requests = [1, 2, 3].map(() => bodyOf(agent.get(server.url())));
      await until(() => streams.length === 1);
      let closed = false;
      const closing = agent.close().then(() => {
        closed = true;
      });
      for (const i of [0, 1, 2]) {
        await until(() => streams.length === i + 1);
        expect(closed).to.equal(false);
        answer(streams[i] as SpdyStream, `done ${i}`);
      }
      expect(await Promise.all(requests)).to.deep.equal(['done 0', 'done 1', 'done 2']);
      await closing;
    });

    it('lets requests be tried again', async () => {
      const streams: SpdyStream[] = [];
      const server = await stage.server({
        handler: (stream) => {
          streams.push(stream);
          if (streams.length > 1) answer(stream, 'again');
        },
      });
      const agent = stage.agent();
      const request = bodyOf(agent.get(server.url()));
      await until(() => streams.length === 1);
      const closing = agent.close();
      (streams[0] as SpdyStream).close(REFUSED_STREAM);
      expect(await request).to.equal('again');
      await closing;
    });

    it('waits for no request that was given up or has failed', async () => {
      const server = await stage.server({ handler: () => {} });
      const agent = stage.agent();
      const request = agent.get(server.url()).on('error', () => {});
      const failed = once(agent.get('https://localhost:1/'), 'error');
      await Promise.all([once(request, 'stream'), failed]);
      const closing = agent.close();
      request.destroy();
      await closing;
    });

    it('waits for nothing that nobody ends or reads once the agent is destroyed', async () => {
      const server = await stage.server({ handler: (stream) => answer(stream, 'unread') });
      const agent = stage.agent();
      const unended = agent.request(server.url(), { method: 'POST' }).on('error', () => {});
      const unread = agent.get(server.url()).on('error', () => {});
      await once(unread, 'response');
      const closing = agent.close();
      agent.destroy();
      await closing;
      await agent.close();
      unended.destroy();
    });
  });

  describe('destroy()', () => {
    it('fails at once what waits for a connection, and ends that', async () => {
      const ends: Promise<unknown>[] = [];
      const silent = net.createServer((socket) => {
        ends.push(
          new Promise((done) =>
            socket
              .on('error', () => {})
              .resume()
              .on('close', done),
          ),
        );
      });
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as net.AddressInfo;
      const agent = stage.agent();
      const failures = [1, 2].map(() => once(agent.get(`https://127.0.0.1:${port}/`), 'error'));
      await until(() => ends.length === 1);
      const closing = agent.close();
      agent.destroy(new Error('enough'));
      for (const [error] of await Promise.all(failures)) expect(error.message).to.equal('enough');
      await closing;
      await Promise.all(ends);
      silent.close();
      const [late] = await once(agent.get(`https://127.0.0.1:${port}/`), 'error');
      expect(late.message).to.equal('enough');
    });

    it('waits for no createConnection(), and destroys what comes of it late', async () => {
      const late = new PassThrough();
      let settle: (socket: PassThrough) => void = () => {};
      const agent = stage.agent({
        createConnection: () =>
          new Promise((resolve) => {
            settle = resolve;
          }),
      });
      const failed = once(agent.get('https://localhost/'), 'error');
      await new Promise(setImmediate);
      agent.destroy();
      const [error] = await failed;
      expect(error.code).to.equal('ERR_SPDY_SESSION_CLOSED');
      settle(late);
      await once(late, 'close');
    });

    it('fails requests that wait for one of few HTTP/1.1 connections', async () => {
      const server = await stage.server({ protocols: ['http/1.1'], http: () => {} });
      const agent = stage.agent({ maxSockets: 1 });
      const requests = [1, 2].map(() => agent.get(server.url()));
      const failures = requests.map((request) => once(request, 'error'));
      await once(server.http, 'request');
      agent.destroy();
      await Promise.all(failures);
    });
  });

  it('emits each session', async () => {
    const server = await stage.server({
      handler: (stream, headers) =>
        answer(stream, fieldOf(headers, 'x'), ...(reply(200).slice(2) as [])),
    });
    const agent = stage.agent();
    const made = once(agent, 'session');
    expect(await bodyOf(agent.get(server.url(), { headers: { x: '1' } }))).to.equal('1');
    const [session, origin] = await made;
    expect(session.version.name).to.equal('spdy/3.1');
    expect(origin).to.equal(`https://localhost:${server.port}`);
  });
});
