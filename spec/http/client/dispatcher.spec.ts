import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import zlib from 'node:zlib';
import { expect } from 'chai';
import type { DispatchController } from '../../../lib/http/client/dispatch/handlers.ts';
import { SpdyDispatcher } from '../../../lib/http/client/dispatcher.ts';
import { CANCEL } from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import { until } from '../../support/session-pair.ts';
import { answer, fieldOf, reply, Stage, textOf } from '../support/origin-server.ts';

describe('http/client/dispatcher', () => {
  const stage = new Stage();
  let dispatcher: SpdyDispatcher;
  beforeEach(() => {
    dispatcher = new SpdyDispatcher(stage.agent());
  });
  afterEach(() => stage.end());

  /** The global fetch, through the dispatcher. */
  function go(url: string, init: RequestInit = {}): Promise<Response> {
    return globalThis.fetch(url, { ...init, dispatcher });
  }

  async function causeOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
    try {
      await promise;
    } catch (error) {
      return ((error as Error).cause ?? error) as Error;
    }
    throw new Error('it did not fail');
  }

  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      const only = { protocols: [version.name] };

      it('carries the fetch() of Node', async () => {
        let received: HeaderList = [];
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            received = headers;
            stream.respond(
              reply(
                '201 Made',
                ['set-cookie', 'a=1'],
                ['set-cookie', 'b=2'],
                ['content-encoding', 'gzip'],
              ),
            );
            stream.pipe(zlib.createGzip()).pipe(stream);
          },
        });
        const response = await go(server.url('/x?y'), {
          method: 'POST',
          body: 'hello',
          headers: { 'x-own': '1' },
        });
        expect(response.status).to.equal(201);
        expect(response.statusText).to.equal('Made');
        expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
        expect(await response.text()).to.equal('hello');
        expect(fieldOf(received, ':path')).to.equal('/x?y');
        expect(fieldOf(received, 'content-length')).to.equal('5');
        expect(fieldOf(received, 'x-own')).to.equal('1');
        expect(server.sessions.length).to.equal(1);
      });

      it('streams with backpressure', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            stream.respond(reply(200));
            stream.end(Buffer.alloc(1_000_000, 'x'));
          },
        });
        const response = await go(server.url());
        const bytes = await response.arrayBuffer();
        expect(bytes.byteLength).to.equal(1_000_000);
      });
    });
  }

  it('follows redirects of fetch() and tells its failures', async () => {
    const server = await stage.server({
      handler: (stream, headers) => {
        const path = fieldOf(headers, ':path');
        if (path === '/end') answer(stream, 'end');
        else if (path === '/moved')
          stream.respond(reply(302, ['location', '/end']), { endStream: true });
        else stream.close(CANCEL);
      },
    });
    const response = await go(server.url('/moved'));
    expect(response.redirected).to.equal(true);
    expect(await response.text()).to.equal('end');
    const cause = await causeOf(go(server.url('/reset')));
    expect(cause.code).to.equal('UND_ERR_SOCKET');
    expect(cause.cause).to.include({ code: 'ERR_SPDY_STREAM_RESET' });
  });

  it('resets the stream when fetch() is aborted', async () => {
    let requests = 0;
    const server = await stage.server({
      handler: (stream) => {
        requests++;
        stream.on('error', () => {});
      },
    });
    const controller = new AbortController();
    const failure = causeOf(go(server.url(), { signal: controller.signal }));
    await until(() => requests === 1);
    controller.abort();
    expect((await failure).name).to.equal('AbortError');
    await until(() => server.resets.length === 1);
    expect(server.resets).to.deep.equal([CANCEL]);
  });

  it('breaks off the body when the stream is reset', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200));
        stream.write('part', () => stream.close(CANCEL));
      },
    });
    const response = await go(server.url());
    expect((await causeOf(response.text())).message).to.be.a('string');
  });

  it('speaks the handlers of undici 7 and later', async () => {
    const server = await stage.server({
      handler: (stream, headers) => {
        stream.respond(reply(200, ['x-got', fieldOf(headers, 'x-two')]));
        stream.write('one');
        setTimeout(() => {
          stream.write('two');
          stream.sendTrailers([['x-end', '1']]);
        }, 5);
      },
    });
    const log: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      dispatcher.dispatch(
        {
          origin: new URL(server.url()).origin,
          path: '/',
          method: 'GET',
          headers: ['x-one', '1', 'x-two', '2'],
        },
        {
          onRequestStart: () => log.push('start'),
          onResponseStart: (controller, status, headers, message) => {
            log.push(status, headers['x-got'], message, String(controller.rawHeaders));
            controller.pause();
            setTimeout(() => controller.resume(), 5);
          },
          onResponseData: (controller, chunk) => {
            log.push(String(chunk));
            controller.pause();
            controller.resume();
          },
          onResponseEnd: (controller, trailers) => {
            log.push(trailers, String(controller.rawTrailers));
            resolve();
          },
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
    expect(log).to.deep.equal([
      'start',
      200,
      '2',
      '',
      'x-got,2',
      'one',
      'two',
      { 'x-end': '1' },
      'x-end,1',
    ]);
  });

  it('aborts for such handlers, before and after it has begun', async () => {
    let requests = 0;
    const server = await stage.server({
      handler: () => {
        requests++;
      },
    });
    const origin = new URL(server.url()).origin;
    const dispatch = (start: (controller: DispatchController) => void): Promise<Error> =>
      new Promise((resolve) => {
        dispatcher.dispatch(
          {
            origin,
            path: '/',
            method: 'POST',
            headers: new Map([['a', 'b']]),
            body: 'x',
            query: { q: '1' },
          },
          { onRequestStart: start, onResponseError: (_controller, error) => resolve(error) },
        );
      });
    const reason = new Error('no');
    expect(await dispatch((controller) => controller.abort(reason))).to.equal(reason);
    expect(requests).to.equal(0);
    let kept: DispatchController | null = null;
    const failure = dispatch((controller) => {
      kept = controller;
    });
    await until(() => requests === 1);
    (kept as unknown as DispatchController).abort();
    expect((await failure).name).to.equal('AbortError');
  });

  it('pauses for older handlers', async () => {
    const server = await stage.server();
    const log: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      dispatcher.dispatch(
        {
          origin: server.url(),
          path: '/',
          method: 'GET',
          headers: { a: ['1', '2'], b: undefined },
        },
        {
          onConnect: (abort) => log.push(typeof abort),
          onHeaders: (status, raw, resume) => {
            log.push(status, raw.length);
            setTimeout(resume, 5);
            return false;
          },
          onData: (chunk) => {
            log.push(String(chunk));
            return true;
          },
          onComplete: (trailers) => {
            log.push(trailers);
            resolve();
          },
          onError: reject,
        },
      );
    });
    expect(log).to.deep.equal(['function', 200, 0, 'hello', []]);
  });

  it("tells a handler what its own onResponseEnd() throws, by which undici's retry", async () => {
    const server = await stage.server();
    const mine = new Error('again');
    const told = await new Promise<Error>((resolve) => {
      dispatcher.dispatch(
        { origin: server.url(), path: '/', method: 'GET' },
        {
          onRequestStart: () => {},
          onResponseEnd: () => {
            throw mine;
          },
          onResponseError: (_controller, error) => resolve(error),
        },
      );
    });
    expect(told).to.equal(mine);
  });

  it('asks for another name of the server than that of the origin', async () => {
    const server = await stage.server();
    const { port } = new URL(server.url());
    const head = (servername: string | null) => ({
      origin: `https://127.0.0.1:${port}`,
      path: '/',
      method: 'GET',
      headers: { host: 'localhost' },
      servername,
    });
    expect((await dispatcher.request(head('localhost'))).statusCode).to.equal(200);
    const wrong = await causeOf(dispatcher.request(head('other.example')));
    expect(wrong.code).to.equal('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('gives up when a body does not go on, but not while its handler takes nothing', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.on('error', () => {});
        stream.respond(reply(200));
        stream.write('part');
      },
    });
    const options = { origin: server.url(), path: '/', method: 'GET', bodyTimeout: 40 };
    const { body } = await dispatcher.request(options);
    expect((await causeOf(body.text())).code).to.equal('UND_ERR_BODY_TIMEOUT');
    let steering: DispatchController | null = null;
    let failed = false;
    const end = new Promise<Error>((resolve) => {
      dispatcher.dispatch(options, {
        onRequestStart: (controller) => {
          steering = controller;
          controller.pause();
        },
        onResponseError: (_controller, error) => {
          failed = true;
          resolve(error);
        },
      });
    });
    const { body: other } = await dispatcher.request(options);
    expect((await causeOf(other.text())).code).to.equal('UND_ERR_BODY_TIMEOUT');
    expect(failed).to.equal(false);
    (steering as unknown as DispatchController).resume();
    expect(await end).to.include({ code: 'UND_ERR_BODY_TIMEOUT' });
  });

  it('sends bodies of every kind, with the length where it is known, once', async () => {
    const seen: string[] = [];
    const server = await stage.server({
      handler: (stream, headers) => {
        const lengths = headers.filter(([name]) => name === 'content-length');
        const kind = fieldOf(headers, 'content-type').split(';')[0];
        seen.push(`${lengths.map(([, value]) => value)} ${kind}`.trim());
        stream.respond(reply(200));
        stream.pipe(stream);
      },
    });
    const send = async (body: unknown, headers: unknown, method = 'POST'): Promise<string> => {
      const data = await dispatcher.request({
        origin: server.url(),
        path: '/',
        method,
        body,
        headers,
      });
      return data.body.text();
    };
    expect(await send('text', { 'Content-Length': '4' })).to.equal('text');
    expect(await send(new Uint16Array([0x6161]), ['content-length', '2, 2'])).to.equal('aa');
    expect(await send(Buffer.from('b'), [[Buffer.from('x'), Buffer.from('y')]])).to.equal('b');
    expect(await send(new Blob(['blob'], { type: 'text/x' }), null)).to.equal('blob');
    const form = new FormData();
    form.set('a', 'b');
    expect(await send(form, { x: null })).to.contain('name="a"');
    expect(await send('', { 'content-length': 0 }, 'DELETE')).to.equal('');
    expect(await send(['a', 'b'], {})).to.equal('ab');
    expect(seen.slice(0, 4)).to.deep.equal(['4', '2', '1', '4 text/x']);
    expect(seen[4]).to.match(/multipart/);
    expect(seen.slice(5)).to.deep.equal(['', '2']);
    const wrong = await causeOf(send('abc', { 'content-length': '4' }));
    expect(wrong.code).to.equal('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH');
    expect((await causeOf(send('abc', 5))).message).to.contain('headers');
    async function* broken(): AsyncGenerator<string> {
      yield 'a';
      throw new Error('mine');
    }
    expect((await causeOf(send(broken(), null))).message).to.equal('mine');
  });

  it('joins further fields to the query', async () => {
    const server = await stage.server({
      handler: (stream, headers) => answer(stream, fieldOf(headers, ':path')),
    });
    const paths = [
      { path: '/', query: { a: 1, b: [2, 3], c: null } },
      { path: '/?x', query: { a: 'b c' } },
      { path: '/?x', query: {} },
    ];
    const got: string[] = [];
    for (const options of paths) {
      const request = { origin: server.url(), method: 'GET', ...options };
      got.push(await (await dispatcher.request(request)).body.text());
    }
    expect(got).to.deep.equal(['/?a=1&b=2&b=3&c=', '/?x&a=b+c', '/?x']);
  });

  it('passes on interim responses of HTTP/1.1', async () => {
    const server = await stage.server({
      protocols: ['http/1.1'],
      http: (_request, response) => {
        response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('done'));
      },
    });
    const infos: unknown[] = [];
    const options = { origin: server.url(), path: '/', method: 'GET' };
    const onInfo = (info: unknown): void => {
      infos.push(info);
    };
    const { body } = await dispatcher.request({ ...options, onInfo });
    expect(await body.text()).to.equal('done');
    const link = '</a.css>; rel=preload';
    expect(infos).to.deep.equal([{ statusCode: 103, headers: { link } }]);
  });

  it('refuses bodies and origins that are none', async () => {
    const server = await stage.server();
    const errors: string[] = [];
    const failing = (options: object): Promise<void> =>
      new Promise((resolve) => {
        const common = { origin: server.url(), path: '/', method: 'POST' };
        dispatcher.dispatch(
          { ...common, ...options },
          {
            onError: (error) => {
              errors.push(error.message);
              resolve();
            },
          },
        );
      });
    await failing({ body: 5 });
    await failing({ origin: undefined });
    await failing({ headersTimeout: '5' });
    await failing({ bodyTimeout: -1 });
    await failing({ headers: ['a', 'b', 'c'] });
    await failing({ maxRedirections: 2 });
    expect(errors).to.deep.equal([
      'body must be text, bytes, or yield bytes',
      'origin is missing',
      "headersTimeout must be a number from 0, got '5' (string)",
      'bodyTimeout must be a number from 0, got -1',
      'headers must be names and values in turn',
      'maxRedirections is not supported, compose the redirect interceptor',
    ]);
  });

  it('ends a request that is aborted with null with an AbortError', async () => {
    const server = await stage.server({ handler: () => {} });
    const error = await new Promise<Error>((onError) => {
      const onConnect = (abort: (reason: never) => void): void => abort(null as never);
      const options = { origin: server.url(), path: '/', method: 'GET' };
      dispatcher.dispatch(options, { onConnect, onError });
    });
    expect(error.name).to.equal('AbortError');
  });

  it('gives up when no headers come in time, or its handler throws', async () => {
    const server = await stage.server({
      handler: (stream, headers) => {
        if (fieldOf(headers, ':path') === '/') answer(stream, 'x');
      },
    });
    const common = { origin: server.url(), method: 'POST', body: new Uint8Array(3).buffer };
    const late = await new Promise<Error & { code?: string }>((onError) => {
      dispatcher.dispatch({ ...common, path: '/late', headersTimeout: 20 }, { onError });
    });
    expect(late.code).to.equal('UND_ERR_HEADERS_TIMEOUT');
    const mine = new Error('mine');
    const onHeaders = (): boolean => {
      throw mine;
    };
    const thrown = await new Promise<Error>((onError) => {
      dispatcher.dispatch({ ...common, path: '/' }, { onHeaders, onError });
    });
    expect(thrown).to.equal(mine);
  });

  it('makes tunnels', async () => {
    const server = await stage.server({
      connects: true,
      handler: (stream) => {
        stream.respond(reply(200));
        stream.pipe(stream);
      },
    });
    const options = { origin: server.url(), path: 'example.com:443', method: 'CONNECT' };
    for (const old of [true, false]) {
      const [status, socket] = await new Promise<[number, Duplex]>((done, onError) => {
        dispatcher.dispatch(
          options,
          old
            ? { onError, onUpgrade: (code, _headers, tunnel) => done([code, tunnel]) }
            : {
                onRequestStart: () => {},
                onResponseError: (_controller, error) => onError(error),
                onRequestUpgrade: (_controller, code, _headers, tunnel) => done([code, tunnel]),
              },
        );
      });
      expect(status).to.equal(200);
      socket.write('echo');
      const [chunk] = await once(socket, 'data');
      expect(String(chunk)).to.equal('echo');
      socket.destroy();
    }
  });

  it('goes over to another protocol on a connection of its own, by HTTP/1.1', async () => {
    const server = await stage.server({ protocols: ['spdy/3.1', 'http/1.1'] });
    server.http.on('upgrade', (request, socket) => {
      const { connection, upgrade } = request.headers;
      const fields = `Connection: ${connection}\r\nUpgrade: ${upgrade}\r\n`;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\nearly,`);
      socket.pipe(socket);
    });
    expect(await (await go(server.url())).text()).to.equal('hello');
    const options = { origin: server.url(), path: '/chat', opaque: 'mine' };
    const { headers, socket, opaque } = await dispatcher.upgrade({ ...options, protocol: 'chat' });
    expect(opaque).to.equal('mine');
    expect(headers).to.include({ connection: 'upgrade', upgrade: 'chat' });
    socket.end('echo');
    expect(await textOf(socket)).to.equal('early,echo');
    const called = await new Promise<Duplex>((done, fail) => {
      dispatcher.upgrade(options, (error, data) =>
        error === null ? done(data.socket) : fail(error),
      );
    });
    called.destroy();
    expect(await (await go(server.url())).text()).to.equal('hello');
    expect(server.sessions).to.have.length(1);
  });

  it('tells an upgrade that the server does not make as undici does', async () => {
    const server = await stage.server({ protocols: ['spdy/3.1', 'http/1.1'] });
    const failed = await causeOf(dispatcher.upgrade({ origin: server.url(), path: '/' }));
    expect(failed).to.include({ code: 'UND_ERR_SOCKET', message: 'bad upgrade' });
  });

  it('closes in order and is destroyed', async () => {
    const server = await stage.server();
    const connected = once(dispatcher, 'connect');
    await (await go(server.url())).text();
    await connected;
    const held: SpdyStream[] = [];
    server.handler = (stream) => held.push(stream);
    const open = go(server.url());
    await until(() => held.length === 1);
    const closing = dispatcher.close();
    expect([dispatcher.closed, dispatcher.destroyed]).to.deep.equal([true, false]);
    expect((await causeOf(go(server.url()))).code).to.equal('UND_ERR_CLOSED');
    answer(held[0] as SpdyStream, 'last');
    expect(await (await open).text()).to.equal('last');
    await closing;
    expect((await causeOf(go(server.url()))).code).to.equal('UND_ERR_DESTROYED');
    await new Promise<void>((done) => {
      dispatcher.destroy(null, done);
    });
    expect(dispatcher.destroyed).to.equal(true);
  });

  for (const reason of [null, new Error('enough')]) {
    it(`destroy(${reason?.message ?? ''}) fails what is open as undici does`, async () => {
      let came = 0;
      const server = await stage.server({
        handler: () => {
          came++;
        },
      });
      const open = causeOf(dispatcher.request({ origin: server.url(), path: '/', method: 'GET' }));
      await until(() => came === 1);
      await dispatcher.destroy(reason);
      const error = await open;
      if (reason === null) expect(error).to.include({ code: 'UND_ERR_DESTROYED' });
      else expect(error).to.equal(reason);
      const handler = { onRequestStart: () => expect.fail(), onResponseError: () => {} };
      const later = { origin: server.url(), path: '/', method: 'GET' };
      expect(dispatcher.dispatch(later, handler)).to.equal(false);
      expect(() => dispatcher.dispatch(later, null as never)).to.throw('handler must be an object');
    });
  }
});
