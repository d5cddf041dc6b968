import { EventEmitter, once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { SpdyDispatcher } from '../../../../lib/http/client/dispatcher.ts';
import { CANCEL } from '../../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import type { SpdyStream } from '../../../../lib/session/streams/stream.ts';
import { until } from '../../../support/session-pair.ts';
import { answer, fieldOf, reply, Stage } from '../../support/origin-server.ts';

const LARGE = Buffer.alloc(1_000_000, 'x');

/** What the servers of these specs do, by path. */
function handle(stream: SpdyStream, headers: HeaderList): void {
  stream.on('error', () => {});
  switch (fieldOf(headers, ':path')) {
    case '/json':
      answer(stream, '{"a":1}', ['content-type', 'application/json'], ['x-a', '1'], ['x-a', '2']);
      break;
    case '/large':
      stream.respond(reply(200));
      stream.end(LARGE);
      break;
    case '/trailers':
      stream.respond(reply(200));
      stream.write('body');
      stream.sendTrailers([['x-end', 'yes']]);
      break;
    case '/cut':
      stream.respond(reply(200));
      stream.write('part', () => stream.close(CANCEL));
      break;
    case '/never':
      break;
    default:
      stream.respond(reply(200));
      stream.pipe(stream);
  }
}

describe('http/client/dispatch/calls', () => {
  const stage = new Stage();
  let dispatcher: SpdyDispatcher;
  let origin = '';
  let resets: number[] = [];
  beforeEach(async () => {
    dispatcher = new SpdyDispatcher(stage.agent());
    const server = await stage.server({ handler: handle });
    origin = new URL(server.url()).origin;
    resets = server.resets;
  });
  afterEach(() => stage.end());

  const get = (path: string): { origin: string; path: string; method: string } => ({
    origin,
    path,
    method: 'GET',
  });

  async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
    return promise.then(
      () => expect.fail('it did not fail'),
      (error) => error,
    );
  }

  describe('request()', () => {
    it('yields head and body', async () => {
      const data = await dispatcher.request({ ...get('/json'), opaque: 'mine' });
      expect(data.statusCode).to.equal(200);
      expect(data.statusText).to.equal('OK');
      expect(data.headers).to.deep.equal({
        'content-type': 'application/json',
        'x-a': ['1', '2'],
      });
      expect(data.opaque).to.equal('mine');
      expect(data.context).to.deep.equal({});
      expect(data.body.bodyUsed).to.equal(false);
      expect(await data.body.json()).to.deep.equal({ a: 1 });
      expect(data.body.bodyUsed).to.equal(true);
    });

    it('yields the body in every form', async () => {
      const body = async () => (await dispatcher.request(get('/json'))).body;
      expect(await (await body()).text()).to.equal('{"a":1}');
      expect(Buffer.from(await (await body()).bytes()).toString()).to.equal('{"a":1}');
      expect((await (await body()).arrayBuffer()).byteLength).to.equal(7);
      const blob = await (await body()).blob();
      expect([blob.type, await blob.text()]).to.deep.equal(['application/json', '{"a":1}']);
      const web: ReadableStream = (await body()).body;
      expect(await new Response(web).text()).to.equal('{"a":1}');
      const unread = await body();
      expect((await failureOf(unread.formData())).message).to.contain('formData');
      await unread.dump();
      expect(unread.readableEnded).to.equal(true);
    });

    it('has trailers behind the body, and raw headers if asked for', async () => {
      const { body, trailers } = await dispatcher.request(get('/trailers'));
      await body.text();
      expect(trailers).to.deep.equal({ 'x-end': 'yes' });
      const raw = await dispatcher.request({ ...get('/json'), responseHeaders: 'raw' });
      expect(raw.headers).to.deep.equal([
        ...['content-type', 'application/json'],
        ...['x-a', '1', 'x-a', '2'],
      ]);
      await raw.body.dump();
    });

    it('lets no more come than is read', async () => {
      const { body } = await dispatcher.request({ ...get('/large'), highWaterMark: 1000 });
      await once(body, 'readable');
      for (let i = 0; i < 20; i++) await new Promise((next) => setImmediate(next));
      expect(body.readableLength).to.be.lessThan(100_000);
      expect((await body.bytes()).length).to.equal(LARGE.length);
    });

    it('fails, or its body does', async () => {
      const { body } = await dispatcher.request(get('/cut'));
      expect((await failureOf(body.text())).code).to.equal('UND_ERR_SOCKET');
      expect(
        (await failureOf(dispatcher.request({ ...get('/'), path: '/a b' }))).message,
      ).to.contain('path');
      const [error] = await new Promise<unknown[]>((resolve) => {
        dispatcher.request({ ...get('/'), path: '/a b' }, (...args) => resolve(args));
      });
      expect(error).to.be.instanceOf(Error);
    });

    it('is ended by a signal of either kind, before and behind its head', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const waiting = failureOf(
        dispatcher.request({ ...get('/never'), signal: controller.signal }),
      );
      controller.abort(reason);
      expect(await waiting).to.equal(reason);
      const again = { ...get('/never'), signal: controller.signal };
      expect(await failureOf(dispatcher.request(again))).to.equal(reason);
      const emitter = new EventEmitter();
      const { body } = await dispatcher.request({ ...get('/large'), signal: emitter });
      emitter.emit('abort');
      expect((await failureOf(body.text())).name).to.equal('AbortError');
      expect(emitter.listenerCount('abort')).to.equal(0);
    });

    it('is reset when its body is destroyed, or dumped beyond a limit', async () => {
      const { body } = await dispatcher.request(get('/large'));
      body.destroy();
      await until(() => resets.length === 1);
      await (await dispatcher.request(get('/large'))).body.dump({ limit: 10 });
      await until(() => resets.length === 2);
      expect(resets).to.deep.equal([CANCEL, CANCEL]);
    });
  });

  describe('stream()', () => {
    it('writes the body to what the factory makes, as fast as that takes it', async () => {
      let bytes = 0;
      const slow = new Writable({
        highWaterMark: 1000,
        write: (chunk, _encoding, done) => {
          bytes += chunk.length;
          setImmediate(done);
        },
      });
      const options = { ...get('/large'), opaque: 5 };
      const data = await dispatcher.stream(options, ({ statusCode, opaque }) => {
        expect([statusCode, opaque]).to.deep.equal([200, 5]);
        return slow;
      });
      expect(data).to.deep.equal({ opaque: 5, trailers: {} });
      expect(bytes).to.equal(LARGE.length);
    });

    it('fails with the request, the Writable or the factory', async () => {
      const sink = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
      const cut = await failureOf(dispatcher.stream(get('/cut'), sink));
      expect(cut.code).to.equal('UND_ERR_SOCKET');
      const mine = new Error('mine');
      const broken = (): Writable => new Writable({ write: (_c, _e, done) => done(mine) });
      expect(await failureOf(dispatcher.stream(get('/large'), broken))).to.equal(mine);
      const none = (): Writable => {
        throw mine;
      };
      expect(await failureOf(dispatcher.stream(get('/large'), none))).to.equal(mine);
      const error = await new Promise((resolve) => {
        dispatcher.stream({ ...get('/'), path: '/a b' }, sink, resolve);
      });
      expect(error).to.be.instanceOf(Error);
    });
  });

  describe('pipeline()', () => {
    it('is a Duplex of request body and what the handler makes of the response', async () => {
      const options = { ...get('/echo'), method: 'POST', objectMode: true };
      const duplex = dispatcher.pipeline(options, ({ statusCode, body }) => {
        expect(statusCode).to.equal(200);
        return Readable.from(body, { objectMode: true }).map((chunk) => ({ text: String(chunk) }));
      });
      duplex.end('sent');
      const pieces: { text: string }[] = [];
      for await (const piece of duplex) pieces.push(piece);
      expect(pieces.map((piece) => piece.text).join('')).to.equal('sent');
    });

    it('fails with the request, or with its handler', async () => {
      const cut = dispatcher.pipeline(get('/cut'), ({ body }) => body).end();
      expect((await failureOf(text(cut))).code).to.equal('UND_ERR_SOCKET');
      const mine = new Error('mine');
      const broken = dispatcher.pipeline(get('/json'), () => {
        throw mine;
      });
      broken.end();
      expect(await failureOf(text(broken))).to.equal(mine);
      const refused = dispatcher.pipeline({ ...get('/'), path: '/a b' }, ({ body }) => body);
      expect((await failureOf(text(refused))).message).to.contain('path');
    });
  });

  it('connect() yields a tunnel', async () => {
    const options = { origin, path: 'example.com:443', opaque: 'x' };
    const { statusCode, socket, opaque } = await dispatcher.connect(options);
    expect([statusCode, opaque]).to.deep.equal([200, 'x']);
    socket.write('echo');
    const [chunk] = await once(socket, 'data');
    expect(String(chunk)).to.equal('echo');
    socket.destroy();
    const second = await new Promise<unknown>((resolve) => {
      dispatcher.connect(options, (_error, data) => resolve(data.socket.destroy()));
    });
    expect(second).to.not.equal(null);
    expect((await failureOf(dispatcher.connect({ ...options, path: 'a b' }))).message).to.contain(
      'path',
    );
  });
});
