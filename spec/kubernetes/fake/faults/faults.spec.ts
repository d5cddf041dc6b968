import { once } from 'node:events';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { exec } from '../../../../lib/kubernetes/client/command/exec.ts';
import { run } from '../../../../lib/kubernetes/client/command/run.ts';
import { ConnectionLostError } from '../../../../lib/kubernetes/errors.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import type { FakeApiServerOptions } from '../../../../lib/kubernetes/fake/options.ts';
import { until } from '../../../support/session-pair.ts';

const PODS = '/api/v1/namespaces/default/pods';

describe('faults of a fake API server', () => {
  let fake: FakeApiServer;

  async function serve(options: FakeApiServerOptions = {}): Promise<void> {
    fake = await createFakeApiServer({ pods: ['p1', 'p2'], ...options }).listen();
  }

  afterEach(() => fake.close());

  async function get(path: string, asked: http.RequestOptions = {}): Promise<IncomingMessage> {
    const request = http.get(fake.url + path, { agent: false, ...asked });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    return response;
  }

  describe('by rule', () => {
    it('are for the requests that it names, and so many of them', async () => {
      await serve();
      fake.addFault({ action: ['get', 'list'], after: 1, times: 2, refuseWith: 503 });
      fake.addFault({ action: 'log', pod: 'p2', refuseWith: 500 });
      const codes: (number | undefined)[] = [];
      for (const path of [
        `${PODS}/p1`,
        PODS,
        `${PODS}/p2`,
        PODS,
        `${PODS}/p1/log`,
        `${PODS}/p2/log`,
      ]) {
        const response = await get(path);
        codes.push(response.statusCode);
        response.resume();
      }
      expect(codes).to.deep.equal([200, 503, 503, 200, 200, 500]);
    });

    it('refuse with the reason of their code', async () => {
      await serve();
      for (const [refuseWith, reason] of [
        [403, 'Forbidden'],
        [404, 'NotFound'],
        [429, 'TooManyRequests'],
        [500, 'InternalError'],
      ] as const) {
        const takeBack = fake.addFault({ action: 'list', refuseWith });
        expect(JSON.parse(await text(await get(PODS)))).to.include({ code: refuseWith, reason });
        takeBack();
      }
    });

    it('are taken back', async () => {
      await serve();
      const command = ['true'];
      const takeBack = fake.addFault({ refuseWith: 404, message: 'no' });
      const refused = await run({ cluster: fake.cluster, pod: 'p1', command }).catch(
        (error: Error) => error.message,
      );
      expect(refused).to.include('no');
      takeBack();
      expect((await run({ cluster: fake.cluster, pod: 'p1', command })).exitCode).to.equal(0);
    });

    it('are checked', async () => {
      await serve();
      for (const rule of [
        { delay: 5 },
        { after: -1 },
        { times: 0 },
        { dropAfterBytes: -1 },
        { dropAfterBytes: 1, freezeAfterBytes: 1 },
        null,
      ])
        expect(() => fake.addFault(rule as never), JSON.stringify(rule))
          .to.throw()
          .with.property('code', 'ERR_SPDY_INVALID_ARGUMENT');
    });
  });

  describe('of answers', () => {
    it('cut them, in order or not', async () => {
      await serve();
      const whole = await text(await get(PODS));
      fake.addFault({ action: 'list', times: 1, truncateAfterBytes: 10 });
      fake.addFault({ action: 'list', after: 1, dropAfterBytes: 10 });
      const truncated = await get(PODS);
      expect(await text(truncated)).to.equal(whole.slice(0, 10));
      expect(truncated.complete).to.equal(true);
      const dropped = await get(PODS);
      const chunks: Buffer[] = [];
      dropped.on('data', (chunk: Buffer) => chunks.push(chunk));
      await closeOf(dropped);
      expect([dropped.complete, Buffer.concat(chunks).length]).to.deep.equal([false, 10]);
    });

    it('end the connection at once', async () => {
      await serve();
      fake.addFault({ action: 'list', dropAfterBytes: 0 });
      const request: ClientRequest = http.get(fake.url + PODS, { agent: false });
      const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.equal('ECONNRESET');
    });

    it('are heard of watches, too', async () => {
      await serve();
      fake.addFault({ action: 'watch', halfCloseAfterBytes: 100 });
      const watching = await get(`${PODS}?watch=true`);
      const chunks: Buffer[] = [];
      watching.on('data', (chunk: Buffer) => chunks.push(chunk));
      await closeOf(watching);
      expect([watching.complete, Buffer.concat(chunks).length]).to.deep.equal([false, 100]);
    });

    it('freeze them, and the connection stays', async () => {
      await serve();
      fake.addFault({ action: 'list', freezeAfterBytes: 10 });
      const frozen = await get(PODS);
      const chunks: Buffer[] = [];
      frozen.on('data', (chunk: Buffer) => chunks.push(chunk));
      await until(() => chunks.length > 0);
      const other = await get(`${PODS}/p1`);
      await text(other);
      expect(Buffer.concat(chunks).length).to.equal(10);
      expect(frozen.closed).to.equal(false);
      const closed = closeOf(frozen);
      await fake.close();
      await closed;
    });
  });

  describe('of exec', () => {
    const command = ['sh', '-c', 'head -c 100000 /dev/zero; sleep 300'];

    it('end the connection, in order or not', async () => {
      for (const fault of [{ truncateAfterBytes: 50_000 }, { dropAfterBytes: 50_000 }]) {
        await serve({ fault });
        for (const transport of ['spdy', 'websocket'] as const) {
          const lost = run({ cluster: fake.cluster, pod: 'p1', command, transport });
          const error = await lost.catch((reason: unknown) => reason);
          expect(error).to.be.instanceOf(ConnectionLostError);
        }
        await until(() => fake.open.processes === 0);
        await fake.close();
      }
    });

    it('leave a connection on which nothing moves: PINGs find out', async () => {
      await serve();
      fake.addFault({ action: 'exec', freezeAfterBytes: 50_000 });
      const target = { cluster: fake.cluster, pod: 'p1', command };
      const frozen = await exec({ ...target, pingIntervalMs: 50, pingTimeoutMs: 100 });
      frozen.stdout?.on('error', () => {}).resume();
      frozen.stderr?.on('error', () => {}).resume();
      expect(await frozen.exited.catch((reason: unknown) => reason)).to.be.instanceOf(
        ConnectionLostError,
      );
    });

    it('half-close the connection', async () => {
      await serve();
      fake.addFault({ action: 'portforward', halfCloseAfterBytes: 0 });
      const { port, hostname } = new URL(fake.url);
      const socket = net.connect({ port: Number(port), host: hostname, allowHalfOpen: true });
      socket.write(
        `POST ${PODS}/p1/portforward HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\n` +
          'Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n',
      );
      let head = '';
      socket.on('data', (chunk: Buffer) => {
        head += chunk.toString('latin1');
      });
      await once(socket, 'end');
      expect(head).to.match(/^HTTP\/1.1 101 /);
      expect(fake.open.sessions).to.equal(1);
      socket.end();
      await until(() => fake.open.sessions === 0);
    });
  });
});

/** Resolves when a response is closed, by an error or not. */
function closeOf(response: IncomingMessage): Promise<void> {
  return new Promise((closed) => response.once('close', () => closed()));
}
