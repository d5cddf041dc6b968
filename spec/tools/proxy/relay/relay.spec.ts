import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SpdyAgent } from '../../../../lib/http/client/agent.ts';
import type { ClientResponse } from '../../../../lib/http/client/request/response.ts';
import { createServer } from '../../../../lib/http/server/server.ts';
import { REFUSED_STREAM } from '../../../../lib/protocol/constants.ts';
import { findVersion, type ProtocolVersion } from '../../../../lib/protocol/version.ts';
import { connect } from '../../../../lib/session/transport/connect.ts';
import type { ProxyOptions } from '../../../../lib/tools/proxy/options.ts';
import {
  createProxy,
  type ProxyOutcome,
  type SpdyProxy,
} from '../../../../lib/tools/proxy/proxy.ts';
import { DEAD_PORT } from '../../../support/dead-port.ts';
import { RawPeer, sharedCertificate } from '../../../support/session-pair.ts';
import { type Application, BACKS, startApplication } from '../support/application.ts';
import { VanishingRelay } from '../support/vanishing-relay.ts';

/** What has to be ended behind each spec. */
const ends: (() => unknown)[] = [];

async function open(options: ProxyOptions): Promise<{ proxy: SpdyProxy; port: number }> {
  const proxy = createProxy(options);
  const front = { port: 0, host: '127.0.0.1', tls: false, sniff: true } as const;
  const { port } = await proxy.listen(front);
  ends.push(() => proxy.destroy());
  return { proxy, port };
}

async function application(...given: Parameters<typeof startApplication>): Promise<Application> {
  const started = await startApplication(...given);
  ends.push(() => started.close());
  return started;
}

/** A TCP server that does with each connection what it is told. */
async function tcp(onConnection: (socket: net.Socket) => unknown): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Got {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

function get(port: number, path = '/', options: http.RequestOptions = {}): Promise<Got> {
  const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options });
  request.end();
  return answerTo(request);
}

async function answerTo(request: http.ClientRequest): Promise<Got> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

function nextOutcome(proxy: SpdyProxy): Promise<ProxyOutcome> {
  return new Promise((resolve) => proxy.once('exchange', resolve));
}

