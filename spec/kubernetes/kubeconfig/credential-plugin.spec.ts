import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { withCredentials } from '../../../lib/kubernetes/client/api/api-request.ts';
import { run } from '../../../lib/kubernetes/client/command/run.ts';
import { KubeConfigError, UpgradeRefusedError } from '../../../lib/kubernetes/errors.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../lib/kubernetes/fake/api-server.ts';
import type { KubeConfig } from '../../../lib/kubernetes/kubeconfig/context.ts';
import { loadKubeConfig } from '../../../lib/kubernetes/kubeconfig/kubeconfig.ts';

const V1 = 'client.authentication.k8s.io/v1';
const V1BETA1 = 'client.authentication.k8s.io/v1beta1';

describe('a credential plugin', () => {
  let folder = '';
  let fake: FakeApiServer | null = null;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-plugin-'));
    mkdirSync(path.join(folder, 'bin'));
  });

  afterEach(async () => {
    await fake?.close();
    fake = null;
    rmSync(folder, { recursive: true, force: true });
  });

  /** A program that notes how it was run, and prints this text. */
  function plant(output: string, status = 0): void {
    writeFileSync(path.join(folder, 'output'), output);
    const file = path.join(folder, 'bin/login');
    const lines = [
      '#!/bin/sh',
      `cd '${folder}'`,
      'echo run >> runs',
      'printf %s "$KUBERNETES_EXEC_INFO" > info',
      'echo "$@ $EXTRA" > args',
      'cat > stdin',
      'cat output',
      `exit ${status}`,
    ];
    writeFileSync(file, lines.join('\n'));
    chmodSync(file, 0o755);
  }

  const credential = (status: object, apiVersion = V1): string =>
    JSON.stringify({ kind: 'ExecCredential', apiVersion, status });

  /** A kubeconfig whose user has this plugin; other fields of user and cluster. */
  function load(exec: object, user: object = {}, cluster: object = {}): Promise<KubeConfig> {
    const defaults = { apiVersion: V1, command: './bin/login', interactiveMode: 'IfAvailable' };
    const config = {
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', ...cluster } }],
      users: [{ name: 'u', user: { exec: { ...defaults, ...exec }, ...user } }],
    };
    const file = path.join(folder, 'config');
    writeFileSync(file, JSON.stringify(config));
    return loadKubeConfig(file);
  }

  async function failure(promise: Promise<unknown>): Promise<string> {
    const error = await promise.then(
      () => expect.fail('it resolved'),
      (reason: Error) => reason,
    );
    expect(error).to.be.instanceOf(KubeConfigError);
    return error.message;
  }

  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  const runs = (): number => read('runs').split('\n').length - 1;

  async function tokenOf({ cluster }: KubeConfig): Promise<string> {
    return typeof cluster.token === 'function' ? await cluster.token() : String(cluster.token);
  }

  it('logs in: its token goes to the server', async () => {
    fake = await createFakeApiServer({ pods: ['p1'], tls: true, token: 'secret' }).listen();
    plant(credential({ token: 'secret' }));
    const ca = Buffer.from(String(fake.cluster.ca)).toString('base64');
    const place = { server: fake.url, 'certificate-authority-data': ca };
    const config = await load({}, {}, place);
    const { exitCode } = await run({ cluster: config.cluster, pod: 'p1', command: ['true'] });
    expect(exitCode).to.equal(0);
    expect(runs()).to.equal(1);
  });

  it('is told what it asks for, and gets no input without a terminal', async () => {
    plant(credential({ token: 't' }));
    const extension = { name: V1.replace(/v1$/, 'exec'), extension: { audience: 'a' } };
    const cluster = {
      'tls-server-name': 'name',
      'proxy-url': 'http://p:1',
      extensions: [extension],
    };
    const exec = { args: ['get', 'token'], env: [{ name: 'EXTRA', value: 'more' }] };
    await load({ ...exec, provideClusterInfo: true }, {}, cluster);
    expect(read('args')).to.equal('get token more\n');
    expect(read('stdin')).to.equal('');
    const info = JSON.parse(read('info'));
    expect(info).to.include({ kind: 'ExecCredential', apiVersion: V1 });
    expect(info.spec.cluster).to.deep.equal({
      server: 'https://127.0.0.1:1',
      'tls-server-name': 'name',
      'proxy-url': 'http://p:1',
      config: { audience: 'a' },
    });
    await load(exec, {}, cluster);
    expect(JSON.parse(read('info')).spec).not.to.have.property('cluster');
  });

  it('is run again when its token has expired, and not before', async () => {
    const status = (token: string, ms: number): object => ({
      token,
      expirationTimestamp: new Date(Date.now() + ms).toISOString(),
    });
    plant(credential(status('first', -1000)));
    const config = await load({});
    expect(await tokenOf(config)).to.equal('first');
    expect(runs()).to.equal(2);
    plant(credential(status('second', 3_600_000)));
    expect(await tokenOf(config)).to.equal('second');
    expect(await tokenOf(config)).to.equal('second');
    expect(runs()).to.equal(3);
    plant(credential(status('third', -1000)), 1);
    const later = await load({}).catch((error: Error) => error.message);
    expect(later).to.match(/exit code 1/);
  });

  it('is run again when the server refuses its token, once for each request', async () => {
    fake = await createFakeApiServer({ pods: ['p1'], tls: true, token: 'fresh' }).listen();
    const ca = Buffer.from(String(fake.cluster.ca)).toString('base64');
    plant(credential({ token: 'stale' }));
    const place = { server: fake.url, 'certificate-authority-data': ca };
    const { cluster } = await load({}, {}, place);
    const refused = await run({ cluster, pod: 'p1', command: ['true'], transport: 'spdy' }).catch(
      (error) => error,
    );
    expect(refused).to.include({ statusCode: 401 });
    expect(runs()).to.equal(2);
    plant(credential({ token: 'fresh' }));
    for (const transport of ['websocket', 'spdy'] as const) {
      const { exitCode } = await run({ cluster, pod: 'p1', command: ['true'], transport });
      expect(exitCode).to.equal(0);
    }
    expect(runs()).to.equal(3);
  });

  it('is run again once for all requests whose token was refused', async () => {
    plant(credential({ token: 'stale' }));
    const { cluster } = await load({});
    plant(credential({ token: 'fresh' }));
    const source = cluster.token as (refused?: string) => Promise<string>;
    const tokens = await Promise.all([source('stale'), source('stale'), source('stale')]);
    expect(tokens).to.deep.equal(['fresh', 'fresh', 'fresh']);
    expect(runs()).to.equal(2);
  });

  it('gives certificates too, in YAML and in the beta version', async () => {
    const lines = [
      'kind: ExecCredential',
      `apiVersion: ${V1BETA1}`,
      'status:',
      '  clientCertificateData: the certificate',
      '  clientKeyData: the key',
    ];
    plant(lines.join('\n'));
    const { cluster } = await load({ apiVersion: V1BETA1 });
    expect(cluster).to.include({ cert: 'the certificate', key: 'the key' });
    expect(cluster.token).to.equal(undefined);
  });

  it('is run again when its certificate has expired', async () => {
    const status = (name: string, ms: number): object => ({
      clientCertificateData: `cert ${name}`,
      clientKeyData: `key ${name}`,
      expirationTimestamp: new Date(Date.now() + ms).toISOString(),
    });
    plant(credential(status('one', -1000)));
    const { cluster } = await load({});
    plant(credential(status('two', 3_600_000)));
    for (let count = 0; count < 2; count++)
      expect(await cluster.certificates?.()).to.deep.equal({ cert: 'cert two', key: 'key two' });
    expect(runs()).to.equal(2);
  });

  it('is run again when the server refuses its certificate, once for all requests', async () => {
    const status = (name: string, more = {}): string =>
      credential({ clientCertificateData: `cert ${name}`, clientKeyData: `key ${name}`, ...more });
    plant(status('one'));
    const { cluster } = await load({});
    const refused = { cert: 'cert one', key: 'key one' };
    plant(status('two'));
    const given = await Promise.all([1, 2, 3].map(() => cluster.certificates?.(refused)));
    for (const one of given) expect(one).to.deep.equal({ cert: 'cert two', key: 'key two' });
    expect(runs()).to.equal(2);
  });

  it('that gives both is run once when they are refused', async () => {
    const both = { clientCertificateData: 'cert', clientKeyData: 'key' };
    plant(credential({ ...both, token: 'one' }));
    const { cluster } = await load({});
    plant(credential({ ...both, token: 'two' }));
    const seen: unknown[] = [];
    await withCredentials(new URL('https://h'), cluster, null, async (credentials) => {
      const { Authorization } = credentials.fields;
      seen.push(Authorization);
      if (seen.length === 1) throw new UpgradeRefusedError('no', 401, null);
    });
    expect(seen).to.deep.equal(['Bearer one', 'Bearer two']);
    expect(runs()).to.equal(2);
  });

  it('may be one of those that clouds have: what aws, gke-gcloud-auth-plugin, kubelogin and tsh print', async () => {
    const until = '2099-01-02T03:04:05Z';
    const base = { kind: 'ExecCredential', apiVersion: V1BETA1 };
    const token = { expirationTimestamp: until, token: 'the token' };
    const certificate = {
      expirationTimestamp: until,
      clientCertificateData: 'the certificate',
      clientKeyData: 'the key',
    };
    const printed: readonly (readonly [string, object, object])[] = [
      ['aws eks get-token', {}, token],
      ['gke-gcloud-auth-plugin', { interactive: false }, token],
      ['kubelogin get-token', { interactive: false }, token],
      ['tsh kube credentials', { interactive: false }, certificate],
    ];
    for (const [name, spec, status] of printed) {
      const text = JSON.stringify({ ...base, spec, status }, null, 4);
      plant(name.startsWith('gke') ? `${text}\n` : text);
      const [, ...args] = name.split(' ');
      const { cluster } = await load({ apiVersion: V1BETA1, args, provideClusterInfo: true });
      if (status === token) {
        expect(await (cluster.token as () => Promise<string>)(), name).to.equal('the token');
        continue;
      }
      expect(cluster, name).to.include({ cert: 'the certificate', key: 'the key' });
      expect(cluster.token).to.equal(undefined);
    }
  });

  it('is not asked where there is a token', async () => {
    const config = await load({ command: './missing' }, { token: 'static' });
    expect(await tokenOf(config)).to.equal('static');
  });

  it('that cannot help is told of with the user and the place, and without what it printed', async () => {
    const hint = { command: 'no-such-plugin-anywhere', installHint: 'install it so' };
    expect(await failure(load(hint))).to.match(
      /config, line 1: user "u": exec: no-such-plugin-anywhere is not installed\ninstall it so/,
    );
    plant('', 3);
    expect(await failure(load({}))).to.match(/login failed: exit code 3/);
    for (const [output, message] of [
      ['hidden: [', /no YAML/],
      ['hidden', /must be a mapping/],
      ['{"kind":"Pod"}', /no ExecCredential/],
      [credential({ token: 'hidden' }, V1BETA1), /no ExecCredential of .*v1$/],
      [credential({}), /neither a token nor a certificate/],
      [credential({ clientKeyData: 'hidden' }), /a certificate without key/],
      [credential({ token: 'hidden', expirationTimestamp: 'soon' }), /expirationTimestamp/],
      ['#'.repeat((1 << 20) + 1), /prints more than/],
    ] as const) {
      plant(output);
      const told = await failure(load({}));
      expect(told).to.match(message);
      expect(told).not.to.include('hidden');
    }
    for (const [exec, message] of [
      [{ apiVersion: 'v2' }, /apiVersion must be one of/],
      [{ command: '' }, /no command/],
      [{ interactiveMode: 'Sometimes' }, /interactiveMode must be/],
    ] as const)
      expect(await failure(load(exec))).to.match(message);
    const plain = { server: 'http://127.0.0.1:1' };
    expect(await failure(load({}, {}, plain))).to.match(/only sent to https servers/);
  });
});
