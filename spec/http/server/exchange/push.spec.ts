import { once } from 'node:events';
import { expect } from 'chai';
import type { SpdyResponse } from '../../../../lib/http/server/exchange/response.ts';
import type { SynStreamFrame } from '../../../../lib/protocol/frames.ts';
import type { SpdyStream } from '../../../../lib/session/streams/stream.ts';
import { closed, settle, until } from '../../../support/session-pair.ts';
import { ask, endAll, head, reply, type Served, serve, WAYS } from '../../support/http-support.ts';

type Push = NonNullable<SpdyResponse['push']>;

function pusher(response: SpdyResponse): Push {
  const { push } = response;
  if (push === undefined) throw new Error('no push');
  return push.bind(response);
}

/** Reads a pushed stream to its end. */
async function read(stream: SpdyStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

for (const way of WAYS.filter(({ tls }) => !tls)) {
  describe(`server push, ${way.version.name}`, () => {
    let act: (response: SpdyResponse) => void = () => {};
    let served: Served;

    beforeEach(async () => {
      served = await serve(way, (_request, response) => act(response));
    });

    afterEach(() => served.end());

    it('tells the request that it answers and the reply (checklist 241, 244, 245, 257)', async () => {
      act = (response) => {
        const push = pusher(response)('/style.css', { 'content-type': 'text/css' });
        push.end('body {}');
        response.end('page');
      };
      const frames: SynStreamFrame[] = [];
      served.session.on('synStream', (frame) => frames.push(frame));
      const stream = served.session.request(head('/page'), { endStream: true, priority: 2 });
      const pushes: Promise<string>[] = [];
      stream.on('push', (pushed) => pushes.push(read(pushed)));
      expect((await reply(stream)).body.toString()).to.equal('page');
      expect(await Promise.all(pushes)).to.deep.equal(['body {}']);
      const [frame] = frames;
      expect(frame).to.include({
        streamId: 2,
        flags: 2,
        associatedToStreamId: 1,
        slot: 0,
        priority: 2,
      });
      const url = way.version.plainPseudoNames
        ? 'https://example.com:8443/style.css'
        : '/style.css';
      expect(frame?.headers).to.deep.equal([
        [':method', 'GET'],
        [':scheme', 'https'],
        [':host', 'example.com:8443'],
        [':path', url],
        [':version', 'HTTP/1.1'],
        [':status', '200'],
        ['content-type', 'text/css'],
      ]);
    });

    it('leaves before the reply that could mention it', async () => {
      act = (response) => {
        response.write('mentions it');
        pusher(response)({ path: '/x', host: 'other', scheme: 'http' }).end();
        response.end();
      };
      const names: string[] = [];
      served.session.on('ctrlRecv', (frame) => names.push(String(frame.type)));
      const stream = served.session.request(head(), { endStream: true, priority: 0 });
      let pushed: SpdyStream | null = null;
      stream.on('push', (push) => {
        pushed = push;
        push.resume();
      });
      await reply(stream);
      await until(() => pushed !== null);
      expect((pushed as unknown as SpdyStream).headers).to.deep.include([':host', 'other']);
    });

    it('may outlive its request (checklist 247)', async () => {
      let finish = (): void => {};
      act = (response) => {
        const push = pusher(response)('/late');
        push.write('early ');
        finish = () => push.end('late');
        response.end();
      };
      const stream = served.session.request(head(), { endStream: true });
      const pushed = once(stream, 'push') as Promise<[SpdyStream]>;
      await reply(stream);
      finish();
      expect(await read((await pushed)[0])).to.equal('early late');
    });

    it('sends the reply apart for peers that need it (Netty)', async () => {
      act = (response) => {
        pusher(response)('/split', { a: 'b' }, { form: 'split', status: 203 }).end('x');
        response.end();
      };
      const stream = served.session.request(head(), { endStream: true });
      let late: Promise<unknown[]> | null = null;
      stream.once('push', (push) => {
        late = once(push, 'headers');
      });
      const [pushed] = (await once(stream, 'push')) as [SpdyStream];
      expect(pushed.headers.map(([name]) => name)).to.not.include(':status');
      const [headers] = await (late as unknown as Promise<unknown[]>);
      expect(headers).to.deep.equal([
        [':status', '203'],
        [':version', 'HTTP/1.1'],
        ['a', 'b'],
      ]);
      expect(await read(pushed)).to.equal('x');
    });

    it('is complete at once without a body', async () => {
      act = (response) => {
        pusher(response)('/empty', {}, { endStream: true, status: 204 });
        response.end();
      };
      const stream = served.session.request(head(), { endStream: true });
      const [pushed] = (await once(stream, 'push')) as [SpdyStream];
      expect(await read(pushed)).to.equal('');
    });

    it('that the client refuses ends without an error (checklist 252, 255)', async () => {
      let pushed: SpdyStream | null = null;
      const errors: unknown[] = [];
      act = (response) => {
        pushed = pusher(response)('/unwanted');
        pushed.write(Buffer.alloc(100_000), (error) => errors.push(error?.name));
        response.end('page');
      };
      // Nobody listens for 'push': the client resets it.
      expect((await ask(served.session)).body.toString()).to.equal('page');
      await closed(pushed as unknown as SpdyStream);
      expect((pushed as unknown as SpdyStream).rstStatus).to.equal(3);
      expect(errors).to.have.lengthOf(1);
    });

    it('ends with a request that the client cancels (checklist 253)', async () => {
      let pushed: SpdyStream | null = null;
      act = (response) => {
        pushed = pusher(response)('/stopped');
        pushed.write('begin');
        response.write('begin');
      };
      const stream = served.session.request(head(), { endStream: true });
      const [atClient] = (await once(stream, 'push')) as [SpdyStream];
      atClient.on('error', () => {});
      await once(atClient, 'readable');
      stream.close();
      await until(() => pushed?.destroyed === true);
    });

    it('is refused when the reply has ended (checklist 246)', async () => {
      let pushed: SpdyStream | null = null;
      let failed: unknown = null;
      act = (response) => {
        response.end();
        response.once('close', () => {
          try {
            pushed = pusher(response)('/too-late');
          } catch (error) {
            failed = error;
          }
        });
      };
      await ask(served.session);
      await settle();
      const late = pushed as SpdyStream | null;
      if (late === null) expect(failed).to.include({ code: 'ERR_SPDY_INVALID_STATE' });
      else await until(() => late.destroyed);
    });

    it('waits for the room that the client gives (checklist 254)', async () => {
      const narrow = await serve(
        way,
        (_request, response) => {
          for (let i = 0; i < 5; i++) pusher(response)(`/${i}`).end('pushed');
          setTimeout(() => response.end(), 50);
        },
        {},
        { maxConcurrentStreams: 2 },
      );
      let most = 0;
      let open = 0;
      let all = 0;
      narrow.session.on('synStream', () => {
        all++;
        most = Math.max(most, ++open);
      });
      narrow.session.on('streamClose', (id) => {
        if (id % 2 === 0) open--;
      });
      const stream = narrow.session.request(head(), { endStream: true });
      stream.on('push', (push) => push.resume());
      await reply(stream);
      expect(all).to.equal(5);
      expect(most).to.be.at.most(2);
      await narrow.end();
    });
  });
}

describe('server push', () => {
  afterEach(endAll);

  const way = WAYS[1] as (typeof WAYS)[0];

  /** A server that pushes `count` times for each request, to a client that allows no push; tells how they end. */
  async function refuse(
    count: number,
    finish: (response: SpdyResponse) => void,
  ): Promise<{ readonly codes: unknown[]; readonly served: Served }> {
    const codes: unknown[] = [];
    const served = await serve(
      way,
      (_request, response) => {
        for (let i = 0; i < count; i++) {
          const push = pusher(response)(`/${i}`);
          push.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code));
          push.end(Buffer.alloc(1000));
        }
        finish(response);
      },
      { maxWaitingPushes: 3 },
      { maxConcurrentStreams: 0 },
    );
    return { codes, served };
  }

  it('that can never leave ends with its request', async () => {
    const { codes, served } = await refuse(2, (response) => response.end('page'));
    for (let i = 1; i <= 3; i++) {
      await ask(served.session);
      await until(() => codes.length === 2 * i);
    }
    expect(new Set(codes)).to.deep.equal(new Set(['ERR_SPDY_STREAM_CLOSED']));
    const [session] = served.server.sessions;
    expect(session?.state).to.include({ openStreams: 0, outboundQueueSize: 0 });
    await served.end();
  });

  it('is limited while it waits', async () => {
    let answer = (): void => {};
    const { codes, served } = await refuse(5, (response) => {
      answer = () => response.end('page');
    });
    const asked = ask(served.session);
    await until(() => codes.length === 2);
    expect(codes).to.deep.equal(Array(2).fill('ERR_SPDY_TOO_MANY_STREAMS'));
    answer();
    await asked;
    await until(() => codes.length === 5);
    await served.end();
  });

  it('checks its headers as setHeader() does', async () => {
    const codes: unknown[] = [];
    const pushed: SpdyStream[] = [];
    const { session, end } = await serve(way, (_request, response) => {
      for (const headers of [{ 'a b': 'c' }, { a: 'b\r\nc' }, { a: undefined }]) {
        try {
          pusher(response)('/', headers as Record<string, string>);
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code);
        }
      }
      const values = { url: new URL('http://a.example/b'), list: ['1', '2'] };
      pushed.push(pusher(response)('/values', values as never));
      pushed[0]?.end();
      response.end();
    });
    const stream = session.request(head(), { endStream: true });
    const [push] = (await once(stream, 'push')) as [SpdyStream];
    expect(push.headers.slice(-3)).to.deep.equal([
      ['url', 'http://a.example/b'],
      ['list', '1'],
      ['list', '2'],
    ]);
    expect(codes).to.deep.equal([
      'ERR_INVALID_HTTP_TOKEN',
      'ERR_INVALID_CHAR',
      'ERR_HTTP_INVALID_HEADER_VALUE',
    ]);
    push.resume();
    await reply(stream);
    await end();
  });

  it('takes only what can be pushed', async () => {
    const codes: unknown[] = [];
    const { session, end } = await serve(WAYS[1] as (typeof WAYS)[0], (_request, response) => {
      const push = pusher(response);
      for (const action of [
        () => push('relative'),
        () => push({ path: '/', host: '' }),
        () => push('/', {}, { status: 100 }),
        () => push('/', {}, { prority: 1 } as never),
        () => push('/', {}, { form: 'spilt' } as never),
        () => push('/', {}, { endStream: 1 } as never),
        () => push({ path: '/', url: '/' } as never),
      ]) {
        try {
          action();
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code);
        }
      }
      response.end();
    });
    await ask(session);
    expect(codes).to.deep.equal(Array(7).fill('ERR_SPDY_INVALID_ARGUMENT'));
    await end();
  });
});
