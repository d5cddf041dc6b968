import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import {
  type CommandHandler,
  createFakeApiServer,
  createStreamTranslator,
  exec,
  type KubernetesStatus,
  portForward,
  run,
  type StreamTranslatorOptions,
  type TargetChooser,
  UpgradeRefusedError,
} from '../../../lib/kubernetes/index.ts';
import { DEAD_PORT } from '../../support/dead-port.ts';
import {
  execPath,
  FORWARD_PATH,
  openStreams,
  rawClient,
  refusedClient,
  serveStreams,
  textOn,
} from '../../support/kubernetes-peer.ts';
import { until } from '../../support/session-pair.ts';
import { chain, tcpServer, translate } from '../../support/translated-kubernetes.ts';

const EXEC = execPath('command=a&stdout=1');
const NOWHERE = { cluster: { server: 'http://127.0.0.1:1' } };

/** Status line of an answer, and the JSON in its body. */
function parse(answer: string): { readonly line: string; readonly body: KubernetesStatus } {
  const line = answer.slice(9, answer.indexOf('\r\n'));
  return { line, body: JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as never };
}

describe('Stream translator', () => {
  const cleanups: (() => unknown)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function translated(
    target: TargetChooser,
    options: StreamTranslatorOptions = {},
  ): ReturnType<typeof translate> {
    const one = await translate(target, options);
    cleanups.push(() => one.stop());
    return one;
  }

  describe('targets', () => {
    it('are told with everything that the client asks for, and the request', async () => {
      const back = await serveStreams({ exec: () => {} });
      cleanups.push(() => back.stop());
      const seen: unknown[] = [];
      const { cluster } = await translated((asked, request) => {
        seen.push(asked, request.headers['x-tenant']);
        return { cluster: { server: `http://127.0.0.1:${back.port}` } };
      });
      const headers = { 'X-Tenant': 'blue' };
      await run({ cluster: { ...cluster, headers }, pod: 'p1', command: ['a', 'b c'] });
      expect(seen).to.deep.equal([
        {
          kind: 'exec',
          namespace: 'default',
          pod: 'p1',
          container: null,
          uid: null,
          command: ['a', 'b c'],
          stdin: false,
          stdout: true,
          stderr: true,
          tty: false,
        },
        'blue',
      ]);
    });

    it('may be another pod, a kubelet with credentials and fields of its own, or a URL', async () => {
      const urls: string[] = [];
      const fields: unknown[] = [];
      const back = await serveStreams({ exec: () => 5 });
      cleanups.push(() => back.stop());
      back.server.prependListener('upgrade', ({ url, headers }) => {
        urls.push(url ?? '');
        fields.push(headers['x-role'], headers['x-tenant'], headers.cookie);
      });
      const server = `http://127.0.0.1:${back.port}`;
      const cluster = { server, headers: { 'X-Role': 'gateway' } };
      const path = back.streaming.issuePath({ kind: 'exec', command: ['x'], stdout: true });
      const url = server + path;
      const targets = [{ cluster, pod: 'other', namespace: 'n2', container: 'c2' }];
      const choices = [
        ...targets,
        { cluster, api: 'kubelet' as const, container: 'c1', uid: 'u1' },
        { url },
      ];
      const one = await translated(() => choices.shift() as never);
      const client = {
        cluster: { ...one.cluster, headers: { 'X-Tenant': 'blue', Cookie: 'secret' } },
        pod: 'p1',
        command: ['x'],
        stderr: false,
      };
      for (let times = 3; times > 0; times -= 1) {
        const command = await exec(client);
        command.stdout.resume();
        expect(await command.exited).to.deep.equal({ exitCode: 5 });
      }
      expect(urls).to.deep.equal([
        '/api/v1/namespaces/n2/pods/other/exec?command=x&container=c2&stdout=true',
        '/exec/default/p1/u1/c1?command=x&output=1',
        path,
      ]);
      // Nothing of the client's request goes there by itself.
      const own = ['gateway', undefined, undefined];
      expect(fields).to.deep.equal([...own, ...own, undefined, undefined, undefined]);
    });

    it('may be named by a workload, whose pod is looked up', async () => {
      const fake = await createFakeApiServer({
        pods: [{ name: 'web-7', labels: { app: 'web' } }],
        objects: [
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: { name: 'web' },
            spec: { selector: { matchLabels: { app: 'web' } } },
          },
        ],
      }).listen();
      cleanups.push(() => fake.close());
      const port = await tcpServer((socket) => socket.end('here'));
      cleanups.push(() => port.close());
      const names = ['deploy/web', 'deploy/web', 'deploy/none', 'deploy/none'];
      const one = await translated(() => ({ cluster: fake.cluster, pod: names.shift() as string }));
      const client = { cluster: one.cluster, pod: 'any', transport: 'spdy' } as const;
      const { exitCode } = await run({ ...client, command: ['true'] });
      expect(exitCode).to.equal(0);
      const forward = await portForward(client);
      expect(await text(await forward.connect(port.port))).to.equal('here');
      await forward.close();
      for (const path of [EXEC, FORWARD_PATH]) {
        const protocols = path === EXEC ? ['v4.channel.k8s.io'] : ['portforward.k8s.io'];
        const { line, body } = parse(await refusedClient(one.port, path, { protocols }));
        expect(line).to.equal('404 Not Found');
        expect(body.message).to.include('none');
      }
    });

    it('may be refused, with a status', async () => {
      const status = {
        status: 'Failure',
        reason: 'Forbidden',
        message: 'not you',
        code: 403,
      } as const;
      const { port, errors } = await translated(() => {
        throw new UpgradeRefusedError('not you', 403, status);
      });
      const { line, body } = parse(await refusedClient(port, EXEC));
      expect(line).to.equal('403 Forbidden');
      expect(body).to.deep.equal(status);
      expect(errors).to.deep.equal([]);
    });

    it('that make no sense, and what the function throws, are 500', async () => {
      const wrong: TargetChooser[] = [
        () => {
          throw new Error('out of order');
        },
        () => ({ ...NOWHERE, transport: 'udp' }) as never,
        () => ({ ...NOWHERE, poddd: 'x' }) as never,
        () => ({ cluster: { server: 'ftp://x' } }),
        () => ({ ...NOWHERE, api: 'kubelet' as const, container: '..' }),
      ];
      for (const choose of wrong) {
        const { port, errors } = await translated(choose);
        expect(parse(await refusedClient(port, EXEC)).line).to.equal('500 Internal Server Error');
        expect(errors).to.have.length(1);
      }
    });
  });

  describe('what goes wrong before a target answers', () => {
    it('is its answer, with its Status or a Status with its words', async () => {
      const answers = [
        'HTTP/1.1 404 Not Found\r\nContent-Length: 14\r\n\r\nno such thing\n',
        'HTTP/1.1 403 Forbidden\r\nContent-Length: 46\r\n\r\n{"status":"Failure","message":"no","code":403}',
        'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n',
      ];
      const server = await tcpServer((socket) => {
        socket.once('data', () => socket.end(answers.shift() ?? ''));
      });
      cleanups.push(() => server.close());
      const cluster = { server: `http://127.0.0.1:${server.port}` };
      const { port, errors } = await translated(() => ({ cluster }));
      const words = parse(await refusedClient(port, EXEC));
      expect(words.line).to.equal('404 Not Found');
      expect(words.body).to.deep.include({ status: 'Failure', reason: 'NotFound', code: 404 });
      expect(words.body.message).to.include('no such thing');
      const json = parse(await refusedClient(port, EXEC));
      expect(json.line).to.equal('403 Forbidden');
      expect(json.body).to.deep.equal({ status: 'Failure', message: 'no', code: 403 });
      // Nobody is led elsewhere.
      const moved = parse(await refusedClient(port, EXEC));
      expect(moved.line).to.equal('502 Bad Gateway');
      expect(errors).to.have.length(3);
    });

    it('is 502 where nobody listens, and 504 where nobody answers', async () => {
      const silent = await tcpServer(() => {});
      cleanups.push(() => silent.close());
      const ports = [DEAD_PORT, silent.port];
      for (const transport of ['spdy', 'websocket'] as const) {
        for (const path of [EXEC, FORWARD_PATH]) {
          const { port } = await translated(
            () => ({ cluster: { server: `http://127.0.0.1:${ports[0]}` }, transport }),
            { dialTimeoutMs: 40 },
          );
          const protocols = path === EXEC ? ['v4.channel.k8s.io'] : ['portforward.k8s.io'];
          const refused = parse(await refusedClient(port, path, { protocols }));
          expect(refused.line).to.equal('502 Bad Gateway');
          expect(refused.body.message).to.match(/ECONNREFUSED/);
          ports.reverse();
          const late = parse(await refusedClient(port, path, { protocols }));
          expect(late.line).to.equal('504 Gateway Timeout');
          ports.reverse();
        }
      }
    });

    it('is not dialed for a client that speaks nothing of use', async () => {
      let calls = 0;
      const { port } = await translated(() => {
        calls += 1;
        return NOWHERE;
      });
      const answers = [
        refusedClient(port, EXEC, { upgrade: 'h2c' }),
        refusedClient(port, EXEC, { protocols: ['v9.channel.k8s.io'] }),
        refusedClient(port, execPath('stdout=1')),
        refusedClient(port, '/exec/abcdefgh'),
        refusedClient(port, EXEC, { method: 'PUT' }),
        refusedClient(port, EXEC, {
          method: 'GET',
          upgrade: 'websocket',
          lines: ['Origin: https://evil.example'],
        }),
      ];
      const lines = (await Promise.all(answers)).map((answer) => answer.slice(9, 12));
      expect(lines).to.deep.equal(['400', '403', '400', '404', '405', '403']);
      expect(calls).to.equal(0);
    });

    it('ends with the client that leaves', async () => {
      let dialed = 0;
      let left = 0;
      const silent = await tcpServer((socket) => {
        dialed += 1;
        socket.on('data', () => {});
        socket.once('end', () => {
          left += 1;
        });
      });
      cleanups.push(() => silent.close());
      const cluster = { server: `http://127.0.0.1:${silent.port}` };
      const { port, translator, errors, requests } = await translated(() => ({ cluster }));
      const socket = net.connect(port, '127.0.0.1');
      socket.write(
        `POST ${EXEC} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n`,
      );
      await until(() => dialed === 1);
      requests[0]?.socket.destroy();
      await until(() => left === 1);
      await until(() => translator.sessions === 0);
      expect(errors).to.deep.equal([]);
      socket.destroy();
    });
  });

  describe('limits', () => {
    it('maxSessions and maxPendingSessions: more are answered 503', async () => {
      const silent = await tcpServer(() => {});
      cleanups.push(() => silent.close());
      const cluster = { server: `http://127.0.0.1:${silent.port}` };
      for (const limit of [{ maxSessions: 1 }, { maxPendingSessions: 1 }]) {
        const { port, translator, requests } = await translated(() => ({ cluster }), limit);
        const first = refusedClient(port, EXEC);
        await until(() => translator.sessions === 1);
        expect(parse(await refusedClient(port, EXEC)).line).to.equal('503 Service Unavailable');
        requests[0]?.socket.destroy();
        expect(await first.catch(() => '')).to.equal('');
      }
    });

    describe('maxBufferedBytes', () => {
      const piece = Buffer.alloc(65536);
      /** More than the kernel holds of connections that nobody reads. */
      const total = 1600 * piece.length;
      const much = 64 << 20;

      const pour = async (sink: Writable, count: (length: number) => void): Promise<void> => {
        for (let sent = 0; sent < total && !sink.destroyed; sent += piece.length) {
          await new Promise((done) => sink.write(piece, done));
          count(piece.length);
        }
      };

      /** A command whose output, or input, is not read, and one behind it whose is: when that is over, nothing new comes of the first. */
      const held = async (
        direction: 'out' | 'in',
        transport: 'spdy' | 'websocket',
        maxBufferedBytes: number,
        enough: (taken: number) => boolean,
      ): Promise<number> => {
        let taken = 0;
        const count = (length: number): void => {
          taken += length;
        };
        const handler: CommandHandler = async ({ command: [what], stdin, stdout, signal }) => {
          if (what === 'out') await pour(stdout as Writable, count);
          else if (what === 'in') await once(signal, 'abort');
          else if (direction === 'out') await pour(stdout as Writable, () => {});
          else for await (const _ of stdin as Readable);
        };
        const one = await chain(transport, { exec: handler }, { maxBufferedBytes });
        cleanups.push(() => one.stop());
        const target = { cluster: one.cluster, pod: 'p', transport, stderr: false } as const;
        const first = await exec({ ...target, stdin: true, command: [direction] });
        cleanups.push(() => first.close());
        first.exited.catch(() => {});
        first.stdin.on('error', () => {});
        if (direction === 'in') void pour(first.stdin, count);
        const second = await exec({ ...target, stdin: true, command: ['read'] });
        second.stdout.resume();
        if (direction === 'in') await pour(second.stdin, () => {});
        second.stdin.end();
        await second.exited;
        await until(() => enough(taken));
        return taken;
      };

      for (const transport of ['spdy', 'websocket'] as const)
        for (const direction of ['out', 'in'] as const)
          it(`is about all that waits: ${direction} over ${transport}`, async () => {
            expect(await held(direction, transport, 16384, () => true)).to.be.below(much);
          });

      it('lets more wait for who wants that', async () => {
        expect(await held('out', 'spdy', much, (taken) => taken > much)).to.be.below(total);
      });
    });

    it('refuses options and targets that are none', () => {
      const make = (options: unknown, target: unknown = () => NOWHERE) => {
        return () => createStreamTranslator(target as never, options as never);
      };
      for (const options of [
        { pathPrefix: 'x/' },
        { maxSessions: 0 },
        { maxBufferedBytes: 1 },
        { dialTimeoutMs: -1 },
        { idleIgnoresPing: 1 },
        { origins: ['x'] },
        { dialTimeout: 5 },
      ]) {
        expect(make(options), JSON.stringify(options)).to.throw(InvalidArgumentError);
      }
      expect(make({}, NOWHERE)).to.throw(InvalidArgumentError, 'target must be a function');
      expect(make({})).not.to.throw();
    });
  });

  describe('close({ deadlineMs })', () => {
    it('lets commands come to their end', async () => {
      let finish = (): void => {};
      const finished = new Promise<void>((done) => {
        finish = done;
      });
      const one = await chain('spdy', {
        exec: async ({ stdout }) => {
          await finished;
          stdout?.end('all of it');
          return 3;
        },
      });
      cleanups.push(() => one.stop());
      const { peer, socket } = await rawClient(one.port, EXEC);
      openStreams(peer, 'error', 'stdout');
      await until(() => peer.names.length === 2);
      const closing = one.translator.close({ deadlineMs: 60_000 });
      finish();
      expect(await textOn(peer, 3)).to.equal('all of it');
      expect(await textOn(peer, 1)).to.include('"ExitCode","message":"3"');
      socket.end();
      await closing;
      expect(one.errors).to.deep.equal([]);
    });

    it('sends those away that are late', async () => {
      let isGone = false;
      const one = await chain('websocket', {
        exec: async ({ signal }) => {
          await once(signal, 'abort');
          isGone = true;
        },
      });
      cleanups.push(() => one.stop());
      const { peer, socket } = await rawClient(one.port, EXEC);
      openStreams(peer, 'error', 'stdout');
      await until(() => peer.names.length === 2);
      await one.translator.close({ deadlineMs: 1 });
      if (!socket.destroyed) await once(socket, 'close');
      expect(peer.names).to.include('GOAWAY');
      await until(() => isGone);
    });
  });

  it('is a part of a server that does other things too', async () => {
    const translator = createStreamTranslator(() => NOWHERE, { pathPrefix: '/clusters/one' });
    const server = http.createServer((request, response) => {
      if (!translator.handleRequest(request, response)) response.end('a page');
    });
    server.on('upgrade', (request, socket, head) => {
      if (!translator.handleUpgrade(request, socket, head)) socket.end('HTTP/1.1 426 No\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect((await refusedClient(port, EXEC)).slice(9, 12)).to.equal('426');
    expect((await refusedClient(port, `/clusters/one${EXEC}`)).slice(9, 12)).to.equal('502');
    const url = `http://127.0.0.1:${port}`;
    expect(await (await fetch(url)).text()).to.equal('a page');
    expect((await fetch(`${url}/clusters/one${EXEC}`)).status).to.equal(400);
    await translator[Symbol.asyncDispose]();
    server.close();
    server.closeAllConnections();
  });
});
