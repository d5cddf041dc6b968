import { once } from 'node:events';
import net from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import {
  createFakeApiServer,
  forwardTo,
  type PortForward,
  portForward,
  RemoteFailureError,
  type StreamTranslatorOptions,
} from '../../../lib/kubernetes/index.ts';
import { FORWARD_PATH } from '../../support/kubernetes-peer.ts';
import { until } from '../../support/session-pair.ts';
import { type Chain, chain, tcpServer, translate } from '../../support/translated-kubernetes.ts';

const TRANSPORTS = ['spdy', 'websocket'] as const;

const FIELDS =
  'Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n';
const REQUEST = `POST ${FORWARD_PATH} HTTP/1.1\r\nHost: a\r\n${FIELDS}`;
const SWITCHING = `HTTP/1.1 101 Switching Protocols\r\n${FIELDS}`;

describe('Stream translator: port forwarding', () => {
  const cleanups: (() => unknown)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function served(
    behind: (typeof TRANSPORTS)[number],
    options: StreamTranslatorOptions = {},
  ): Promise<Chain> {
    const served = await chain(behind, { portForward: forwardTo() }, options);
    cleanups.push(() => served.stop());
    return served;
  }

  async function target(listener: (socket: net.Socket) => void): Promise<number> {
    const server = await tcpServer(listener);
    cleanups.push(() => server.close());
    return server.port;
  }

  for (const front of TRANSPORTS) {
    for (const behind of TRANSPORTS) {
      describe(`${front} in front, ${behind} behind`, () => {
        async function forward(
          options: StreamTranslatorOptions = {},
        ): Promise<{ chain: Chain; forward: PortForward }> {
          const chain = await served(behind, options);
          const forward = await portForward({
            cluster: chain.cluster,
            pod: 'p',
            transport: front,
            pingIntervalMs: 0,
          });
          cleanups.push(() => forward.close());
          return { chain, forward };
        }

        it('carries 40 connections, each of which ends both directions on its own', async () => {
          const port = await target((socket) => {
            // The answer comes when the question has ended. (An iterator would end both directions.)
            const chunks: Buffer[] = [];
            socket.on('data', (chunk: Buffer) => chunks.push(chunk));
            socket.once('end', () => socket.end(Buffer.concat(chunks)));
          });
          const { forward: pod, chain } = await forward();
          const bodies = Array.from({ length: 40 }, (_, index) =>
            Buffer.alloc(50_000 + index, `${index} `),
          );
          const answers = await Promise.all(
            bodies.map(async (body) => {
              const connection = await pod.connect(port);
              connection.end(body);
              return await buffer(connection);
            }),
          );
          expect(answers.every((answer, i) => answer.equals(bodies[i] as Buffer))).to.equal(true);
          expect(chain.errors).to.deep.equal([]);
          await pod.close();
          await until(() => chain.translator.sessions === 0 && chain.back.streaming.sessions === 0);
        });

        it('tells of a port that is refused, and goes on', async () => {
          const refused = await tcpServer(() => {});
          refused.close();
          const port = await target((socket) => socket.end('here'));
          const { forward: pod } = await forward();
          const error = await pod.connect(refused.port).then(
            (connection) => buffer(connection).catch((reason: unknown) => reason),
            (reason: unknown) => reason,
          );
          expect(error).to.be.instanceOf(RemoteFailureError);
          expect(await text(await pod.connect(port))).to.equal('here');
        });

        it('is lost for the client when it is lost behind', async () => {
          const fake = await createFakeApiServer({
            pods: ['p'],
            fault: { dropAfterBytes: 100_000 },
          }).listen();
          cleanups.push(() => fake.close());
          const translated = await translate(() => ({ cluster: fake.cluster, transport: behind }));
          cleanups.push(() => translated.stop());
          const port = await target((socket) => socket.write(Buffer.alloc(1_000_000)));
          const pod = await portForward({
            cluster: translated.cluster,
            pod: 'p',
            transport: front,
          });
          const ended = once(pod, 'close');
          const connection = await pod.connect(port);
          const error = await buffer(connection).catch((reason: unknown) => reason);
          expect(error).to.have.property('code', 'ERR_SPDY_CONNECTION_LOST');
          expect((await ended)[0]).to.have.property('code', 'ERR_SPDY_CONNECTION_LOST');
        });

        it('ends when no byte has come for too long', async () => {
          const { forward: pod, chain } = await forward({ idleTimeoutMs: 50 });
          await once(pod, 'close');
          await until(() => chain.back.streaming.sessions === 0);
          expect(chain.errors).to.deep.equal([]);
        });

        it('ends at once by close()', async () => {
          const { forward: pod, chain } = await forward();
          const ended = once(pod, 'close');
          await chain.translator.close();
          expect((await ended)[0]).to.have.property('code', 'ERR_SPDY_CONNECTION_LOST');
        });
      });
    }
  }

  for (const behind of TRANSPORTS) {
    describe(`channels in front, ${behind} behind`, () => {
      it('carries the data of two ports, and closes with 1000 when both have ended', async () => {
        const echo = await target((socket) => socket.once('data', (data) => socket.end(data)));
        const hello = await target((socket) => socket.end('hello'));
        const { port, errors } = await served(behind);
        const url = `ws://127.0.0.1:${port}${FORWARD_PATH}?ports=${echo},${hello}`;
        const socket = new WebSocket(url, 'v4.channel.k8s.io');
        const received = ['', '', '', ''];
        socket.on('message', (data: Buffer) => {
          received[data[0] as number] += data.toString('latin1', 1);
        });
        await once(socket, 'open');
        socket.send(Buffer.from('\0question'));
        const [code] = await once(socket, 'close');
        expect(code).to.equal(1000);
        const behindPort = (index: number): string | undefined => received[index]?.slice(2);
        expect([0, 1, 2, 3].map(behindPort)).to.deep.equal(['question', '', 'hello', '']);
        expect(errors).to.deep.equal([]);
      });

      it('tells of a port that is refused on its error channel', async () => {
        const refused = await tcpServer(() => {});
        refused.close();
        const { port, errors } = await served(behind);
        const url = `ws://127.0.0.1:${port}${FORWARD_PATH}?ports=${refused.port}`;
        const socket = new WebSocket(url, 'v4.channel.k8s.io');
        let told = '';
        socket.on('message', (data: Buffer) => {
          if (data[0] === 1) told += data.toString('latin1', 1);
        });
        const [code] = await once(socket, 'close');
        expect(code).to.equal(1011);
        expect(told).to.match(/ECONNREFUSED/);
        expect(errors).to.deep.equal([]);
      });

      it('hands on what was sent before the client has closed', async () => {
        let heard = '';
        const port = await target((socket) => {
          let all = '';
          socket.on('data', (chunk) => {
            all += chunk;
          });
          socket.once('end', () => {
            heard = all;
            socket.end();
          });
        });
        const chain = await served(behind);
        const url = `ws://127.0.0.1:${chain.port}${FORWARD_PATH}?ports=${port}`;
        const socket = new WebSocket(url, 'v4.channel.k8s.io');
        await once(socket, 'open');
        socket.send(Buffer.from('\0last words'));
        socket.close(1000);
        await until(() => heard !== '');
        expect(heard).to.equal('last words');
        await until(() => chain.translator.sessions === 0 && chain.back.streaming.sessions === 0);
      });
    });
  }

  it('ends a target that does not end when the client has', async () => {
    const server = await tcpServer((socket) => {
      socket.once('data', () => {
        socket.write(SWITCHING);
        socket.resume();
      });
    });
    cleanups.push(() => server.close());
    const cluster = { server: `http://127.0.0.1:${server.port}` };
    const translated = await translate(() => ({ cluster }), { endTimeoutMs: 20 });
    cleanups.push(() => translated.stop());
    const socket = net.connect(translated.port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.resume();
    socket.write(REQUEST);
    await once(socket, 'data');
    socket.end();
    await until(() => translated.translator.sessions === 0);
    expect(translated.errors).to.deep.equal([]);
  });

  it('ends for a client that has ended before its target has answered', async () => {
    let answer: (() => void) | null = null as (() => void) | null;
    const server = await tcpServer((socket) => {
      socket.once('data', () => {
        answer = () => void socket.write(SWITCHING);
      });
      socket.once('end', () => socket.end());
    });
    cleanups.push(() => server.close());
    const cluster = { server: `http://127.0.0.1:${server.port}` };
    const translated = await translate(() => ({ cluster }));
    cleanups.push(() => translated.stop());
    const socket = net.connect(translated.port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.resume();
    socket.end(REQUEST);
    await until(() => translated.requests[0]?.socket.readableEnded === true);
    await until(() => answer !== null);
    answer?.();
    await until(() => translated.translator.sessions === 0);
    expect(translated.errors).to.deep.equal([]);
  });

  it('does not look at the bytes of a session', async () => {
    // Whoever is behind speaks no SPDY at all, and nobody minds.
    const server = await tcpServer((socket) => {
      socket.once('data', () => {
        socket.write(`${SWITCHING}first`);
        socket.on('data', (data) => socket.write(`<${data}>`));
        socket.once('end', () => socket.end());
      });
    });
    cleanups.push(() => server.close());
    const translated = await translate(() => ({
      cluster: { server: `http://127.0.0.1:${server.port}` },
    }));
    cleanups.push(() => translated.stop());
    const socket = net.connect(translated.port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.write(REQUEST);
    let seen = '';
    socket.on('data', (data) => {
      seen += data;
    });
    await until(() => seen.endsWith('\r\n\r\nfirst'));
    socket.write('question');
    await until(() => seen.endsWith('first<question>'));
    socket.end();
    await once(socket, 'end');
    await until(() => translated.translator.sessions === 0);
    expect(translated.errors).to.deep.equal([]);
  });
});
