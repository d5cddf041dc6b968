import { once } from 'node:events';
import { existsSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { attach, exec } from '../../../../lib/kubernetes/client/command/exec.ts';
import { run } from '../../../../lib/kubernetes/client/command/run.ts';
import { portForward } from '../../../../lib/kubernetes/client/forward/port-forward.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import type { FakeObject } from '../../../../lib/kubernetes/fake/objects/object.ts';
import type { FakeApiServerOptions } from '../../../../lib/kubernetes/fake/options.ts';
import { until } from '../../../support/session-pair.ts';

const PODS = '/api/v1/namespaces/default/pods';
const MERGE = 'application/merge-patch+json';
const CONTAINER = { name: 'c', image: 'busybox' };

/** The `spec` of a deployment that can be. */
const workload = (): object => ({
  selector: { matchLabels: { app: 'a' } },
  template: { metadata: { labels: { app: 'a' } }, spec: { containers: [CONTAINER] } },
});

describe('changes at a fake API server', () => {
  let fake: FakeApiServer;

  async function serve(options: FakeApiServerOptions): Promise<void> {
    fake = await createFakeApiServer(options).listen();
  }

  afterEach(() => fake.close());

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<[number, Answer]> {
    const payload = typeof body === 'string' ? body : body ? JSON.stringify(body) : '';
    const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(payload) };
    const asked = http.request(fake.url + path, { method, headers });
    asked.end(payload);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return [response.statusCode ?? 0, JSON.parse(await text(response)) as Answer];
  }

  const pod = (name: string, more: object = {}): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'busybox' }] },
    ...more,
  });

  it('make pods, which are pending at first and run then', async () => {
    await serve({});
    const env = [{ name: 'WHO', value: 'Ann' }];
    const container = { name: 'c', image: 'busybox', command: ['cat'], env };
    const spec = { containers: [container] };
    const [status, made] = await ask(
      'POST',
      PODS,
      pod('p1', { spec, status: { phase: 'Failed' } }),
    );
    expect([status, made.status.phase]).to.deep.equal([201, 'Pending']);
    const { exitCode, stdout } = await run({
      cluster: fake.cluster,
      pod: 'p1',
      command: ['sh', '-c', 'echo $WHO'],
    });
    expect([exitCode, stdout.toString()]).to.deep.equal([0, 'Ann\n']);
    const [, generated] = await ask('POST', PODS, pod('', { metadata: { generateName: 'job-' } }));
    expect(generated.metadata.name).to.match(/^job-[a-z\d]{5,}$/);
  });

  it('that cannot be worked on are refused, and the server goes on', async () => {
    await serve({});
    const path = '/api/v1/namespaces/default/configmaps';
    const deep = `{"metadata":{"name":"c"},"data":${'['.repeat(1e5)}${']'.repeat(1e5)}}`;
    const object = { metadata: { name: 'c' }, kind: { toString: null, valueOf: null } };
    for (const body of [deep, object, deep.replace('"data"', '"unknown"')]) {
      const [status, { reason }] = await ask('POST', `${path}?fieldValidation=Strict`, body);
      expect([status, reason]).to.deep.equal([400, 'BadRequest']);
    }
    const data = `{"metadata":{"name":"r"},"revision":1,"data":${'['.repeat(1e5)}${']'.repeat(1e5)}}`;
    const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions';
    const [, { message }] = await ask('POST', revisions, data);
    expect(message).to.match(/cannot be handled as a ControllerRevision: data is too deep$/);
    expect((await ask('POST', path, { metadata: { name: 'c' } }))[0]).to.equal(201);
  });

  it('are refused as Kubernetes would', async () => {
    await serve({ pods: ['p1'] });
    const twice = [
      { name: 'c', image: 'x' },
      { name: 'c', image: 'x' },
    ];
    for (const [method, path, body, code] of [
      ['POST', PODS, pod('p1'), 409],
      ['POST', PODS, pod('Not_A_Name'), 422],
      ['POST', PODS, pod('p2', { metadata: {} }), 422],
      ['POST', PODS, pod('p2', { spec: {} }), 422],
      ['POST', PODS, pod('p2', { spec: { containers: twice } }), 422],
      ['POST', PODS, pod('p2', { spec: { containers: [{ name: 'c' }] } }), 422],
      ['POST', PODS, pod('p2', { spec: { containers: [{ image: 'x' }] } }), 422],
      ['POST', PODS, pod('p2', { spec: { containers: [{ ...twice[0], args: 'x' }] } }), 400],
      ['POST', PODS, pod('p2', { metadata: { name: 'p2', labels: { a: 1 } } }), 400],
      ['POST', PODS, pod('p2', { metadata: { name: 'p2', labels: { a: 'b c' } } }), 422],
      ['POST', PODS, pod('p2', { metadata: { name: 'p2', labels: { '': 'b' } } }), 422],
      ['POST', PODS, pod('p2', { metadata: { name: 'p2', annotations: { 'a b': '' } } }), 422],
      ['POST', PODS, pod('p..2'), 422],
      [
        'POST',
        PODS,
        pod('p2', { spec: { containers: twice.slice(1), initContainers: twice } }),
        422,
      ],
      ['POST', PODS, pod('p-.2'), 422],
      ['POST', `${PODS}?fieldValidation=Some`, pod('p2'), 422],
      ['POST', PODS, pod('p2', { kind: 'Job' }), 400],
      ['POST', PODS, pod('p2', { metadata: { name: 'p2', namespace: 'other' } }), 400],
      ['POST', '/api/v1/namespaces/other/pods', pod('p2'), 404],
      ['POST', PODS, '{', 400],
      ['POST', PODS, '[]', 400],
      ['POST', PODS, 'x'.repeat(3 * 1024 * 1024 + 1), 413],
      ['POST', `${PODS}/p1`, pod('p1'), 405],
      ['POST', `${PODS}?dryRun=Some`, pod('p2'), 422],
      ['POST', `${PODS}?fieldManager=${'m'.repeat(129)}`, pod('p2'), 422],
      ['POST', `${PODS}?fieldManager=a%00b`, pod('p2'), 422],
      ['PUT', `${PODS}/p1?fieldManager=${'%C3%A4'.repeat(65)}`, pod('p1'), 422],
      ['PUT', `${PODS}/p1`, pod('p2'), 400],
      ['PUT', `${PODS}/p1`, pod('p1'), 422],
      ['PUT', `${PODS}/p9`, pod('p9'), 404],
      ['PUT', PODS, pod('p9'), 405],
      ['OPTIONS', PODS, undefined, 405],
      ['OPTIONS', `${PODS}/p1`, undefined, 405],
      ['PATCH', `${PODS}/p1`, {}, 415],
      ['DELETE', `${PODS}/p9`, undefined, 404],
      ['DELETE', `${PODS}/p1/status`, undefined, 405],
      ['DELETE', `${PODS}/p1?gracePeriodSeconds=x`, undefined, 400],
      ['DELETE', `${PODS}/p1`, { preconditions: { uid: 'x' } }, 409],
      ['DELETE', `${PODS}/p1`, { preconditions: { resourceVersion: '1' } }, 409],
      ['DELETE', '/api/v1/pods', undefined, 405],
      ['POST', '/api/v1/pods', pod('p2'), 405],
      ['DELETE', `${PODS}?labelSelector=((`, undefined, 400],
    ] as const)
      expect((await ask(method, path, body))[0], `${method} ${path}`).to.equal(code);
    expect((await ask('POST', PODS, 'a: b', 'application/x-yaml'))[0]).to.equal(415);
    const [, forced] = await ask('PATCH', `${PODS}/p1?force=false`, {}, MERGE);
    expect(forced.message).to.equal(
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
    expect((await ask('GET', PODS))[1].items?.map(({ metadata }) => metadata.name)).to.deep.equal([
      'p1',
    ]);
  });

  describe('with fields that their kind has not', () => {
    const maps = '/api/v1/namespaces/default/configmaps';
    const given = {
      metadata: { name: 'c', lables: {} },
      data: { a: 'b' },
      dta: { a: 'b' },
    };

    const send = async (method: string, path: string, body: object): Promise<Response> =>
      await fetch(fake.url + path, {
        method,
        headers: { 'Content-Type': method === 'PATCH' ? MERGE : 'application/json' },
        body: JSON.stringify(body),
      });

    it('are refused where that is wanted, by the names of all', async () => {
      await serve({});
      const answer = await send('POST', `${maps}?fieldValidation=Strict`, given);
      expect(answer.status).to.equal(400);
      expect(await answer.json()).to.have.property(
        'message',
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.lables", unknown field "dta"',
      );
      const spec = { containers: [{ name: 'c', image: 'x', comand: [] }] };
      const [, { message }] = await ask(
        'POST',
        `${PODS}?fieldValidation=Strict`,
        pod('p', { spec }),
      );
      expect(message).to.match(/unknown field "spec.containers\[0\].comand"$/);
    });

    it('are made without them, and with a warning unless these are not wanted', async () => {
      await serve({});
      const warned = await send('POST', maps, given);
      expect(warned.headers.get('warning')).to.equal(
        '299 - "unknown field \\"metadata.lables\\"", 299 - "unknown field \\"dta\\""',
      );
      expect(await warned.json()).to.not.have.property('dta');
      const silent = await send('PATCH', `${maps}/c?fieldValidation=Ignore`, { dta: { a: 'c' } });
      expect([silent.status, silent.headers.get('warning')]).to.deep.equal([200, null]);
      expect(fake.find('configmap', 'c')).to.not.have.property('dta');
    });

    it('bring no more warnings than clients take', async () => {
      await serve({});
      const names = Array.from({ length: 1000 }, (_, at) => `unknown${at}`);
      const many = Object.fromEntries(names.map((name) => [name, 1]));
      const warned = await send('POST', maps, { ...many, ...given, [`x${'y'.repeat(9999)}`]: 1 });
      expect(warned.status).to.equal(201);
      const warnings = warned.headers.get('warning')?.split(', ') ?? [];
      expect(warnings[0]).to.equal('299 - "unknown field \\"unknown0\\""');
      expect(warnings).to.have.length.above(50);
      expect(warnings.join('').length).to.be.below(4097);
    });

    it('may change what a test has given such fields', async () => {
      await serve({});
      fake.put({ apiVersion: 'v1', kind: 'ConfigMap', ...given });
      const path = `${maps}/c?fieldValidation=Strict`;
      expect((await send('PATCH', path, { data: { a: 'c' } })).status).to.equal(200);
      expect((await send('PATCH', path, { other: 1 })).status).to.equal(400);
    });
  });

  it('are how many replicas a workload shall have', async () => {
    await serve({});
    const metadata = { name: 'w', labels: { a: 'b' } };
    const spec = { selector: { matchLabels: { app: 'w', b: 'c' } } };
    fake.put({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec,
      status: { replicas: 2 },
    });
    const path = '/apis/apps/v1/namespaces/default/deployments/w/scale';
    const [, scale] = await ask('GET', path);
    expect(scale).to.deep.include({
      ...{ kind: 'Scale', apiVersion: 'autoscaling/v1' },
      ...{ spec: { replicas: 1 }, status: { replicas: 2, selector: 'app=w,b=c' } },
    });
    const [, changed] = await ask('PUT', path, { ...scale, spec: { replicas: 4 } });
    expect(changed).to.have.nested.property('spec.replicas', 4);
    expect((await ask('PUT', path, scale))[0]).to.equal(409);
    expect(
      (await ask('PATCH', `${path}?dryRun=All`, { spec: { replicas: 9 } }, MERGE))[0],
    ).to.equal(200);
    expect(fake.find('deployment', 'w')).to.have.nested.property('spec.replicas', 4);
    expect((await ask('PATCH', path, { spec: { replicas: 5 } }, MERGE))[0]).to.equal(200);
    const { spec: now, metadata: kept } = fake.find('deployment', 'w') as FakeObject;
    expect(now).to.deep.include({ ...spec, replicas: 5 });
    expect(kept.labels).to.deep.equal({ a: 'b' });
    for (const [body, code] of [
      [{ spec: { replicas: -1 } }, 422],
      [{ spec: { replicas: 'x' } }, 400],
      [{ spec: 5 }, 400],
    ] as const)
      expect((await ask('PATCH', path, body, MERGE))[0], JSON.stringify(body)).to.equal(code);
    expect((await ask('PATCH', path, {}, 'application/json'))[0]).to.equal(415);
    expect((await ask('DELETE', path))[0]).to.equal(405);
    const none = path.replace('/w/', '/x/');
    expect((await ask('GET', none))[0]).to.equal(404);
    const jobs = '/apis/batch/v1/namespaces/default/jobs/w/scale';
    expect((await ask('GET', jobs))[1]).to.deep.include({ code: 404, details: {} });
  });

  it('are completed as API servers do', async () => {
    await serve({});
    const make = async (path: string, body: object): Promise<object> =>
      (await ask('POST', path, body))[1];
    const core = '/api/v1/namespaces/default';
    const metadata = { name: 'x' };
    const secret = { metadata, data: { a: 'eA==' }, stringData: { b: 'y' } };
    expect(await make(`${core}/secrets`, secret))
      .to.include({ type: 'Opaque' })
      .and.deep.include({ data: { a: 'eA==', b: 'eQ==' } })
      .and.not.have.property('stringData');
    const named = [
      { name: 'a', port: 80 },
      { name: 'b', port: 1, targetPort: 'http' },
    ];
    const service = { metadata, spec: { ports: named } };
    const { spec } = (await make(`${core}/services`, service)) as { spec: { clusterIP: string } };
    expect(spec).to.deep.equal({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ports: [
        { name: 'a', port: 80, protocol: 'TCP', targetPort: 80 },
        { name: 'b', port: 1, protocol: 'TCP', targetPort: 'http' },
      ],
      clusterIP: spec.clusterIP,
      clusterIPs: [spec.clusterIP],
    });
    expect(spec.clusterIP).to.match(/^10\.(?:9[6-9]|1[01]\d)\.\d+\.\d+$/);
    const headless = { metadata: { name: 'y' }, spec: { clusterIP: 'None' } };
    expect(await make(`${core}/services`, headless)).to.have.nested.property(
      'spec.clusterIPs[0]',
      'None',
    );
    const external = {
      metadata: { name: 'z' },
      spec: { type: 'ExternalName', externalName: 'a.b' },
    };
    expect(await make(`${core}/services`, external)).to.not.have.nested.property('spec.clusterIP');
    expect(await make('/api/v1/namespaces', { metadata })).to.have.nested.property(
      'status.phase',
      'Active',
    );
    const apps = '/apis/apps/v1/namespaces/default';
    for (const plural of ['deployments', 'replicasets', 'statefulsets'])
      expect(
        await make(`${apps}/${plural}`, { metadata, spec: workload() }),
      ).to.have.nested.property('spec.replicas', 1);
    const job = (name: string, more: object): Promise<object> =>
      make('/apis/batch/v1/namespaces/default/jobs', {
        metadata: { name },
        spec: { template: { spec: { restartPolicy: 'Never', containers: [CONTAINER] } }, ...more },
      });
    expect(await job('a', {}))
      .to.have.property('spec')
      .that.includes({ completions: 1, parallelism: 1, completionMode: 'NonIndexed' });
    // Until one of three has ended well.
    expect(await job('b', { parallelism: 3 })).to.not.have.nested.property('spec.completions');
  });

  it('change objects whose version is the last one, or no matter which', async () => {
    await serve({ pods: ['p1'] });
    const url = `${PODS}/p1`;
    const [, before] = await ask('GET', url);
    const [, labelled] = await ask('PATCH', url, { metadata: { labels: { a: 'b' } } }, MERGE);
    expect(labelled.metadata.labels).to.deep.equal({ a: 'b' });
    expect((await ask('PUT', url, before))[0]).to.equal(409);
    const [, same] = await ask('PUT', url, labelled);
    expect(same.metadata.resourceVersion).to.equal(labelled.metadata.resourceVersion);
    const [, dry] = await ask('PATCH', `${url}?dryRun=All`, { metadata: { labels: null } }, MERGE);
    expect(dry.metadata.labels).to.equal(undefined);
    expect((await ask('GET', url))[1].metadata.labels).to.deep.equal({ a: 'b' });
    const foreign = { metadata: { uid: 'x' } };
    expect((await ask('PATCH', url, foreign, MERGE))[0]).to.equal(409);
    const removal = [{ op: 'remove', path: '/metadata/labels' }];
    const [, bare] = await ask('PATCH', url, removal, 'application/json-patch+json');
    expect(bare.metadata.labels).to.equal(undefined);
    expect(bare.metadata.uid).to.equal(before.metadata.uid);
    const any = { ...before, metadata: { ...before.metadata, resourceVersion: '', uid: '' } };
    const [code, put] = await ask('PUT', url, any);
    expect([code, put.metadata.uid]).to.deep.equal([200, before.metadata.uid]);
  });

  it('replace leases and disruption budgets only with the version that is replaced', async () => {
    await serve({});
    for (const [path, kind] of [
      ['/apis/coordination.k8s.io/v1/namespaces/default/leases', 'Lease.coordination.k8s.io'],
      ['/apis/policy/v1/namespaces/default/poddisruptionbudgets', 'PodDisruptionBudget.policy'],
    ] as const) {
      const [, { metadata }] = await ask('POST', path, { metadata: { name: 'a' } });
      const { resourceVersion } = metadata ?? {};
      const [code, { message }] = await ask('PUT', `${path}/a`, { metadata: { name: 'a' } });
      expect([code, message]).to.deep.equal([
        422,
        `${kind} "a" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update`,
      ]);
      const labels = { a: 'b' };
      const same = { metadata: { name: 'a', labels, resourceVersion } };
      expect((await ask('PUT', `${path}/a`, same))[0]).to.equal(200);
      expect((await ask('PATCH', `${path}/a`, { metadata: { labels: null } }, MERGE))[0]).to.equal(
        200,
      );
    }
  });

  it('give roles and their bindings the names that only these may have', async () => {
    await serve({});
    const group = '/apis/rbac.authorization.k8s.io/v1';
    const name = 'system:Node-a:b';
    const roleRef = { kind: 'ClusterRole', name };
    const namespace = `${group}/namespaces/default`;
    for (const [path, more] of [
      [`${group}/clusterroles`, {}],
      [`${group}/clusterrolebindings`, { roleRef }],
      [`${namespace}/roles`, {}],
      [`${namespace}/rolebindings`, { roleRef }],
    ] as const) {
      expect((await ask('POST', path, { metadata: { name }, ...more }))[0], path).to.equal(201);
      expect((await ask('GET', `${path}/${name}`))[0], path).to.equal(200);
      for (const wrong of ['a/b', 'a%b', '.', '..'])
        expect((await ask('POST', path, { metadata: { name: wrong }, ...more }))[0]).to.equal(422);
    }
    fake.put({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:a' },
    });
    expect((await ask('GET', `${group}/clusterroles/system:a`))[0]).to.equal(200);
    const [code] = await ask('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name },
    });
    expect(code).to.equal(422);
  });

  it('refuse more annotations than Kubernetes takes', async () => {
    await serve({});
    const maps = '/api/v1/namespaces/default/configmaps';
    const map = (name: string, length: number): object => ({
      metadata: { name, annotations: { abc: 'x'.repeat(length - 3) } },
    });
    expect((await ask('POST', maps, map('a', 262144)))[0]).to.equal(201);
    const [code, { message }] = await ask('POST', maps, map('b', 262145));
    expect([code, message]).to.deep.equal([
      422,
      'ConfigMap "b" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    ]);
  });

  it('of a status leave the rest alone, and the reverse', async () => {
    await serve({ pods: ['p1'] });
    const url = `${PODS}/p1`;
    const change = { metadata: { labels: { a: 'b' } }, status: { phase: 'Failed' } };
    const [, main] = await ask('PATCH', url, change, MERGE);
    expect([main.status.phase, main.metadata.labels]).to.deep.equal(['Running', { a: 'b' }]);
    const other = { metadata: { labels: { a: 'c' } }, status: { phase: 'Failed' } };
    const [, status] = await ask('PATCH', `${url}/status`, other, MERGE);
    expect([status.status.phase, status.metadata.labels]).to.deep.equal(['Failed', { a: 'b' }]);
    expect((await ask('GET', `${url}/status`))[1].status.phase).to.equal('Failed');
  });

  it('keep pods with finalizers until these are gone, and what runs has ended', async () => {
    await serve({ pods: ['p1'] });
    const { cluster } = fake;
    const url = `${PODS}/p1`;
    const release = { metadata: { finalizers: null } };
    await ask('PATCH', url, { metadata: { finalizers: ['example.org/hold'] } }, MERGE);
    const running = run({ cluster, pod: 'p1', command: ['sleep', '60'] });
    await until(() => fake.open.processes === 1);
    await ask('DELETE', `${url}?gracePeriodSeconds=0`);
    expect((await running).exitCode).to.equal(137);
    await until(() => (fake.find('pod', 'p1') as unknown as Answer).status.phase === 'Failed');
    expect(fake.find('pod', 'p1')?.metadata.deletionTimestamp).to.be.a('string');
    const late = await run({ cluster, pod: 'p1', command: ['true'] }).catch((error) => error);
    expect(late).to.include({ statusCode: 409 });
    await ask('PATCH', url, release, MERGE);
    expect(fake.find('pod', 'p1')).to.equal(null);
    // Whoever lets go first does not end what runs.
    fake.addPod('p1');
    await ask('PATCH', url, { metadata: { finalizers: ['example.org/hold'] } }, MERGE);
    const other = run({ cluster, pod: 'p1', command: ['sleep', '60'] });
    await until(() => fake.open.processes === 1);
    await ask('DELETE', url);
    await ask('PATCH', url, release, MERGE);
    expect((await other).exitCode).to.equal(137);
    await until(() => fake.find('pod', 'p1') === null);
  });

  it('keep objects with finalizers until these are gone', async () => {
    await serve({});
    const url = '/api/v1/namespaces/default/configmaps';
    const metadata = { name: 'held', finalizers: ['example.org/hold'] };
    await ask('POST', url, { metadata, data: { a: 'b' } });
    const [, held] = await ask('DELETE', `${url}/held`);
    expect(held.metadata.deletionTimestamp).to.be.a('string');
    expect((await ask('GET', `${url}/held`))[0]).to.equal(200);
    await ask('PATCH', `${url}/held`, { metadata: { finalizers: null } }, MERGE);
    expect((await ask('GET', `${url}/held`))[0]).to.equal(404);
  });

  it('make no object that still has the version of another one', async () => {
    await serve({});
    const url = '/api/v1/namespaces/default/configmaps';
    const [code, { message }] = await ask('POST', url, {
      metadata: { name: 'c', resourceVersion: '7' },
    });
    expect([code, message]).to.deep.equal([
      500,
      'resourceVersion should not be set on objects to be created',
    ]);
    expect((await ask('POST', url, { metadata: { name: 'c', resourceVersion: '' } }))[0]).to.equal(
      201,
    );
  });

  it('begin no end of an object that nobody has deleted', async () => {
    await serve({});
    const url = '/api/v1/namespaces/default/configmaps';
    const ended = { deletionTimestamp: '2026-01-02T03:04:05Z', deletionGracePeriodSeconds: 0 };
    const [, made] = await ask('POST', url, { metadata: { name: 'c', ...ended } });
    expect(made.metadata).to.not.have.any.keys(Object.keys(ended));
    for (const [name, value] of Object.entries(ended)) {
      const [code, { message }] = await ask(
        'PATCH',
        `${url}/c`,
        { metadata: { [name]: value } },
        MERGE,
      );
      expect(code, message).to.equal(422);
      expect(message).to.include(`metadata.${name}: Invalid value`);
    }
    expect((await ask('GET', `${url}/c`))[0]).to.equal(200);
    await ask('PATCH', `${url}/c`, { metadata: { finalizers: ['example.org/hold'] } }, MERGE);
    const [, { metadata }] = await ask('DELETE', `${url}/c`);
    // As clients of several languages write what they have read.
    const deletionTimestamp = metadata.deletionTimestamp?.replace('Z', '.000+00:00');
    const freed = { ...metadata, deletionTimestamp, finalizers: [] };
    expect((await ask('PUT', `${url}/c`, { metadata: freed }))[0]).to.equal(200);
    expect((await ask('GET', `${url}/c`))[0]).to.equal(404);
  });

  it('take away what is selected', async () => {
    const pods = [
      { name: 'a', namespace: 'n', labels: { x: '1' } },
      { name: 'b', namespace: 'n' },
    ];
    await serve({ pods });
    const [, { items }] = await ask('DELETE', '/api/v1/namespaces/n/pods?labelSelector=x');
    expect(items?.map(({ metadata }) => metadata.name)).to.deep.equal(['a']);
    expect(fake.find('pod', 'b', 'n')).to.not.equal(null);
  });

  it('say what they would make, with a uid that is no other one, and make nothing', async () => {
    await serve({});
    const apps = '/apis/apps/v1/namespaces/default/deployments';
    const given = { metadata: { name: 'd' }, spec: workload() };
    const [, tried] = await ask('POST', `${apps}?dryRun=All`, given);
    const { uid, creationTimestamp, generation, resourceVersion } = tried.metadata;
    expect(uid).to.match(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect([typeof creationTimestamp, generation, resourceVersion]).to.deep.equal([
      'string',
      1,
      undefined,
    ]);
    expect(fake.find('deployment', 'd')).to.equal(null);
    const [, made] = await ask('POST', apps, given);
    expect(made.metadata.uid).to.not.equal(uid);
  });

  it('count what changes of what a workload shall be', async () => {
    await serve({});
    const apps = '/apis/apps/v1/namespaces/default/deployments';
    const metadata = { name: 'd', generation: 7 };
    await ask('POST', apps, { metadata, spec: { replicas: 1, ...workload() } });
    const generations: unknown[] = [];
    const changes: [string, object][] = [
      ['', { metadata: { labels: { a: 'b' } } }],
      ['', { spec: { replicas: 2 } }],
      ['/status', { status: { replicas: 2 } }],
      ['', { metadata: { annotations: { a: 'b' } } }],
      ['', { metadata: { generation: 9 } }],
    ];
    for (const [below, patch] of changes) {
      const [, changed] = await ask('PATCH', `${apps}/d${below}`, patch, MERGE);
      generations.push(changed.metadata.generation);
    }
    expect(generations).to.deep.equal([1, 2, 2, 3, 3]);
    const status = { replicas: 2, availableReplicas: 2 };
    const { metadata: counted, status: seen } = fake.put({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { replicas: 3 },
      status,
    }) as FakeObject & { status: object };
    expect([counted.generation, seen]).to.deep.equal([4, { ...status, observedGeneration: 4 }]);
  });

  it('may come as YAML, with the values that Kubernetes reads in it', async () => {
    await serve({});
    const maps = '/api/v1/namespaces/default/configmaps';
    const yaml = 'metadata:\n  name: c\ndata:\n  at: 22:22\n  day: 2020-01-01\nimmutable: yes\n';
    const [code, made] = await ask('POST', maps, yaml, 'application/yaml');
    expect([code, made.data, made.immutable]).to.deep.equal([
      201,
      { at: '22:22', day: '2020-01-01' },
      true,
    ]);
    const refusals = [
      ['a: [', 400, 'error converting YAML to JSON: '],
      ['data: 1', 400, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: '],
      [`a: &a [1]\nb: [${'*a,'.repeat(200)}]`, 400, 'error converting YAML to JSON: '],
    ] as const;
    for (const [body, expected, begin] of refusals) {
      const [code, { message }] = await ask('PUT', `${maps}/c`, body, 'application/yaml');
      expect([code, message?.slice(0, begin.length)]).to.deep.equal([expected, begin]);
    }
  });

  it('are made by a test as well', async () => {
    await serve({ pods: ['p1'] });
    fake.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } });
    expect([fake.remove('configmap', 'c'), fake.remove('cm', 'c')]).to.deep.equal([true, false]);
    fake.deletePod('p1', { graceSeconds: 0 });
    expect(fake.find('pod', 'p1')).to.equal(null);
    for (const act of [
      () => fake.deletePod('p1'),
      () => fake.deletePod('p2', { graceSeconds: -1 }),
      () => fake.remove('pod', 'p1'),
    ])
      expect(act).to.throw().with.property('code', 'ERR_SPDY_INVALID_ARGUMENT');
  });

  describe('that end a pod', () => {
    const command = ['sh', '-c', 'echo here; exec sleep 300'];

    it('end its commands with 137, as a container that is killed does, and let it go then', async () => {
      await serve({ pods: ['p1'] });
      const { cluster } = fake;
      const folder = fake.directoryOf('p1');
      const running = await exec({ cluster, pod: 'p1', command });
      await once(running.stdout as never, 'data');
      const [status, ending] = await ask('DELETE', `${PODS}/p1`);
      expect(status).to.equal(200);
      expect(ending.metadata).to.include({ deletionGracePeriodSeconds: 30 });
      expect(ending.metadata.deletionTimestamp).to.be.a('string');
      expect(await running.exited).to.include({ exitCode: 137 });
      while (fake.find('pod', 'p1') !== null) await new Promise((next) => setImmediate(next));
      await fake.close();
      expect(existsSync(folder)).to.equal(false);
    });

    it('end what is attached, and reset connections to its ports', async () => {
      const target = net.createServer((socket) => socket.on('error', () => {}).write('hello'));
      await once(target.listen(0, '127.0.0.1') as never, 'listening');
      const { port } = target.address() as AddressInfo;
      await serve({ pods: ['p1'] });
      const { cluster } = fake;
      const main = await attach({ cluster, pod: 'p1', stdin: true });
      main.stdout?.resume();
      main.stderr?.resume();
      main.stdin.write('x');
      await once(main.stdout as never, 'data');
      const forward = await portForward({ cluster, pod: 'p1' });
      forward.on('connectionError', () => {});
      const socket = await forward.connect(port);
      await once(socket, 'data');
      const broken = once(socket, 'error');
      fake.setPod('p1', { phase: 'Failed' });
      await broken;
      await main.exited;
      // A pod of the same name that comes later is not the one that was asked for.
      fake.setPod('p1', { phase: 'Running' });
      const refused = await forward.connect(port).then(
        async (again) => {
          const [error] = (await once(again.resume(), 'error')) as [Error];
          return error;
        },
        (error: Error) => error,
      );
      expect(refused.message).to.include('pods "p1" not found');
      await forward.close();
      const again = await run({ cluster, pod: 'p1', command: ['true'] });
      expect(again.exitCode).to.equal(0);
      target.close();
    });
  });
});

interface Answer {
  readonly message?: string;
  readonly reason?: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: object;
    readonly resourceVersion: string;
    readonly deletionTimestamp?: string;
    readonly creationTimestamp?: string;
    readonly generation?: number;
  };
  readonly status: { readonly phase: string };
  readonly data?: object;
  readonly immutable?: boolean;
  readonly items?: Answer[];
}
