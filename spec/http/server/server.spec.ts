import { once } from 'node:events';
import http from 'node:http';
import { expect } from 'chai';
import type { SpdyRequest } from '../../../lib/http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../lib/http/server/exchange/response.ts';
import { RawPeer, tcpConnection, until } from '../../support/session-pair.ts';
import {
  ask,
  endAll,
  head,
  listen,
  reply,
  type Served,
  serve,
  shut,
  WAYS,
} from '../support/http-support.ts';

/** A server whose handler can be exchanged. */
class Handler {
  handle: (request: SpdyRequest, response: SpdyResponse) => unknown = () => {};

  readonly listener = (request: SpdyRequest, response: SpdyResponse): unknown =>
    this.handle(request, response);
}

for (const way of WAYS) {
  describe(`HTTP server, ${way.title}`, () => {
    const handler = new Handler();
    let served: Served;

    before(async () => {
      served = await serve(way, handler.listener);
    });

    after(() => served.end());

    it('says the size of the certificate vector in SPDY/3, and serves the others without it', async () => {
      const session = { settings: { clientCertificateVectorSize: 4 } };
      const other = await serve(way, (_request, response) => response.end('x'), { session });
      const said: number[] = [];
      other.session.on('settings', ({ entries }) => said.push(...entries.map(({ id }) => id)));
      const { body } = await ask(other.session);
      await other.end();
      expect(String(body)).to.equal('x');
      expect(said).to.deep.equal(way.version.hasCredential ? [4, 8] : [4]);
    });

    it('gives handlers an http.IncomingMessage', async () => {
      let seen: Record<string, unknown> = {};
      handler.handle = (request, response) => {
        const { socket } = request;
        seen = {
          type: request instanceof http.IncomingMessage,
          method: request.method,
          url: request.url,
          version: request.httpVersion,
          major: request.httpVersionMajor,
          headers: request.headers,
          distinct: request.headersDistinct['x-two'],
          raw: request.rawHeaders.slice(0, 2),
          scheme: request.scheme,
          remoteAddress: socket.remoteAddress,
          encrypted: 'encrypted' in socket && socket.encrypted,
          connection: request.connection === socket,
          stream: request.stream?.id,
        };
        request.headersDistinct = { own: ['x'] };
        Object.assign(seen, { replaced: request.headersDistinct });
        response.end();
      };
      await ask(served.session, '/p?q=1', { headers: { 'x-two': ['a', 'b'], connection: 'x' } });
      expect(seen).to.deep.include({
        type: true,
        method: 'GET',
        url: '/p?q=1',
        version: '1.1',
        major: 1,
        headers: { host: 'example.com:8443', 'x-two': 'a, b' },
        distinct: ['a', 'b'],
        replaced: { own: ['x'] },
        raw: ['host', 'example.com:8443'],
        scheme: 'https',
        remoteAddress: '127.0.0.1',
        encrypted: way.tls,
        connection: true,
      });
      const { stream } = seen;
      expect(stream).to.be.greaterThan(0);
    });

    it('sends what is written to an http.ServerResponse (checklist 262, 266, 269)', async () => {
      handler.handle = (_request, response) => {
        expect(response).to.be.instanceOf(http.ServerResponse);
        response.setHeader('Set-Cookie', ['a=1', 'b=2']);
        response.setHeader('connection', 'close');
        response.writeHead(201, 'Made', { 'X-One': 1, 'transfer-encoding': 'chunked' });
        response.write('one ');
        response.end('two');
      };
      const { status, headers, pairs, body } = await ask(served.session);
      expect(status).to.equal('201 Made');
      expect(headers).to.include({ ':version': 'HTTP/1.1', 'x-one': '1' });
      expect(headers).to.not.have.any.keys('connection', 'transfer-encoding', 'content-length');
      const { date = '' } = headers;
      expect(Date.parse(date)).to.be.closeTo(Date.now(), 2000);
      expect(pairs.filter(([name]) => name === 'set-cookie')).to.deep.equal([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]);
      expect(body.toString()).to.equal('one two');
    });

    it('ends a reply without body with its SYN_REPLY (checklist 265)', async () => {
      handler.handle = (_request, response) => response.end();
      const stream = served.session.request(head(), { endStream: true });
      await once(stream, 'response');
      expect(stream.inputEnded).to.equal(true);
      expect((await reply(stream)).headers['content-length']).to.equal('0');
    });

    for (const [title, method, status] of [
      ['HEAD', 'HEAD', 200],
      ['204', 'GET', 204],
      ['304', 'GET', 304],
    ] as const) {
      it(`sends no body for ${title} (checklist 265)`, async () => {
        handler.handle = (_request, response) => {
          response.writeHead(status, { 'content-length': 4 });
          expect(response.write('body')).to.equal(true);
          response.end('more');
        };
        const stream = served.session.request(head('/', {}, method), { endStream: true });
        await once(stream, 'response');
        expect(stream.inputEnded).to.equal(true);
        const { body, headers } = await reply(stream);
        expect(body).to.have.lengthOf(0);
        expect(headers['content-length']).to.equal('4');
      });
    }

    it('receives trailers, and sends them as HEADERS and an empty DATA (checklist 274, 275)', async () => {
      handler.handle = async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        response.write(Buffer.concat(chunks));
        response.addTrailers({ 'x-seen': request.trailers['x-sum'], connection: 'x' });
        response.end();
      };
      const stream = served.session.request(head('/', {}, 'POST'));
      stream.write('body');
      stream.sendTrailers([['x-sum', '42']]);
      const { body, trailers } = await reply(stream);
      expect(body.toString()).to.equal('body');
      expect(trailers).to.deep.equal([['x-seen', '42']]);
    });

    it('sends no interim replies (checklist 276)', async () => {
      handler.handle = async (request, response) => {
        const done = new Promise<void>((next) => response.writeContinue(() => next()));
        response.writeProcessing();
        response.writeEarlyHints({ link: '</a>' });
        expect(() => response.writeEarlyHints({ link: 'a' })).to.throw(TypeError);
        await done;
        request.pipe(response);
      };
      const { status, body } = await ask(served.session, '/', {
        body: 'x',
        headers: { expect: '100-continue' },
      });
      expect(status).to.equal('200 OK');
      expect(body.toString()).to.equal('x');
    });

    it('pipes a request to its reply, larger than every buffer', async () => {
      handler.handle = (request, response) => request.pipe(response);
      const body = Buffer.alloc(1 << 20, 'echo');
      const answer = await ask(served.session, '/', { body });
      expect(answer.body.equals(body)).to.equal(true);
    });

    it('serves many requests at once', async () => {
      handler.handle = (request, response) => response.end(request.url);
      const paths = Array.from({ length: 150 }, (_, i) => `/${i}`);
      const replies = await Promise.all(paths.map((path) => ask(served.session, path)));
      expect(replies.map(({ body }) => body.toString())).to.deep.equal(paths);
    });

    it('takes CONNECT as a tunnel', async () => {
      served.server.once('connect', (request, response) => {
        expect(request.url).to.equal('target:443');
        if (!('writeHead' in response)) throw new Error('no response');
        response.writeHead(200);
        response.flushHeaders();
        request.pipe(response);
      });
      const connect = (): Promise<unknown> =>
        ask(served.session, '', {
          raw: [
            [':method', 'CONNECT'],
            [':path', 'target:443'],
            [':host', 'target:443'],
            [':version', 'HTTP/1.1'],
          ],
          body: 'through',
        });
      const tunnelled = (await connect()) as { body: Buffer; status: string };
      expect(tunnelled.body.toString()).to.equal('through');
      expect(await connect()).to.include({ status: '405 Method Not Allowed' });
    });
  });
}

