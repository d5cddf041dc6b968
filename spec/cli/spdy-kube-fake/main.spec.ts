import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { UsageError } from '../../../lib/cli/arguments.ts';
import {
  type KubeFakeOptions,
  parseKubeFakeOptions,
} from '../../../lib/cli/spdy-kube-fake/options.ts';
import { run as runInPod } from '../../../lib/kubernetes/client/command/run.ts';
import { UpgradeRefusedError } from '../../../lib/kubernetes/errors.ts';
import type { KubeConfig } from '../../../lib/kubernetes/kubeconfig/context.ts';
import { loadKubeConfig } from '../../../lib/kubernetes/kubeconfig/kubeconfig.ts';
import { makeFolder, removeFolder, run, start } from '../support/programs.ts';

describe('spdy-kube-fake', () => {
  let folder: string;

  beforeEach(() => {
    folder = makeFolder({});
  });

  afterEach(() => removeFolder(folder));

  /** A running one. */
  interface Fake {
    readonly kubeconfig: string;
    readonly config: KubeConfig;
    log(): string;
    end(): Promise<number | null>;
  }

  async function serve(...args: string[]): Promise<Fake> {
    const child = start('spdy-kube-fake', ['--port', '0', ...args], { cwd: folder });
    const closed = once(child, 'close');
    let log = '';
    const kubeconfig = await new Promise<string>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        log += chunk.toString();
        const file = /KUBECONFIG=(.*)\n[\s\S]*port-forward.*\n/.exec(log)?.[1];
        if (file !== undefined) resolve(file);
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('close', () => reject(new Error(`it ended: ${log}`)));
    });
    return {
      kubeconfig,
      config: await loadKubeConfig(kubeconfig),
      log: () => log,
      end: async () => {
        child.kill('SIGTERM');
        await closed;
        return child.exitCode;
      },
    };
  }

  it('serves pods as the command line says, and leaves nothing but the kubeconfig that was asked for', async () => {
    const args = ['--pod', 'a', '-p', 'other/b:80=8080', '--kubeconfig', 'config', '-v'];
    const fake = await serve(...args, '-d', folder);
    try {
      expect(fake.log()).to.match(
        /^Fake API server at http:\/\/127\.0\.0\.1:\d+ with a, other\/b\n/,
      );
      expect(fake.log()).to.include('kubectl port-forward -n other b :80\n');
      expect(fake.kubeconfig).to.equal(join(folder, 'config'));
      const { cluster } = fake.config;
      const command = ['sh', '-c', 'pwd; exit 3'];
      const { exitCode, stdout } = await runInPod({
        cluster,
        pod: 'b',
        namespace: 'other',
        command,
      });
      expect([exitCode, stdout.toString()]).to.deep.equal([3, `${folder}\n`]);
      expect(fake.log()).to.match(
        /\[ +\d+\.\d{3}\] POST \/api\/v1\/namespaces\/other\/pods\/b\/exec\?/,
      );
    } finally {
      expect(await fake.end()).to.equal(0);
    }
    expect(existsSync(fake.kubeconfig)).to.equal(true);
  });

  it('demands a token over TLS, and removes a kubeconfig that nobody asked for', async () => {
    const fake = await serve('--tls', '--token', 'secret');
    try {
      const { cluster } = fake.config;
      const asked = { cluster, pod: 'p1', command: ['true'] };
      expect((await runInPod(asked)).exitCode).to.equal(0);
      const stranger = { ...asked, cluster: { ...cluster, token: 'wrong' } };
      const refusal = await runInPod(stranger).catch((error) => error);
      expect(refusal).to.be.instanceOf(UpgradeRefusedError).with.property('statusCode', 401);
    } finally {
      expect(await fake.end()).to.equal(0);
    }
    expect(existsSync(fake.kubeconfig)).to.equal(false);
  });

  it('does wrong what it is told to do wrong', async () => {
    const fake = await serve('--refuse', '418', '--delay', '1');
    try {
      const { cluster } = fake.config;
      const asked = runInPod({ cluster, pod: 'p1', command: ['true'] });
      const refusal = await asked.catch((error) => error);
      expect(refusal).to.be.instanceOf(UpgradeRefusedError).with.property('statusCode', 418);
    } finally {
      await fake.end();
    }
  });

  it('has a control API where that is asked for', async () => {
    for (const [options, status] of [
      [[], 404],
      [['--control'], 200],
    ] as const) {
      const fake = await serve(...options);
      try {
        const { server } = fake.config.cluster;
        expect((await fetch(`${server}/_fake/open`)).status).to.equal(status);
      } finally {
        await fake.end();
      }
    }
  });

  it('overwrites no kubeconfig of somebody else', async () => {
    const file = join(folder, 'config');
    writeFileSync(file, 'mine');
    const { status, stderr } = await run('spdy-kube-fake', ['--port', '0', '--kubeconfig', file]);
    expect([status, stderr]).to.deep.equal([
      1,
      `spdy-kube-fake: ${file} is somebody else's: it is not overwritten\n`,
    ]);
    expect(readFileSync(file, 'utf8')).to.equal('mine');
  });

  it('reads its command line', async () => {
    const parse = (...args: string[]): KubeFakeOptions =>
      parseKubeFakeOptions(args) as KubeFakeOptions;
    expect(parse()).to.deep.equal({
      pods: [{ name: 'p1', ports: {}, containers: { main: { tty: false } } }],
      ...{ port: 8001, host: '127.0.0.1', kubeconfig: null, tls: false, token: null },
      ...{ fault: null, control: false, verbose: false },
    });
    const { pods, fault } = parse(
      ...['-p', 'n/a:80=8080,443=8443', '--main', 'top', '--tty'],
      ...['--delay', '5', '--drop-after', '10'],
    );
    expect(pods).to.deep.equal([
      {
        name: 'a',
        namespace: 'n',
        ports: { 80: 8080, 443: 8443 },
        containers: { main: { command: ['sh', '-c', 'top'], tty: true } },
      },
    ]);
    expect(fault).to.deep.equal({ delayMs: 5, dropAfterBytes: 10 });
    for (const args of [
      ['positional'],
      ['--token', 'x'],
      ['--tls', '--token', ''],
      ['--pod', 'a:80'],
      ['--pod', 'a/b/c'],
      ['--port', '70000'],
      ['--refuse', '200'],
      ['--delay', '-1'],
    ]) {
      expect(() => parse(...args), args.join(' ')).to.throw(UsageError);
    }
    const { status } = await run('spdy-kube-fake', ['--pod', 'Not_A_Name']);
    expect(status).to.equal(64);
  });
});
