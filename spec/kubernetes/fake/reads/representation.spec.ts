import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import { age } from '../../../../lib/kubernetes/fake/reads/table.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

describe('what a fake API server shows', () => {
  let fake: FakeApiServer;

  before(async () => {
    fake = await createFakeApiServer({
      pods: [
        { name: 'p1', containers: { a: {}, b: {} } },
        { name: 'p2', phase: 'Pending' },
      ],
      objects: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web' },
          spec: {
            replicas: 3,
            selector: { matchLabels: { app: 'web', tier: 'front' } },
            template: {
              spec: {
                containers: [
                  { name: 'c1', image: 'i1' },
                  { name: 'c2', image: 'i2' },
                ],
              },
            },
          },
          status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2, replicas: 3 },
        },
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          metadata: { name: 'r' },
          status: { replicas: 1 },
        },
        { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'd' } },
        { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' }, status: { succeeded: 1 } },
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: '' } },
        {
          apiVersion: 'v1',
          kind: 'Endpoints',
          metadata: { name: 'own' },
          subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], ports: [{ port: 80 }] }],
        },
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: 'slice' },
          ...{
            addressType: 'IPv4',
            ports: [{ port: 80 }],
            endpoints: [{ addresses: ['10.0.0.1'] }],
          },
        },
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'web' },
          spec: { clusterIP: '10.0.0.9', ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }] },
        },
        {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: 'e' },
          involvedObject: { kind: 'Pod', name: 'p1' },
          ...{ type: 'Warning', reason: 'BackOff', message: 'again' },
        },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '', b: '' } },
      ],
    }).listen();
  });

  after(() => fake.close());

  async function get(path: string, accept: string): Promise<Answer & { readonly code?: number }> {
    const answer = await fetch(fake.url + path, { headers: { Accept: accept } });
    return (await answer.json()) as Answer;
  }

  it('is a table where that is asked for', async () => {
    const cells = async (path: string): Promise<unknown> =>
      (await get(path, TABLE)).rows.map((row) =>
        row.cells.filter((cell) => !/^\d+s$/.test(`${cell}`)),
      );
    expect(await cells('/api/v1/pods')).to.deep.equal([
      ['p1', '2/2', 'Running', 0, '10.244.0.1', 'fake-node', '<none>', '<none>'],
      ['p2', '0/1', 'ContainerCreating', 0, '10.244.0.2', 'fake-node', '<none>', '<none>'],
    ]);
    const none = ['<none>', '<none>', '<none>'];
    for (const [path, row] of [
      ['apps/v1/deployments', ['web', '2/3', 1, 2, 'c1,c2', 'i1,i2', 'app=web,tier=front']],
      ['apps/v1/replicasets', ['r', 1, 1, 0, ...none]],
      ['apps/v1/daemonsets', ['d', 0, 0, 0, ...none]],
      ['batch/v1/jobs', ['j', '1/1', ...none]],
      ['discovery.k8s.io/v1/endpointslices', ['slice', 'IPv4', '80', '10.0.0.1']],
    ] as const)
      expect(await cells(`/apis/${path}`), path).to.deep.equal([row]);
    expect(await cells('/api/v1/secrets')).to.deep.equal([['s', 'Opaque', 1]]);
    const endpoints = [['own', '10.0.0.1:80,10.0.0.2:80']];
    expect(await cells('/api/v1/endpoints')).to.deep.equal(endpoints);
    const services = [['web', 'ClusterIP', '10.0.0.9', '<none>', '80/TCP,53/UDP', '<none>']];
    expect(await cells('/api/v1/services')).to.deep.equal(services);
    const events = [['<unknown>', 'Warning', 'BackOff', 'pod/p1', 'again']];
    expect(await cells('/api/v1/events')).to.deep.equal(events);
    expect(await cells('/api/v1/namespaces/default/configmaps/c')).to.deep.equal([['c', 2]]);
    expect(await cells('/api/v1/namespaces')).to.deep.equal([['default', 'Active']]);
  });

  it('has as much of each object as is asked for', async () => {
    const kinds: [string, string | undefined][] = [
      ['', 'PartialObjectMetadata'],
      ['?includeObject=Object', 'Pod'],
      ['?includeObject=None', undefined],
    ];
    for (const [query, kind] of kinds) {
      const { rows } = await get(`/api/v1/namespaces/default/pods/p1${query}`, TABLE);
      expect(rows[0]?.object?.kind).to.equal(kind);
    }
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const list = await get('/api/v1/pods', accept);
    expect(list).to.include({ kind: 'PartialObjectMetadataList' });
    expect(Object.keys(list.items[0] as object)).to.have.members([
      'kind',
      'apiVersion',
      'metadata',
    ]);
  });

  it('is JSON, or nothing', async () => {
    for (const [accept, code] of [
      ['*/*', undefined],
      ['application/vnd.kubernetes.protobuf, application/json', undefined],
      ['application/yaml', 406],
      ['application/json;as=Poem;g=meta.k8s.io', 406],
    ] as const)
      expect((await get('/api/v1/pods', accept)).code, accept).to.equal(code);
  });

  it('tells ages as kubectl does', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    const ages = [0, 119, 120, 599, 600, 10_799, 10_800, 28_799, 28_800, 172_800, 694_800, 7e7];
    const since = (seconds: number): string =>
      age(new Date(now - seconds * 1000).toISOString(), now);
    expect(ages.map(since)).to.deep.equal([
      '0s',
      '119s',
      '2m',
      '9m59s',
      '10m',
      '179m',
      '3h',
      '7h59m',
      '8h',
      '2d',
      '8d',
      '810d',
    ]);
    expect(age(undefined)).to.equal('<unknown>');
  });
});

interface Answer {
  readonly items: unknown[];
  readonly rows: { readonly cells: unknown[]; readonly object: { readonly kind: string } | null }[];
}
