import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SpdyAgent } from '../../lib/http/client/agent.ts';
import { SpdyDispatcher } from '../../lib/http/client/dispatcher.ts';
import { fetch } from '../../lib/http/client/fetch/fetch.ts';
import { createServer, type SpdyServer } from '../../lib/http/server/server.ts';
import type { Session } from '../../lib/session/session.ts';
import { connect } from '../../lib/session/transport/connect.ts';
import { requestHeaders, until } from '../support/session-pair.ts';

const COUNT = 100;

describe('scenarios: contexts', () => {
  const storage = new AsyncLocalStorage<number>();
  let server: SpdyServer;
  let agent: SpdyAgent;
  let port = 0;
  /** What each handler finds when it is called, and what its listeners find later. */
  let found: { id: number; atStart: number | undefined; later: (number | undefined)[] }[] = [];

  beforeEach(async () => {
    found = [];
    server = createServer({ tls: false, version: 'spdy/3.1' }, (request, response) => {
      const id = Number(request.headers['x-id'] ?? -1);
      const mine = { id, atStart: storage.getStore(), later: [] as (number | undefined)[] };
      found.push(mine);
      storage.enterWith(id);
      const note = (): void => {
        mine.later.push(storage.getStore());
      };
      if (request.url === '/push') {
        response.push?.(`/pushed/${id}`)?.end('pushed');
      }
      request.on('data', note);
      request.on('end', () => {
        note();
        if (request.url === '/never') return;
        response.write('a'.repeat(20_000));
        setImmediate(() => response.end('b'.repeat(20_000)));
      });
      response.on('finish', note);
      response.on('close', note);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    agent = new SpdyAgent({ version: 'spdy/3.1' });
  });
  afterEach(async () => {
    agent.destroy();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const urlOf = (path = '/'): string => `http://127.0.0.1:${port}${path}`;
  const ids = Array.from({ length: COUNT }, (_, i) => i);

  /** Runs each in the context of its id, all at once, and expects that nothing was seen in another one. */
  async function each(run: (id: number, note: () => void) => Promise<unknown>): Promise<void> {
    const seen = new Map<number, Set<number | undefined>>();
    await Promise.all(
      ids.map((id) => {
        const stores = new Set<number | undefined>();
        seen.set(id, stores);
        return storage.run(id, () => run(id, () => stores.add(storage.getStore())));
      }),
    );
    for (const [id, stores] of seen) expect([...stores]).to.deep.equal([id]);
  }

  it('listeners of a client request are called in the one in which it was made', async () => {
    await each(async (id, note) => {
      const request = agent.request(urlOf(), { method: 'POST', headers: { 'x-id': String(id) } });
      for (const event of ['socket', 'stream', 'finish', 'drain', 'close'] as const) {
        request.on(event, note);
      }
      const whole = new Promise((resolve) => {
        request.on('response', (response) => {
          note();
          response.on('data', note).on('end', note).on('close', note);
          response.on('close', resolve);
        });
      });
      request.write('x'.repeat(20_000), note);
      setImmediate(() => request.end('y'.repeat(20_000), note));
      await whole;
    });
    const own = found.filter(({ id, later }) => later.every((it) => it === id || it === undefined));
    expect(own.length).to.equal(COUNT);
  });

  it('no server request finds what the handler of another one entered', async () => {
    await each(async (id, note) => {
      await (await fetch(urlOf(), { agent, headers: { 'x-id': String(id) } })).text();
      note();
    });
    expect(found.length).to.equal(COUNT);
    expect(new Set(found.map(({ atStart }) => atStart))).to.deep.equal(new Set([undefined]));
  });

  it('listeners and callbacks of streams, and of pings', async () => {
    const session: Session = await connect({
      host: '127.0.0.1',
      port,
      tls: false,
      version: 'spdy/3.1',
    });
    await each(async (_id, note) => {
      const stream = session.request(requestHeaders('POST'));
      stream.on('response', note).on('data', note).on('end', note).on('ready', note);
      stream.on('finish', note).on('drain', note).on('close', note);
      stream.setTimeout(60_000, note);
      stream.write('x'.repeat(20_000), note);
      setImmediate(() => stream.end('y'.repeat(20_000), note));
      await Promise.all([once(stream, 'close'), new Promise((done) => session.ping(done))]);
      await new Promise((done) => {
        const pinged = session.ping(() => {
          note();
          done(pinged);
        });
      });
    });
    await session.close();
  });

  it('what ends a request from elsewhere is told in its own', async () => {
    const requests: { destroy(error?: Error): unknown }[] = [];
    const all = each(async (_id, note) => {
      const request = agent.get(urlOf('/never'));
      requests.push(request);
      request.on('error', note).on('close', note);
      await new Promise<void>((closed) => request.on('close', closed));
    });
    await new Promise((wait) => setImmediate(wait));
    requests.forEach((request, i) => {
      storage.run(-1 - i, () => request.destroy(new Error('enough')));
    });
    await all;
  });

  it('pushed resources come in that of their request', async () => {
    await each(async (id, note) => {
      const request = agent.get(urlOf('/push'), { headers: { 'x-id': String(id) } });
      const pushed = new Promise((resolve) => {
        request.on('push', (_request, response) => {
          note();
          response.on('data', note).on('end', note).on('end', resolve);
        });
      });
      request.on('response', (response) => response.resume());
      await Promise.all([pushed, once(request, 'close')]);
    });
  });

  it("the handlers of a dispatcher, and Node's fetch() over it", async () => {
    const dispatcher = new SpdyDispatcher(agent);
    await each(async (_id, note) => {
      await new Promise<void>((resolve, reject) => {
        dispatcher.dispatch(
          { origin: urlOf(), path: '/', method: 'GET' },
          {
            onRequestStart: note,
            onResponseStart: note,
            onResponseData: note,
            onResponseEnd: () => resolve(note()),
            onResponseError: (_controller, error) => reject(error),
          },
        );
      });
      await (await globalThis.fetch(urlOf(), { dispatcher })).text();
      note();
    });
  });

  it('what a response emits and calls back comes in the one that ended it or waits', async () => {
    const found = new Map<string, number | undefined>();
    let done = false;
    server.removeAllListeners('request');
    server.on('request', (_request, response) => {
      const note = (name: string) => (): void => {
        found.set(name, storage.getStore());
      };
      storage.run(7, () => {
        response.on('finish', note('finish')).on('close', note('close')).on('drain', note('drain'));
        response.once('drain', () => response.end('end', note('end()')));
        response.on('close', () => {
          done = true;
        });
        response.write('x'.repeat(200_000), note('write()'));
      });
    });
    await (await fetch(urlOf(), { agent })).text();
    await until(() => done);
    const names = ['close', 'drain', 'end()', 'finish', 'write()'];
    expect([...found].sort()).to.deep.equal(names.map((name) => [name, 7]));
  });

  it('have names that async_hooks shows', async () => {
    const types = new Set<string>();
    const hook = createHook({
      init: (_id, type) => {
        types.add(type);
      },
    }).enable();
    try {
      await (await fetch(urlOf(), { agent })).text();
    } finally {
      hook.disable();
    }
    expect([...types]).to.include.members(['SPDYCLIENTREQUEST', 'SPDYSERVERREQUEST', 'SPDYSTREAM']);
  });
});
