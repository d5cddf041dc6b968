import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import { age } from '../../../../lib/kubernetes/fake/reads/age.ts';

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

  /** The cells of the rows, ages aside. */
  const cells = async (path: string): Promise<unknown> =>
    (await get(path, TABLE)).rows.map((row) =>
      row.cells.filter((cell) => !/^\d+s$/.test(`${cell}`)),
    );

  it('is a table where that is asked for', async () => {
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

  it('has the columns of nodes, volumes, roles and all other kinds', async () => {
    const put = (apiVersion: string, kind: string, name: string, more: object = {}): void =>
      void fake.put({ apiVersion, kind, metadata: { name }, ...more });
    const rbac = 'rbac.authorization.k8s.io/v1';
    put('v1', 'ServiceAccount', 'sa', { secrets: [{ name: 's' }] });
    const claim = { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'], volumeName: 'v' };
    put('v1', 'PersistentVolumeClaim', 'claim', {
      spec: claim,
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    });
    const claimRef = { namespace: 'default', name: 'claim' };
    const volume = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOncePod'] };
    put('v1', 'PersistentVolume', 'free', { spec: volume });
    put('v1', 'PersistentVolume', 'v', {
      spec: { ...volume, claimRef },
      status: { phase: 'Bound' },
    });
    put('v1', 'ReplicationController', 'rc', { spec: { template: {} } });
    const limits = { 'limits.cpu': '2', pods: '5' };
    put('v1', 'ResourceQuota', 'q', { status: { hard: limits, used: { pods: '1' } } });
    put('batch/v1', 'CronJob', 'cj', { spec: { schedule: '@daily', suspend: true } });
    const lastScheduleTime = new Date().toISOString();
    put('batch/v1', 'CronJob', 'ran', {
      spec: { schedule: '@daily' },
      status: { lastScheduleTime },
    });
    put('coordination.k8s.io/v1', 'Lease', 'l', { spec: { holderIdentity: 'me' } });
    const loadBalancer = { ingress: [{ ip: '10.0.0.1' }, { hostname: 'lb' }] };
    put('networking.k8s.io/v1', 'Ingress', 'in', {
      spec: { rules: [{ host: 'a' }, {}], tls: [{}] },
      status: { loadBalancer },
    });
    put('networking.k8s.io/v1', 'Ingress', 'plain', { spec: { ingressClassName: 'c' } });
    put('networking.k8s.io/v1', 'IngressClass', 'ic', { spec: { controller: 'c' } });
    const podSelector = { matchLabels: { a: 'b' } };
    put('networking.k8s.io/v1', 'NetworkPolicy', 'np', { spec: { podSelector } });
    for (const kind of ['RoleBinding', 'ClusterRoleBinding'])
      put(rbac, kind, 'rb', { roleRef: { kind: 'Role', name: 'r' } });
    put('policy/v1', 'PodDisruptionBudget', 'pdb', { spec: { minAvailable: '50%' } });
    const scaleTargetRef = { kind: 'Deployment', name: 'd' };
    put('autoscaling/v2', 'HorizontalPodAutoscaler', 'hpa', {
      spec: { scaleTargetRef, maxReplicas: 3 },
    });
    put('storage.k8s.io/v1', 'StorageClass', 'sc', { provisioner: 'p' });
    put('scheduling.k8s.io/v1', 'PriorityClass', 'pc', { value: 5 });
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'st', controller: true };
    const ownerReferences = [{ ...owner, uid: 'u' }];
    put('apps/v1', 'ControllerRevision', 'cr', { revision: 2 });
    fake.put({
      ...{ apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: 3 },
      metadata: { name: 'owned', ownerReferences },
    });
    const unset = '<unset>';
    for (const [path, ...rows] of [
      [
        '/api/v1/nodes',
        [
          'fake-node',
          'Ready',
          '<none>',
          'v1.35.0-fake',
          '127.0.0.1',
          '<none>',
          'fake',
          '<unknown>',
          'fake://1',
        ],
      ],
      ['/api/v1/serviceaccounts', ['sa', 1]],
      [
        '/api/v1/persistentvolumeclaims',
        ['claim', 'Bound', 'v', '1Gi', 'RWO', '', unset, 'Filesystem'],
      ],
      [
        '/api/v1/persistentvolumes',
        ['free', '1Gi', 'RWOP', 'Retain', 'Pending', '', '', unset, '', 'Filesystem'],
        ['v', '1Gi', 'RWOP', 'Retain', 'Bound', 'default/claim', '', unset, '', 'Filesystem'],
      ],
      ['/api/v1/replicationcontrollers', ['rc', 1, 0, 0, '<none>', '<none>', '<none>']],
      ['/api/v1/resourcequotas', ['q', 'pods: 1/5', 'limits.cpu: 0/2']],
      [
        '/apis/batch/v1/cronjobs',
        ['cj', '@daily', '<none>', 'True', 0, '<none>'],
        ['ran', '@daily', '<none>', 'False', 0],
      ],
      ['/apis/coordination.k8s.io/v1/leases', ['l', 'me']],
      [
        '/apis/networking.k8s.io/v1/ingresses',
        ['in', '<none>', 'a,*', '10.0.0.1,lb', '80, 443'],
        ['plain', 'c', '*', '', '80'],
      ],
      ['/apis/networking.k8s.io/v1/ingressclasses', ['ic', 'c', '<none>']],
      ['/apis/networking.k8s.io/v1/networkpolicies', ['np', 'a=b']],
      [`/apis/${rbac}/rolebindings`, ['rb', 'Role/r']],
      [`/apis/${rbac}/clusterrolebindings`, ['rb', 'Role/r']],
      ['/apis/policy/v1/poddisruptionbudgets', ['pdb', '50%', 'N/A', 0]],
      ['/apis/autoscaling/v2/horizontalpodautoscalers', ['hpa', 'Deployment/d', '1', 3, 0]],
      ['/apis/storage.k8s.io/v1/storageclasses', ['sc', 'p', 'Delete', 'Immediate', false]],
      ['/apis/scheduling.k8s.io/v1/priorityclasses', ['pc', 5, false, 'PreemptLowerPriority']],
      [
        '/apis/apps/v1/controllerrevisions',
        ['cr', '<none>', 2],
        ['owned', 'statefulset.apps/st', 3],
      ],
    ] as const)
      expect(await cells(path), path).to.deep.equal(rows);
  });

  it('tells how nodes are', async () => {
    const node = (name: string, more: object): void =>
      void fake.put({ apiVersion: 'v1', kind: 'Node', metadata: { name }, ...more });
    const conditions = [{ type: 'Ready', status: 'False' }];
    node('a', { spec: { unschedulable: true } });
    node('b', { status: { conditions } });
    fake.put({
      ...{ apiVersion: 'v1', kind: 'Node' },
      metadata: { name: 'c', labels: { 'node-role.kubernetes.io/worker': '' } },
    });
    const shown = (await cells('/api/v1/nodes')) as unknown[][];
    expect(shown.map((row) => row.slice(0, 3))).to.deep.equal([
      ['a', 'Unknown,SchedulingDisabled', '<none>'],
      ['b', 'NotReady', '<none>'],
      ['c', 'Unknown', 'worker'],
      ['fake-node', 'Ready', '<none>'],
    ]);
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