describe('tools/proxy/relay/relay', () => {
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  describe('a back that does not answer', () => {
    it('is 502 when it refuses connections', async () => {
      const { port, proxy } = await open({ backs: [`http://127.0.0.1:${DEAD_PORT}`] });
      const outcome = nextOutcome(proxy);
      const { status, headers, body } = await get(port);
      expect(status).to.equal(502);
      expect(headers['proxy-status']).to.equal('spdyproxy; error=connection_refused');
      expect(body).to.equal('502 Bad Gateway: the server refused the connection (ECONNREFUSED)\n');
      expect(await outcome).to.deep.include({ status: 502, tries: 1, sent: 0 });
    });

    it('is 502 when it closes the connection', async () => {
      const dead = await tcp((socket) => socket.once('data', () => socket.destroy()));
      const { port } = await open({ backs: [`http://127.0.0.1:${dead}`] });
      const { status, headers } = await get(port);
      expect(status).to.equal(502);
      expect(headers['proxy-status']).to.contain('error=connection_terminated');
    });

    it('is 502 when it says what is no HTTP', async () => {
      const dead = await tcp((socket) => socket.once('data', () => socket.end('220 hello\r\n')));
      const { port } = await open({ backs: [`http://127.0.0.1:${dead}`] });
      const { status, headers } = await get(port);
      expect(status).to.equal(502);
      expect(headers['proxy-status']).to.contain('error=http_protocol_error');
    });

    for (const protocol of ['http/1.1', 'h2', 'spdy/3.1']) {
      it(`is 504 when it says nothing in time (${protocol})`, async () => {
        const dead = await tcp((socket) => socket.resume());
        const back = `${protocol}+http://127.0.0.1:${dead}`;
        const { port } = await open({ backs: [back], responseTimeoutMs: 30 });
        const { status, headers } = await get(port);
        expect(status).to.equal(504);
        expect(headers['proxy-status']).to.contain('error=http_response_timeout');
      });
    }

    it('is 503 when it was taken out of service, until a request reaches it again', async () => {
      const dead = DEAD_PORT;
      const { port, proxy } = await open({
        backs: [`http://127.0.0.1:${dead}`],
        maxFailures: 2,
        openTimeoutMs: 1,
      });
      expect((await get(port)).status).to.equal(502);
      expect((await get(port)).status).to.equal(502);
      expect(proxy.statistics[0]).to.include({ inService: false, failures: 2, active: 0 });
      const server = http.createServer((_request, response) => response.end('back'));
      server.listen(dead, '127.0.0.1');
      await once(server, 'listening');
      ends.push(() => server.close());
      const statuses: number[] = [];
      while (statuses.at(-1) !== 200) statuses.push((await get(port)).status);
      expect(new Set(statuses).has(502)).to.equal(false);
      expect(proxy.statistics[0]).to.include({ inService: true });
      server.closeAllConnections();
    });

    for (const protocol of BACKS) {
      it(`is taken out of service for answers that it cuts off (${protocol})`, async () => {
        const { back } = await application(protocol);
        const { port, proxy } = await open({ backs: [back], maxFailures: 2 });
        for (let failures = 1; failures <= 2; failures++) {
          const outcome = nextOutcome(proxy);
          const request = http.get({ host: '127.0.0.1', port, path: '/cut', agent: false });
          request.on('error', () => {});
          request.on('response', (response) => response.on('error', () => {}).resume());
          expect((await outcome).status).to.equal(200);
          expect(proxy.statistics[0]).to.include({ failures, active: 0 });
        }
        expect(proxy.statistics[0]).to.include({ inService: false });
        expect((await get(port, '/facts')).status).to.equal(503);
      });
    }

    it('is well although clients leave in the middle of its answers', async () => {
      const { back, onceAborted } = await application('http/1.1');
      const { port, proxy } = await open({ backs: [back], maxFailures: 1 });
      const aborted = onceAborted();
      const request = http.get({ host: '127.0.0.1', port, path: '/slow', agent: false });
      await once(request, 'response');
      request.on('error', () => {}).destroy();
      await aborted;
      expect(proxy.statistics[0]).to.include({ inService: true, failures: 0, active: 0 });
    });

    it('is 503 when it has as many requests as it may have', async () => {
      const { back, seen } = await application('http/1.1');
      const [protocol, url] = back.split('+') as ['http/1.1', string];
      const { port } = await open({ backs: [{ url, protocol, maxRequests: 1 }] });
      const first = http.get({ host: '127.0.0.1', port, path: '/slow', agent: false });
      await once(first, 'response');
      const { status, headers } = await get(port, '/facts');
      expect(status).to.equal(503);
      expect(headers['proxy-status']).to.contain('error=connection_limit_reached');
      expect(seen).to.deep.equal(['GET /slow']);
      first.on('error', () => {}).destroy();
    });
  });

  describe('several backs', () => {
    it('get a request that the first one surely has not processed', async () => {
      const good = await application('http/1.1');
      const dead = `http://127.0.0.1:${DEAD_PORT}`;
      const { port, proxy } = await open({ backs: [dead, good.back] });
      for (let i = 0; i < 4; i++) {
        const request = http.request({
          host: '127.0.0.1',
          port,
          path: '/echo',
          method: 'POST',
          agent: false,
        });
        request.end('the body');
        expect(await answerTo(request)).to.include({ status: 200, body: 'the body' });
      }
      expect(good.seen).to.have.length(4);
      expect(proxy.statistics[0]?.failures).to.be.above(0);
    });

    it('get one that was refused with REFUSED_STREAM', async () => {
      const refusing = createServer({ tls: false, version: 'spdy/3.1' });
      refusing.on('stream', (stream) => stream.close(REFUSED_STREAM));
      refusing.listen(0, '127.0.0.1');
      await once(refusing, 'listening');
      ends.push(() => refusing.close().closeAllConnections());
      const good = await application('h2');
      const { port: refused } = refusing.address() as AddressInfo;
      const { port } = await open({ backs: [`spdy/3.1+http://127.0.0.1:${refused}`, good.back] });
      for (let i = 0; i < 2; i++) expect((await get(port, '/facts')).status).to.equal(200);
      expect(good.seen).to.have.length(2);
    });

    for (const protocol of ['spdy/3.1', 'h2'] as const) {
      /** A server that refuses the first requests, and answers the others. */
      async function refusing(count: number): Promise<{ back: string; requests: () => number }> {
        let requests = 0;
        const refuse = (stream: { close(status: number): void }): boolean => {
          const refused = ++requests <= count;
          if (refused) stream.close(protocol === 'h2' ? 7 : REFUSED_STREAM);
          return refused;
        };
        const server =
          protocol === 'h2'
            ? http2.createServer().on('stream', (stream) => {
                stream.on('error', () => {});
                if (refuse(stream)) return;
                stream.respond();
                stream.end('fine');
              })
            : createServer({ tls: false, version: protocol }).on('stream', (stream) => {
                if (refuse(stream)) return;
                stream.respond([
                  [':status', '200'],
                  [':version', 'HTTP/1.1'],
                ]);
                stream.end('fine');
              });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        ends.push(() => server.close());
        const { port } = server.address() as AddressInfo;
        return { back: `${protocol}+http://127.0.0.1:${port}`, requests: () => requests };
      }

      it(`are not needed for one that was refused once: the same back gets it again (${protocol})`, async () => {
        const { back, requests } = await refusing(1);
        const { port, proxy } = await open({ backs: [back] });
        expect(await get(port)).to.include({ status: 200, body: 'fine' });
        expect(requests()).to.equal(2);
        proxy.destroy();
      });

      it(`do not exist: what is always refused is 503 (${protocol})`, async () => {
        const { back, requests } = await refusing(100);
        const { port, proxy } = await open({ backs: [back], maxTries: 2 });
        const { status, headers, body } = await get(port);
        expect(status).to.equal(503);
        expect(headers).to.include({ 'retry-after': '1' });
        expect(headers['proxy-status']).to.equal('spdyproxy; error=destination_unavailable');
        expect(body).to.equal('503 Service Unavailable: the server takes no request now\n');
        expect(requests()).to.be.within(2, 4);
        proxy.destroy();
      });
    }

    it('do not get one that may have been processed', async () => {
      const cutting = await tcp((socket) => socket.once('data', () => socket.destroy()));
      const good = await application('http/1.1');
      const { port } = await open({
        backs: [{ url: `http://127.0.0.1:${cutting}`, weight: 1000 }, good.back],
      });
      expect((await get(port, '/facts')).status).to.equal(502);
      expect(good.seen).to.deep.equal([]);
    });

    it('do not get one of whose body more has left than is kept', async () => {
      // The connection is not there before the body has come.
      const dead = `http://127.0.0.1:${DEAD_PORT}`;
      const good = await application('http/1.1');
      const { port } = await open({
        backs: [{ url: dead, weight: 1000 }, good.back],
        replayBytes: 3,
      });
      const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
      request.end('the body');
      expect((await answerTo(request)).status).to.equal(502);
      expect(good.seen).to.deep.equal([]);
    });

    it('share requests by their weights and by what is under way', async () => {
      const one = await application('http/1.1');
      const two = await application('http/1.1');
      const [protocol, url] = one.back.split('+') as ['http/1.1', string];
      const { port } = await open({ backs: [{ url, protocol, weight: 3 }, two.back] });
      const requests = Array.from({ length: 8 }, () => {
        const request = http.get({ host: '127.0.0.1', port, path: '/slow', agent: false });
        request.on('error', () => {});
        return request;
      });
      await Promise.all(requests.map((request) => once(request, 'response')));
      expect([one.seen.length, two.seen.length]).to.deep.equal([6, 2]);
      for (const request of requests) request.destroy();
    });

    it('get all requests with the same value of the sticky field', async () => {
      const all = await Promise.all([1, 2, 3].map(() => application('http/1.1')));
      const { port } = await open({ backs: all.map(({ back }) => back), sticky: 'X-User' });
      for (const user of ['ann', 'bob', 'eve', 'joe', 'kim', 'lea']) {
        for (let i = 0; i < 3; i++)
          await get(port, `/facts?${user}`, { headers: { 'x-user': user } });
      }
      const users = all.flatMap(({ seen }) => [...new Set(seen)]);
      expect(users).to.have.length(6);
    });
  });

  it('takes a stale connection for what it is: a GET is sent again', async () => {
    let connections = 0;
    const server = await tcp((socket) => {
      connections++;
      let requests = 0;
      socket.on('data', () => {
        requests++;
        if (requests > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const { port } = await open({ backs: [`http://127.0.0.1:${server}`] });
    expect((await get(port)).body).to.equal('ok');
    expect((await get(port)).body).to.equal('ok');
    expect(connections).to.equal(2);
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      const post = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
      post.end();
      statuses.push((await answerTo(post)).status);
    }
    expect(statuses).to.have.members([200, 502]);
  });

  it('answers 508 when its back is itself', async () => {
    const port = DEAD_PORT;
    const proxy = createProxy({ backs: [`http://127.0.0.1:${port}`] });
    ends.push(() => proxy.destroy());
    await proxy.listen({ port, host: '127.0.0.1', tls: false, sniff: true });
    const statuses: (number | null)[] = [];
    proxy.on('exchange', ({ status }) => statuses.push(status));
    const { status, headers } = await get(port);
    expect(status).to.equal(508);
    expect(headers['proxy-status']).to.equal('spdyproxy; error=proxy_loop_detected');
    expect(statuses.length).to.equal(9);
    proxy.update({ backs: [`http://127.0.0.1:${port}`], headers: { name: 'mine' } });
    expect((await get(port)).status).to.equal(508);
    expect(statuses.length).to.equal(11);
  });

  it('answers 408 when the body of a request does not come', async () => {
    const { back } = await application('http/1.1');
    const { port, proxy } = await open({ backs: [back], responseTimeoutMs: 30 });
    const options = { host: '127.0.0.1', port, path: '/silent', method: 'POST', agent: false };
    const request = http.request(options);
    request.on('error', () => {});
    request.setHeader('content-length', 10);
    request.flushHeaders();
    const [{ statusCode }] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(statusCode).to.equal(408);
    expect(proxy.statistics[0]).to.include({ failures: 0, active: 0 });
    request.destroy();
  });

  it('keeps a connection to a back on which the body of a request does not come', async () => {
    const { port: behind } = await application('h2');
    const relay = await VanishingRelay.to(behind);
    ends.push(() => relay.close());
    const url = `http://127.0.0.1:${relay.port}`;
    const given = { backs: [{ url, protocol: 'h2' }] } as const;
    const { port, proxy } = await open(given);
    expect((await get(port, '/facts')).status).to.equal(200);
    proxy.update({ ...given, responseTimeoutMs: 30 });
    const headers = { 'content-length': 10 };
    const options = { host: '127.0.0.1', port, path: '/silent', method: 'POST', headers };
    const request = http.request({ ...options, agent: false }).on('error', () => {});
    request.flushHeaders();
    const [{ statusCode }] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(statusCode).to.equal(408);
    request.destroy();
    proxy.update(given);
    expect((await get(port, '/facts')).status).to.equal(200);
    expect(relay.connections.length).to.equal(1);
  });

  it('passes an answer on that comes before the end of the request', async () => {
    const { back, aborted } = await application('http/1.1', (_request, response) => {
      response.writeHead(413, { connection: 'close' });
      response.end('too much');
    });
    const { port, proxy } = await open({ backs: [back] });
    const outcome = nextOutcome(proxy);
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
    request.on('error', () => {});
    request.write('begun');
    expect(await answerTo(request)).to.include({ status: 413, body: 'too much' });
    expect(await outcome).to.deep.include({ status: 413, error: null });
    expect(proxy.active).to.equal(0);
    expect(aborted).to.deep.equal([]);
    request.destroy();
  });

  it('passes 100 on to those who wait for it, and 103', async () => {
    const server = http.createServer();
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      request.pipe(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => server.close());
    const { port: behind } = server.address() as AddressInfo;
    const { port } = await open({ backs: [`http://127.0.0.1:${behind}`] });
    const request = http.request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      headers: { expect: '100-continue' },
      agent: false,
    });
    const interim: number[] = [];
    request.on('information', ({ statusCode }) => interim.push(statusCode));
    request.on('continue', () => request.end('the body'));
    expect(await answerTo(request)).to.include({ status: 200, body: 'the body' });
    expect(interim).to.deep.equal([100, 103]);
    server.closeAllConnections();
  });

  it('passes no length on with 103', async () => {
    const hints =
      'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\ncontent-length: 5\r\n\r\n';
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
    const back = await tcp((socket) => socket.once('data', () => socket.write(hints + answer)));
    const { port } = await open({ backs: [`http://127.0.0.1:${back}`] });
    const session = http2.connect(`http://127.0.0.1:${port}`);
    ends.push(() => session.destroy());
    const stream = session.request({ ':path': '/' });
    const [informed] = (await once(stream, 'headers')) as [http2.IncomingHttpHeaders];
    expect(informed).to.include({ ':status': 103, link: '</a>; rel=preload' });
    expect(informed).not.to.have.property('content-length');
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk;
    expect(body).to.equal('ok');
  });

  it('passes pushed resources on', async () => {
    const { back } = await application('spdy/3.1', (_request, response) => {
      const { push } = response as unknown as {
        push: (...args: unknown[]) => NodeJS.WritableStream;
      };
      push.call(response, '/style.css', { 'content-type': 'text/css' }).end('h1 {}');
      response.end('page');
    });
    const { port } = await open({ backs: [back] });
    const agent = new SpdyAgent({ version: 'spdy/3.1' });
    ends.push(() => agent.destroy());
    const request = agent.request(`http://127.0.0.1:${port}/`);
    const pushed = new Promise<[string, ClientResponse]>((resolve) =>
      request.on('push', ({ url }, response) => resolve([url, response])),
    );
    request.end();
    const [response] = (await once(request, 'response')) as [ClientResponse];
    response.resume();
    const [url, resource] = await pushed;
    expect(url).to.equal(`http://127.0.0.1:${port}/style.css`);
    expect(resource.headers).to.include({ 'content-type': 'text/css', via: '1.1 spdyproxy' });
    let text = '';
    for await (const chunk of resource) text += chunk;
    expect(text).to.equal('h1 {}');
  });

  for (const version of ['spdy/3.1', 'spdy/3', 'spdy/2'] as const) {
    it(`tells priorities of pushed resources in those of the client (${version})`, async () => {
      const { back } = await application('spdy/3.1', (_request, response) => {
        const { push } = response as unknown as {
          push: (...args: unknown[]) => NodeJS.WritableStream;
        };
        for (const priority of [0, 4, 7]) {
          push.call(response, `/${priority}`, {}, { priority }).end();
        }
        response.end('page');
      });
      const { port } = await open({ backs: [back] });
      const agent = new SpdyAgent({ version });
      ends.push(() => agent.destroy());
      const request = agent.request(`http://127.0.0.1:${port}/`);
      const given: number[] = [];
      const pushed = new Promise<void>((resolve) =>
        request.on('push', ({ priority }, response) => {
          response.resume();
          if (given.push(priority) === 3) resolve();
        }),
      );
      const [response] = (await once(request.end(), 'response')) as [ClientResponse];
      response.resume();
      await pushed;
      expect(given.sort()).to.deep.equal(version === 'spdy/2' ? [0, 2, 3] : [0, 4, 7]);
    });
  }

  for (const client of ['spdy/3.1', 'h2'] as const) {
    it(`gives a pushed resource up that the client refuses (${client})`, async () => {
      let refused: Promise<unknown> = Promise.resolve();
      const { back } = await application('spdy/3.1', (_request, response) => {
        const { push } = response as unknown as {
          push: (...args: unknown[]) => NodeJS.WritableStream;
        };
        const pushed = push.call(response, '/endless', {});
        pushed.on('error', () => {});
        refused = new Promise((resolve) => pushed.once('close', resolve));
        pushed.write('begun');
        response.end('page');
      });
      const { port } = await open({ backs: [back] });
      if (client === 'h2') {
        const session = http2.connect(`http://127.0.0.1:${port}`);
        ends.push(() => session.destroy());
        session.on('stream', (pushed) => pushed.on('error', () => {}).close(8));
        await once(session.request({ ':path': '/' }).resume(), 'end');
      } else {
        const agent = new SpdyAgent({ version: client });
        ends.push(() => agent.destroy());
        const [response] = (await once(agent.get(`http://127.0.0.1:${port}/`), 'response')) as [
          ClientResponse,
        ];
        await once(response.resume(), 'end');
      }
      await refused;
    });
  }

  it('tells pushed resources as those of the origin that the client knows', async () => {
    const { back } = await application('spdy/3.1', (_request, response) => {
      const { push } = response as unknown as {
        push: (...args: unknown[]) => NodeJS.WritableStream;
      };
      push.call(response, '/a.css', { 'x-two': ['1', '2'] }).end('a {}');
      response.end('page');
    });
    const proxy = createProxy({ backs: [back], headers: { host: 'rewrite' } });
    ends.push(() => proxy.destroy());
    const { key, cert } = sharedCertificate();
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', key, cert });
    const agent = new SpdyAgent({ tls: { ca: cert } });
    ends.push(() => agent.destroy());
    const request = agent.request(`https://localhost:${port}/`).end();
    request.once('response', (response) => response.resume());
    const [{ url }, response] = (await once(request, 'push')) as [{ url: string }, ClientResponse];
    expect(url).to.equal(`https://localhost:${port}/a.css`);
    expect(response.headersDistinct['x-two']).to.deep.equal(['1', '2']);
    await once(response.resume(), 'end');
  });

  it('passes fields behind the body that SPDY has between head and body', async () => {
    const server = createServer({ tls: false, version: 'spdy/3.1' });
    server.on('stream', (stream) => {
      stream.respond([
        [':status', '200'],
        [':version', 'HTTP/1.1'],
        ['a', '1'],
      ]);
      setImmediate(() => {
        stream.sendHeaders([
          ['b', '2'],
          ['connection', 'x'],
          ['x', '3'],
        ]);
        stream.end('body');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => server.close());
    const { port: behind } = server.address() as AddressInfo;
    const { port, proxy } = await open({ backs: [`spdy/3.1+http://127.0.0.1:${behind}`] });
    const agent = new SpdyAgent({ version: 'spdy/3.1' });
    ends.push(() => agent.destroy());
    const [response] = (await once(agent.get(`http://127.0.0.1:${port}/`), 'response')) as [
      ClientResponse,
    ];
    await once(response.resume(), 'end');
    const { a, b } = { ...response.headers, ...response.trailers };
    expect({ a, b }).to.deep.equal({ a: '1', b: '2' });
    expect({ ...response.headers, ...response.trailers }).not.to.have.property('connection');
    proxy.destroy();
  });

  it('answers no expectation in the name of the back', async () => {
    const server = http.createServer();
    server.on('checkExpectation', (request, response) => response.end(request.headers.expect));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => server.close());
    const { port: behind } = server.address() as AddressInfo;
    const { port } = await open({ backs: [`http://127.0.0.1:${behind}`] });
    const headers = { expect: 'magic' };
    expect(await get(port, '/', { headers })).to.include({ status: 200, body: 'magic' });
    server.closeAllConnections();
  });

  for (const protocol of BACKS) {
    it(`passes an empty body on as one, and none as none (${protocol})`, async () => {
      const { back } = await application(protocol);
      const { port } = await open({ backs: [back] });
      for (const [method, headers, expected] of [
        ['GET', { 'content-length': '0' }, '0'],
        ['GET', {}, undefined],
        ['POST', {}, '0'],
      ] as const) {
        const { body } = await get(port, '/facts', { method, headers });
        expect(JSON.parse(body).headers['content-length'], method).to.equal(expected);
      }
    });
  }

  it('maps priorities: of streams to urgency, and of urgency to streams', async () => {
    const plain = await application('http/1.1');
    const spdy = await application('spdy/3.1', (request, response) => {
      const { stream } = request as unknown as { stream: { priority: number } };
      response.end(String(stream.priority));
    });
    const toPlain = await open({ backs: [plain.back] });
    const toSpdy = await open({ backs: [spdy.back] });
    const old = await application('spdy/2', (request, response) => {
      const { stream } = request as unknown as { stream: { priority: number } };
      const { priority: field } = request.headers as { priority?: string };
      response.end(`${stream.priority} ${field}`);
    });
    const toOld = await open({ backs: [old.back] });
    const agent = new SpdyAgent({ version: 'spdy/3.1' });
    ends.push(() => agent.destroy());
    for (const [priority, expected] of [
      [1, '0 undefined'],
      [4, '2 undefined'],
      [7, '3 undefined'],
    ] as const) {
      const [answer] = (await once(
        agent.get(`http://127.0.0.1:${toOld.port}/`, { priority }),
        'response',
      )) as [ClientResponse];
      let told = '';
      for await (const chunk of answer) told += chunk;
      expect(told).to.equal(expected);
    }
    const request = agent.get(`http://127.0.0.1:${toPlain.port}/facts`, { priority: 1 });
    const [response] = (await once(request, 'response')) as [ClientResponse];
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(JSON.parse(text).headers.priority).to.equal('u=1');
    const headers = { priority: 'i, u=5' };
    expect((await get(toSpdy.port, '/', { headers })).body).to.equal('5');
    expect((await get(toSpdy.port, '/')).body).to.equal('3');
  });

  it('sends a request to another back while its body is on the way', async () => {
    const server = http.createServer((request, response) => request.pipe(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => server.close());
    const { port: behind } = server.address() as AddressInfo;
    const backs = [`http://127.0.0.1:${DEAD_PORT}`, `http://127.0.0.1:${behind}`];
    const { port, proxy } = await open({ backs });
    const outcome = nextOutcome(proxy);
    const headers = { 'content-length': '20' };
    const request = http.request({ port, method: 'POST', agent: false, headers });
    request.write('0123456789');
    await once(server, 'request');
    request.end('0123456789');
    expect((await answerTo(request)).body).to.equal('01234567890123456789');
    expect((await outcome).tries).to.equal(2);
  });

  for (const protocol of ['http/1.1', 'h2', 'spdy/3.1'] as const) {
    it(`passes on no fields behind a body that are for a head (${protocol})`, async () => {
      const { back } = await application(protocol);
      const { port } = await open({ backs: [back] });
      const request = http.request({ port, method: 'POST', path: '/echo', agent: false });
      request.addTrailers({ connection: 'close', host: 'other', 'x-sum': '42' });
      request.end('hello');
      expect(await answerTo(request)).to.include({ status: 200, body: 'hello' });
    });
  }

  describe('a change of protocol', () => {
    async function upgrading(): Promise<number> {
      const server = http.createServer((_request, response) => response.end('no'));
      server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => {});
        if (request.url === '/no') {
          socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
          return;
        }
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Own: yes\r\n\r\n`,
        );
        if (head.length > 0) socket.unshift(head);
        if (request.url === '/reset')
          socket.once('data', () => (socket as net.Socket).resetAndDestroy());
        else socket.pipe(socket);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      ends.push(() => server.close());
      return (server.address() as AddressInfo).port;
    }

    async function upgrade(
      port: number,
      path = '/',
      protocol = 'echo',
      method = 'GET',
    ): Promise<http.ClientRequest> {
      const request = http.request({
        method,
        host: '127.0.0.1',
        port,
        path,
        agent: false,
        headers: { connection: 'Upgrade', upgrade: protocol },
      });
      return request.end();
    }

    for (const method of ['GET', 'POST']) {
      it(`is passed on, with all that follows, and its end (${method})`, async () => {
        const { port, proxy } = await open({ backs: [`http://127.0.0.1:${await upgrading()}`] });
        const outcome = nextOutcome(proxy);
        const [response, socket] = (await once(
          await upgrade(port, '/', 'echo', method),
          'upgrade',
        )) as [http.IncomingMessage, net.Socket];
        expect(response.headers).to.include({
          upgrade: 'echo',
          connection: 'Upgrade',
          'x-own': 'yes',
        });
        socket.end('all that I have to say');
        let text = '';
        for await (const chunk of socket) text += chunk;
        expect(text).to.equal('all that I have to say');
        expect(await outcome).to.deep.include({ status: 101, received: 22, sent: 22, error: null });
      });
    }

    it('is a reset on one side when it is one on the other', async () => {
      const { port, proxy } = await open({ backs: [`http://127.0.0.1:${await upgrading()}`] });
      const outcome = nextOutcome(proxy);
      const [, socket] = (await once(await upgrade(port, '/reset'), 'upgrade')) as [
        unknown,
        net.Socket,
      ];
      socket.write('hello');
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.equal('ECONNRESET');
      expect((await outcome).error).to.be.an('error');
    });

    it('is reset in front when the back, which has ended its half, closes what is still sent to', async () => {
      const sockets: net.Socket[] = [];
      const behind = await tcp((socket) => {
        sockets.push(socket);
        socket.once('data', () => {
          // Nothing is read any more.
          socket.pause();
          socket.write('HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        });
      });
      const { port, proxy } = await open({ backs: [`http://127.0.0.1:${behind}`] });
      const outcome = nextOutcome(proxy);
      const [, socket] = (await once(await upgrade(port, '/'), 'upgrade')) as [unknown, net.Socket];
      socket.allowHalfOpen = true;
      const failed = once(socket, 'error');
      socket.write(Buffer.alloc(8 << 20));
      sockets[0]?.end();
      await once(socket.resume(), 'end');
      sockets[0]?.destroy();
      expect((await failed)[0])
        .to.have.property('code')
        .that.matches(/ECONNRESET|EPIPE/);
      expect((await outcome).error).to.be.an('error');
      expect(proxy.active).to.equal(0);
    });

    it('is reset behind when the client resets it', async () => {
      const server = http.createServer();
      const errors = new Promise<NodeJS.ErrnoException>((resolve) => {
        server.on('upgrade', (_request, socket) => {
          socket.on('error', resolve).resume();
          socket.on('end', () => resolve(new Error('a clean end')));
          socket.write('HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      ends.push(() => server.close());
      const { port: behind } = server.address() as AddressInfo;
      const { port } = await open({ backs: [`http://127.0.0.1:${behind}`] });
      const [, socket] = (await once(await upgrade(port, '/'), 'upgrade')) as [unknown, net.Socket];
      socket.resetAndDestroy();
      expect(await errors).to.include({ code: 'ECONNRESET' });
    });

    for (const protocol of ['h2c', 'TLS/1.2, h2c']) {
      it(`is not passed on where it would hide requests (${protocol})`, async () => {
        const { port } = await open({ backs: [`http://127.0.0.1:${await upgrading()}`] });
        const answered = await answerTo(await upgrade(port, '/', protocol));
        expect(answered).to.include({ status: 200, body: 'no' });
      });
    }

    it('is refused where the back refuses it', async () => {
      const { port } = await open({ backs: [`http://127.0.0.1:${await upgrading()}`] });
      expect(await answerTo(await upgrade(port, '/no'))).to.include({ status: 403, body: 'no' });
    });

    it('does not happen where a back cannot change: the request is an ordinary one', async () => {
      const { back } = await application('spdy/3.1');
      const { port } = await open({ backs: [back] });
      const { status, body } = await answerTo(await upgrade(port, '/facts'));
      expect(status).to.equal(200);
      expect(JSON.parse(body).headers).to.not.have.property('upgrade');
    });
  });

  for (const client of ['h2', 'spdy/3.1'] as const) {
    it(`refuses a request of another scheme (${client})`, async () => {
      const { back, seen } = await application('http/1.1');
      const { port, proxy } = await open({ backs: [back] });
      const refused = once(proxy, 'refused');
      if (client === 'h2') {
        const session = http2.connect(`http://127.0.0.1:${port}`);
        ends.push(() => session.destroy());
        const stream = session.request({ ':path': '/', ':scheme': 'gopher', ':authority': 'a' });
        const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
        expect(headers[':status']).to.equal(400);
        stream.close();
      } else {
        const session = await connect({ port, host: '127.0.0.1', version: client, tls: false });
        ends.push(() => session.destroy());
        const stream = session.request(
          [
            [':method', 'GET'],
            [':scheme', 'gopher'],
            [':host', 'a'],
            [':path', '/'],
            [':version', 'HTTP/1.1'],
          ],
          { endStream: true },
        );
        await once(stream, 'response');
        expect(stream.replyHeaders).to.deep.include([':status', '400 Bad Request']);
        stream.close();
      }
      expect(String(await refused)).to.equal('a scheme that is neither http nor https');
      expect(seen).to.deep.equal([]);
    });
  }

  it('passes on only so many interim responses', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n'.repeat(150);
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
    const back = await tcp((socket) => socket.once('data', () => socket.write(hints + answer)));
    const { port } = await open({ backs: [`http://127.0.0.1:${back}`] });
    const request = http.get({ host: '127.0.0.1', port, agent: false });
    let interim = 0;
    request.on('information', () => interim++);
    expect(await answerTo(request)).to.include({ status: 200, body: 'ok' });
    expect(interim).to.equal(100);
  });

  describe('CONNECT', () => {
    it('makes no tunnel of an answer whose fields split lines', async () => {
      const behind = await tcp(async (socket) => {
        const peer = new RawPeer(socket, findVersion(4) as ProtocolVersion);
        const { frame } = await peer.frame('SYN_STREAM');
        const fields: [string, string][] = [
          [':status', '200'],
          [':version', 'HTTP/1.1'],
          ['a', 'b\r\n\r\nHTTP/1.1 200 OK\r\nx: y'],
        ];
        peer.send(peer.make.synReply((frame as { streamId: number }).streamId, fields));
      });
      const backs = [`spdy/3.1+http://127.0.0.1:${behind}`];
      const { port, proxy } = await open({ backs, forward: true });
      const socket = net.connect(port, '127.0.0.1');
      socket.write('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n');
      let text = '';
      for await (const chunk of socket) text += chunk;
      expect(text).to.match(/^HTTP\/1\.1 502 /);
      expect(text).not.to.include('x: y');
      proxy.destroy();
    });

    it('is 405 where the backs are no proxies', async () => {
      const { back } = await application('http/1.1');
      const { port } = await open({ backs: [back] });
      const socket = net.connect(port, '127.0.0.1');
      socket.write('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n');
      let text = '';
      for await (const chunk of socket) text += chunk;
      expect(text).to.match(/^HTTP\/1\.1 405 /);
    });

    for (const protocol of ['http/1.1', 'spdy/3.1'] as const) {
      it(`makes a tunnel through a ${protocol} proxy, for every kind of client`, async () => {
        const target = await tcp((socket) => socket.pipe(socket));
        const proxyServer =
          protocol === 'http/1.1'
            ? http.createServer()
            : createServer({ tls: false, version: protocol });
        proxyServer.on('connect', ((request: http.IncomingMessage, answer: net.Socket) => {
          const [, to] = (request.url ?? '').split(':');
          const socket = net.connect(Number(to), '127.0.0.1');
          socket.on('error', () => {});
          if ('writeHead' in answer) {
            const response = answer as unknown as http.ServerResponse;
            response.writeHead(200).flushHeaders();
            request.pipe(socket).pipe(response);
          } else {
            answer.write('HTTP/1.1 200 OK\r\n\r\n');
            answer.pipe(socket).pipe(answer);
          }
        }) as never);
        proxyServer.listen(0, '127.0.0.1');
        await once(proxyServer, 'listening');
        ends.push(() => proxyServer.close());
        const { port: behind } = proxyServer.address() as AddressInfo;
        const { port } = await open({
          backs: [`${protocol}+http://127.0.0.1:${behind}`],
          forward: true,
        });
        const path = `127.0.0.1:${target}`;

        const plain = http.request({ host: '127.0.0.1', port, method: 'CONNECT', path });
        plain.end();
        const [response, socket] = (await once(plain, 'connect')) as [
          http.IncomingMessage,
          net.Socket,
        ];
        expect(response.statusCode).to.equal(200);
        socket.end('through');
        let text = '';
        for await (const chunk of socket) text += chunk;
        expect(text).to.equal('through');

        const agent = new SpdyAgent({ version: 'spdy/3.1' });
        ends.push(() => agent.destroy());
        const request = agent.request(`http://127.0.0.1:${port}`, { method: 'CONNECT', path });
        request.end();
        const [, stream] = (await once(request, 'connect')) as [unknown, net.Socket];
        stream.end('again');
        text = '';
        for await (const chunk of stream) text += chunk;
        expect(text).to.equal('again');
      });
    }
  });

  it('sends whole URLs to proxies', async () => {
    const { back, seen } = await application('http/1.1', (_request, response) => response.end());
    const { port } = await open({ backs: [back], forward: true });
    const headers = { host: 'example.com' };
    expect((await get(port, 'http://example.com/a?b', { headers })).status).to.equal(200);
    expect((await get(port, '/c', { headers })).status).to.equal(200);
    expect(seen).to.deep.equal(['GET http://example.com/a?b', 'GET http://example.com/c']);
  });
});
