import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import type { SpdyRequest } from '../../../../lib/http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../../lib/http/server/exchange/response.ts';
import type { SpdyServerOptions } from '../../../../lib/http/server/options.ts';
import { closed, settle, until } from '../../../support/session-pair.ts';
import {
  ask,
  endAll,
  head,
  reply,
  type Served,
  serve,
  WAYS,
  type Way,
} from '../../support/http-support.ts';

const PLAIN = WAYS.filter(({ tls }) => !tls);
const [NEWEST = WAYS[0] as Way] = PLAIN;

/** What one exchange looks like from both ends. */
interface Meeting {
  readonly served: Served;
  readonly request: SpdyRequest;
  readonly response: SpdyResponse;
  readonly events: string[];
}

/** Notes the events of a request and its response. */
function note(request: SpdyRequest, response: SpdyResponse): string[] {
  const events: string[] = [];
  for (const name of ['aborted', 'end', 'close', 'error'])
    request.on(name, () => events.push(`request ${name}`));
  for (const name of ['finish', 'close', 'error'])
    response.on(name, () => events.push(`response ${name}`));
  return events;
}

/** A server that does nothing with its only request, which `open` sends. */
async function meet(
  way: Way,
  open: (served: Served) => void,
  options: SpdyServerOptions = {},
): Promise<Meeting> {
  let take: (meeting: Meeting) => void = () => {};
  const meeting = new Promise<Meeting>((resolve) => {
    take = resolve;
  });
  const served = await serve(
    way,
    (request, response) => take({ served, request, response, events: note(request, response) }),
    options,
  );
  open(served);
  return meeting;
}

for (const way of PLAIN) {
  describe(`bodies at an HTTP server, ${way.version.name}`, () => {
    it('are held back while the handler does not read', async () => {
      const { served, request, response } = await meet(
        way,
        ({ session }) => {
          const stream = session.request(head('/', {}, 'POST'));
          stream.end(Buffer.alloc(4 << 20));
        },
        { session: { inboundHighWaterMark: 65536 } },
      );
      request.once('readable', () => {});
      await settle(50);
      expect(request.stream?.bytesRead).to.be.within(1, 2 << 20);
      let total = 0;
      for await (const chunk of request) total += (chunk as Buffer).length;
      expect(total).to.equal(4 << 20);
      response.end();
      await served.end();
    });

    it('wait for a client that does not read', async () => {
      let client: ReturnType<Served['session']['request']> | null = null;
      const { served, response } = await meet(way, ({ session }) => {
        client = session.request(head(), { endStream: true });
        client.on('error', () => {});
      });
      expect(response.writableHighWaterMark).to.be.greaterThan(0);
      let written = 0;
      while (response.write(Buffer.alloc(10_000))) {
        written += 10_000;
        if (written > 1 << 20) break;
      }
      expect(written).to.be.lessThan(1 << 20);
      expect(response.writableNeedDrain).to.equal(true);
      setImmediate(() => client?.resume());
      await once(response, 'drain');
      response.end();
      await finished(response);
      await served.end();
    });

    it('that differ from content-length are answered 400 (checklist 270)', async () => {
      const { session, end } = await serve(way, async (request, response) => {
        for await (const _chunk of request);
        response.end('never');
      });
      for (const [announced, body] of [
        ['3', 'long'],
        ['5', 'shrt'],
        ['1', undefined],
      ] as const) {
        const headers = { 'content-length': announced };
        const sent = ask(session, '/', { method: 'POST', headers, ...(body && { body }) });
        const { status, stream } = await sent;
        expect(status, announced).to.equal('400 Bad Request');
        expect(stream.inputEnded).to.equal(true);
      }
      await end();
    });

    it('that differ from it are reset when the reply has begun (checklist 270)', async () => {
      const { session, end } = await serve(way, (request, response) => {
        response.writeHead(200);
        request.pipe(response);
        request.on('error', () => {});
      });
      const stream = session.request(head('/', { 'content-length': '9' }, 'POST'));
      await new Promise<void>((next) => stream.write('1', () => next()));
      await once(stream, 'data');
      stream.on('error', () => {});
      stream.end('2');
      await closed(stream);
      expect(stream.rstStatus).to.equal(1);
      await end();
    });

    it('that nobody wants are reset with CANCEL behind the reply', async () => {
      const { session, end } = await serve(way, (_request, response) => response.end('enough'));
      const stream = session.request(head('/', { 'content-length': '9999999' }, 'POST'));
      stream.on('error', () => {});
      stream.write('part');
      const { body } = await reply(stream);
      expect(body.toString()).to.equal('enough');
      await until(() => stream.rstStatus === 5);
      await end();
    });

    it('that nobody wants and that are short are taken', async () => {
      const { session, server, end } = await serve(way, (_request, response) =>
        response.end('enough'),
      );
      const { stream, body } = await ask(session, '/', { body: 'short' });
      expect(body.toString()).to.equal('enough');
      await closed(stream);
      expect(stream.rstStatus).to.equal(0);
      const [atServer] = server.sessions;
      expect(atServer?.state.openStreams).to.equal(0);
      await end();
    });

    it('end for the handler when the client resets', async () => {
      const { served, request, response, events } = await meet(way, ({ session }) => {
        const stream = session.request(head('/', {}, 'POST'));
        stream.write('part');
        stream.once('ready', () => setImmediate(() => stream.close()));
      });
      await until(() => events.includes('request close'));
      expect(events).to.deep.equal([
        'request aborted',
        'response close',
        'request error',
        'request close',
      ]);
      expect(request.aborted).to.equal(true);
      expect(request.complete).to.equal(false);
      expect(response.destroyed).to.equal(true);
      expect(response.write('late')).to.equal(false);
      response.end('later');
      await served.end();
    });

    it('end for the handler when the client cancels a complete request', async () => {
      const { served, events, response } = await meet(way, ({ session }) => {
        const stream = session.request(head(), { endStream: true });
        stream.once('response', () => stream.close());
      });
      response.write('part');
      await until(() => events.includes('response close'));
      expect(events).to.not.include('response finish');
      expect(response.destroyed).to.equal(true);
      await served.end();
    });
  });
}

