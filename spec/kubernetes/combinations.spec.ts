import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { attach, exec } from '../../lib/kubernetes/client/command/exec.ts';
import type { RemoteCommand } from '../../lib/kubernetes/client/command/remote-command.ts';
import { RemoteFailureError } from '../../lib/kubernetes/errors.ts';
import type { ServerCommand } from '../../lib/kubernetes/server/command.ts';
import {
  createStreamingServer,
  type StreamingServer,
} from '../../lib/kubernetes/server/streaming-server.ts';
import { REMOTE_COMMAND_PROTOCOLS } from '../../lib/kubernetes/wire/protocols.ts';
import { until } from '../support/session-pair.ts';

/** The streams of a command. */
interface Wanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

const BOTH = [false, true];
const WANTED: readonly Wanted[] = BOTH.flatMap((stdin) =>
  BOTH.flatMap((stdout) =>
    BOTH.flatMap((stderr) => BOTH.map((tty) => ({ stdin, stdout, stderr, tty }))),
  ),
).filter(({ stdin, stdout, stderr, tty }) => stdin || stdout || (stderr && !tty));

/** Says what it was given, reads what it gets, and ends with 7. */
async function act(command: ServerCommand): Promise<number> {
  const { stdin, stdout, stderr, tty, size } = command;
  const input = stdin === null ? 'nothing' : await text(stdin);
  stdout?.write(`out ${tty ? `${size?.columns}x${size?.rows} ` : ''}${input}`);
  stderr?.write(`err ${input}`);
  return 7;
}

describe('Our client of Kubernetes and our server', () => {
  let web: http.Server;
  let streaming: StreamingServer;
  let cluster: { server: string };
  /** What the next request offers instead. */
  let only = '';

  before(async () => {
    streaming = createStreamingServer({ exec: act, attach: act });
    web = http.createServer();
    web.on('upgrade', (request, socket, head) => {
      Object.assign(request.headersDistinct, { 'x-stream-protocol-version': [only] });
      streaming.handleUpgrade(request, socket, head);
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    cluster = { server: `http://127.0.0.1:${(web.address() as AddressInfo).port}` };
  });

  after(async () => {
    await streaming.close();
    web.close();
    await once(web, 'close');
  });

  for (const protocol of REMOTE_COMMAND_PROTOCOLS) {
    for (const api of ['apiServer', 'kubelet'] as const) {
      for (const kind of ['exec', 'attach'] as const) {
        it(`understand each other: ${kind} with ${protocol} (${api}), every choice of streams`, async () => {
          only = protocol;
          for (const wanted of WANTED) await expectUnderstanding(wanted, kind, api);
          await until(() => streaming.sessions === 0);
        });
      }
    }
  }

  async function expectUnderstanding(
    wanted: Wanted,
    kind: 'exec' | 'attach',
    api: 'apiServer' | 'kubelet',
  ): Promise<void> {
    const where = JSON.stringify(wanted);
    const target = { cluster, pod: 'p', container: 'c', api };
    const size = { columns: 80, rows: 24 };
    const options = { ...target, ...wanted, ...(wanted.tty ? { size } : {}) };
    const command =
      kind === 'exec' ? await exec({ ...options, command: ['x'] }) : await attach(options);
    command.stdin?.end('input');
    const [stdout, stderr, outcome] = await Promise.all([
      command.stdout === null ? null : text(command.stdout),
      command.stderr === null ? null : text(command.stderr),
      outcomeOf(command),
    ]);
    const heard = wanted.stdin ? 'input' : 'nothing';
    const resizes = /^v[34]/.test(command.protocol);
    const terminal = wanted.tty ? (resizes ? '80x24 ' : 'undefinedxundefined ') : '';
    expect(stdout, where).to.equal(wanted.stdout ? `out ${terminal}${heard}` : null);
    expect(stderr, where).to.equal(wanted.stderr && !wanted.tty ? `err ${heard}` : null);
    expect(outcome, where).to.equal(expectedOutcome(kind, command.protocol));
  }
});

function expectedOutcome(kind: 'exec' | 'attach', protocol: string): number | string | null {
  if (kind === 'attach') return null;
  if (protocol.startsWith('v4')) return 7;
  return 'command terminated with non-zero exit code: exit status 7';
}

async function outcomeOf(command: RemoteCommand): Promise<number | string | null> {
  try {
    return (await command.exited).exitCode;
  } catch (error) {
    expect(error).to.be.instanceOf(RemoteFailureError);
    return (error as Error).message;
  }
}
