import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../lib/kubernetes/fake/api-server.ts';
import type { FakeManifest, FakeObject } from '../../../lib/kubernetes/fake/objects/object.ts';

/** A deployment with its service, as manifests have them. */
const WEB: FakeManifest[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: { app: 'web' } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
  },
];

describe('objects of a fake API server', () => {
  let fake: FakeApiServer;

  afterEach(() => fake.close());

  async function get(path: string): Promise<[number, Answer]> {
    const answer = await fetch(fake.url + path);
    return [answer.status, (await answer.json()) as Answer];
  }

  const names = ({ items }: Answer): string[] | undefined => items?.map((o) => o.metadata.name);

  it('are found by their names and their labels', async () => {
    fake = await createFakeApiServer({
      pods: [
        {
          name: 'web-1',
          labels: { app: 'web' },
          containers: { main: { portNames: { http: 8080 } } },
        },
        { name: 'web-2', labels: { app: 'web' }, ready: false },
        'other',
      ],
      objects: WEB,
    }).listen();
    const [, deployment] = await get('/apis/apps/v1/namespaces/default/deployments/web');
    expect(deployment).to.have.nested.property('spec.selector.matchLabels.app', 'web');
    const [, service] = await get('/api/v1/namespaces/default/services/web');
    expect(service).to.have.nested.property('metadata.namespace', 'default');
    const [, pods] = await get('/api/v1/namespaces/default/pods?labelSelector=app%3Dweb');
    expect(names(pods)).to.deep.equal(['web-1', 'web-2']);
    expect(pods.items?.[0]).to.have.nested.property('spec.containers[0].ports[0].name', 'http');
    const ready = pods.items?.map(({ status }) => status.conditions.find(isReady)?.status);
    expect(ready).to.deep.equal(['True', 'False']);
    const [status, { message }] = await get('/apis/apps/v1/namespaces/default/deployments/no');
    expect([status, message]).to.deep.equal([404, 'deployments.apps "no" not found']);
  });

  it('are as JSON has them', async () => {
    fake = await createFakeApiServer({}).listen();
    const time = new Date(0);
    const metadata = { name: 'e', namespace: undefined as never };
    fake.put({ apiVersion: 'v1', kind: 'Event', metadata, lastTimestamp: time });
    const { lastTimestamp } = fake.find('event', 'e') as FakeObject;
    expect(lastTimestamp).to.equal('1970-01-01T00:00:00Z');
  });

  it('are completed as those of clients are', async () => {
    fake = await createFakeApiServer({}).listen();
    const metadata = { name: 'o' };
    fake.put({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { a: 'x' } });
    expect(fake.find('secret', 'o')).to.have.deep.property('data', { a: 'eA==' });
    expect(fake.put(WEB[1] as FakeManifest)).to.have.nested.property('spec.type', 'ClusterIP');
    const status = { phase: 'Terminating' };
    const space = fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata, status });
    expect(space).to.have.deep.property('status', status);
  });

  it('are events about objects that are there, by their uids', async () => {
    fake = await createFakeApiServer({ pods: ['p1'] }).listen();
    const event = (involvedObject: object, name = 'e'): object =>
      fake.put({ apiVersion: 'v1', kind: 'Event', metadata: { name }, involvedObject });
    const { uid } = fake.find('pod', 'p1')?.metadata ?? {};
    const about = { kind: 'Pod', name: 'p1' };
    expect(event(about)).to.have.deep.property('involvedObject', {
      ...about,
      ...{ apiVersion: 'v1', uid, namespace: 'default' },
    });
    for (const other of [
      { ...about, uid: 'x' },
      { ...about, name: 'p2' },
      { kind: 'Node', name: 'n' },
    ])
      expect(event(other)).to.have.property('involvedObject').that.deep.includes(other);
  });

  it('change as the test says', async () => {
    fake = await createFakeApiServer({ pods: [{ name: 'p1', phase: 'Pending' }] }).listen();
    const read = async (): Promise<unknown[]> => {
      const { metadata, status } = (await get('/api/v1/namespaces/default/pods/p1'))[1];
      return [status.phase, status.conditions.find(isReady)?.status, metadata.labels];
    };
    expect(await read()).to.deep.equal(['Pending', 'False', {}]);
    fake.setPod('p1', { labels: { app: 'a' } });
    expect(await read()).to.deep.equal(['Pending', 'False', { app: 'a' }]);
    fake.setPod('p1', { phase: 'Running' });
    expect(await read()).to.deep.equal(['Running', 'True', { app: 'a' }]);
    fake.setPod('p1', { ready: false });
    expect(await read()).to.deep.equal(['Running', 'False', { app: 'a' }]);
    fake.addPod({ name: 'p2', namespace: 'other' });
    fake.put({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } });
    expect(names((await get('/api/v1/pods'))[1])).to.deep.equal(['p1', 'p2']);
    expect(names((await get('/apis/batch/v1/jobs'))[1])).to.deep.equal(['j']);
    expect(fake.find('job', 'j')?.metadata).to.include({ namespace: 'default' });
    expect(fake.find('po', 'p2', 'other')).to.have.nested.property('status.phase', 'Running');
    expect(fake.find('pods', 'p2')).to.equal(null);
  });

  it('are listed in parts, as long as none changes', async () => {
    fake = await createFakeApiServer({ pods: ['a', 'b', 'c'] }).listen();
    const [, first] = await get('/api/v1/pods?limit=2');
    expect([names(first), first.metadata.remainingItemCount]).to.deep.equal([['a', 'b'], 1]);
    const next = `/api/v1/pods?limit=2&continue=${first.metadata.continue}`;
    const [, second] = await get(next);
    expect([names(second), second.metadata.continue]).to.deep.equal([['c'], undefined]);
    fake.addPod('d');
    expect((await get(next))[0]).to.equal(410);
    expect((await get('/api/v1/pods?limit=2&continue=zzz'))[0]).to.equal(400);
    expect((await get('/api/v1/pods?limit=x'))[0]).to.equal(400);
  });

  it('are listed as of a version', async () => {
    fake = await createFakeApiServer({ pods: ['a', 'b'] }).listen();
    const [, { metadata }] = await get('/api/v1/pods');
    const version = Number(metadata.resourceVersion);
    for (const [query, code] of [
      ['resourceVersion=0', 200],
      ['resourceVersion=0&resourceVersionMatch=NotOlderThan', 200],
      [`resourceVersion=${version}&resourceVersionMatch=Exact`, 200],
      [`resourceVersion=${version - 1}`, 200],
      [`resourceVersion=${version - 1}&resourceVersionMatch=Exact`, 410],
      [`resourceVersion=${version + 1}`, 504],
      ['resourceVersion=x', 400],
      ['resourceVersion=0&resourceVersionMatch=Exact', 422],
      ['resourceVersionMatch=Exact', 422],
      [`resourceVersion=${version}&resourceVersionMatch=Close`, 422],
      ['sendInitialEvents=true', 422],
    ] as const)
      expect((await get(`/api/v1/pods?${query}`))[0], query).to.equal(code);
  });

  it('have the defaults of their kinds', async () => {
    fake = await createFakeApiServer().listen();
    const put = (apiVersion: string, kind: string, more: object): FakeObject =>
      fake.put({ apiVersion, kind, metadata: { name: 'x' }, ...more });
    const apiGroup = 'rbac.authorization.k8s.io';
    const subjects = [
      { kind: 'User', name: 'ann' },
      { kind: 'ServiceAccount', name: 'bot' },
    ];
    const roleRef = { kind: 'Role', name: 'r' };
    expect(put(`${apiGroup}/v1`, 'RoleBinding', { subjects, roleRef })).to.deep.include({
      roleRef: { apiGroup, ...roleRef },
      subjects: [{ apiGroup, ...subjects[0] }, subjects[1]],
    });
    const types = (spec: object): unknown =>
      put('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ...spec } });
    expect(types({})).to.have.deep.nested.property('spec.policyTypes', ['Ingress']);
    const both = ['Ingress', 'Egress'];
    expect(types({ egress: [] })).to.have.deep.nested.property('spec.policyTypes', both);
    const template = { metadata: { labels: { a: 'b' } } };
    const controller = put('v1', 'ReplicationController', { spec: { template } });
    expect(controller).to.have.deep.nested.property('spec.selector', { a: 'b' });
    const [, scale] = await get('/api/v1/namespaces/default/replicationcontrollers/x/scale');
    expect(scale).to.have.nested.property('status.selector', 'a=b');
    expect(put('apps/v1', 'DaemonSet', {})).to.have.nested.property('spec.updateStrategy');
    const hpa = put('autoscaling/v2', 'HorizontalPodAutoscaler', { spec: { maxReplicas: 2 } });
    expect(hpa).to.have.nested.property('spec.metrics[0].resource.name', 'cpu');
  });

  it('are described by discovery', async () => {
    fake = await createFakeApiServer().listen();
    const [, { groups }] = await get('/apis');
    expect(groups?.map(({ name }) => name)).to.deep.equal([
      'apps',
      'batch',
      'discovery.k8s.io',
      'coordination.k8s.io',
      'networking.k8s.io',
      'rbac.authorization.k8s.io',
      'policy',
      'autoscaling',
      'storage.k8s.io',
      'scheduling.k8s.io',
      'apiextensions.k8s.io',
      'authorization.k8s.io',
      'authentication.k8s.io',
    ]);
    const [, { resources }] = await get('/apis/apps/v1');
    expect(resources?.map(({ name }) => name)).to.include.members([
      'deployments',
      'deployments/status',
    ]);
    expect((await get('/apis/apps'))[1]).to.have.nested.property('preferredVersion.version', 'v1');
    for (const path of [
      '/apis/none/v1',
      '/api/v1/bindings',
      '/api/v1/namespaces/default/namespaces',
      '/api/v1/pods/p1',
      '/api/v1/namespaces/default/services/a/exec',
    ])
      expect((await get(path))[0], path).to.equal(404);
  });

  it('are none that Kubernetes would not take', async () => {
    fake = createFakeApiServer({ pods: ['p1'] });
    const wrong: (() => unknown)[] = [
      () => fake.put({ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'n' } }),
      () => fake.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'Not_A_Name' } }),
      () => fake.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }),
      () => fake.put(null as never),
      () =>
        fake.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 1n } }),
      () => fake.addPod('p1'),
      () => fake.setPod('p9', {}),
      () => fake.setPod('p1', { phase: 'Done' as never }),
      () => fake.setPod('p1', { ready: 1 as never }),
      () => fake.setPod('p1', { labels: { app: 1 as never } }),
      () => fake.setPod('p1', { labels: [] as never }),
      () => fake.setPod('p1', { name: 'p2' } as never),
      () => fake.find('binding', 'n'),
      () => createFakeApiServer({ objects: {} as never }),
    ];
    for (const act of wrong)
      expect(act, String(act)).to.throw().with.property('code', 'ERR_SPDY_INVALID_ARGUMENT');
  });
});

interface Answer {
  readonly message?: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: object;
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly status: {
    readonly phase: string;
    readonly conditions: { readonly type: string; readonly status: string }[];
  };
  readonly items?: Answer[];
  readonly groups?: { readonly name: string }[];
  readonly resources?: { readonly name: string }[];
}

function isReady({ type }: { readonly type: string }): boolean {
  return type === 'Ready';
}
