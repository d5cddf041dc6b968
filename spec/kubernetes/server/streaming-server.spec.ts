import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { InvalidArgumentError, InvalidStateError } from '../../../lib/errors.ts';
import {
  createStreamingServer,
  type StreamingHandlers,
  type StreamingRequest,
  type StreamingServerOptions,
  UpgradeRefusedError,
} from '../../../lib/kubernetes/index.ts';
import {
  execPath,
  FORWARD_PATH,
  framesOf,
  openStreams,
  rawClient,
  refusedClient,
  resetsOf,
  type ServedStreams,
  serveStreams,
  textOn,
} from '../../support/kubernetes-peer.ts';
import { closed, settle, until } from '../../support/session-pair.ts';

const EXEC = execPath('command=a&stdout=1');
const HANDLERS: StreamingHandlers = { exec: () => 0, attach: () => {}, portForward: () => {} };

/** Runs until the client is gone. */
const STAYS: StreamingHandlers = {
  exec: ({ signal }) => new Promise((done) => signal.addEventListener('abort', () => done())),
};

function statusLine(answer: string): string {
  return answer.slice(0, answer.indexOf('\r\n'));
}

describe('Kubernetes streaming server', () => {
  let served: ServedStreams | null = null;

  async function start(
    handlers: StreamingHandlers = HANDLERS,
    options: StreamingServerOptions = {},
  ): Promise<number> {
    served = await serveStreams(handlers, options);
    return served.port;
  }

  afterEach(async () => {
    await served?.stop();
    served = null;
  });

  describe('negotiation', () => {
    it('takes the first offered protocol that it speaks, of several fields or one', async () => {
      const port = await start();
      for (const [protocols, chosen] of [
        [['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io'], 'v4.channel.k8s.io'],
        [['v5.channel.k8s.io, v2.channel.k8s.io,channel.k8s.io'], 'v2.channel.k8s.io'],
        [['channel.k8s.io'], 'channel.k8s.io'],
      ] as const) {
        const { head, socket } = await rawClient(port, EXEC, { protocols });
        expect(head).to.match(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
        expect(head).to.match(/^Connection: Upgrade\r?$/m);
        expect(head).to.match(/^Upgrade: SPDY\/3\.1\r?$/m);
        expect(head.toLowerCase()).to.include(`x-stream-protocol-version: ${chosen}`);
        socket.destroy();
      }
    });

    it('takes POST and GET, and the headers in any case', async () => {
      const port = await start();
      for (const request of [{ method: 'GET' }, { upgrade: 'spdy/3.1' }]) {
        const { head, socket } = await rawClient(port, EXEC, request);
        expect(head).to.match(/^HTTP\/1\.1 101 /);
        socket.destroy();
      }
      expect(statusLine(await refusedClient(port, EXEC, { method: 'PUT' }))).to.include(' 405 ');
    });

    it('refuses without a protocol (400), and with none in common (403 and what there is)', async () => {
      const port = await start();
      const without = await refusedClient(port, EXEC, { protocols: [] });
      expect(statusLine(without)).to.include(' 400 ');
      expect(without).to.include('X-Stream-Protocol-Version is needed');
      const none = await refusedClient(port, EXEC, { protocols: ['v5.channel.k8s.io'] });
      expect(statusLine(none)).to.include(' 403 ');
      const accepted = [...none.matchAll(/^x-accepted-stream-protocol-versions: (.*)\r$/gim)];
      expect(accepted.map(([, name]) => name)).to.deep.equal([
        'v4.channel.k8s.io',
        'v3.channel.k8s.io',
        'v2.channel.k8s.io',
        'channel.k8s.io',
      ]);
      const forward = await refusedClient(port, FORWARD_PATH, { protocols: ['v4.channel.k8s.io'] });
      expect(statusLine(forward)).to.include(' 403 ');
      expect(forward.toLowerCase()).to.include(
        'x-accepted-stream-protocol-versions: portforward.k8s.io',
      );
    });

    it('refuses other upgrades with 400', async () => {
      const port = await start();
      for (const upgrade of ['h2c', 'SPDY/3']) {
        const answer = await refusedClient(port, EXEC, { method: 'GET', upgrade });
        expect(statusLine(answer), upgrade).to.include(' 400 ');
        expect(answer, upgrade).to.match(/SPDY\/3\.1/);
      }
    });

    it('answers wrong URLs with a status', async () => {
      const port = await start();
      const answer = await refusedClient(port, execPath('command=a'));
      expect(statusLine(answer)).to.include(' 400 ');
      expect(answer.toLowerCase()).to.include('content-type: application/json');
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).to.include({
        kind: 'Status',
        code: 400,
      });
      expect(statusLine(await refusedClient(port, '/elsewhere'))).to.include(' 404 ');
    });

    it('answers 501 for what has no handler', async () => {
      const port = await start({ exec: () => 0 });
      expect(statusLine(await refusedClient(port, FORWARD_PATH))).to.include(' 501 ');
    });
  });

  describe('authorize', () => {
    it('says who may do what', async () => {
      const asked: StreamingRequest[] = [];
      const port = await start(HANDLERS, {
        authorize: async (what, request) => {
          asked.push(what);
          await settle(2);
          return request.headers.authorization === 'Bearer good';
        },
      });
      const bad = await refusedClient(port, EXEC, { lines: ['Authorization: Bearer bad'] });
      expect(statusLine(bad)).to.include(' 403 ');
      expect(bad).to.include('"reason":"Forbidden"');
      const good = await rawClient(port, EXEC, {
        lines: ['Authorization: Bearer good'],
        pipelined: (make) => framesOf(make, 'error', 'stdout'),
      });
      expect(await textOn(good.peer, 1)).to.include('Success');
      good.socket.destroy();
      expect(asked.map(({ kind, pod }) => [kind, pod])).to.deep.equal([
        ['exec', 'p1'],
        ['exec', 'p1'],
      ]);
    });

    it('may refuse in its own words; anything else that it throws is 500', async () => {
      let error: Error = new UpgradeRefusedError('who are you?', 401, null);
      const port = await start(HANDLERS, {
        authorize: () => {
          throw error;
        },
      });
      const own = await refusedClient(port, EXEC);
      expect(statusLine(own)).to.include(' 401 ');
      expect(own).to.match(/\r\n\r\nwho are you\?\n$/);
      error = new Error('a secret');
      const other = await refusedClient(port, EXEC);
      expect(statusLine(other)).to.include(' 500 ');
      expect(other).to.not.include('a secret');
      expect(served?.errors).to.deep.equal([error]);
    });

    it('is asked by a client that leaves meanwhile', async () => {
      let answer: (good: boolean) => void = () => {};
      const port = await start(HANDLERS, {
        authorize: () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      });
      const socket = net.connect(port, '127.0.0.1');
      socket.write(
        `POST ${EXEC} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`,
      );
      await until(() => served?.streaming.sessions === 1);
      socket.resetAndDestroy();
      await closed(socket);
      await settle();
      answer(true);
      await until(() => served?.streaming.sessions === 0);
    });
  });

  describe('issuePath()', () => {
    it('gives a URL for one use, with the command in no URL', async () => {
      let command: readonly string[] = [];
      const port = await start({
        exec: (asked) => {
          command = asked.command;
        },
        portForward: () => {},
      });
      const { streaming } = served as ServedStreams;
      const path = streaming.issuePath({ kind: 'exec', command: ['ls'], stdout: true });
      expect(path).to.match(/^\/exec\/[\w-]{8}$/);
      const { peer, socket } = await rawClient(port, path);
      openStreams(peer, 'error', 'stdout');
      await textOn(peer, 1);
      expect(command).to.deep.equal(['ls']);
      socket.destroy();
      for (const unknown of [path, '/exec/AAAAAAAA', '/attach/toString'])
        expect(statusLine(await refusedClient(port, unknown)), unknown).to.include(' 404 ');
      const forward = streaming.issuePath({ kind: 'portForward' });
      expect(forward).to.match(/^\/portforward\//);
      expect(
        statusLine(await refusedClient(port, forward.replace('portforward', 'exec'))),
      ).to.include(' 404 ');
      expect(statusLine(await refusedClient(port, forward))).to.include(' 404 ');
    });

    it('refuses what makes no sense, and more than 1000', () => {
      const streaming = createStreamingServer(HANDLERS, { pathPrefix: '/cri' });
      expect(() => streaming.issuePath({ kind: 'portForward', ports: [80, 0] })).to.throw(
        InvalidArgumentError,
        'ports must be a list of ports',
      );
      expect(() => streaming.issuePath({ kind: 'exec', command: ['a'] })).to.throw(
        InvalidArgumentError,
      );
      expect(() => streaming.issuePath({ kind: 'exec', stdout: true })).to.throw(
        InvalidArgumentError,
      );
      expect(() => streaming.issuePath({ kind: 'run' as 'exec' })).to.throw(InvalidArgumentError);
      const one = { kind: 'attach', stdout: true } as const;
      for (let i = 0; i < 1000; i++) expect(streaming.issuePath(one)).to.match(/^\/cri\/attach\//);
      expect(() => streaming.issuePath(one)).to.throw(InvalidStateError);
    });
  });

  describe('limits', () => {
    it('sessions: more are answered 503 until one has ended', async () => {
      const port = await start(STAYS, { maxSessions: 1 });
      const first = await rawClient(port, EXEC);
      openStreams(first.peer, 'error', 'stdout');
      await until(() => first.peer.names.length === 2);
      expect(statusLine(await refusedClient(port, EXEC))).to.include(' 503 ');
      first.socket.destroy();
      await until(() => served?.streaming.sessions === 0);
      const second = await rawClient(port, EXEC);
      expect(second.head).to.match(/^HTTP\/1\.1 101 /);
      second.socket.destroy();
    });

    it('pending sessions: those whose streams are not there yet', async () => {
      const port = await start(STAYS, { maxPendingSessions: 1 });
      const first = await rawClient(port, EXEC);
      expect(statusLine(await refusedClient(port, EXEC))).to.include(' 503 ');
      openStreams(first.peer, 'error', 'stdout');
      await until(() => first.peer.names.length === 2);
      const second = await rawClient(port, EXEC);
      expect(second.head).to.match(/^HTTP\/1\.1 101 /);
      first.socket.destroy();
      second.socket.destroy();
    });

    it('idleness: RST_STREAM for what is open, GOAWAY, the end', async () => {
      const port = await start(STAYS, { idleTimeoutMs: 50 });
      const { peer, socket } = await rawClient(port, EXEC, {
        pipelined: (make) => framesOf(make, 'error', 'stdout'),
      });
      await peer.frame('GOAWAY');
      expect([...resetsOf(peer, 1), ...resetsOf(peer, 3)]).to.deep.equal([5, 5]);
      expect(peer.frames.at(-1)?.frame).to.include({
        type: 'GOAWAY',
        lastGoodStreamId: 3,
        status: 0,
      });
      await closed(socket);
    });

    it('idleness is not changed by PING with idleIgnoresPing', async () => {
      const port = await start(STAYS, { idleTimeoutMs: 100, idleIgnoresPing: true });
      const { peer, socket } = await rawClient(port, EXEC);
      let id = 1;
      const pings = setInterval(() => {
        peer.send(peer.make.ping(id));
        id += 2;
      }, 10);
      await peer.frame('GOAWAY');
      clearInterval(pings);
      socket.destroy();
    });

    it('options are checked', () => {
      for (const options of [
        { maxSessions: 0 },
        { maxPendingSessions: 1.5 },
        { maxConnections: 1_000_001 },
        { idleTimeoutMs: -1 },
        { endTimeoutMs: Number.NaN },
        { streamCreationTimeoutMs: 2 ** 31 },
        { pathPrefix: 'no-slash' },
        { pathPrefix: '/end/' },
        { authorize: true as never },
      ])
        expect(() => createStreamingServer({}, options), JSON.stringify(options)).to.throw(
          InvalidArgumentError,
        );
      expect(() => createStreamingServer({}, null as never)).to.throw(InvalidArgumentError);
    });
  });

  describe('the end', () => {
    it('a client that breaks the protocol fails its session only', async () => {
      const port = await start(STAYS);
      const bad = await rawClient(port, EXEC);
      bad.socket.write(Buffer.from('80030001000000060000000000000000', 'hex'));
      await closed(bad.socket);
      expect(bad.peer.names).to.include('GOAWAY');
      await until(() => served?.streaming.sessions === 0);
      expect(served?.errors).to.have.length(1);
    });

    it('close() sends all clients away, and accepts no more', async () => {
      const port = await start(STAYS);
      const { peer, socket } = await rawClient(port, EXEC);
      openStreams(peer, 'error', 'stdout');
      await until(() => peer.names.length === 2);
      const { streaming, server } = served as ServedStreams;
      streaming.attach(server);
      await streaming.close();
      await closed(socket);
      expect(peer.names.at(-1)).to.equal('GOAWAY');
      await until(() => streaming.sessions === 0);
      server.on('upgrade', (request, stream, head) =>
        streaming.handleUpgrade(request, stream, head),
      );
      expect(statusLine(await refusedClient(port, EXEC))).to.include(' 503 ');
    });
  });

  describe('close({ deadlineMs })', () => {
    it('lets clients come to their end, and lets nobody in', async () => {
      const finish = new AbortController();
      const port = await start({
        exec: async ({ signal, stdout }) => {
          await once(finish.signal, 'abort');
          expect(signal.aborted).to.equal(false);
          stdout?.end('all of it');
        },
      });
      const { peer, socket } = await rawClient(port, EXEC);
      openStreams(peer, 'error', 'stdout');
      await until(() => peer.names.length === 2);
      const { streaming, server } = served as ServedStreams;
      let isClosed = false;
      const closing = streaming.close({ deadlineMs: 60_000 }).then(() => {
        isClosed = true;
      });
      server.on('upgrade', (request, stream, head) =>
        streaming.handleUpgrade(request, stream, head),
      );
      expect(statusLine(await refusedClient(port, EXEC))).to.include(' 503 ');
      expect(isClosed).to.equal(false);
      finish.abort();
      expect(await textOn(peer, 3)).to.equal('all of it');
      expect(await textOn(peer, 1)).to.include('"Success"');
      socket.end();
      await closing;
    });

    it('sends those away that are late, and sooner when it is called again', async () => {
      const port = await start(STAYS);
      const { peer, socket } = await rawClient(port, EXEC);
      openStreams(peer, 'error', 'stdout');
      await until(() => peer.names.length === 2);
      const { streaming } = served as ServedStreams;
      const late = streaming.close({ deadlineMs: 600_000 });
      await streaming.close({ deadlineMs: 1 });
      await Promise.all([late, closed(socket)]);
      expect(peer.names.at(-1)).to.equal('GOAWAY');
    });

    it('refuses what is no time', async () => {
      await start();
      const { streaming } = served as ServedStreams;
      for (const options of [{ deadlineMs: -1 }, { deadline: 5 }] as never[]) {
        const error = await streaming.close(options).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(InvalidArgumentError);
      }
    });
  });

  it('leaves other URLs to others', async () => {
    const streaming = createStreamingServer(HANDLERS);
    const server = http.createServer((request, response) => {
      if (!streaming.handleRequest(request, response)) response.end('another page');
    });
    streaming.attach(server);
    server.on('upgrade', (request, socket) => {
      if (request.url === '/mine') socket.end('HTTP/1.1 418 Mine\r\nContent-Length: 0\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(statusLine(await refusedClient(port, '/mine'))).to.include(' 418 ');
    const get = async (path: string): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { connection: 'close' },
      });
      return [response.status, await response.text()];
    };
    expect(await get('/page')).to.deep.equal([200, 'another page']);
    expect(await get(EXEC)).to.deep.equal([400, 'Upgrade request required\n']);
    expect(await get(execPath('command=a'))).to.deep.equal([400, 'Upgrade request required\n']);
    await streaming.close();
    server.close();
    await once(server, 'close');
  });
});
