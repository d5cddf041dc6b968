import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import {
  copyFromPod,
  copyToPod,
  createFakeApiServer,
  type FakeApiServer,
  type FakeFault,
  type FakeManifest,
  type FakePod,
  type FakeRequest,
  type PodConnection,
  type PortForward,
  portForward,
  resolveTarget,
  run,
  TargetError,
} from '../../../../lib/kubernetes/index.ts';

const workload = (kind: string, apiVersion: string, selector: object): FakeManifest => ({
  apiVersion,
  kind,
  metadata: { name: 'web' },
  spec: { selector },
});

const service = (name: string, spec: object): FakeManifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ...spec },
});

const APP = { matchLabels: { app: 'web' } };

describe('targets', () => {
  const web = http.createServer((_request, response) => response.end('a page'));
  let webPort = 0;
  let fake: FakeApiServer | null = null;
  let fault: (request: FakeRequest) => FakeFault | null = () => null;

  before(async () => {
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    webPort = (web.address() as AddressInfo).port;
  });

  after(() => {
    web.close();
  });

  afterEach(async () => {
    await fake?.close();
    fake = null;
    fault = () => null;
  });

  const start = async (
    pods: readonly FakePod[],
    objects: readonly FakeManifest[] = [],
  ): Promise<FakeApiServer> => {
    fake = createFakeApiServer({ pods, objects, fault: (request) => fault(request) });
    return await fake.listen();
  };

  const pod = (name: string, more: Partial<FakePod> = {}): FakePod => ({
    name,
    labels: { app: 'web' },
    ports: { 80: webPort },
    ...more,
  });

  const failure = async (promise: Promise<unknown>): Promise<TargetError> => {
    const error = await promise.then(
      () => expect.fail('it resolved'),
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(TargetError);
    expect(error).to.include({ code: 'ERR_SPDY_TARGET', by: 'peer' });
    return error as TargetError;
  };

  const nameOf = async (target: string | { selector: string }): Promise<string> =>
    (await resolveTarget({ cluster: (fake as FakeApiServer).cluster, pod: target })).name;

  it('are pods, workloads, services and selectors, by all names of their kinds', async () => {
    const objects = [
      workload('Deployment', 'apps/v1', APP),
      workload('ReplicaSet', 'apps/v1', {
        matchExpressions: [
          { key: 'app', operator: 'In', values: ['web', 'other'] },
          { key: 'tier', operator: 'NotIn', values: ['back'] },
          { key: 'app', operator: 'Exists' },
          { key: 'old', operator: 'DoesNotExist' },
        ],
      }),
      workload('StatefulSet', 'apps/v1', APP),
      workload('DaemonSet', 'apps/v1', APP),
      workload('Job', 'batch/v1', { matchLabels: { job: 'one' } }),
      service('web', {}),
    ];
    await start(
      [
        pod('a', { labels: { app: 'web', tier: 'back' } }),
        pod('b', { labels: { app: 'web', old: '' } }),
        pod('c', { labels: { app: 'web' } }),
        pod('d', { labels: { job: 'one' } }),
      ],
      objects,
    );
    const cases: readonly (readonly [string | { selector: string }, string])[] = [
      ['b', 'b'],
      ['pod/b', 'b'],
      ['po/b', 'b'],
      ['pods/b', 'b'],
      ['deploy/web', 'a'],
      ['deployment/web', 'a'],
      ['deployments.apps/web', 'a'],
      ['Deployments/web', 'a'],
      ['rs/web', 'c'],
      ['sts/web', 'a'],
      ['ds/web', 'a'],
      ['job/web', 'd'],
      ['svc/web', 'a'],
      [{ selector: 'job=one' }, 'd'],
      [{ selector: 'app in (web), tier!=back' }, 'b'],
    ];
    for (const [target, name] of cases)
      expect(await nameOf(target), JSON.stringify(target)).to.equal(name);
  });

  it('lead to a pod that is ready, else to one that runs', async () => {
    const server = await start([
      pod('a', { phase: 'Succeeded' }),
      pod('b', { phase: 'Pending' }),
      pod('c', { ready: false }),
      pod('d'),
    ]);
    const target = { selector: 'app=web' };
    expect(await nameOf(target)).to.equal('d');
    server.setPod('d', { phase: 'Failed' });
    expect(await nameOf(target)).to.equal('c');
    const { ready, runs } = await resolveTarget({ cluster: server.cluster, pod: target });
    expect({ ready, runs }).to.deep.equal({ ready: false, runs: true });
    server.setPod('c', { phase: 'Pending' });
    const error = await failure(nameOf(target));
    expect(error.message).to.equal('the selector app=web has no pod that runs: a is Succeeded');
    expect(error).to.include({ statusCode: null, missing: null });
  });

  it('are looked for in all parts of a long list', async () => {
    const many = Array.from({ length: 1001 }, (_, i) =>
      pod(`p${String(i).padStart(4, '0')}`, {
        phase: i === 1000 ? 'Running' : 'Pending',
        containers: { main: { directory: os.tmpdir() } },
      }),
    );
    await start(many);
    expect(await nameOf({ selector: 'app=web' })).to.equal('p1000');
  });

  it('have the container that kubectl takes', async () => {
    const containers = { first: {}, second: { env: { WHERE: 'second' } } };
    const annotations = { 'kubectl.kubernetes.io/default-container': 'second' };
    const server = await start(
      [pod('a', { containers, annotations }), pod('b', { containers, labels: { app: 'b' } })],
      [workload('Deployment', 'apps/v1', APP)],
    );
    const { cluster } = server;
    const where = async (more: { pod: string; container?: string }): Promise<string> => {
      const command = ['sh', '-c', 'echo $WHERE'];
      return (await run({ cluster, command, ...more })).stdout.toString().trim();
    };
    expect(await where({ pod: 'deploy/web' })).to.equal('second');
    expect(await where({ pod: 'deploy/web', container: 'first' })).to.equal('');
    const found = await resolveTarget({ cluster, pod: { selector: 'app=b' } });
    expect(found.container).to.equal('first');
  });

  it('that are not there are told of with their names', async () => {
    const server = await start(
      [pod('a')],
      [
        workload('Deployment', 'apps/v1', { matchLabels: { app: 'other' } }),
        service('external', { selector: null }),
      ],
    );
    const missing = await failure(nameOf('sts/web'));
    expect(missing).to.include({ statusCode: 404, missing: null });
    expect(missing.message).to.match(/to get statefulsets\.apps in .* default was refused: 404: /);
    expect(missing.status?.reason).to.equal('NotFound');
    expect((await failure(nameOf('deploy/web'))).message).to.equal(
      'deployments/web has no pods in the namespace default',
    );
    expect((await failure(nameOf('svc/external'))).message).to.equal(
      'services/external selects no pods',
    );
    const { cluster } = server;
    const elsewhere = resolveTarget({ cluster, pod: 'a', namespace: 'other' });
    expect(await failure(elsewhere)).to.include({ statusCode: 404 });
  });

  it('name the permission that is missing', async () => {
    const server = await start([pod('a')], [workload('Deployment', 'apps/v1', APP)]);
    fault = ({ url }) =>
      url.includes('/deployments/') ? { refuseWith: 403, message: 'you may not' } : null;
    const { cluster } = server;
    const error = await failure(run({ cluster, pod: 'deploy/web', command: ['true'] }));
    expect(error.statusCode).to.equal(403);
    expect(error.missing).to.deep.equal({
      verb: 'get',
      resource: 'deployments.apps',
      namespace: 'default',
    });
    expect(error.message).to.equal(
      'to get deployments.apps in the namespace default was refused: 403: a role with the verb get for deployments.apps in default is missing: you may not',
    );
    fault = ({ url }) => (url.includes('/pods?') ? { refuseWith: 403 } : null);
    expect((await failure(nameOf('deploy/web'))).missing).to.include({
      verb: 'list',
      resource: 'pods',
    });
  });

  it('are checked before anything is asked', async () => {
    const cluster = { server: 'http://127.0.0.1:1' };
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ pod: 'deploymnt/web' }, /no kind with pods 'deploymnt'.*did you mean deployment\?/],
      [{ pod: 'cronjob/web' }, /no kind with pods/],
      [{ pod: 'deploy/a/b' }, /TYPE\/NAME/],
      [{ pod: 'deploy/' }, /name as Kubernetes allows/],
      [{ pod: 'deploy/..' }, /name as Kubernetes allows/],
      [{ pod: 'pod/a/b' }, /no kind with pods 'pod'/],
      [{ pod: { selector: ' ' } }, /\{ selector \}/],
      [{ pod: { labels: 'a' } }, /\{ selector \}/],
      [{ pod: 'deploy/web', api: 'kubelet', container: 'c' }, /kubelet knows pods by their names/],
      [{ pod: 'a', api: 'kubelet', container: 'c', podTimeoutMs: 1 }, /needs an API server/],
      [{ pod: 'a', podTimeoutMs: -1 }, /podTimeoutMs/],
    ];
    for (const [target, message] of cases) {
      const options = { cluster, command: ['true'], pod: '', ...target };
      const error = await run(options).catch((reason: unknown) => reason);
      expect(error).to.include({ code: 'ERR_SPDY_INVALID_ARGUMENT' });
      expect(String(error)).to.match(message);
    }
  });

  it('do not wait when the caller gives up, or no answer comes', async () => {
    const server = await start([pod('a')]);
    fault = () => ({ delayMs: 60_000 });
    const { cluster } = server;
    const abort = new AbortController();
    server.once('request', () => abort.abort());
    const { signal } = abort;
    const given = await resolveTarget({ cluster, pod: 'a', signal }).catch((error) => error);
    expect(given).to.include({ code: 'ERR_SPDY_ABORTED' });
    const late = await resolveTarget({ cluster, pod: 'a', timeoutMs: 1 }).catch((error) => error);
    expect(late).to.include({ code: 'ERR_SPDY_TIMEOUT' });
  });

  describe('with podTimeoutMs', () => {
    const LONG = 60_000;

    it('wait for the first pod that runs, by whatever they are', async () => {
      for (const target of ['deploy/web', { selector: 'app=web' }]) {
        const server = await start([], [workload('Deployment', 'apps/v1', APP)]);
        const { cluster } = server;
        const command = ['echo', 'here'];
        const result = run({ cluster, pod: target, podTimeoutMs: LONG, command });
        const listed = async (count: number): Promise<void> => {
          for (let seen = 0; seen < count; ) {
            const [{ action }] = (await once(server, 'request')) as [FakeRequest];
            if (action === 'list') seen += 1;
          }
        };
        await listed(2);
        server.addPod(pod('a', { phase: 'Pending' }));
        await listed(1);
        server.setPod('a', { phase: 'Running', ready: false });
        expect(String((await result).stdout)).to.equal('here\n');
        await server.close();
      }
    });

    it('wait for a pod of that name to run, and use its container', async () => {
      const containers = { one: {}, two: { env: { NAME: 'two' } } };
      const annotations = { 'kubectl.kubernetes.io/default-container': 'two' };
      const server = await start([pod('a', { phase: 'Pending', containers, annotations })]);
      const { cluster } = server;
      const command = ['sh', '-c', 'echo $NAME'];
      const result = run({ cluster, pod: 'a', podTimeoutMs: LONG, command });
      await once(server, 'request');
      server.setPod('a', { phase: 'Running' });
      expect(String((await result).stdout)).to.equal('two\n');
    });

    it('wait for a pod whose ports are forwarded', async () => {
      const server = await start([], [workload('Deployment', 'apps/v1', APP)]);
      const { cluster } = server;
      const forwarding = portForward({ cluster, pod: 'deploy/web', podTimeoutMs: LONG });
      await once(server, 'request');
      server.addPod(pod('a'));
      const forward = await forwarding;
      expect(forward.pod).to.equal('a');
      await forward.close();
    });

    it('wait for nothing that cannot come', async () => {
      const server = await start([pod('done', { phase: 'Failed' })]);
      const { cluster } = server;
      const look = (name: string): ReturnType<typeof resolveTarget> =>
        resolveTarget({ cluster, pod: name, podTimeoutMs: LONG });
      expect(await failure(look('deploy/none'))).to.include({ statusCode: 404 });
      expect(await failure(look('none'))).to.include({ statusCode: 404 });
      expect(await look('done')).to.include({ runs: false, phase: 'Failed' });
    });

    it('say what there was when the time is over, or give up before', async () => {
      const server = await start([pod('late', { phase: 'Pending' })]);
      const { cluster } = server;
      const selected = { selector: 'app=web' };
      const late = await failure(resolveTarget({ cluster, pod: selected, podTimeoutMs: 1 }));
      expect(late.message).to.match(/has no pod that runs: late is Pending$/);
      expect(late.name).to.equal('TargetError');
      const named = await resolveTarget({ cluster, pod: 'late', podTimeoutMs: 1 });
      expect(named).to.include({ runs: false, phase: 'Pending' });
      const abort = new AbortController();
      const { signal } = abort;
      const given = resolveTarget({ cluster, pod: selected, podTimeoutMs: LONG, signal }).catch(
        (error: unknown) => error,
      );
      await once(server, 'request');
      await once(server, 'request');
      abort.abort();
      expect(await given).to.include({ code: 'ERR_SPDY_ABORTED' });
    });
  });

  it('of servers that answer something else are an error', async () => {
    const odd = http.createServer((_request, response) => response.end('<html>'));
    odd.listen(0, '127.0.0.1');
    await once(odd, 'listening');
    const cluster = { server: `http://127.0.0.1:${(odd.address() as AddressInfo).port}` };
    const error = await failure(resolveTarget({ cluster, pod: 'svc/a' }));
    expect(error.message).to.match(/answered, but not with JSON/);
    odd.close();
  });

  it('are where files are copied to and from', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-targets-'));
    const server = await start([pod('a')], [workload('Deployment', 'apps/v1', APP)]);
    const target = { cluster: server.cluster, pod: 'deploy/web' };
    writeFileSync(path.join(folder, 'one'), 'contents');
    await copyToPod({ ...target, from: path.join(folder, 'one'), to: 'two' });
    await copyFromPod({ ...target, from: 'two', to: path.join(folder, 'three') });
    expect(readFileSync(path.join(folder, 'three'), 'utf8')).to.equal('contents');
    rmSync(folder, { recursive: true });
  });

  describe('of port forwarding', () => {
    /** A connection that fails in the pod, sooner or later. */
    const fail = async (forward: PortForward): Promise<void> => {
      const error = await forward.connect(80).then(
        async (connection) => {
          connection.on('error', () => {});
          await new Promise((resolve) => connection.resume().once('close', resolve));
          return connection.errored;
        },
        (reason: unknown) => reason,
      );
      expect(error).to.include({ code: 'ERR_SPDY_REMOTE_FAILURE' });
    };

    const page = async (connection: PodConnection): Promise<string> => {
      connection.end('GET / HTTP/1.0\r\n\r\n');
      return (await text(connection)).split('\r\n').at(-1) ?? '';
    };

    /** The page, which the second connection brings when the first one is told too late that its pod is gone. */
    const lastly = async (forward: PortForward): Promise<string> => {
      const first = await page(await forward.connect(80)).catch(() => null);
      return first ?? (await page(await forward.connect(80)));
    };

    it('have ports with names, those of a service as that has them', async () => {
      const containers = { main: { portNames: { http: 80, metrics: 9090 } } };
      const ports = [
        { name: 'web', port: 8080, targetPort: 'http' },
        { name: 'plain', port: 80 },
        { name: 'number', port: 81, targetPort: 80 },
        { name: 'wrong', port: 82, targetPort: 'none' },
      ];
      const server = await start(
        [pod('a', { containers })],
        [service('web', { ports }), service('bare', { ports, clusterIP: 'None' })],
      );
      const { cluster } = server;
      const found = await resolveTarget({ cluster, pod: 'svc/web' });
      expect(
        [8080, 'web', 80, 'plain', 81, 'number'].map((port) => found.port(port)),
      ).to.deep.equal([80, 80, 80, 80, 80, 80]);
      expect(() => found.port('other')).to.throw(
        TargetError,
        'the service web has no port other, only 8080 (web), 80 (plain), 81 (number), 82 (wrong)',
      );
      expect(() => found.port(9090)).to.throw(TargetError, 'has no port 9090');
      expect(() => found.port('wrong')).to.throw(
        TargetError,
        'the pod a has no port none, only 80 (http), 9090 (metrics)',
      );
      const headless = await resolveTarget({ cluster, pod: 'svc/bare' });
      expect(headless.port('web')).to.equal(8080);

      const forward = await portForward({ cluster, pod: 'svc/web' });
      expect(await page(await forward.connect('web'))).to.equal('a page');
      const { port, remotePort } = await forward.listen(8080);
      expect(remotePort).to.equal(8080);
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal('a page');
      const failed = once(forward, 'connectionError');
      const other = await forward.listen('other');
      await fetch(`http://127.0.0.1:${other.port}/`).catch(() => {});
      expect((await failed)[1]).to.equal('other');
      await forward.close();

      const plain = await portForward({ cluster, pod: 'po/a' });
      expect(plain.pod).to.equal('a');
      expect(await page(await plain.connect('http'))).to.equal('a page');
      expect(await page(await plain.connect('80'))).to.equal('a page');
      expect((await failure(plain.connect('nothing'))).message).to.match(/no port nothing/);
      await plain.close();
    });

    it('lead to the next pod when the first one is gone', async () => {
      const server = await start([pod('a'), pod('b')], [workload('Deployment', 'apps/v1', APP)]);
      const asked: (string | null)[] = [];
      server.on('request', ({ action, pod: name }) => {
        if (action === 'portforward') asked.push(name);
      });
      const { cluster } = server;
      const forward = await portForward({ cluster, pod: 'deploy/web', reconnect: true });
      expect(await page(await forward.connect(80))).to.equal('a page');
      expect(forward.pod).to.equal('a');
      server.deletePod('a', { graceSeconds: 0 });
      const left = once(forward, 'disconnect');
      expect(await lastly(forward)).to.equal('a page');
      await left;
      expect(forward.pod).to.equal('b');
      expect(asked).to.deep.equal(['a', 'b']);
      await forward.close();
    });

    it('lead to the pod that is made anew under its name', async () => {
      const server = await start([pod('web-0')]);
      const { cluster } = server;
      const reconnect = { attempts: 100, minDelayMs: 1, maxDelayMs: 20 };
      const forward = await portForward({ cluster, pod: 'web-0', reconnect });
      expect(await page(await forward.connect(80))).to.equal('a page');
      server.deletePod('web-0', { graceSeconds: 0 });
      let tries = 0;
      server.on('request', ({ action }) => {
        tries += action === 'portforward' ? 1 : 0;
        if (tries === 2 && server.find('pod', 'web-0') === null) server.addPod(pod('web-0'));
      });
      const left = once(forward, 'disconnect');
      expect(await lastly(forward)).to.equal('a page');
      await left;
      server.deletePod('web-0', { graceSeconds: 0 });
      server.addPod(pod('web-0', { ports: { 80: webPort } }));
      expect(await lastly(forward)).to.equal('a page');
      await forward.close();
    });

    it('need not be looked at where that is not allowed', async () => {
      const server = await start([pod('web-0')]);
      fault = ({ action }) => (action === 'get' ? { refuseWith: 403 } : null);
      const { cluster } = server;
      const forward = await portForward({ cluster, pod: 'web-0', reconnect: true });
      expect(await page(await forward.connect(80))).to.equal('a page');
      server.deletePod('web-0', { graceSeconds: 0 });
      await fail(forward);
      expect(forward.connected).to.equal(true);
      await forward.close();
    });

    it('are given up with their port forward while they are looked at', async () => {
      const server = await start([pod('web-0')]);
      const abort = new AbortController();
      fault = ({ action }) => (action === 'get' ? { delayMs: 60_000 } : null);
      server.on('request', ({ action }) => {
        if (action === 'get') abort.abort();
      });
      const { cluster } = server;
      const { signal } = abort;
      const forwarding = portForward({ cluster, pod: 'web-0', reconnect: true, signal });
      const error = await forwarding.catch((reason: unknown) => reason);
      expect(error).to.include({ code: 'ERR_SPDY_ABORTED' });
    });

    it('wait for the next pod as long as there are tries', async () => {
      const server = await start([pod('a')], [workload('Deployment', 'apps/v1', APP)]);
      const { cluster } = server;
      const reconnect = { attempts: 100, minDelayMs: 1, maxDelayMs: 20 };
      const forward = await portForward({ cluster, pod: 'deploy/web', reconnect });
      server.deletePod('a', { graceSeconds: 0 });
      let lists = 0;
      server.on('request', ({ url }) => {
        lists += url.includes('/pods?') ? 1 : 0;
        if (lists === 3 && server.find('pod', 'late') === null)
          server.addPod(pod('late', { ports: { 80: webPort } }));
      });
      expect(await lastly(forward)).to.equal('a page');
      expect(lists).to.be.above(2);
      await forward.close();
    });

    it('leave a pod that fails and is gone, though the connection to the cluster is not lost', async () => {
      const refusing = http.createServer();
      refusing.listen(0, '127.0.0.1');
      await once(refusing, 'listening');
      const nothing = (refusing.address() as AddressInfo).port;
      refusing.close();
      await once(refusing, 'close');
      const server = await start(
        [pod('a', { ports: { 80: nothing } }), pod('b')],
        [workload('Deployment', 'apps/v1', APP)],
      );
      const { cluster } = server;
      const forward = await portForward({ cluster, pod: 'deploy/web', reconnect: true });
      await fail(forward);
      // It is still there: the failure is that of its port.
      await fail(forward);
      server.setPod('a', { phase: 'Failed' });
      const left = once(forward, 'disconnect');
      const connection = await forward.connect(80);
      await left;
      expect(await page(connection)).to.equal('a page');
      await forward.close();
    });
  });
});
