import { once } from 'node:events';
import type http from 'node:http';
import type { IncomingMessage } from 'node:http';
import type https from 'node:https';
import { expect } from 'chai';
import type { StreamError } from '../../../../lib/errors.ts';
import type { ClientRequest } from '../../../../lib/http/client/request/request.ts';
import { CANCEL, PROTOCOL_ERROR, REFUSED_STREAM } from '../../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS } from '../../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../../lib/session/streams/stream.ts';
import { until } from '../../../support/session-pair.ts';
import { answer, fieldOf, reply, Stage, textOf } from '../../support/origin-server.ts';

async function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(request, 'response');
  return response as IncomingMessage;
}

async function closeOf(message: IncomingMessage | ClientRequest): Promise<void> {
  if (!message.closed) await new Promise<void>((closed) => message.once('close', () => closed()));
}

async function failureOf(request: ClientRequest): Promise<StreamError> {
  const [error] = await once(request, 'error');
  return error as StreamError;
}

describe('http/client/request/request', () => {
  const stage = new Stage();
  afterEach(() => stage.end());

  it('stands where types ask for a transport of http', async () => {
    const server = await stage.server({ handler: (stream) => stream.pipe(stream) });
    const agent = stage.agent();
    // What is asked here is whether it compiles: options of `http`, and a request of `http`.
    const byHttp = (url: string, options: http.RequestOptions): http.ClientRequest =>
      agent.request(url, { ...options, method: 'POST' });
    const byHttps = (url: URL, options: https.RequestOptions): http.OutgoingMessage =>
      agent.request(url, options);
    const request = byHttp(server.url(), { timeout: undefined, socketPath: undefined });
    request.setNoDelay(true);
    request.setSocketKeepAlive(true, 1000);
    request.maxHeadersCount = 10;
    request.destroy();
    expect(byHttps(new URL(server.url()), {}).destroy().destroyed).to.equal(true);
  });

  it('takes a default encoding of what is written', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200));
        stream.pipe(stream);
      },
    });
    const request = stage.agent().request(server.url(), { method: 'POST' });
    request.setDefaultEncoding('hex').write('4142');
    request.end('43');
    expect(await textOf(await responseOf(request))).to.equal('ABC');
  });

  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      const only = { protocols: [version.name] };

      it('gets a response with status, fields and body (checklist 258, 259, 260, 264)', async () => {
        let received: HeaderList = [];
        let ended = false;
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            received = headers;
            ended = stream.inputEnded;
            setImmediate(() => {
              ended = stream.inputEnded;
              answer(stream, 'hello', ['content-type', 'text/plain'], ['x-a', '1'], ['x-a', '2']);
            });
          },
        });
        const request = stage.agent().get(server.url('/a?b=c#d'));
        const response = await responseOf(request);
        expect(response.statusCode).to.equal(200);
        expect(response.statusMessage).to.equal('OK');
        expect(response.httpVersion).to.equal('1.1');
        expect(response.headers).to.deep.equal({ 'content-type': 'text/plain', 'x-a': '1, 2' });
        expect(await textOf(response)).to.equal('hello');
        expect(response.complete).to.equal(true);
        expect(fieldOf(received, ':method')).to.equal('GET');
        expect(fieldOf(received, ':path')).to.equal('/a?b=c');
        expect(fieldOf(received, ':scheme')).to.equal('https');
        expect(fieldOf(received, ':host')).to.equal(`localhost:${server.port}`);
        expect(fieldOf(received, ':version')).to.equal('HTTP/1.1');
        expect(ended).to.equal(true);
        if (!request.closed) await once(request, 'close');
      });

      it('sends a body with its length when it is known', async () => {
        const lengths: string[] = [];
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            lengths.push(fieldOf(headers, 'content-length'));
            stream.respond(reply(200));
            stream.pipe(stream);
          },
        });
        const agent = stage.agent();
        const post = { method: 'POST' };
        const whole = agent.request(server.url(), post).end('whole body');
        expect(await textOf(await responseOf(whole))).to.equal('whole body');
        const pieces = agent.request(server.url(), post);
        pieces.write('two ');
        pieces.write('pie');
        pieces.end('ces');
        expect(await textOf(await responseOf(pieces))).to.equal('two pieces');
        const empty = agent.request(server.url(), post).end();
        expect(await textOf(await responseOf(empty))).to.equal('');
        const written = agent.request(server.url(), post).end(Buffer.alloc(0));
        expect(await textOf(await responseOf(written))).to.equal('');
        for (const method of ['POST', 'DELETE']) {
          const headers = { 'transfer-encoding': 'chunked' };
          const chunked = agent.request(server.url(), { method, headers }).end();
          expect(await textOf(await responseOf(chunked))).to.equal('');
        }
        const streamed = agent.request(server.url(), post);
        streamed.flushHeaders();
        const response = await responseOf(streamed);
        streamed.write('not ');
        streamed.end('known');
        expect(await textOf(response)).to.equal('not known');
        expect(lengths).to.deep.equal(['10', '10', '0', '0', '0', '0', '']);
      });

      it('ends a body of which nothing came, long after its head has left', async () => {
        const ends: Promise<unknown>[] = [];
        const trailers: HeaderList[] = [];
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            stream.on('headers', (fields) => trailers.push(fields));
            ends.push(once(stream.resume(), 'end'));
            stream.respond(reply('200 OK'));
            stream.write('begun');
            stream.once('end', () => stream.end());
          },
        });
        const agent = stage.agent();
        for (const behind of [{}, { 'x-sum': '1' }]) {
          const request = agent.request(server.url('/'), { method: 'POST' });
          request.flushHeaders();
          const response = await responseOf(request);
          await once(response, 'readable');
          request.addTrailers(behind);
          const finished = once(request, 'finish');
          request.end();
          expect(await textOf(response)).to.equal('begun');
          await finished;
          expect(request.writableFinished).to.equal(true);
        }
        await Promise.all(ends);
        expect(trailers.flat()).to.deep.equal([['x-sum', '1']]);
      });

      it('sends and receives large bodies with backpressure', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            stream.respond(reply(200));
            stream.pipe(stream);
          },
        });
        const request = stage.agent().request(server.url(), { method: 'PUT' });
        const body = Buffer.alloc(1_500_000, 'spdy');
        request.end(body);
        expect(await textOf(await responseOf(request))).to.equal(body.toString());
      });

      it('drops what belongs to a connection, both ways (checklist 266, 267, 268)', async () => {
        let names: string[] = [];
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            names = headers.map(([name]) => name);
            answer(
              stream,
              '',
              ['connection', 'x-hop'],
              ['keep-alive', '5'],
              ['x-hop', '1'],
              ['x', '2'],
            );
          },
        });
        const headers = {
          Connection: 'keep-alive',
          'Keep-Alive': '5',
          'Proxy-Connection': 'close',
          'Transfer-Encoding': 'chunked',
          Host: 'other.example',
          'X-Kept': 'yes',
        };
        const request = stage.agent().get(server.url(), { headers });
        const response = await responseOf(request);
        response.resume();
        expect(names.sort()).to.deep.equal(
          [
            ':host',
            ':method',
            ':path',
            ':scheme',
            ':version',
            // What `transfer-encoding` says of a body that is empty.
            'content-length',
            'x-kept',
          ].sort(),
        );
        expect(response.headers).to.deep.equal({ x: '2' });
      });

      it('gives repeated fields and trailers as http does (checklist 269, 275)', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            stream.respond(reply(200, ['set-cookie', 'a=1'], ['set-cookie', 'b=2']));
            stream.write('body');
            stream.sendTrailers([['x-checksum', '42']]);
          },
        });
        const response = await responseOf(stage.agent().get(server.url()));
        expect(response.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
        expect(await textOf(response)).to.equal('body');
        expect(response.trailers).to.deep.equal({ 'x-checksum': '42' });
        expect(response.rawTrailers).to.deep.equal(['x-checksum', '42']);
      });

      it('sends trailers (checklist 274)', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            stream.resume();
            stream.on('end', () => answer(stream, JSON.stringify(stream.trailers)));
          },
        });
        const request = stage.agent().request(server.url(), { method: 'POST' });
        request.write('body');
        request.addTrailers({ 'X-Sum': '4' });
        // Refused here: among the frames of others it would be too late.
        expect(() => request.addTrailers({ a: 'b\r\nc: d' })).to.throw(TypeError);
        expect(() => request.addTrailers({ 'a b': 'c' })).to.throw(TypeError);
        request.end();
        expect(await textOf(await responseOf(request))).to.equal('[["x-sum","4"]]');
      });

      it('resets a reply without status or version (checklist 263)', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            const missing = fieldOf(headers, ':path').slice(1);
            stream.respond(reply(200).filter(([name]) => name !== missing));
          },
        });
        const agent = stage.agent();
        for (const missing of [':status', ':version']) {
          const error = await failureOf(agent.get(server.url(`/${missing}`)));
          expect(error.code).to.equal('ERR_SPDY_PROTOCOL');
          expect(error.by).to.equal('peer');
        }
        await until(() => server.resets.length === 2);
        expect(server.resets).to.deep.equal([PROTOCOL_ERROR, PROTOCOL_ERROR]);
        const tolerant = stage.agent({ tolerateMissingVersion: true });
        expect((await responseOf(tolerant.get(server.url('/:version')))).statusCode).to.equal(200);
      });

      it('overlooks a wrong content-length of a response unless told otherwise (checklist 271)', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream) => answer(stream, 'hello', ['content-length', '3']),
        });
        const response = await responseOf(stage.agent().get(server.url()));
        expect(await textOf(response)).to.equal('hello');
        const strict = stage.agent({ strictContentLength: true }).get(server.url());
        const error = await textOf(await responseOf(strict)).then(
          () => null,
          (reason: StreamError) => reason,
        );
        expect(error?.code).to.equal('ERR_SPDY_PROTOCOL');
      });

      it('takes HEAD, 204 and 304 as complete without a body (checklist 265)', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            const status = Number(fieldOf(headers, ':path').slice(1));
            stream.respond(reply(status, ['content-length', '5']), { endStream: true });
          },
        });
        const agent = stage.agent({ strictContentLength: true });
        for (const [method, status] of [
          ['HEAD', 200],
          ['GET', 204],
          ['GET', 304],
        ] as const) {
          const request = agent.request(server.url(`/${status}`), { method }).end();
          const response = await responseOf(request);
          expect(response.statusCode).to.equal(status);
          expect(await textOf(response)).to.equal('');
        }
      });

      it('emits an error when the peer resets before the response, and gives it to the response after', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            if (fieldOf(headers, ':path') === '/later') {
              stream.respond(reply(200));
              stream.write('part', () => stream.close(CANCEL));
            } else stream.close(CANCEL);
          },
        });
        const agent = stage.agent();
        const early = agent.get(server.url());
        const error = await failureOf(early);
        expect(error.code).to.equal('ERR_SPDY_STREAM_RESET');
        expect(error.status).to.equal(CANCEL);
        const later = agent.get(server.url('/later'));
        const response = await responseOf(later);
        let aborted = 0;
        response.on('aborted', () => aborted++);
        const [broken] = await Promise.all([
          textOf(response).then(
            () => null,
            (reason: StreamError) => reason,
          ),
          once(later, 'close'),
        ]);
        expect(broken?.code).to.equal('ERR_SPDY_STREAM_RESET');
        expect(aborted).to.equal(1);
        expect(response.complete).to.equal(false);
      });

      it('is cancelled by destroy(), a signal, or destroying its response', async () => {
        const streams: SpdyStream[] = [];
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            streams.push(stream);
            if (fieldOf(headers, ':path') === '/answered') stream.respond(reply(200));
          },
        });
        const agent = stage.agent();
        const first = agent.get(server.url());
        await until(() => streams.length === 1);
        const failed = failureOf(first);
        first.destroy();
        expect((await failed).code).to.equal('ERR_SPDY_ABORTED');

        const controller = new AbortController();
        const second = agent.get(server.url(), { signal: controller.signal });
        await until(() => streams.length === 2);
        const ended = failureOf(second);
        controller.abort();
        expect((await ended).name).to.equal('AbortError');

        const third = agent.get(server.url('/answered'));
        (await responseOf(third)).destroy();
        await once(third, 'close');
        expect(third.aborted).to.equal(false);
        await until(() => server.resets.length === 3);
        expect(server.resets).to.deep.equal([CANCEL, CANCEL, CANCEL]);
      });

      it('is told of an error that it, or its response, is destroyed with, and the response behind it', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            stream.respond(reply(200));
            stream.write('some');
          },
        });
        for (const ends of ['request', 'response']) {
          const request = stage.agent().get(server.url());
          const response = await responseOf(request);
          const heard: string[] = [];
          let late = false;
          request.on('error', ({ message }) => heard.push(`request ${message}`));
          response.on('error', ({ message }) => heard.push(`response ${message}`));
          response.on('aborted', () => heard.push(`aborted ${late}`));
          response.once('data', () => {
            (ends === 'request' ? request : response).destroy(new Error('mine'));
            late = true;
          });
          await Promise.all([closeOf(request), closeOf(response)]);
          const told = ['request mine', 'response mine'];
          if (ends === 'request') expect(heard).to.deep.equal([told[0], 'aborted true', told[1]]);
          else expect(heard).to.have.members(['aborted false', ...told]);
          expect(request.aborted).to.equal(false);
        }
      });

      it('gives out nothing of the body once it was destroyed', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            stream.respond(reply(200));
            stream.write('some', () => stream.write('more'));
          },
        });
        const request = stage.agent().get(server.url());
        const response = await responseOf(request);
        response.read(0);
        await until(() => response.readableLength === 8);
        const heard: string[] = [];
        response.on('data', (chunk) => {
          heard.push(String(chunk));
          request.destroy();
        });
        await closeOf(response);
        expect(heard).to.deep.equal(['some']);
        expect(response.aborted).to.equal(true);
      });

      it('tries again what the server refused, with its body', async () => {
        const bodies: string[] = [];
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            if (bodies.length < 2) {
              bodies.push('');
              stream.close(REFUSED_STREAM);
              return;
            }
            stream.respond(reply(200));
            stream.pipe(stream);
          },
        });
        const agent = stage.agent();
        const request = agent.request(server.url(), { method: 'POST' }).end('again');
        expect(await textOf(await responseOf(request))).to.equal('again');
        expect(agent.statistics[0]?.retries).to.equal(2);
      });

      it('does not try again for ever, nor what was partly sent and not kept', async () => {
        let requests = 0;
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            requests++;
            stream.once('data', () => stream.close(REFUSED_STREAM));
            if (stream.inputEnded) stream.close(REFUSED_STREAM);
            stream.once('end', () => stream.close(REFUSED_STREAM));
          },
        });
        const agent = stage.agent({ maxRetries: 2, maxReplayBytes: 10 });
        expect((await failureOf(agent.get(server.url()))).retryable).to.equal(true);
        expect(requests).to.equal(3);
        const request = agent.request(server.url(), { method: 'POST' });
        request.flushHeaders();
        request.write('more than ten bytes');
        expect((await failureOf(request)).retryable).to.equal(true);
        expect(requests).to.equal(4);
      });

      it('emits continue at once when 100 is expected (checklist 276)', async () => {
        let expects = '';
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            expects = fieldOf(headers, 'expect');
            stream.respond(reply(200));
            stream.pipe(stream);
          },
        });
        const headers = { expect: '100-continue' };
        const request = stage.agent().request(server.url(), { method: 'POST', headers });
        await once(request, 'continue');
        request.end('go on');
        expect(await textOf(await responseOf(request))).to.equal('go on');
        expect(expects).to.equal('');
      });
    });
  }

  it('adds headers that come behind the reply and before the body', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200, ['a', '1']));
        stream.sendHeaders([['b', '2']]);
        setImmediate(() => stream.end('body'));
      },
    });
    const response = await responseOf(stage.agent().get(server.url()));
    await textOf(response);
    expect(response.headers).to.deep.equal({ a: '1', b: '2' });
  });

  it('emits timeout and goes on', async () => {
    const server = await stage.server({
      handler: (stream) => setTimeout(() => answer(stream, 'late'), 60),
    });
    const request = stage.agent().get(server.url());
    let timeouts = 0;
    request.setTimeout(20, () => timeouts++);
    expect(await textOf(await responseOf(request))).to.equal('late');
    expect(timeouts).to.equal(1);
  });

  it('limits the headers that come behind the reply', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200));
        for (let i = 0; i < 30; i++) {
          stream.sendHeaders(Array.from({ length: 100 }, (_, j) => [`x-${i}-${j}`, '']));
        }
      },
    });
    const error = await new Promise<StreamError>((done) => {
      stage.agent().get(server.url(), (response) => response.on('error', done));
    });
    expect(error.code).to.equal('ERR_SPDY_FRAME_TOO_LARGE');
  });

  it('emits timeout while it waits for a body, for the response too', async () => {
    const server = await stage.server({ handler: (stream) => stream.respond(reply(200)) });
    const request = stage.agent().get(server.url(), { timeout: 20 });
    const response = await responseOf(request);
    await once(request, 'timeout');
    response.setTimeout(10, () => response.destroy());
    await once(response, 'close');
    request.setNoDelay();
    request.setSocketKeepAlive();
  });

  it('is not finished where it never left', async () => {
    for (const method of ['GET', 'POST']) {
      const request = stage.agent().request('http://127.0.0.1:1/', { method });
      const seen: string[] = [];
      for (const event of ['finish', 'error', 'close'] as const)
        request.on(event, () => seen.push(event));
      request.end(method === 'POST' ? 'a body' : undefined);
      await closeOf(request);
      expect(seen).to.deep.equal(['error', 'close']);
      expect(request.writableFinished).to.equal(false);
    }
  });

  it('is aborted by abort() and by a signal that is aborted already', async () => {
    const server = await stage.server({ handler: () => {} });
    const agent = stage.agent();
    const request = agent.get(server.url());
    const failed = failureOf(request);
    const aborted = once(request, 'abort');
    request.abort();
    request.abort();
    await aborted;
    expect((await failed).code).to.equal('ERR_SPDY_ABORTED');
    const late = agent.get(server.url(), { signal: AbortSignal.abort() });
    expect((await failureOf(late)).name).to.equal('AbortError');
    // Without a listener it ends silently.
    const silent = agent.get(server.url());
    await new Promise<void>((closed) => silent.once('close', closed).destroy());
    await until(() => agent.statistics.every(({ active }) => active === 0));
  });

  it('lets go of a body that the server does not want', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200), { endStream: true });
        setTimeout(() => stream.close(CANCEL), 5);
      },
    });
    const request = stage.agent().request(server.url(), { method: 'POST' });
    let written = 0;
    const write = (): void => {
      if (request.destroyed) return;
      written++;
      request.write(Buffer.alloc(100_000), () => setImmediate(write));
    };
    write();
    const response = await responseOf(request);
    expect(await textOf(response)).to.equal('');
    expect(written).to.be.greaterThan(0);
    request.end();
    if (!request.closed) await once(request, 'close');
  });

  it('keeps fields as http does until they are sent', async () => {
    const server = await stage.server();
    const request = stage.agent().request(server.url(), { headers: { 'X-One': '1' }, auth: 'a:b' });
    request.setHeader('X-Two', ['2', '3']);
    request.appendHeader('x-two', '4');
    expect(request.getHeader('x-two')).to.deep.equal(['2', '3', '4']);
    request.removeHeader('x-one');
    expect(request.hasHeader('X-ONE')).to.equal(false);
    expect(request.getHeaderNames()).to.deep.equal(['host', 'authorization', 'x-two']);
    expect(request.getHeader('authorization')).to.equal('Basic YTpi');
    expect(() => request.setHeader('bad name', '1')).to.throw(TypeError);
    request.end();
    expect(request.headersSent).to.equal(false);
    (await responseOf(request)).resume();
    expect(request.headersSent).to.equal(true);
    expect(() => request.setHeader('x', '1')).to.throw('after they are sent');
    expect(request.reusedSocket).to.equal(false);
  });

  it('drops a response that nobody listens for', async () => {
    const server = await stage.server();
    const request = stage.agent().get(server.url());
    await once(request, 'close');
    expect(request.response?.complete).to.equal(true);
  });

  it('has the defaults of http for what is empty or null', async () => {
    const server = await stage.server();
    const options = {
      hostname: 'localhost',
      port: server.port,
      path: '',
      method: '',
      headers: null,
    };
    const request = stage.agent().get(options);
    expect(request.path).to.equal('/');
    expect(request.method).to.equal('GET');
    expect(await textOf(await responseOf(request))).to.not.equal('');
    const none = stage.agent().request({ ...options, path: null, method: null });
    expect(none.path).to.equal('/');
    expect(none.method).to.equal('GET');
    none.destroy();
  });

  it('refuses what cannot be requested at once', () => {
    const agent = stage.agent();
    expect(() => agent.get('ftp://localhost/')).to.throw('protocol');
    expect(() => agent.get('nonsense')).to.throw('not a URL');
    expect(() => agent.request({ method: 'BAD METHOD' })).to.throw('method');
    expect(() => agent.request({ path: '/a b' })).to.throw('path');
    expect(() => agent.request({ port: 70000 })).to.throw('port');
  });
});