describe('the life of an exchange', () => {
  afterEach(endAll);

  it('ends in the order of http', async () => {
    const { served, events, request, response } = await meet(NEWEST, ({ session }) => {
      void ask(session, '/', { body: 'x' });
    });
    for await (const _chunk of request);
    expect(request.complete).to.equal(true);
    response.end();
    expect(response.headersSent).to.equal(true);
    expect(response.writableEnded).to.equal(true);
    await until(() => events.includes('response close'));
    expect(events).to.deep.equal([
      'request end',
      'request close',
      'response finish',
      'response close',
    ]);
    expect(response.writableFinished).to.equal(true);
    await served.end();
  });

  const givingUp: Readonly<Record<string, (request: SpdyRequest) => Promise<unknown>>> = {
    'break in for await': async (request) => {
      for await (const _chunk of request) break;
    },
    'pipeline() that fails': (request) => {
      const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
      return pipeline(request, failing).catch(() => {});
    },
    'a web stream that is cancelled': async (request) => {
      const reader = Readable.toWeb(request).getReader();
      await reader.read();
      await reader.cancel();
    },
  };
  for (const [title, giveUp] of Object.entries(givingUp)) {
    for (const way of PLAIN) {
      it(`goes on when the body is given up by ${title}, ${way.version.name}`, async () => {
        const { session, end } = await serve(way, async (request, response) => {
          await giveUp(request);
          expect(request.destroyed).to.equal(true);
          response.writeHead(413).end('too large');
        });
        for (const length of [10, 300_000]) {
          const { status, body } = await ask(session, '/', { body: Buffer.alloc(length) });
          expect([status, body.toString()]).to.deep.equal(['413 Payload Too Large', 'too large']);
        }
        await end();
      });
    }
  }

  it('resets the stream alone when the request, the response or the socket is destroyed', async () => {
    const { session, end } = await serve(NEWEST, (request, response) => {
      if (request.url === '/request') request.destroy();
      else if (request.url === '/response') response.destroy();
      else if (request.url === '/socket') request.socket.destroy(new Error('mine'));
      else response.end();
    });
    for (const [path, status] of [
      ['/request', 5],
      ['/response', 5],
      ['/socket', 6],
    ] as const) {
      const stream = session.request(head(path, {}, 'POST'));
      stream.on('error', () => {});
      await closed(stream);
      expect(stream.rstStatus, path).to.equal(status);
    }
    expect((await ask(session)).status).to.equal('200 OK');
    await end();
  });

  it('reports misuse as http does', async () => {
    const { served, response } = await meet(NEWEST, ({ session }) => {
      void ask(session);
    });
    const code = (action: () => unknown): unknown => {
      try {
        action();
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
      return null;
    };
    expect(code(() => response.writeHead(99))).to.equal('ERR_HTTP_INVALID_STATUS_CODE');
    expect(code(() => response.writeHead(200, 'a\nb'))).to.equal('ERR_INVALID_CHAR');
    expect(code(() => response.setHeader('a', 'b\r\nc'))).to.equal('ERR_INVALID_CHAR');
    expect(code(() => response.write(1 as unknown as string))).to.equal('ERR_INVALID_ARG_TYPE');
    expect(code(() => response.write(null as unknown as string))).to.equal(
      'ERR_STREAM_NULL_VALUES',
    );
    expect(code(() => response.socket?.write('x'))).to.equal('ERR_SPDY_INVALID_STATE');
    response.statusMessage = '';
    response.writeHead(200, ['a', '1', 'a', '2']);
    expect(response.getHeader('a')).to.deep.equal(['1', '2']);
    for (const action of [
      () => response.writeHead(200),
      () => response.setHeader('a', 'b'),
      () => response.removeHeader('a'),
      () => response.appendHeader('a', 'b'),
    ]) {
      expect(code(action)).to.equal('ERR_HTTP_HEADERS_SENT');
    }
    const errors: unknown[] = [];
    response.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
    const ended = new Promise<void>((done) => response.end(() => done()));
    response.write('at once');
    await ended;
    const late = await new Promise((done) => response.write('late', done));
    expect(late).to.include({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    const again = await new Promise((done) => response.end(done));
    expect(again).to.include({ code: 'ERR_STREAM_ALREADY_FINISHED' });
    expect(errors).to.deep.equal(['ERR_STREAM_WRITE_AFTER_END']);
    await served.end();
  });

  it('throws no exception where a pipe alone hears of a write behind the end', async () => {
    const { served, response } = await meet(NEWEST, ({ session }) => {
      void ask(session);
    });
    const source = new PassThrough();
    response.removeAllListeners('error');
    source.pipe(response);
    response.end('all');
    // An exception would be an uncaught one, which fails the test.
    source.write('late');
    await new Promise((close) => response.once('close', close));
    await settle();
    await served.end();
  });

  it('fits into pipelines', async () => {
    const { session, end } = await serve(NEWEST, async (request, response) => {
      await pipeline(request, response);
    });
    const body = Buffer.alloc(300_000, 'p');
    expect((await ask(session, '/', { body })).body.equals(body)).to.equal(true);
    await end();
  });

  it('has a limit for slow requests: 408, or a reset behind a reply', async () => {
    const { session, end } = await serve(
      NEWEST,
      (request, response) => {
        request.resume().on('error', () => {});
        if (request.url === '/begun') response.write('x');
      },
      { requestTimeoutMs: 30 },
    );
    const silent = session.request(head('/', {}, 'POST'));
    silent.on('error', () => {});
    expect((await reply(silent)).status).to.equal('408 Request Timeout');
    await until(() => silent.rstStatus === 5);
    const begun = session.request(head('/begun', {}, 'POST'));
    begun.on('error', () => {});
    await closed(begun);
    expect(begun.rstStatus).to.equal(5);
    await end();
  });

  it('tells of idle streams, and resets them when nobody listens', async () => {
    let heard = 0;
    const { server, session, end } = await serve(NEWEST, (request, response) => {
      if (request.url === '/request') request.setTimeout(20, () => response.end('late'));
      if (request.url === '/response') response.setTimeout(20, () => response.end('late'));
    });
    server.setTimeout(20);
    expect((await ask(session, '/request')).body.toString()).to.equal('late');
    expect((await ask(session, '/response')).body.toString()).to.equal('late');
    const alone = session.request(head('/'), { endStream: true });
    alone.on('error', () => {});
    await closed(alone);
    expect(alone.rstStatus).to.equal(5);
    server.once('timeout', (socket) => {
      heard++;
      socket.destroy();
    });
    const last = session.request(head('/'), { endStream: true });
    last.on('error', () => {});
    await closed(last);
    expect(heard).to.equal(1);
    await end();
  });
});
