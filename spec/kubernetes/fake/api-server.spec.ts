import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { attach, exec } from '../../../lib/kubernetes/client/command/exec.ts';
import { run } from '../../../lib/kubernetes/client/command/run.ts';
import { portForward } from '../../../lib/kubernetes/client/forward/port-forward.ts';
import { ConnectionLostError, UpgradeRefusedError } from '../../../lib/kubernetes/errors.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../lib/kubernetes/fake/api-server.ts';
import type { FakeApiServerOptions } from '../../../lib/kubernetes/fake/options.ts';
import type { ClusterOptions } from '../../../lib/kubernetes/kubeconfig/cluster.ts';
import { loadKubeConfig } from '../../../lib/kubernetes/kubeconfig/kubeconfig.ts';

describe('a fake API server', () => {
  const servers: FakeApiServer[] = [];

  async function serve(options: FakeApiServerOptions): Promise<FakeApiServer> {
    const fake = await createFakeApiServer(options).listen();
    servers.push(fake);
    return fake;
  }

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((fake) => fake.close()));
  });

  describe('as an API', () => {
    it('describes itself and its pods', async () => {
      const fake = await serve({ pods: ['p1', { name: 'p2', namespace: 'other' }] });
      expect((await get(fake, '/api?timeout=32s')).body).to.deep.include({ versions: ['v1'] });
      expect((await get(fake, '/apis')).body).to.include({ kind: 'APIGroupList' });
      expect((await get(fake, '/api/v1')).body).to.have.nested.property(
        'resources[0].name',
        'pods',
      );
      expect((await get(fake, '/version')).body).to.include({ major: '1' });
      const { status, body } = await get(fake, '/api/v1/namespaces/default/pods/p1');
      expect(status).to.equal(200);
      expect(body).to.have.nested.property('spec.containers[0].name', 'main');
      expect(body).to.have.nested.property('status.phase', 'Running');
      const names = async (url: string): Promise<string[]> => {
        const { items } = (await get(fake, url)).body as { items: { metadata: Named }[] };
        return items.map(({ metadata }) => metadata.name);
      };
      expect(await names('/api/v1/pods?limit=500')).to.deep.equal(['p1', 'p2']);
      expect(await names('/api/v1/namespaces/other/pods')).to.deep.equal(['p2']);
    });

    it('tells kubectl what it may say when it changes objects, and that it is well', async () => {
      const fake = await serve({});
      const read = async (path: string, accept = 'application/json'): Promise<Response> =>
        await fetch(fake.url + path, { headers: { Accept: accept } });
      const { paths } = (await (await read('/openapi/v3')).json()) as Paths;
      expect(Object.keys(paths)).to.include.members(['api/v1', 'apis/apps/v1']);
      for (const { serverRelativeURL } of Object.values(paths)) {
        const document = (await (await read(serverRelativeURL)).json()) as Paths;
        const patches = Object.values(document.paths).flatMap(({ patch }) => patch ?? []);
        expect(patches.length, serverRelativeURL).to.be.above(0);
        for (const { parameters } of patches)
          expect(parameters.map(({ name }) => name)).to.deep.equal(['dryRun', 'fieldValidation']);
      }
      const { components } = (await (await read('/openapi/v3/api/v1')).json()) as Components;
      const { properties } = components.schemas['io.k8s.api.core.v1.Container'] as Schema;
      const ref = '#/components/schemas/io.k8s.api.core.v1.ContainerPort';
      expect(properties).to.deep.include({
        image: { type: 'string' },
        ports: { type: 'array', items: { $ref: ref } },
      });
      expect(components.schemas['io.k8s.api.core.v1.Pod']).to.deep.include({
        'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }],
      });
      expect((await read('/openapi/v3/apis/none/v1')).status).to.equal(404);
      expect((await read('/openapi/v4')).status).to.equal(404);
      expect((await (await read('/openapi/v2')).json()) as object).to.include({ swagger: '2.0' });
      // For versions of kubectl that read nothing else.
      const form = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
      const old = await read('/openapi/v2', form);
      expect(old.headers.get('content-type')).to.equal('application/octet-stream');
      const bytes = Buffer.from(await old.arrayBuffer());
      expect(bytes.toString('latin1')).to.equal(
        '\x0a\x032.0\x12\x14\x0a\x0espdy-kube-fake\x12\x02v1\x42\x00',
      );
      for (const path of ['/healthz', '/livez', '/readyz'])
        expect(await (await read(path)).text(), path).to.equal('ok');
      expect((await fetch(`${fake.url}/healthz`, { method: 'POST' })).status).to.equal(405);
    });

    it('lists the pods that are selected, and says what it cannot do', async () => {
      const fake = await serve({ pods: ['p1', { name: 'web', phase: 'Pending' }] });
      const list = async (query: string): Promise<unknown> => {
        const answer = await fetch(`${fake.url}/api/v1/pods?${query}`);
        const { items, code } = (await answer.json()) as {
          readonly items?: { readonly metadata: { readonly name: string } }[];
          readonly code?: number;
        };
        return items?.map(({ metadata }) => metadata.name) ?? code;
      };
      const cases: [string, unknown][] = [
        ['fieldSelector=metadata.name%3Dweb', ['web']],
        ['fieldSelector=metadata.name!%3Dweb,status.phase%3D%3DRunning', ['p1']],
        ['fieldSelector=metadata.namespace%3Dother', []],
        ['labelSelector=app%3Dweb', []],
        ['labelSelector=app+in+(a,b)', []],
        ['labelSelector=app+within+a', 400],
        ['labelSelector=!app,app!%3Dx,app+notin+(a,b)', ['p1', 'web']],
        ['fieldSelector=spec.hostIP%3Dn', 400],
        ['fieldSelector=constructor%3Dn', 400],
      ];
      for (const [query, expected] of cases)
        expect(await list(query), query).to.deep.equal(expected);
    });

    it('decodes paths as a whole, and refuses what cannot be decoded', async () => {
      const fake = await serve({ pods: ['p-1'] });
      const codes: number[] = [];
      for (const path of [
        '/api/v1/namespaces/default/pods/p%2D1',
        '/api/v1/namespaces%2fdefault/%70ods/p-1',
        '/api/v1/namespaces/default/pods/p%252D1',
        '/api/v1/namespaces/default/pods/%FF',
        '/api/v1/namespaces/default/pods/p%2',
        '/api/%zz',
      ])
        codes.push((await get(fake, path)).status);
      expect(codes).to.deep.equal([200, 200, 404, 404, 400, 400]);
    });

    it('refuses the rest with a status', async () => {
      const fake = await serve({ pods: ['p1'] });
      const pod = '/api/v1/namespaces/default/pods/p1';
      for (const path of ['/version/', '/api/', '/api/v1/', '/apis/apps/v1/'])
        expect((await get(fake, path)).status, path).to.equal(200);
      for (const [method, url, code, reason] of [
        ['GET', '/api/v1/namespaces/other/pods/p1', 404, 'NotFound'],
        ['GET', '/api/v1/bindings', 404, 'NotFound'],
        ['POST', pod, 405, 'MethodNotAllowed'],
        ['POST', `${pod}/exec?command=ls`, 400, 'BadRequest'],
      ] as const) {
        const { status, body } = await get(fake, url, { method });
        expect(status, url).to.equal(code);
        expect(body, url).to.include({ kind: 'Status', status: 'Failure', reason, code });
      }
      const page = await get(fake, pod, { headers: { Origin: 'http://example.org' } });
      expect(page.status).to.equal(403);
    });

    it('demands its token, over TLS with a certificate made just now', async () => {
      const fake = await serve({ pods: ['p1'], tls: true, token: 'secret' });
      const url = '/api/v1/namespaces/default/pods/p1';
      expect((await get(fake, url)).status).to.equal(403);
      const headers = { Authorization: 'Bearer wrong' };
      expect((await get(fake, url, { headers })).status).to.equal(401);
      const { exitCode } = await run({ cluster: fake.cluster, pod: 'p1', command: ['true'] });
      expect(exitCode).to.equal(0);
      const { token: _, ...stranger } = fake.cluster;
      const refused = run({ cluster: stranger, pod: 'p1', command: ['true'] });
      expect(await failureOf(refused))
        .to.be.instanceOf(UpgradeRefusedError)
        .with.property('statusCode', 403);
    });

    it('takes a certificate of its client, made just now, instead of a token', async () => {
      const token = 'secret';
      const fake = await serve({ pods: ['p1'], tls: true, token, clientCertificate: true });
      const { token: _, ...shown } = fake.cluster;
      const { cert: __, key: ___, ...anybody } = shown;
      const other = await serve({ tls: true, clientCertificate: true });
      const { cert, key } = other.cluster;
      const command = ['true'];
      for (const [cluster, outcome] of [
        [shown, 0],
        [{ ...anybody, token }, 0],
        [anybody, 403],
        [{ ...anybody, token: 'wrong' }, 401],
        [{ ...anybody, cert, key }, 401],
      ] as [ClusterOptions, number][]) {
        const told = await run({ cluster, pod: 'p1', command }).then(
          ({ exitCode }) => exitCode,
          (error: UpgradeRefusedError) => error.statusCode,
        );
        expect(told, Object.keys(cluster).join()).to.equal(outcome);
      }
      expect(fake.kubeConfig()).to.match(
        /\n {4}client-certificate-data: \S+\n {4}client-key-data: /,
      );
    });

    it('tells what it is asked for', async () => {
      const fake = await serve({ pods: ['p1'] });
      const asked: unknown[] = [];
      fake.on('request', ({ action, pod, count }) => asked.push([action, pod, count]));
      await get(fake, '/api');
      await get(fake, '/api/v1/namespaces/default/pods/p1');
      for (let i = 0; i < 2; i++)
        await run({ cluster: fake.cluster, pod: 'p1', command: ['true'] });
      expect(asked).to.deep.equal([
        ['other', null, 1],
        ['get', 'p1', 1],
        ['exec', 'p1', 1],
        ['exec', 'p1', 2],
      ]);
    });
  });

  describe('as a cluster', () => {
    it('runs commands in the folder and the environment of a container', async () => {
      const fake = await serve({
        pods: [{ name: 'p1', containers: { a: {}, b: { env: { WHO: 'Ann' } } } }],
      });
      writeFileSync(path.join(fake.directoryOf('p1'), 'file'), 'of a');
      const { cluster } = fake;
      const first = await run({ cluster, pod: 'p1', container: 'a', command: ['cat', 'file'] });
      const none = await failureOf(run({ cluster, pod: 'p1', command: ['true'] }));
      expect((none as Error).message).to.include('a container name must be specified for pod p1');
      expect(first.stdout.toString()).to.equal('of a');
      const command = ['sh', '-c', 'echo hello $WHO; cat > out; exit 3'];
      const second = await run({ cluster, pod: 'p1', container: 'b', command, input: 'text' });
      expect([second.exitCode, second.stdout.toString()]).to.deep.equal([3, 'hello Ann\n']);
      const written = readFileSync(path.join(fake.directoryOf('p1', 'b'), 'out'), 'utf8');
      expect(written).to.equal('text');
    });

    it('refuses pods and containers that are not there, or do not run', async () => {
      const fake = await serve({ pods: ['p1', { name: 'p2', phase: 'Pending' }] });
      const { cluster } = fake;
      const command = ['true'];
      for (const [target, code, words] of [
        [{ pod: 'p9' }, 404, 'pods "p9" not found'],
        [{ pod: 'p1', namespace: 'other' }, 404, 'not found'],
        [{ pod: 'p1', container: 'c9' }, 400, 'container c9 is not valid for pod p1'],
        [{ pod: 'p2' }, 409, 'pod p2 is not running: Pending'],
      ] as const) {
        const error = await failureOf(run({ cluster, command, ...target }));
        expect(error).to.be.instanceOf(UpgradeRefusedError).with.property('statusCode', code);
        expect((error as Error).message).to.include(words);
      }
    });

    it('takes commands as long as a server of Kubernetes does', async () => {
      const fake = await serve({ pods: ['p1'] });
      const word = 'x'.repeat(100_000);
      const command = ['echo', ...Array<string>(9).fill(word)];
      const { stdout } = await run({ cluster: fake.cluster, pod: 'p1', command });
      expect(stdout.length).to.equal(9 * 100_001);
    });

    it('attaches any number of clients to one main process, which the first one starts', async () => {
      const script = 'while read -r line; do echo "heard $line"; done';
      const fake = await serve({
        pods: [{ name: 'p1', containers: { main: { command: ['sh', '-c', script] } } }],
      });
      const target = { cluster: fake.cluster, pod: 'p1', stderr: false };
      expect(fake.open.processes).to.equal(0);
      for (let round = 0; round < 2; round++) {
        const talker = await attach({ ...target, stdin: true });
        talker.stdin?.write('one\n');
        const [line] = (await once(talker.stdout as never, 'data')) as [Buffer];
        expect(line.toString()).to.equal('heard one\n');
        const listener = await attach(target);
        const listened = text(listener.stdout as never);
        await joined(fake, 2);
        talker.stdin?.end('two\n');
        const talked = text(talker.stdout as never);
        expect([await talked, await listened]).to.deep.equal(['heard two\n', 'heard two\n']);
        await Promise.all([talker.exited, listener.exited]);
      }
    });

    it('forwards ports of a pod to ports of this machine', async () => {
      const web = http.createServer((_request, response) => response.end('here'));
      await once(web.listen(0, '127.0.0.1'), 'listening');
      const { port } = web.address() as AddressInfo;
      const fake = await serve({ pods: [{ name: 'web', ports: { 80: port } }, 'same'] });
      try {
        for (const [pod, remote] of [
          ['web', 80],
          ['same', port],
        ] as const) {
          const forward = await portForward({ cluster: fake.cluster, pod });
          const socket = await forward.connect(remote);
          socket.write('GET / HTTP/1.0\r\n\r\n');
          expect(await text(socket)).to.match(/here$/);
          await forward.close();
        }
      } finally {
        web.close();
        web.closeAllConnections();
      }
    });

    it('ends what runs, and removes its folders, when it is closed', async () => {
      const fake = await serve({ pods: ['p1'] });
      const folder = fake.directoryOf('p1');
      const command = await exec({
        cluster: fake.cluster,
        pod: 'p1',
        command: ['sh', '-c', 'echo $$; exec sleep 300'],
      });
      const main = await attach({ cluster: fake.cluster, pod: 'p1', stdin: true });
      const [pid] = (await once(command.stdout as never, 'data')) as [Buffer];
      main.stdout?.resume();
      for (const output of [command.stdout, command.stderr, main.stdout, main.stderr])
        output?.on('error', () => {});
      const outcomes = Promise.allSettled([command.exited, main.exited]);
      await fake.close();
      expect(fake.open).to.deep.equal({ connections: 0, sessions: 0, processes: 0 });
      expect(() => process.kill(Number(pid), 0)).to.throw('ESRCH');
      expect(existsSync(folder)).to.equal(false);
      expect((await outcomes).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    });
  });

  it('does not wait for a client that hangs when it is closed', async () => {
    const fake = await serve({ pods: ['p1'] });
    const { hostname, port } = new URL(fake.url);
    const client = net.connect(Number(port), hostname);
    client.write(
      'POST /api/v1/namespaces/default/pods/p1/portforward HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\n' +
        'Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n',
    );
    await once(client, 'data');
    client.pause();
    const closed = once(client, 'close');
    client.on('error', () => {});
    await fake.close();
    expect(fake.open).to.deep.equal({ connections: 0, sessions: 0, processes: 0 });
    client.resume();
    await closed;
  });

  describe('with faults', () => {
    it('refuses, with a status and words', async () => {
      const fault = { refuseWith: 503, message: 'come back later' };
      const fake = await serve({ pods: ['p1'], fault });
      const error = await failureOf(exec({ cluster: fake.cluster, pod: 'p1', command: ['true'] }));
      expect(error).to.be.instanceOf(UpgradeRefusedError).with.property('statusCode', 503);
      expect((error as Error).message).to.include('come back later');
      expect((await get(fake, '/api')).status).to.equal(200);
    });

    it('breaks off in the midst of the output of the request that is chosen', async () => {
      const fake = await serve({
        pods: ['p1'],
        fault: ({ action, count }) =>
          action === 'exec' && count === 2 ? { dropAfterBytes: 50_000 } : null,
      });
      const command = ['head', '-c', '100000', '/dev/zero'];
      const ask = (): Promise<{ stdout: Buffer }> =>
        run({ cluster: fake.cluster, pod: 'p1', command });
      expect((await ask()).stdout.length).to.equal(100_000);
      expect(await failureOf(ask())).to.be.instanceOf(ConnectionLostError);
      expect((await ask()).stdout.length).to.equal(100_000);
    });

    it('breaks off at once', async () => {
      const fake = await serve({ pods: ['p1'], fault: { dropAfterBytes: 0 } });
      const lost = run({ cluster: fake.cluster, pod: 'p1', command: ['true'] });
      expect(await failureOf(lost)).to.be.instanceOf(ConnectionLostError);
    });

    it('waits, and is closed meanwhile', async () => {
      const fake = await serve({ pods: ['p1'], fault: { delayMs: 600_000 } });
      const asked = once(fake, 'request');
      const waiting = failureOf(exec({ cluster: fake.cluster, pod: 'p1', command: ['true'] }));
      await asked;
      await fake.close();
      expect(await waiting).to.be.instanceOf(Error);
    });
  });

  describe('its kubeconfig', () => {
    let folder: string;

    beforeEach(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'spdylay-spec-'));
    });

    afterEach(() => rm(folder, { recursive: true }));

    it('leads to it, and is written again by the next one', async () => {
      const file = path.join(folder, 'kubeconfig');
      for (const token of ['one', 'the "other"']) {
        const fake = await serve({ pods: ['p1'], tls: true, token });
        await fake.writeKubeConfig(file);
        const { cluster, namespace } = await loadKubeConfig(file);
        const command = ['true'];
        const { exitCode } = await run({ cluster, namespace, pod: 'p1', command });
        expect(exitCode).to.equal(0);
      }
      expect(readdirSync(folder)).to.deep.equal(['kubeconfig']);
    });

    it('is for its owner only, also where a file was for all', async () => {
      if (process.platform === 'win32') return;
      const file = path.join(folder, 'kubeconfig');
      writeFileSync(file, '');
      chmodSync(file, 0o666);
      await (await serve({})).writeKubeConfig(file);
      expect(statSync(file).mode & 0o777).to.equal(0o600);
    });

    it('is not written over that of somebody else', async () => {
      const file = path.join(folder, 'config');
      writeFileSync(file, 'apiVersion: v1\n');
      const fake = await serve({});
      expect(await failureOf(fake.writeKubeConfig(file))).to.have.property(
        'code',
        'ERR_SPDY_INVALID_STATE',
      );
      expect(readFileSync(file, 'utf8')).to.equal('apiVersion: v1\n');
    });
  });

  it('refuses options that make no sense', () => {
    for (const options of [
      { pods: 'p1' },
      { pods: ['Not_A_Name'] },
      { pods: ['p1', 'p1'] },
      { pods: [{ name: 'p1', containers: {} }] },
      { pods: [{ name: 'p1', containers: { main: { command: [] } } }] },
      { pods: [{ name: 'p1', ports: { 0: 80 } }] },
      { pods: [{ name: 'p1', ports: { 80: 65536 } }] },
      { token: 'secret' },
      { token: '', tls: true },
      { clientCertificate: true },
      { clientCertificate: 1, tls: true },
      { fault: { refuseWith: 200 } },
      { streaming: { maxSessions: 0 } },
    ]) {
      const make = (): unknown => createFakeApiServer(options as FakeApiServerOptions);
      expect(make, JSON.stringify(options))
        .to.throw()
        .with.property('code', 'ERR_SPDY_INVALID_ARGUMENT');
    }
  });
});

interface Named {
  readonly name: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A request without any client of Kubernetes. */
async function get(
  fake: FakeApiServer,
  url: string,
  options: http.RequestOptions = {},
): Promise<Answer> {
  const { request } = fake.url.startsWith('https') ? https : http;
  const asked = request(fake.url + url, { ...options, agent: false, ca: fake.cluster.ca } as never);
  asked.end();
  const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode ?? 0, body: JSON.parse(await text(response)) };
}

/** Waits until so many clients are served, all of their streams open. */
async function joined(fake: FakeApiServer, sessions: number): Promise<void> {
  while (fake.open.sessions < sessions) await new Promise((done) => setTimeout(done, 5));
  // One more round trip: the handler of the last one runs by then.
  await run({ cluster: fake.cluster, pod: 'p1', command: ['true'] });
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it succeeded');
}

interface Paths {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly serverRelativeURL: string;
        readonly patch?: { readonly parameters: { readonly name: string }[] };
      }
    >
  >;
}

interface Components {
  readonly components: { readonly schemas: Readonly<Record<string, Schema | undefined>> };
}

interface Schema {
  readonly properties: Readonly<Record<string, object>>;
}
