import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { ServerCommand } from '../../lib/kubernetes/server/command.ts';
import { forwardTo } from '../../lib/kubernetes/server/forward-to.ts';
import { runProcess } from '../../lib/kubernetes/server/run-process.ts';
import {
  createStreamingServer,
  type StreamingServer,
} from '../../lib/kubernetes/server/streaming-server.ts';
import { REMOTE_COMMAND_PROTOCOLS } from '../../lib/kubernetes/wire/protocols.ts';
import { until } from '../support/session-pair.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { peerPath, requirePeer } from './support/peers.ts';
import { type Finished, run } from './support/process.ts';

const MEGABYTE = 1 << 20;

/** An output as the peer has seen it. */
interface SeenOutput {
  readonly bytes: number;
  readonly sha256: string;
  readonly head: string;
}

/** What the peer prints of a command. */
interface SeenCommand {
  readonly protocol: string;
  readonly stdout: SeenOutput;
  readonly stderr?: SeenOutput;
  readonly error?: string;
  readonly status?: {
    readonly status: string;
    readonly details?: { readonly causes: readonly { readonly message: string }[] };
  };
}

describe('a spdystream client of Kubernetes and our server', () => {
  let web: http.Server;
  let streaming: StreamingServer;
  let target: net.Server;
  let base = '';
  let port = 0;
  const failures: unknown[] = [];

  before(async function () {
    requirePeer(this, 'kubestream');
    streaming = createStreamingServer({
      exec: (command) =>
        command.command[0] === 'sizes' ? tellSizes(command) : runProcess(command),
      attach: async (command) => {
        command.stdout?.write(`attached ${command.container}\n`);
        if (command.stdin !== null)
          command.stdout?.write(`heard ${(await text(command.stdin)).length}\n`);
      },
      portForward: forwardTo(),
    });
    streaming.on('sessionError', (error) => failures.push(error));
    web = http.createServer();
    streaming.attach(web);
    // It sends back what it gets, and ends when the other side has ended.
    target = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    for (const server of [web, target]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    port = (target.address() as AddressInfo).port;
  });

  afterEach(async () => {
    // Nothing stays behind a client that has left.
    await until(() => streaming.sessions === 0);
    expect(failures.splice(0)).to.deep.equal([]);
  });

  after(async () => {
    if (streaming === undefined) return;
    await streaming.close();
    web.close();
    target.close();
  });

  async function peer(...args: string[]): Promise<Finished> {
    const finished = await run([peerPath('kubestream'), ...args], 50_000);
    if (finished.code !== 0) throw new Error(finished.stderr);
    return finished;
  }

  async function execute(
    command: readonly string[],
    options: readonly string[] = [],
    flags = 'stdout=true&stderr=true',
  ): Promise<SeenCommand> {
    const query = command.map((word) => `command=${encodeURIComponent(word)}`).join('&');
    const url = `${base}/api/v1/namespaces/n/pods/p1/exec?${query}&container=c1&${flags}`;
    return JSON.parse((await peer('exec', url, ...options)).stdout) as SeenCommand;
  }

  for (const [script, code] of [
    ['echo out; echo err >&2', 0],
    ['echo out; echo err >&2; exit 3', 3],
    ['echo out; echo err >&2; kill -9 $$', 137],
  ] as const) {
    it(`has the output and exit code ${code}`, async () => {
      const { stdout, stderr, status } = await execute(['sh', '-c', script]);
      expect([stdout.head, stderr?.head]).to.deep.equal(['out\n', 'err\n']);
      expect(status?.status).to.equal(code === 0 ? 'Success' : 'Failure');
      const cause = status?.details?.causes[0]?.message;
      expect(cause).to.equal(code === 0 ? undefined : String(code));
    });
  }

  for (const protocol of REMOTE_COMMAND_PROTOCOLS) {
    it(`speaks ${protocol}`, async () => {
      const seen = await execute(['sh', '-c', 'echo out; echo err >&2; exit 3'], ['-p', protocol]);
      expect(seen.protocol).to.equal(protocol);
      expect([seen.stdout.head, seen.stderr?.head]).to.deep.equal(['out\n', 'err\n']);
      if (protocol !== 'channel.k8s.io') expect(seen.error).to.match(/exit (code|status) 3|"3"/);
    });
  }

  for (const size of [0, 1, MEGABYTE, 64 * MEGABYTE]) {
    it(`sends ${size} bytes and reads them back at the same time`, async () => {
      const { stdout, status } = await execute(
        ['cat'],
        ['-i', String(size)],
        'stdin=true&stdout=true&stderr=true',
      );
      expect([stdout.bytes, stdout.sha256]).to.deep.equal([size, sha256(pattern(size))]);
      expect(status?.status).to.equal('Success');
    });
  }

  it('has the outcome of a process that never reads its input', async () => {
    const { stdout, status } = await execute(
      ['sh', '-c', 'sleep 1; echo slept; exit 4'],
      ['-i', String(8 * MEGABYTE)],
      'stdin=true&stdout=true&stderr=true',
    );
    expect(stdout.head).to.equal('slept\n');
    expect(status?.details?.causes[0]?.message).to.equal('4');
  });

  it('has all of a large output', async () => {
    const { stdout, status } = await execute(['head', '-c', '30000000', '/dev/zero']);
    expect([stdout.bytes, status?.status]).to.deep.equal([30_000_000, 'Success']);
  });

  it('tells the sizes of its terminal', async () => {
    const { stdout, status } = await execute(
      ['sizes', '2'],
      ['-tty', '80x24,100x30'],
      'stdout=true&tty=true',
    );
    expect(stdout.head).to.match(/24 80\r\n30 100\r\n$/);
    expect(status?.status).to.equal('Success');
  });

  it('attaches to a process', async () => {
    const url = `${base}/api/v1/namespaces/n/pods/p1/attach?container=c1&stdin=true&stdout=true&stderr=true`;
    const { stdout } = await peer('exec', url, '-i', '70000');
    const seen = JSON.parse(stdout) as SeenCommand;
    expect(seen.stdout.head).to.equal('attached c1\nheard 70000\n');
    expect(seen.status?.status).to.equal('Success');
  });

  for (const [count, size, finish] of [
    [1, 0, true],
    [1, 10 * MEGABYTE, true],
    [50, 100_000, true],
    [50, 100_000, false],
  ] as const) {
    it(`forwards ${count} connections of ${size} bytes, ${finish ? 'half-closed by the client' : 'read before they are closed'}`, async () => {
      const { ok, faults } = await forward(port, count, size, finish);
      expect(faults).to.deep.equal([]);
      expect(ok).to.equal(count);
    });
  }

  it('is told that a port is refused, for each connection', async () => {
    const closed = net.createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const free = (closed.address() as AddressInfo).port;
    closed.close();
    await once(closed, 'close');
    const { ok, faults } = await forward(free, 3, 100, true);
    expect(ok).to.equal(0);
    expect(faults).to.have.length(3);
    for (const fault of faults)
      expect(fault).to.match(/^error forwarding port \d+ to pod p1, uid : /);
  });

  async function forward(
    to: number,
    count: number,
    size: number,
    finish: boolean,
  ): Promise<{ readonly ok: number; readonly faults: readonly string[] }> {
    const url = `${base}/api/v1/namespaces/n/pods/p1/portforward`;
    const args = [String(to), String(count), String(size), ...(finish ? ['finish'] : [])];
    return JSON.parse((await peer('forward', url, ...args)).stdout) as never;
  }
});

/** Prints as many sizes of the terminal as the second word says. */
async function tellSizes(command: ServerCommand): Promise<number> {
  let left = Number(command.command[1]);
  await new Promise<void>((done) => {
    const tell = ({ columns, rows }: { columns: number; rows: number }): void => {
      command.stdout?.write(`${rows} ${columns}\r\n`);
      left -= 1;
      if (left === 0) done();
    };
    if (command.size !== null) tell(command.size);
    command.on('resize', tell);
  });
  return 0;
}
