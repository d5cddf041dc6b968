import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import {
  attach,
  type CommandHandler,
  ConnectionLostError,
  createFakeApiServer,
  exec,
  type KubernetesStatus,
  RemoteFailureError,
  run,
  runProcess,
} from '../../../lib/kubernetes/index.ts';
import { execPath, openStreams, rawClient, textOn } from '../../support/kubernetes-peer.ts';
import { settle, until } from '../../support/session-pair.ts';
import { type Chain, chain, translate } from '../../support/translated-kubernetes.ts';

const TRANSPORTS = ['spdy', 'websocket'] as const;
const local: CommandHandler = (command) => runProcess(command);

describe('Stream translator: commands', () => {
  const cleanups: (() => unknown)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function served(
    transport: (typeof TRANSPORTS)[number],
    handler: CommandHandler,
  ): Promise<Chain> {
    const served = await chain(transport, { exec: handler, attach: handler });
    cleanups.push(() => served.stop());
    return served;
  }

  for (const front of TRANSPORTS) {
    for (const behind of TRANSPORTS) {
      describe(`${front} in front, ${behind} behind`, () => {
        const target = { pod: 'p', container: 'c', transport: front };

        it('carries both outputs and the exit code', async () => {
          const { cluster, errors, asked, back } = await served(behind, local);
          const command = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
          const { exitCode, stdout, stderr } = await run({ ...target, cluster, command });
          expect([exitCode, String(stdout), String(stderr)]).to.deep.equal([3, 'out\n', 'err\n']);
          expect(errors).to.deep.equal([]);
          expect(asked[0]).to.deep.include({ kind: 'exec', namespace: 'default', command });
          await until(() => back.streaming.sessions === 0);
        });

        it('carries much input and its end, while much comes back', async () => {
          const { cluster, errors } = await served(behind, local);
          const input = Buffer.alloc(3 << 20, 'all of it ');
          const result = await run({ ...target, cluster, command: ['cat'], input });
          expect(result.exitCode).to.equal(0);
          expect(result.stdout.equals(input)).to.equal(true);
          expect(errors).to.deep.equal([]);
        });

        it('hands on the end of one output while the command goes on', async () => {
          let finish = (): void => {};
          const finished = new Promise<void>((done) => {
            finish = done;
          });
          const { cluster } = await served(behind, async ({ stdout, stderr }) => {
            stdout?.end('all');
            await finished;
            stderr?.write('late');
          });
          const command = await exec({ ...target, cluster, command: ['x'] });
          // Channels have no ends of their own.
          if (front !== 'spdy' || behind !== 'spdy') finish();
          expect(await text(command.stdout)).to.equal('all');
          finish();
          expect(await text(command.stderr)).to.equal('late');
          expect(await command.exited).to.deep.equal({ exitCode: 0 });
        });

        it('tells the sizes of a terminal', async () => {
          const { cluster } = await served(behind, async (command) => {
            if (command.size === null) await once(command, 'resize');
            const { size } = command;
            command.stdout?.write(`${size?.columns}x${size?.rows} `);
            const [next] = await once(command, 'resize');
            command.stdout?.end(`${next.columns}x${next.rows}`);
          });
          const size = { columns: 80, rows: 24 };
          const options = { ...target, cluster, command: ['x'], tty: true, size };
          const command = await exec(options);
          const [first] = await once(command.stdout, 'data');
          command.resize({ columns: 120, rows: 50 });
          expect(String(first) + (await text(command.stdout))).to.equal('80x24 120x50');
        });

        it('attaches', async () => {
          const { cluster, asked } = await served(behind, async ({ stdin, stdout, kind }) => {
            const input = stdin === null ? '' : await text(stdin);
            stdout?.write(`${kind} ${input}`);
            return 9;
          });
          const command = await attach({ ...target, cluster, stdin: true });
          command.stdin.end('hello');
          expect(await text(command.stdout)).to.equal('attach hello');
          expect(await command.exited).to.deep.equal({ exitCode: null });
          expect(asked[0]?.kind).to.equal('attach');
        });

        it('leaves the status as it is, with all of its details', async () => {
          const told: KubernetesStatus = {
            kind: 'Status',
            apiVersion: 'v1',
            metadata: {},
            status: 'Failure',
            message: 'it does not run',
            reason: 'Whatever',
            details: { causes: [{ reason: 'One', message: 'two' }] },
            code: 418,
          };
          Object.assign(told.details ?? {}, { name: 'p', kind: 'pods', retryAfterSeconds: 3 });
          const { cluster, errors } = await served(behind, ({ stdout }) => {
            stdout?.write('what there was');
            throw new RemoteFailureError('', told);
          });
          const command = await exec({ ...target, cluster, command: ['x'] });
          const output = text(command.stdout).catch(() => '');
          const error = await command.exited.catch((reason: unknown) => reason);
          expect(error).to.be.instanceOf(RemoteFailureError);
          expect((error as RemoteFailureError).status).to.deep.equal(told);
          await output;
          expect(errors).to.deep.equal([]);
        });

        it('ends the command behind when the client leaves', async () => {
          let runs = false;
          let isGone = false;
          const { cluster, back } = await served(behind, async ({ signal }) => {
            runs = true;
            await once(signal, 'abort');
            isGone = true;
          });
          const command = await exec({ ...target, cluster, command: ['x'], stdin: true });
          await until(() => runs);
          command.close();
          await until(() => isGone);
          await until(() => back.streaming.sessions === 0);
        });

        it('closes the input when the command wants no more of it', async () => {
          const { cluster } = await served(behind, async ({ stdin }) => {
            await once(stdin as NonNullable<typeof stdin>, 'data');
            return 4;
          });
          const command = await exec({ ...target, cluster, command: ['x'], stdin: true });
          const closed = once(command.stdin, 'close');
          command.stdin.write(Buffer.alloc(1 << 20));
          command.stdout.resume();
          command.stderr.resume();
          expect(await command.exited).to.deep.equal({ exitCode: 4 });
          await closed;
        });

        it('never makes a whole of output that was cut behind', async () => {
          const fake = await createFakeApiServer({
            pods: ['p'],
            fault: { dropAfterBytes: 100_000 },
          }).listen();
          cleanups.push(() => fake.close());
          const translated = await translate(() => ({
            cluster: fake.cluster,
            transport: behind,
            container: 'main',
          }));
          cleanups.push(() => translated.stop());
          const command = await exec({
            ...target,
            cluster: translated.cluster,
            command: ['head', '-c', '1000000', '/dev/zero'],
          });
          command.stderr.resume();
          const output = buffer(command.stdout).catch((error: unknown) => error);
          const error = await command.exited.catch((reason: unknown) => reason);
          expect(error).to.be.instanceOf(RemoteFailureError);
          expect((error as Error).message).to.match(/^Internal error occurred: the connection/);
          const seen = await output;
          if (Buffer.isBuffer(seen)) expect(seen.length).to.be.lessThan(100_000);
          expect(translated.errors).to.have.length(1);
          expect(translated.errors[0]).to.be.instanceOf(ConnectionLostError);
        });

        it('holds a command whose output nobody reads, not its bytes', async () => {
          const piece = Buffer.alloc(1 << 16);
          const total = 4096;
          let written = 0;
          const { cluster } = await served(behind, async ({ stdout, signal }) => {
            while (written < total && !signal.aborted) {
              await new Promise<void>((done) => (stdout as Writable).write(piece, () => done()));
              written += 1;
            }
          });
          const command = await exec({ ...target, cluster, command: ['x'] });
          await until(() => written > 0);
          // It stands still when nothing has moved for long.
          for (let before = -1; before !== written; ) {
            before = written;
            await settle(5000);
          }
          // 256 MiB would be all; the kernel's own buffers are the larger part.
          expect(written).to.be.lessThan(total / 2);
          command.close();
        });
      });
    }
  }

  it('tells a client of SPDY/v1 what one of v4 is told in JSON', async () => {
    const { port } = await served('websocket', ({ stdout }) => {
      stdout?.write('out');
      return 7;
    });
    const path = execPath('command=a&stdout=1');
    const { peer } = await rawClient(port, path, { protocols: ['channel.k8s.io'] });
    openStreams(peer, 'error', 'stdout');
    expect(await textOn(peer, 1)).to.equal(
      'command terminated with non-zero exit code: exit status 7',
    );
    expect(await textOn(peer, 3)).to.equal('out');
  });

  it('speaks the base64 channels in front', async () => {
    const { port } = await served('spdy', local);
    const path = execPath('command=sh&command=-c&command=echo+out;exit+2&stdout=1');
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, 'v4.base64.channel.k8s.io');
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(data.toString('latin1')));
    const [code] = await once(socket, 'close');
    expect(code).to.equal(1000);
    const decoded = messages.map((message) => [
      message[0],
      Buffer.from(message.slice(1), 'base64').toString(),
    ]);
    expect(decoded[0]).to.deep.equal(['1', 'out\n']);
    expect(decoded[1]?.[0]).to.equal('3');
    expect(decoded[1]?.[1]).to.include('"ExitCode","message":"2"');
  });

  it('starts no command behind for a client that never opens its streams', async () => {
    let calls = 0;
    const served = await chain(
      'spdy',
      {
        exec: () => {
          calls += 1;
        },
      },
      { streamCreationTimeoutMs: 20 },
    );
    cleanups.push(() => served.stop());
    const { peer, socket } = await rawClient(served.port, execPath('command=a&stdout=1'));
    openStreams(peer, 'error');
    await once(socket, 'close');
    await until(() => served.back.streaming.sessions === 0);
    expect(served.translator.sessions).to.equal(0);
    expect(calls).to.equal(0);
  });
});