describe('HTTP server', () => {
  afterEach(endAll);

  it('answers expectations that it does not know with 417', async () => {
    const { server, session, end } = await serve(WAYS[1] as (typeof WAYS)[0], (_, response) =>
      response.end(),
    );
    const headers = { expect: 'magic' };
    expect((await ask(session, '/', { headers })).status).to.equal('417 Expectation Failed');
    server.once('checkExpectation', (_request, response) => response.end('yes'));
    expect((await ask(session, '/', { headers })).body.toString()).to.equal('yes');
    server.once('checkContinue', (_request, response) => response.end('checked'));
    const expectation = { expect: '100-continue' };
    const { body } = await ask(session, '/', { headers: expectation });
    expect(body.toString()).to.equal('checked');
    await end();
  });

  it('hands streams over as they are when nobody listens for requests (checklist 277)', async () => {
    const { server, session, end } = await serve(WAYS[1] as (typeof WAYS)[0]);
    server.on('stream', (stream, headers) => {
      stream.respond([]);
      stream.end(JSON.stringify(headers));
    });
    const { body, pairs } = await ask(session, '', { raw: [['streamtype', 'stdin']] });
    expect(JSON.parse(body.toString())).to.deep.equal([['streamtype', 'stdin']]);
    expect(pairs).to.deep.equal([]);
    await end();
  });

  it('answers 404 when there is no handler at all', async () => {
    const { session, end } = await serve(WAYS[1] as (typeof WAYS)[0]);
    expect((await ask(session)).status).to.equal('404 Not Found');
    await end();
  });

  it('speaks on any stream', async () => {
    const { server } = await listen({ tls: false }, (request, response) =>
      response.end(`${request.url} ${'encrypted' in request.socket && request.socket.encrypted}`),
    );
    const { client, server: served } = await tcpConnection();
    const version = (WAYS[0] as (typeof WAYS)[0]).version;
    const session = server.handle(served, version.id, { secure: true });
    expect(server.sessions.has(session)).to.equal(true);
    const peer = new RawPeer(client, version);
    peer.send(peer.make.synStream(1, head('/any'), { flags: 1 }));
    await peer.frame('DATA');
    expect(peer.frames.at(-1)?.data?.toString()).to.equal('/any true');
    await shut(server);
    await until(() => client.destroyed);
  });

  it('takes limits while it runs under the names that a server of http has', async () => {
    const { server, session, end } = await serve(WAYS[0] as (typeof WAYS)[0], () => {});
    expect([server.requestTimeout, server.headersTimeout]).to.deep.equal([300_000, 60_000]);
    Object.assign(server, { requestTimeout: 40, headersTimeout: 30, keepAliveTimeout: 20 });
    Object.assign(server, { maxHeadersCount: 10, maxRequestsPerSocket: 5 });
    expect([server.requestTimeout, server.headersTimeout]).to.deep.equal([40, 30]);
    for (const each of [server, server.http1]) {
      expect(each).to.include({ keepAliveTimeout: 20, maxHeadersCount: 10 });
      expect(each).to.include({ requestTimeout: 40, headersTimeout: 30, maxRequestsPerSocket: 5 });
    }
    const stream = session.request(head('/', {}, 'POST'));
    expect((await reply(stream)).status).to.equal('408 Request Timeout');
    expect(() => {
      server.requestTimeout = -1;
    }).to.throw('requestTimeout must be an integer from 0');
    await end();
  });

  it('has no limits of HTTP/1.1 where that is not spoken', async () => {
    const { server } = await listen({ tls: false });
    Object.assign(server, { keepAliveTimeout: 20, maxHeadersCount: 10, maxRequestsPerSocket: 5 });
    Object.assign(server, { requestTimeout: 40, headersTimeout: 30 });
    const { keepAliveTimeout, maxHeadersCount, maxRequestsPerSocket } = server;
    expect([keepAliveTimeout, maxHeadersCount, maxRequestsPerSocket]).to.deep.equal([
      0,
      null,
      null,
    ]);
    await shut(server);
  });

  it('has the field by which test helpers know that it listens', async () => {
    const { server } = await listen({ tls: false });
    const handle = (): unknown => Reflect.get(server, '_handle');
    expect(handle()).to.equal(server.listener);
    await shut(server);
    expect(handle()).to.equal(null);
  });
});
