import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { attach, exec } from '../../lib/kubernetes/client/command/exec.ts';
import { type RunOptions, run } from '../../lib/kubernetes/client/command/run.ts';
import { portForward } from '../../lib/kubernetes/client/forward/port-forward.ts';
import { ConnectionLostError, RemoteFailureError } from '../../lib/kubernetes/errors.ts';
import type { ClusterOptions } from '../../lib/kubernetes/kubeconfig/cluster.ts';
import { REMOTE_COMMAND_PROTOCOLS } from '../../lib/kubernetes/wire/protocols.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';

const MEGABYTE = 1 << 20;

describe('our client of Kubernetes and a spdystream server', () => {
  let server: PeerProcess | undefined;
  let cluster: ClusterOptions;

  before(async function () {
    requirePeer(this, 'kubestream');
    server = new PeerProcess([peerPath('kubestream'), 'server']);
    const port = (await server.printed(/plain=(\d+)/))[1];
    cluster = { server: `http://127.0.0.1:${port}` };
  });

  after(() => server?.stop());

  /** A command in the only pod there is. */
  function asked(...command: string[]): RunOptions {
    return { cluster, pod: 'p1', container: 'c1', command };
  }

  /**
   * A command where the server speaks one sub-protocol only. It has to read its input to the end: a server that closes the connection
   * while something of the client is unread resets it, and what it has written before may be lost with that.
   */
  function speaking(protocol: string, ...command: string[]): RunOptions {
    const query = command.map((word) => `command=${encodeURIComponent(word)}`);
    query.push('output=1', 'error=1', 'input=1', `only=${protocol}`);
    return { url: `${cluster.server}/exec?${query.join('&')}`, command, input: '' };
  }

  for (const [script, code] of [
    ['echo out; echo err >&2', 0],
    ['echo out; echo err >&2; exit 3', 3],
    ['echo out; echo err >&2; kill -9 $$', 137],
  ] as const) {
    it(`has the output and exit code ${code}`, async () => {
      const { exitCode, stdout, stderr } = await run(asked('sh', '-c', script));
      expect([exitCode, String(stdout), String(stderr)]).to.deep.equal([code, 'out\n', 'err\n']);
    });
  }

  it('has the same outcome a hundred times, ten at once', async () => {
    for (let round = 0; round < 10; round++) {
      const all = Array.from({ length: 10 }, (_, code) =>
        run(asked('sh', '-c', `echo ${code}; exit ${code}`)),
      );
      const results = await Promise.all(all);
      expect(results.map(({ exitCode }) => exitCode)).to.deep.equal([...all.keys()]);
      expect(results.map(({ stdout }) => String(stdout))).to.deep.equal(
        [...all.keys()].map((code) => `${code}\n`),
      );
    }
  });

  it('fails with the words of the server for a program that does not exist', async () => {
    const error = await failureOf(run(asked('/no/such/program')));
    expect(error).to.be.instanceOf(RemoteFailureError);
    expect(error.message).to.match(/no such file/);
  });

  for (const protocol of REMOTE_COMMAND_PROTOCOLS) {
    it(`speaks ${protocol} with a server that knows nothing else`, async () => {
      const { exitCode, stdout, stderr } = await run(
        speaking(protocol, 'sh', '-c', 'cat; echo out; echo err >&2'),
      );
      expect([exitCode, String(stdout), String(stderr)]).to.deep.equal([0, 'out\n', 'err\n']);
    });
  }

  it('has the words of a failure under v2, where there are no exit codes', async () => {
    const error = await failureOf(run(speaking('v2.channel.k8s.io', 'sh', '-c', 'cat; exit 3')));
    expect(error.message).to.equal('command terminated with exit code 3');
  });

  it('is refused where there is no common sub-protocol', async () => {
    const error = await failureOf(run(speaking('v9.channel.k8s.io', 'true')));
    expect(error).to.include({ code: 'ERR_SPDY_UPGRADE_REFUSED', statusCode: 403 });
  });

  for (const size of [0, 1, MEGABYTE, 64 * MEGABYTE]) {
    it(`sends ${size} bytes and reads them back at the same time`, async () => {
      const body = pattern(size);
      const { exitCode, stdout } = await run({ ...asked('cat'), input: body });
      expect([exitCode, stdout.length]).to.deep.equal([0, size]);
      expect(sha256(stdout)).to.equal(sha256(body));
    });
  }

  it('is not stuck behind a process that never reads its input, and knows or misses its outcome', async () => {
    const command = await exec({ ...asked('sh', '-c', 'sleep 1; exit 4'), stdin: true });
    const stdin = command.stdin as Writable;
    stdin.on('error', () => {});
    stdin.write(pattern(8 * MEGABYTE));
    const ends = Promise.all([buffer(command.stdout as Readable), once(stdin, 'close')]);
    const outcome = await command.exited.catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).to.be.instanceOf(ConnectionLostError);
    else expect(outcome).to.deep.equal({ exitCode: 4 });
    await ends.catch(() => {});
    expect(stdin.destroyed).to.equal(true);
  });

  it('can be given up while a process does not read its input', async () => {
    const command = await exec({ ...asked('sleep', '30'), stdin: true });
    const stdin = command.stdin as Writable;
    stdin.write(pattern(8 * MEGABYTE));
    // Long enough for the pipe and the queues of the server to be full.
    await delay(300);
    command.close();
    expect(await failureOf(command.exited)).to.have.property('code', 'ERR_SPDY_ABORTED');
    await once(stdin, 'close');
  });

  it('never takes output that was cut for the whole, however late it is read', async () => {
    const size = 30_000_000;
    const command = await exec(asked('head', '-c', String(size), '/dev/zero'));
    command.stderr?.resume();
    // Long enough for the server to have closed the connection, if it can.
    await delay(500);
    const output = buffer(command.stdout as Readable).catch((error: unknown) => error);
    const outcome = await command.exited.catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).to.be.instanceOf(ConnectionLostError);
      expect(await output).to.be.instanceOf(Error);
    } else {
      expect(outcome).to.deep.equal({ exitCode: 0 });
      expect(((await output) as Buffer).length).to.equal(size);
    }
  });

  it('tells the sizes of a terminal', async () => {
    const size = { columns: 80, rows: 24 };
    const command = await exec({ ...asked('resize', '3'), tty: true, size });
    command.resize({ columns: 100, rows: 30 });
    command.resize({ columns: 65535, rows: 1 });
    expect(await text(command.stdout as Readable)).to.equal('24 80\r\n30 100\r\n1 65535\r\n');
    expect(await command.exited).to.deep.equal({ exitCode: 0 });
  });

  it('attaches to a process, and leaves with it', async () => {
    const command = await attach({ cluster, pod: 'p1', container: 'c1', stdin: true });
    command.stderr?.resume();
    command.stdin?.write('one\n');
    // No end of it: a server that closes before it has read that would reset the connection, and lose what it has sent.
    command.stdin?.write('quit\n');
    expect(await text(command.stdout as Readable)).to.equal('attached\ngot:one\ngot:quit\n');
    expect(await command.exited).to.deep.equal({ exitCode: null });
  });

  describe('of port forwarding', () => {
    let target: net.Server;
    let port = 0;

    before(async () => {
      // It sends back what it gets, and ends when the other side has ended.
      target = net.createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', () => {});
        socket.pipe(socket);
      });
      target.listen(0, '127.0.0.1');
      await once(target, 'listening');
      port = (target.address() as AddressInfo).port;
    });

    after(() => {
      target.close();
    });

    it('has 50 connections at once, each half-closed before it has its answer', async () => {
      await using forward = await portForward({ cluster, pod: 'p1', transport: 'spdy' });
      const bodies = Array.from({ length: 50 }, (_, index) => pattern(100_000 + index));
      const answers = await Promise.all(
        bodies.map(async (body) => {
          const connection = await forward.connect(port);
          connection.end(body);
          return buffer(connection);
        }),
      );
      expect(answers.map(sha256)).to.deep.equal(bodies.map(sha256));
    });

    it('carries much both ways at once', async () => {
      await using forward = await portForward({ cluster, pod: 'p1', transport: 'spdy' });
      const connection = await forward.connect(port);
      const body = pattern(32 * MEGABYTE);
      connection.end(body);
      expect(sha256(await buffer(connection))).to.equal(sha256(body));
    });

    it('tells of a port that is refused, and goes on', async () => {
      await using forward = await portForward({ cluster, pod: 'p1', transport: 'spdy' });
      const closed = net.createServer().listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const free = (closed.address() as AddressInfo).port;
      closed.close();
      await once(closed, 'close');
      const refused = forward.connect(free).then((connection) => buffer(connection));
      const error = await failureOf(refused);
      expect(error).to.be.instanceOf(RemoteFailureError);
      expect(error.message).to.match(
        /^error forwarding port \d+ to pod p1, uid : failed to connect/,
      );
      const connection = await forward.connect(port);
      connection.end('still there');
      expect(await text(connection)).to.equal('still there');
    });

    it('serves a local listener', async () => {
      await using forward = await portForward({ cluster, pod: 'p1', transport: 'spdy' });
      const listener = await forward.listen(port);
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const socket = net.connect({
            port: listener.port,
            host: '127.0.0.1',
            allowHalfOpen: true,
          });
          socket.end(`local ${index}`);
          return text(socket);
        }),
      );
      expect(answers).to.deep.equal(answers.map((_, index) => `local ${index}`));
    });
  });
});

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('it resolved'),
    (error: Error) => error,
  );
}
