import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { ExecOptions } from '../../../../lib/kubernetes/client/command/command-options.ts';
import {
  type attach,
  exec,
  type StartedCommand,
} from '../../../../lib/kubernetes/client/command/exec.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';

/** Whether two types are the same one. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

describe('types of a remote command', () => {
  let fake: FakeApiServer;

  before(async () => {
    fake = await createFakeApiServer({ pods: ['p1'] }).listen();
  });

  after(() => fake.close());

  it('what was asked for is there, without a check for null', async () => {
    const target = { cluster: fake.cluster, pod: 'p1', command: ['cat'] };
    const command = await exec({ ...target, stdin: true });
    command.stdin.end('typed');
    command.stderr.resume();
    expect(await text(command.stdout)).to.equal('typed');
    expect(await command.exited).to.deep.equal({ exitCode: 0 });
  });

  it('what was not asked for is null', async () => {
    const target = { cluster: fake.cluster, pod: 'p1', command: ['true'] };
    const command = await exec({ ...target, stdout: false });
    const nothing: [null, null] = [command.stdin, command.stdout];
    command.stderr.resume();
    expect(nothing).to.deep.equal([null, null]);
    await command.exited;
  });

  it('options that are known later leave both', () => {
    type Later = Awaited<ReturnType<typeof exec<boolean, boolean, boolean, boolean>>>;
    const stdin: Same<Later['stdin'], Writable | null> = true;
    const stderr: Same<Later['stderr'], Readable | null> = true;
    const terminal: Same<StartedCommand<true, true, true, true>['stderr'], null> = true;
    const some = (options: ExecOptions): Promise<Later> => exec(options);
    const attached: Same<Awaited<ReturnType<typeof attach<false>>>['stdin'], null> = true;
    expect([stdin, stderr, terminal, attached]).to.deep.equal([true, true, true, true]);
    expect(some).to.be.a('function');
  });
});
