import { getEventListeners } from 'node:events';
import zlib from 'node:zlib';
import { expect } from 'chai';
import type { SpdyAgent } from '../../../../lib/http/client/agent.ts';
import { fetch } from '../../../../lib/http/client/fetch/fetch.ts';
import type { FetchInit } from '../../../../lib/http/client/fetch/fetch-init.ts';
import { CANCEL } from '../../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS } from '../../../../lib/protocol/version.ts';
import { until } from '../../../support/session-pair.ts';
import {
  answer,
  fieldOf,
  type OriginServer,
  reply,
  Stage,
  textOf,
} from '../../support/origin-server.ts';

async function failureOf(promise: Promise<unknown>): Promise<Error & { cause?: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

describe('http/client/fetch/fetch', () => {
  const stage = new Stage();
  let agent: SpdyAgent;
  beforeEach(() => {
    agent = stage.agent();
  });
  afterEach(() => stage.end());

  const go = (url: string | Request, init: FetchInit = {}): Promise<Response> =>
    fetch(url, { agent, ...init });

  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      const only = { protocols: [version.name] };

      it('returns the standard Response', async () => {
        let received: HeaderList = [];
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            received = headers;
            answer(
              stream,
              '{"a":1}',
              ['content-type', 'application/json'],
              ['set-cookie', 'a=1'],
              ['set-cookie', 'b=2'],
            );
          },
        });
        const response = await go(server.url('/x#fragment'), { headers: { 'X-Own': 'yes' } });
        expect(response).to.be.instanceOf(Response);
        expect(response.ok).to.equal(true);
        expect(response.statusText).to.equal('OK');
        expect(response.url).to.equal(server.url('/x'));
        expect(response.redirected).to.equal(false);
        expect(response.type).to.equal('basic');
        expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
        const copy = response.clone();
        expect(copy.url).to.equal(response.url);
        expect(await copy.json()).to.deep.equal({ a: 1 });
        expect(await response.json()).to.deep.equal({ a: 1 });
        expect(fieldOf(received, 'x-own')).to.equal('yes');
        expect(fieldOf(received, 'accept-encoding')).to.equal('gzip, deflate, br');
        expect(fieldOf(received, 'cookie')).to.equal('');
      });

      it('sends bodies of every kind', async () => {
        const lengths: string[] = [];
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            lengths.push(fieldOf(headers, 'content-length'));
            stream.respond(reply(200, ['content-type', fieldOf(headers, 'content-type')]));
            stream.pipe(stream);
          },
        });
        const send = async (body: FetchInit['body']): Promise<Response> =>
          go(server.url(), { method: 'POST', body: body as string });
        expect(await (await send('text')).text()).to.equal('text');
        const bytes = await (await send(new Uint8Array([1, 2]))).arrayBuffer();
        expect([...new Uint8Array(bytes)]).to.deep.equal([1, 2]);
        const query = await send(new URLSearchParams({ a: '1' }));
        expect(query.headers.get('content-type')).to.contain('urlencoded');
        expect(await query.text()).to.equal('a=1');
        expect(await (await send(new Blob(['blob']))).text()).to.equal('blob');
        const form = new FormData();
        form.set('file', new Blob(['content']), 'name.txt');
        form.append('täg', 'a\nb');
        form.append('file', new Blob(['more'], { type: 'text/x' }));
        const answered = await (await send(form)).blob();
        const back = await new Response(answered).formData();
        expect(await (back.get('file') as File).text()).to.equal('content');
        expect(back.get('täg')).to.equal('a\r\nb');
        const made = new Request(server.url(), { method: 'POST', body: 'made' });
        expect(await (await go(made)).text()).to.equal('made');
        expect(lengths).to.deep.equal(['4', '2', '3', '4', String(answered.size), '4']);
      });

      it('streams both ways', async () => {
        const server = await stage.server({
          ...only,
          handler: (stream) => {
            stream.respond(reply(200));
            stream.pipe(stream);
          },
        });
        async function* pieces(): AsyncGenerator<Uint8Array> {
          for (let i = 0; i < 40; i++) yield Buffer.alloc(10_000, String(i % 10));
        }
        const body = ReadableStream.from(pieces()) as unknown as Blob;
        const response = await go(server.url(), { method: 'POST', body });
        const text = await textOf(response.body as unknown as AsyncIterable<Uint8Array>);
        expect(text).to.have.length(400_000);
        expect(text.endsWith('9'.repeat(10_000))).to.equal(true);
      });

      it('decompresses', async () => {
        const plain = 'compressed '.repeat(1000);
        const coders: Record<string, (text: Buffer) => Buffer> = {
          gzip: zlib.gzipSync,
          deflate: zlib.deflateSync,
          raw: zlib.deflateRawSync,
          br: zlib.brotliCompressSync,
          'gzip, br': (text) => zlib.brotliCompressSync(zlib.gzipSync(text)),
          unknown: (text) => text,
        };
        const server = await stage.server({
          ...only,
          handler: (stream, headers) => {
            const coding = decodeURIComponent(fieldOf(headers, ':path').slice(1));
            const body = coders[coding]?.(Buffer.from(plain)) ?? Buffer.alloc(0);
            const name = coding === 'raw' ? 'deflate' : coding;
            stream.respond(
              reply(200, ['content-encoding', name], ['content-length', String(body.length)]),
            );
            stream.end(body);
          },
        });
        for (const coding of Object.keys(coders)) {
          const response = await go(server.url(`/${encodeURIComponent(coding)}`));
          expect(await response.text()).to.equal(plain);
          // As they came, though they do not fit what is read: Node's fetch has it so.
          expect(response.headers.has('content-encoding')).to.equal(true);
          expect(response.headers.has('content-length')).to.equal(true);
        }
      });
    });
  }

  describe('redirects', () => {
    let server: OriginServer;
    let seen: string[];
    beforeEach(async () => {
      seen = [];
      server = await stage.server({
        handler: (stream, headers) => {
          const path = fieldOf(headers, ':path');
          const fields = ['authorization', 'content-type'].map((name) => fieldOf(headers, name));
          const [, status = '', target = ''] = /^\/(\d+)(.*)/.exec(path) ?? [];
          textOf(stream.iterator({ destroyOnReturn: false })).then(
            (body) => {
              seen.push([fieldOf(headers, ':method'), path, body, ...fields].join(' ').trim());
              if (status === '') answer(stream, 'there');
              else {
                stream.respond(reply(status, ['location', target]));
                stream.end('moved');
              }
            },
            () => {},
          );
        },
      });
    });

    it('are followed, with the method and body that each status means', async () => {
      const post: FetchInit = { method: 'POST', body: 'body' };
      for (const status of [301, 302, 303, 307, 308]) {
        const response = await go(server.url(`/${status}/end#top`), post);
        expect(response.redirected).to.equal(true);
        expect(response.url).to.equal(server.url('/end'));
        expect(await response.text()).to.equal('there');
      }
      const type = 'text/plain;charset=UTF-8';
      const kept = `POST /end body  ${type}`;
      expect(seen.filter((line) => line.includes('/end') && !/\/3/.test(line))).to.deep.equal([
        'GET /end',
        'GET /end',
        'GET /end',
        kept,
        kept,
      ]);
    });

    it('are not followed if told so, nor for ever, nor with a body that is gone', async () => {
      const manual = await go(server.url('/302/end'), { redirect: 'manual' });
      expect(manual.status).to.equal(302);
      expect(manual.headers.get('location')).to.equal('/end');
      await manual.text();
      const strict = await failureOf(go(server.url('/302/end'), { redirect: 'error' }));
      expect(strict).to.be.instanceOf(TypeError);
      expect((strict.cause as Error).message).to.contain('unexpected redirect');
      const loop = `/302`.repeat(22);
      const endless = await failureOf(go(server.url(loop)));
      expect((endless.cause as Error).message).to.contain('redirect count exceeded');
      const body = ReadableStream.from([Buffer.from('once')]) as unknown as Blob;
      const gone = await failureOf(go(server.url('/307/end'), { method: 'POST', body }));
      expect((gone.cause as Error).message).to.contain('cannot be sent again');
      const other = await failureOf(go(server.url('/302ftp://x/')));
      expect((other.cause as Error).message).to.contain('not HTTP');
    });

    it('send forms and blobs again', async () => {
      const form = new FormData();
      form.set('name', 'value');
      for (const body of [form, new Blob(['blob'], { type: 'text/x' })]) {
        const response = await go(server.url('/308/end'), { method: 'POST', body });
        expect(await response.text()).to.equal('there');
      }
      const [, formAgain = '', , blobAgain] = seen;
      const [, boundary = ''] = /boundary=(.*)$/.exec(formAgain) ?? [];
      expect(formAgain.startsWith(`POST /end --${boundary}`)).to.equal(true);
      expect(blobAgain).to.equal('POST /end blob  text/x');
    });

    it('do not take credentials to another origin', async () => {
      const other = await stage.server({
        handler: (stream, headers) => answer(stream, fieldOf(headers, 'authorization')),
      });
      const headers = { authorization: 'secret' };
      expect(await (await go(server.url(`/302${other.url()}`), { headers })).text()).to.equal('');
      await (await go(server.url('/302/end'), { headers })).text();
      expect(seen.at(-1)).to.equal('GET /end  secret');
    });
  });

  it('rejects with a TypeError that has the cause', async () => {
    const server = await stage.server({ handler: (stream) => stream.close(CANCEL) });
    const error = await failureOf(go(server.url()));
    expect(error).to.be.instanceOf(TypeError);
    expect(error.message).to.equal('fetch failed');
    expect((error.cause as Error & { code: string }).code).to.equal('ERR_SPDY_STREAM_RESET');
    for (const url of ['ftp://localhost/', 'nonsense', 'https://a:b@localhost/']) {
      expect(await failureOf(go(url))).to.be.instanceOf(TypeError);
    }
    expect(await failureOf(go(server.url(), { integrity: 'sha256-x' }))).to.be.instanceOf(
      TypeError,
    );
    expect(await (await go('data:text/plain,hello')).text()).to.equal('hello');
  });

  it('ends a body that breaks off with an error', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200));
        stream.write('part', () => stream.close(CANCEL));
      },
    });
    const response = await go(server.url());
    const error = await failureOf(response.text());
    expect(error).to.be.instanceOf(TypeError);
    expect(error.message).to.equal('terminated');
  });

  it('tells the error of the body that it could not send', async () => {
    const server = await stage.server({ handler: () => {} });
    const reason = new Error('the disk is gone');
    async function* pieces(): AsyncGenerator<Buffer> {
      yield Buffer.from('part');
      throw reason;
    }
    const body = ReadableStream.from(pieces()) as unknown as Blob;
    const error = await failureOf(go(server.url(), { method: 'POST', body }));
    expect(error).to.be.instanceOf(TypeError);
    expect(error.cause).to.equal(reason);
  });

  it('is aborted by its signal, before, during and after the response', async () => {
    const server = await stage.server({
      handler: (stream, headers) => {
        if (fieldOf(headers, ':path') !== '/answered') return;
        stream.respond(reply(200));
        stream.write('part');
      },
    });
    const reason = new Error('enough');
    expect(await failureOf(go(server.url(), { signal: AbortSignal.abort(reason) }))).to.equal(
      reason,
    );
    const first = new AbortController();
    const waiting = failureOf(go(server.url(), { signal: first.signal }));
    await until(() => agent.statistics[0]?.protocol === 'spdy/3.1');
    first.abort(reason);
    expect(await waiting).to.equal(reason);
    const second = new AbortController();
    const response = await go(server.url('/answered'), { signal: second.signal });
    const reading = failureOf(response.text());
    second.abort(reason);
    expect(await reading).to.equal(reason);
    await until(() => server.resets.length > 0);
    expect(server.resets.every((status) => status === CANCEL)).to.equal(true);
  });

  it('is aborted by the signal of the Request that it is given, unless another one replaces it', async () => {
    let asked = 0;
    const server = await stage.server({
      handler: () => {
        asked++;
      },
    });
    const reason = new Error('enough');
    for (const init of [{}, { headers: { x: '1' } }]) {
      const own = new AbortController();
      const before = asked;
      const waiting = failureOf(go(new Request(server.url(), { signal: own.signal }), init));
      await until(() => asked > before);
      own.abort(reason);
      expect(await waiting).to.equal(reason);
    }
    const own = new AbortController();
    const other = new AbortController();
    const request = new Request(server.url(), { signal: own.signal });
    const waiting = failureOf(go(request, { signal: other.signal }));
    own.abort(new Error('not this one'));
    other.abort(reason);
    expect(await waiting).to.equal(reason);
  });

  it('leaves no listeners at a signal that many requests share', async () => {
    const server = await stage.server({ handler: (stream) => answer(stream, 'hello') });
    const { signal } = new AbortController();
    const one = async (): Promise<string> => (await go(server.url(), { signal })).text();
    for (let i = 0; i < 5; i++) await one();
    await Promise.all(Array.from({ length: 20 }, one));
    expect(getEventListeners(signal, 'abort').length).to.be.at.most(1);
  });

  it('takes no signal that is none', async () => {
    const error = await failureOf(go('https://localhost/', { signal: {} as AbortSignal }));
    expect(error).to.be.instanceOf(TypeError);
  });

  it('resets the stream when the body is cancelled', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200));
        stream.write('part');
      },
    });
    const response = await go(server.url());
    await response.body?.cancel();
    await until(() => server.resets.length === 1);
  });

  it('has no body where there can be none', async () => {
    const server = await stage.server({
      handler: (stream, headers) =>
        stream.respond(reply(fieldOf(headers, ':path').slice(1)), { endStream: true }),
    });
    expect((await go(server.url('/204'))).body).to.equal(null);
    expect((await go(server.url('/304'))).body).to.equal(null);
    expect((await go(server.url('/200'), { method: 'HEAD' })).body).to.equal(null);
    expect(await (await go(server.url('/404'))).text()).to.equal('');
  });

  it('takes a Request, and drops the long body of a redirect', async () => {
    const server = await stage.server({
      handler: (stream, headers) => {
        if (fieldOf(headers, ':path') === '/end') {
          stream.respond(reply(200));
          stream.pipe(stream);
          return;
        }
        stream.respond(reply(303, ['location', fieldOf(headers, 'x-to')]));
        stream.end(Buffer.alloc(1_000_000));
      },
    });
    const request = new Request(server.url('/end'), { method: 'POST', body: 'body' });
    expect(await (await fetch(request, { agent, streamPriority: 1 })).text()).to.equal('body');
    const moved = await go(server.url('/'), { method: 'POST', headers: { 'x-to': '/end' } });
    expect(await moved.text()).to.equal('');
    await until(() => server.resets.includes(CANCEL));
    expect(
      await failureOf(go(server.url('/'), { headers: { 'x-to': 'http://[' } })),
    ).to.be.instanceOf(TypeError);
    expect(await failureOf(go(server.url('/'), { method: 'CONNECT' }))).to.be.instanceOf(TypeError);
  });

  it('does not wait for bodies that nobody reads', async () => {
    const server = await stage.server({
      handler: (stream) => answer(stream, 'x'.repeat(500_000)),
    });
    const unread: Response[] = [];
    for (let i = 0; i < 10; i++) unread.push(await go(server.url('/unread')));
    expect((await (await go(server.url())).text()).length).to.equal(500_000);
    for (const response of unread) await response.body?.cancel();
  });

  it('reads 90 responses in turn that began together', async () => {
    const body = Buffer.alloc(150_000, 'x');
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200));
        stream.end(body);
      },
    });
    // The window of the session is that of one stream: nobody who waits to be read holds it.
    const small = stage.agent({ session: { sessionWindowSize: 65536 } });
    const begin = (): Promise<Response> => fetch(server.url(), { agent: small });
    const responses = await Promise.all(Array.from({ length: 90 }, begin));
    for (const response of responses) {
      expect((await response.arrayBuffer()).byteLength).to.equal(body.length);
    }
  });

  it('heeds no option that the standard does not know, as libraries hand theirs down', async () => {
    const server = await stage.server();
    const init = { baseURL: 'x', next: { revalidate: 1 }, retryConfig: {}, timeout: 1 };
    expect(await (await go(server.url(), init as FetchInit)).text()).to.equal('hello');
  });

  it("sends the caller's own content-length once, and refuses a wrong one", async () => {
    const lengths: string[] = [];
    const server = await stage.server({
      handler: (stream, headers) => {
        lengths.push(headers.filter(([name]) => name === 'content-length').join());
        stream.respond(reply(200));
        stream.pipe(stream);
      },
    });
    const send = (method: string, body: string, length: string): Promise<Response> =>
      go(server.url(), { method, body, headers: { 'content-length': length } });
    await send('POST', 'abc', '3');
    await send('POST', '', '0');
    await send('DELETE', '', '0');
    expect(lengths).to.deep.equal(['content-length,3', 'content-length,0', '']);
    const cause = await send('POST', 'abc', '4').catch((error) => error.cause);
    expect(cause).to.include({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' });
  });

  it('does not hold a connection for a short body that nobody reads', async () => {
    const server = await stage.server();
    await go(server.url());
    await until(() => agent.statistics[0]?.active === 0);
  });

  it('speaks HTTP/1.1 where the server wants that', async () => {
    const server = await stage.server({
      protocols: ['http/1.1'],
      http: (request, response) => {
        response.setHeader('content-encoding', 'gzip');
        request.pipe(zlib.createGzip()).pipe(response);
      },
    });
    const body = ReadableStream.from([Buffer.from('a'), Buffer.from('b')]) as unknown as Blob;
    const response = await go(server.url(), { method: 'POST', body });
    expect(await response.text()).to.equal('ab');
  });
});
