import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type net from 'node:net';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { expect } from 'chai';
import { SpdyDispatcher } from '../../../../lib/http/client/dispatcher.ts';
import { fetch } from '../../../../lib/http/client/fetch/fetch.ts';
import type { ClientRequest } from '../../../../lib/http/client/request/request.ts';
import { REFUSED_STREAM } from '../../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import { SPDY3_1 } from '../../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../../lib/session/streams/stream.ts';
import { answer, fieldOf, reply, Stage, textOf } from '../../support/origin-server.ts';

async function bodyOf(request: ClientRequest): Promise<string> {
  const [response] = await once(request, 'response');
  return textOf(response as IncomingMessage);
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((next) => setImmediate(next));
}

/** Answers with the value of a field, over SPDY or HTTP/1.1. */
const echoes = {
  handler: (stream: SpdyStream, headers: HeaderList): void =>
    answer(stream, `${fieldOf(headers, 'x-late')} ${fieldOf(headers, ':path')}`),
  http: (request: IncomingMessage, response: http.ServerResponse): void => {
    response.end(`${request.headers['x-late']} ${request.url}`);
  },
};

describe('http/client/exchange/delivery', () => {
  const stage = new Stage();
  afterEach(() => stage.end());

  for (const protocol of ['spdy/3.1', 'http/1.1']) {
    describe(protocol, () => {
      const only = { protocols: [protocol], ...echoes };

      it("emits 'socket' when the connection is there, though nothing was written or ended", async () => {
        const server = await stage.server(only);
        const request = stage.agent().request(server.url(), { method: 'POST' });
        const [socket] = await once(request, 'socket');
        expect(request.socket).to.equal(socket);
        expect(request.connection).to.equal(socket);
        expect(request.headersSent).to.equal(false);
        request.end('x');
        await bodyOf(request);
      });

      it('emits an error for those who listen by then, and none for others, when it is destroyed early', async () => {
        const server = await stage.server(only);
        const agent = stage.agent();
        const request = agent.request(server.url());
        request.destroy();
        const [error] = await once(request, 'error');
        expect(error.code).to.equal('ERR_SPDY_ABORTED');
        expect(error.cause.code).to.equal('ECONNRESET');
        const alone = agent.request(server.url());
        await new Promise<void>((closed) => alone.once('close', closed).destroy());
      });

      for (const method of ['GET', 'POST']) {
        it(`sends what listeners of 'socket' set, though the request was ended (${method})`, async () => {
          const server = await stage.server(only);
          const agent = stage.agent();
          for (const path of ['/first', '/again']) {
            const request = agent.request(server.url(), { method });
            request.once('socket', () => {
              request.setHeader('x-late', 'yes');
              request.path = path;
            });
            request.end(method === 'POST' ? 'x' : undefined);
            expect(await bodyOf(request)).to.equal(`yes ${path}`);
          }
        });
      }

      it('tells the session with the connection, the stream when it is opened', async () => {
        const server = await stage.server(only);
        const request = stage.agent().get(server.url());
        const streams: SpdyStream[] = [];
        request.on('stream', (stream) => streams.push(stream));
        const seen: unknown[] = [];
        request.on('socket', () => seen.push(request.session?.version.name, request.stream));
        await bodyOf(request);
        const spdy = protocol === 'spdy/3.1';
        expect(seen).to.deep.equal([spdy ? protocol : undefined, null]);
        expect(streams.map(({ id }) => id)).to.deep.equal(spdy ? [1] : []);
      });

      it("leaves no listener at a stream that has ended, and calls all that wait for its 'close'", async () => {
        const server = await stage.server(only);
        const request = stage.agent().get(server.url());
        const streams: SpdyStream[] = [];
        let closed = 0;
        request.on('stream', (stream) => {
          streams.push(stream);
          stream.once('close', () => closed++).on('close', () => closed++);
        });
        await bodyOf(request);
        if (!request.closed) await once(request, 'close');
        for (const stream of streams) expect(stream.eventNames()).to.deep.equal([]);
        expect(closed).to.equal(protocol === 'spdy/3.1' ? 2 : 0);
      });

      it("emits 'socket' once", async () => {
        const server = await stage.server(only);
        let sockets = 0;
        const request = stage.agent().get(server.url());
        request.on('socket', () => sockets++);
        await bodyOf(request);
        if (!request.closed) await once(request, 'close');
        expect(sockets).to.equal(1);
      });

      it('fails with a path that was set and that no request can have', async () => {
        const server = await stage.server(only);
        const request = stage.agent().request(server.url());
        request.path = '/a b';
        request.end();
        const [error] = await once(request, 'error');
        expect((error as Error).message).to.include('path');
        if (!request.closed) await once(request, 'close');
      });
    });
  }

  it('is ended by addAbortSignal(), also behind end()', async () => {
    let reset: Promise<unknown> = Promise.resolve();
    const server = await stage.server({
      handler: (stream) => {
        reset = once(stream, 'close');
        stream.on('error', () => {});
      },
    });
    const request = stage.agent().get(server.url());
    const controller = new AbortController();
    addAbortSignal(controller.signal, request);
    await once(request, 'finish');
    controller.abort();
    const [error] = await once(request, 'error');
    expect((error as Error).name).to.equal('AbortError');
    await reset;
  });

  it("calls back a pipeline when the body was sent, as http does, before 'response' may come", async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.resume();
        stream.once('end', () => answer(stream, 'done'));
      },
    });
    const request = stage.agent().request(server.url(), { method: 'POST' });
    const order: string[] = [];
    request.on('response', () => order.push('response'));
    await new Promise<void>((resolve, reject) => {
      pipeline(Readable.from(['a', 'b']), request, (error) => {
        order.push('pipeline');
        if (error) reject(error);
        else resolve();
      });
    });
    if (order.length === 1) await once(request, 'response');
    expect(order).to.deep.equal(['pipeline', 'response']);
  });

  it('is an outgoing message of http with the members that programs read', async () => {
    const server = await stage.server(echoes);
    const agent = stage.agent();
    const request = agent.request(server.url('/a?b'), { method: 'POST', timeout: 5000 });
    expect(request).to.be.instanceOf(http.OutgoingMessage);
    expect(request.agent).to.equal(agent);
    expect(request.host).to.equal('localhost');
    expect(request.getHeader('host')).to.equal(`localhost:${server.port}`);
    expect(request.protocol).to.equal('https:');
    expect(request.timeout).to.equal(5000);
    expect(request._header).to.equal(null);
    expect(request.writable).to.equal(true);
    expect(request.writableHighWaterMark).to.equal(16384);
    request.cork();
    expect(request.writableCorked).to.equal(1);
    request.uncork();
    request.end('body');
    expect(request.finished).to.equal(true);
    expect(request.writableEnded).to.equal(true);
    const [response] = (await once(request, 'response')) as [IncomingMessage & { req: unknown }];
    expect(request.writableFinished).to.equal(true);
    expect(request.writableLength).to.equal(0);
    expect(request.writableNeedDrain).to.equal(false);
    expect(request.res).to.equal(response);
    expect(response.req).to.equal(request);
    expect(request._header).to.match(/^POST \/a\?b HTTP\/1\.1\r\nhost: localhost:\d+\r\n/);
    await textOf(response);
    if (!request.closed) await once(request, 'close');
    expect(request.errored).to.equal(null);
    expect(request.destroyed).to.equal(true);
  });

  it("tells writing behind the end as http does: by 'error' and the callback", async () => {
    const server = await stage.server(echoes);
    const request = stage.agent().get(server.url());
    const failed = once(request, 'error');
    const told = new Promise((resolve) => request.write('late', resolve));
    const [error] = await failed;
    expect(error).to.include({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    expect(await told).to.equal(error);
    expect(request.destroyed).to.equal(false);
    expect(await bodyOf(request)).to.equal(' /');
  });

  it('sends a body to its end though something is written behind that', async () => {
    const server = await stage.server({
      handler: (stream) => {
        stream.respond(reply(200));
        stream.pipe(stream);
      },
    });
    const request = stage.agent().request(server.url(), { method: 'POST' });
    const failed = once(request, 'error');
    const answered = new Promise<IncomingMessage>((done) => request.on('response', done));
    let finished = 0;
    request.write('be');
    request.end('gun', () => finished++);
    expect(request.write('late')).to.equal(false);
    request.end();
    expect((await failed)[0]).to.include({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    expect(await textOf(await answered)).to.equal('begun');
    if (!request.closed) await new Promise<void>((closed) => request.on('close', closed));
    expect(finished).to.equal(1);
  });

  it('repeats what was refused, but not once a push has shown that it was taken', async () => {
    let runs = 0;
    const server = await stage.server({
      handler: (stream) => {
        stream.on('error', () => {});
        runs++;
        if (runs === 1) stream.close(REFUSED_STREAM);
        else if (runs === 2) answer(stream, 'ok');
        else {
          const push = stream.pushStream([
            [':scheme', 'https'],
            [':host', fieldOf(stream.headers, ':host')],
            [':path', '/pushed'],
            ...reply(200),
          ]);
          push.on('error', () => {});
          push.once('ready', () => stream.close(REFUSED_STREAM));
        }
      },
    });
    const agent = stage.agent();
    expect(await bodyOf(agent.get(server.url()))).to.equal('ok');
    expect(runs).to.equal(2);
    const [error] = await once(agent.get(server.url()), 'error');
    expect(error).to.include({ code: 'ERR_SPDY_STREAM_REFUSED' });
    expect(runs).to.equal(3);
  });

  for (const way of ['FIN', 'a reset'] as const) {
    it(`never takes a body for complete that ${way} of the connection has cut off, however late it is read`, async () => {
      const server = await stage.server({
        plain: SPDY3_1,
        handler: (stream) => {
          stream.on('error', () => {});
          stream.respond(reply(200));
          stream.write(Buffer.alloc(50_000), () => {
            const socket = server.sessions.at(-1)?.socket as net.Socket;
            if (way === 'FIN') socket.end();
            else socket.resetAndDestroy();
          });
        },
      });
      const agent = stage.agent({ version: 'spdy/3.1' });
      const dispatcher = new SpdyDispatcher(agent);
      const read = async (body: AsyncIterable<unknown> | null): Promise<string> => {
        await turns(20);
        try {
          await textOf(body as AsyncIterable<unknown>);
          return 'complete';
        } catch {
          return 'cut off';
        }
      };
      const request = agent.get(server.url());
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      expect(await read(response)).to.equal('cut off');
      expect(response.complete).to.equal(false);
      expect(response.errored).to.include({ code: 'ERR_SPDY_TRANSPORT_CLOSED' });
      const ours = await fetch(server.url(), { agent });
      expect(await read(ours.body as never)).to.equal('cut off');
      const theirs = await globalThis.fetch(server.url(), { dispatcher });
      expect(await read(theirs.body as never)).to.equal('cut off');
    });
  }

  it('takes another session when the stream ids of one are used up', async () => {
    const ids: number[] = [];
    const server = await stage.server({
      handler: (stream) => {
        ids.push(stream.id);
        stream.resume();
        answer(stream, 'ok');
      },
    });
    const agent = stage.agent({ maxRetries: 0 });
    agent.once('session', (session) => session.setNextStreamId(0x7ffffffd));
    const some = (): Promise<string[]> =>
      Promise.all([1, 2, 3].map(() => bodyOf(agent.request(server.url()).end('x'))));
    await some();
    await some();
    expect(ids.slice(0, 2)).to.deep.equal([0x7ffffffd, 0x7fffffff]);
    expect(ids.slice(2)).to.deep.equal([1, 3, 5, 7]);
    expect(agent.statistics[0]?.connects).to.equal(2);
  });
});
