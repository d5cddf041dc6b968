import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { exec } from '../../../lib/kubernetes/client/command/exec.ts';
import { portForward } from '../../../lib/kubernetes/client/forward/port-forward.ts';
import { KeepOpen } from '../../../lib/kubernetes/client/keep-open.ts';
import { copyToPod } from '../../../lib/kubernetes/copy/to-pod.ts';
import { ConnectionLostError } from '../../../lib/kubernetes/errors.ts';
import { SUCCESS } from '../../../lib/kubernetes/wire/status.ts';
import type { Session } from '../../../lib/session/public.ts';
import {
  type ScriptedConnection,
  type ScriptedServer,
  scriptedServer,
} from '../../support/scripted-kubernetes.ts';
import { until } from '../../support/session-pair.ts';

const PINGS = { pingIntervalMs: 5, pingTimeoutMs: 10 };
/** Longer than this process may pause. */
const PATIENT = { pingIntervalMs: 20, pingTimeoutMs: 300 };
const MUCH = 4 << 20;

let server: ScriptedServer | null = null;

async function serve(
  script: (connection: ScriptedConnection) => void | Promise<void>,
): Promise<{ readonly cluster: { readonly server: string }; readonly pod: string }> {
  server = await scriptedServer(script);
  return { cluster: { server: server.url }, pod: 'p1' };
}

/** A process that is frozen: its system takes bytes, it does not. */
function freeze(session: Session): void {
  session.socket?.pause();
}

function thaw(session: Session): void {
  session.socket?.resume();
}

/** Much longer than a PING may go without an answer. */
async function pause(): Promise<void> {
  await delay(700);
}

describe('keeping a connection open', () => {
  afterEach(async () => {
    await server?.close();
    server = null;
  });

  it('a command is lost when its server stands still', async () => {
    const target = await serve(async (connection) => {
      for (const type of ['error', 'stdout', 'stderr']) await connection.accept(type);
      freeze(connection.session);
    });
    const command = await exec({ ...target, ...PINGS, command: ['x'] });
    for (const output of [command.stdout, command.stderr]) output.on('error', () => {}).resume();
    const error = await command.exited.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(error).to.have.nested.property('cause.cause.code', 'ERR_SPDY_TIMEOUT');
  });

  it('so is a port forward, and a copy although bytes of it are on their way', async () => {
    const target = await serve(({ session }) => {
      session.on('stream', (stream) => stream.respond());
      setTimeout(() => freeze(session), 50);
    });
    const forward = await portForward({ ...target, ...PINGS });
    const [error] = await once(forward, 'disconnect');
    expect(error).to.be.instanceOf(ConnectionLostError);
    const from = new URL(import.meta.url).pathname;
    const copied = copyToPod({ ...target, ...PINGS, from, to: '/x/' });
    expect(await copied.catch((reason: unknown) => reason)).to.be.instanceOf(ConnectionLostError);
  });

  it('a server that may be full of unread input has more time', async () => {
    const target = await serve(async ({ accept, session }) => {
      const [error, stdin, stdout, stderr] = await Promise.all(
        ['error', 'stdin', 'stdout', 'stderr'].map(accept),
      );
      freeze(session);
      await pause();
      thaw(session);
      expect((await buffer(stdin as never)).length).to.equal(MUCH);
      for (const output of [stdout, stderr]) output?.end();
      error?.end(JSON.stringify(SUCCESS));
    });
    const command = await exec({ ...target, ...PATIENT, command: ['x'], stdin: true });
    for (const output of [command.stdout, command.stderr]) output.resume();
    command.stdin.end(Buffer.alloc(MUCH));
    expect(await command.exited).to.deep.equal({ exitCode: 0 });
  });

  it('so has one whose answer stands behind output that nobody reads here', async () => {
    let written = false;
    const target = await serve(async ({ accept }) => {
      const [error, stdout, stderr] = await Promise.all(['error', 'stdout', 'stderr'].map(accept));
      stdout?.end(Buffer.alloc(MUCH));
      written = true;
      stderr?.end();
      error?.end(JSON.stringify(SUCCESS));
    });
    const command = await exec({ ...target, ...PATIENT, command: ['x'] });
    command.stderr.resume();
    await until(() => written);
    await pause();
    expect((await buffer(command.stdout)).length).to.equal(MUCH);
    expect(await command.exited).to.deep.equal({ exitCode: 0 });
  });

  it('asks nothing while nobody reads what has come: a server that has closed behind it would lose it', async () => {
    const connection = { open: true, held: true, received: 0, sent: 0 };
    let pings = 0;
    const keepOpen = new KeepOpen(
      Object.assign(connection, { ping: () => pings++, lose: () => {} }),
      { pingIntervalMs: 1, pingTimeoutMs: 0, inputIsRead: false },
    );
    await delay(50);
    expect(pings).to.equal(0);
    connection.held = false;
    await until(() => pings === 1);
    keepOpen.stop();
  });

  it('a timeout of 0 waits for ever', async () => {
    const target = await serve(async ({ accept, session }) => {
      const [error, stdout, stderr] = await Promise.all(['error', 'stdout', 'stderr'].map(accept));
      freeze(session);
      await pause();
      for (const output of [stdout, stderr]) output?.end();
      error?.end(JSON.stringify(SUCCESS));
    });
    const command = await exec({ ...target, ...PATIENT, pingTimeoutMs: 0, command: ['x'] });
    for (const output of [command.stdout, command.stderr]) output.resume();
    expect(await command.exited).to.deep.equal({ exitCode: 0 });
  });
});
