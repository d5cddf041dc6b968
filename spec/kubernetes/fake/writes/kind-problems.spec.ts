import { expect } from 'chai';
import type { FakeObject } from '../../../../lib/kubernetes/fake/objects/object.ts';
import {
  apiVersionOf,
  type FakeResource,
  resourceNamed,
} from '../../../../lib/kubernetes/fake/objects/resources.ts';
import { kindProblem } from '../../../../lib/kubernetes/fake/writes/kind-problems.ts';

const object = (kind: string, more: object = {}, name = 'a'): FakeObject => ({
  ...{ apiVersion: apiVersionOf(resourceNamed(kind) as FakeResource), kind, metadata: { name } },
  ...more,
});

const problem = (kind: string, more: object, name?: string): string | null =>
  kindProblem(object(kind, more, name), null);

const CONTAINERS = [{ name: 'c', image: 'i' }];
const labels = { a: 'b' };
const WORKLOAD = {
  selector: { matchLabels: labels },
  template: { metadata: { labels }, spec: { containers: CONTAINERS } },
};
const JOB = { template: { spec: { restartPolicy: 'Never', containers: CONTAINERS } } };
const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const BOUND = { volumeName: 'v', storageClassName: 'c' };
const PLACED_JOB = {
  template: { metadata: { labels }, spec: { ...JOB.template.spec, nodeSelector: labels } },
};
const INDEXED = { ...JOB, completionMode: 'Indexed', completions: 3, parallelism: 3 };
const ROLE = { kind: 'Role', name: 'r' };

describe('objects that Kubernetes would not take, at a fake API server', () => {
  const pod = (spec: object): object => ({ ...WORKLOAD, template: { metadata: { labels }, spec } });
  const never = { containers: CONTAINERS, restartPolicy: 'Never' };
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  const cases: [kind: string, fits: object, wrong: [object, string][]][] = [
    [
      'Deployment',
      { spec: WORKLOAD },
      [
        [{}, 'spec.selector: Required value'],
        [{ spec: { ...WORKLOAD, selector: {} } }, 'empty selector is invalid for deployment'],
        [
          { spec: { ...WORKLOAD, selector: { matchLabels: { a: 'c' } } } },
          'does not match template',
        ],
        [{ spec: { ...WORKLOAD, replicas: -1 } }, 'spec.replicas: Invalid value: -1'],
        [{ spec: pod({}) }, 'spec.template.spec.containers: Required value'],
        [{ spec: pod({ containers: [{ name: 'c' }] }) }, 'containers[0].image: Required value'],
        [
          { spec: pod({ containers: [{ name: 'c.d', image: 'i' }] }) },
          'name: Invalid value: "c.d"',
        ],
        [{ spec: pod(never) }, 'restartPolicy: Unsupported value: "Never"'],
      ],
    ],
    [
      'Job',
      { spec: JOB },
      [[{ spec: pod({ containers: CONTAINERS }) }, 'restartPolicy: Required value: valid values']],
    ],
    [
      'CronJob',
      { spec: { schedule: '@daily', jobTemplate: { spec: JOB } } },
      [
        [{ spec: { jobTemplate: { spec: JOB } } }, 'spec.schedule: Required value'],
        [{ spec: { schedule: '@daily' } }, 'spec.jobTemplate.spec.template.spec.restartPolicy'],
      ],
    ],
    [
      'Service',
      { spec: { ports: [{ port: 80 }] } },
      [
        [{}, 'spec.ports: Required value'],
        [{ spec: { ports: [{ port: 65536 }] } }, 'spec.ports[0].port: Invalid value: 65536'],
        [{ spec: { ports: [{ port: 1 }, { port: 2 }] } }, 'spec.ports[0].name: Required value'],
        [
          {
            spec: {
              ports: [
                { name: 'a', port: 1 },
                { name: 'a', port: 2 },
              ],
            },
          },
          'spec.ports[1].name: Duplicate value: "a"',
        ],
        [{ spec: { type: 'Some' } }, 'spec.type: Unsupported value: "Some"'],
        [{ spec: { type: 'ExternalName' } }, 'spec.externalName: Required value'],
      ],
    ],
    [
      'ConfigMap',
      { data: { 'a.b': '' }, binaryData: { c: 'eA==' } },
      [
        [{ data: { 'a b': '' } }, 'data[a b]: Invalid value'],
        [{ data: { a: 'x'.repeat(2 ** 20 + 1) } }, 'data: Too long'],
      ],
    ],
    [
      'Ingress',
      { spec: { rules: [{}] } },
      [[{ spec: {} }, 'either `defaultBackend` or `rules` must be specified']],
    ],
    [
      'Role',
      { rules },
      [
        [{ rules: [{ ...rules[0], verbs: [] }] }, 'rules[0].verbs: Required value'],
        [{ rules: [{ ...rules[0], resources: undefined }] }, 'rules[0].resources: Required value'],
      ],
    ],
    [
      'ClusterRole',
      { rules: [{ nonResourceURLs: ['/'], verbs: ['get'] }] },
      [[{ rules: [{}] }, 'verbs']],
    ],
    ['ClusterRole', { aggregationRule: {} }, []],
    ['RoleBinding', { roleRef: ROLE }, [[{}, 'roleRef.kind: Required value']]],
    [
      'PersistentVolumeClaim',
      { spec: CLAIM },
      [
        [{}, 'spec.accessModes: Required value'],
        [{ spec: { ...CLAIM, resources: {} } }, 'spec.resources[storage]: Required value'],
      ],
    ],
    [
      'Lease',
      {},
      [[{ spec: { leaseDurationSeconds: 0 } }, 'leaseDurationSeconds: Invalid value: 0']],
    ],
    [
      'HorizontalPodAutoscaler',
      { spec: { scaleTargetRef: ROLE, maxReplicas: 1 } },
      [
        [{}, 'spec.scaleTargetRef.kind: Required value'],
        [{ spec: { scaleTargetRef: ROLE, minReplicas: 3, maxReplicas: 2 } }, 'spec.maxReplicas'],
        [{ spec: { scaleTargetRef: ROLE, minReplicas: 0, maxReplicas: 2 } }, 'spec.minReplicas'],
      ],
    ],
    [
      'PodDisruptionBudget',
      { spec: { minAvailable: 1 } },
      [[{ spec: { minAvailable: 1, maxUnavailable: 1 } }, 'cannot be both set']],
    ],
    ['StorageClass', { provisioner: 'p' }, [[{}, 'provisioner: Required value']]],
    ['Endpoints', {}, []],
  ];
  for (const [kind, fits, wrong] of cases)
    it(`are told by what their kind has: ${kind} ${Object.keys(fits)}`, () => {
      expect(problem(kind, fits)).to.equal(null);
      for (const [more, words] of wrong)
        expect(problem(kind, more), JSON.stringify(more).slice(0, 200)).to.include(words);
    });

  it('are told by their names', () => {
    const ports = { spec: { ports: [{ port: 1 }] } };
    expect(problem('Service', ports, '1a')).to.include('metadata.name: Invalid value: "1a"');
    expect(problem('Service', ports, 'a.b')).to.include('metadata.name');
    expect(problem('Namespace', {}, '1a')).to.equal(null);
    expect(problem('Namespace', {}, 'a.b')).to.include('metadata.name');
  });

  it('are told by the bytes that data stand for', () => {
    const base64 = (length: number): string => Buffer.alloc(length).toString('base64');
    expect(problem('ConfigMap', { binaryData: { a: base64(2 ** 20) } })).to.equal(null);
    for (const [kind, data] of [
      ['ConfigMap', { binaryData: { a: base64(2 ** 20 + 1) } }],
      ['ConfigMap', { binaryData: { a: base64(2 ** 20) }, data: { b: '1' } }],
      ['Secret', { data: { a: base64(2 ** 20 + 1) } }],
      ['Secret', { stringData: { a: 'x'.repeat(2 ** 20 + 1) } }],
    ] as const)
      expect(problem(kind, data), kind).to.include('data: Too long');
    const both = { data: { a: base64(2 ** 20) }, stringData: { a: 'b' } };
    expect(problem('Secret', both)).to.equal(null);
    expect(problem('Secret', { stringData: { 'a/b': '' } })).to.include('data[a/b]');
  });

  it('are told by what was there before', () => {
    const stateful = { ...WORKLOAD, serviceName: 'a' };
    const other = { matchExpressions: [{ key: 'a', operator: 'Exists' }] };
    for (const [kind, before, after, words] of [
      ['Deployment', { spec: WORKLOAD }, { spec: { ...WORKLOAD, replicas: 3 } }, null],
      [
        'Deployment',
        { spec: WORKLOAD },
        { spec: { ...WORKLOAD, selector: other } },
        'spec.selector',
      ],
      ['StatefulSet', { spec: stateful }, { spec: { ...stateful, replicas: 3 } }, null],
      ['StatefulSet', { spec: stateful }, { spec: WORKLOAD }, 'for fields other than'],
      ['Job', { spec: JOB }, { spec: { ...JOB, parallelism: 3 } }, null],
      ['Job', { spec: JOB }, { spec: { ...JOB, completions: 3 } }, 'spec.completions'],
      ['Secret', { type: 'a' }, { type: 'b' }, 'type: Invalid value'],
      ['ConfigMap', { immutable: true }, { immutable: true }, null],
      ['ConfigMap', { immutable: true }, {}, 'immutable: Forbidden'],
      ['ConfigMap', { immutable: true }, { immutable: true, data: { a: '' } }, 'data: Forbidden'],
      [
        'RoleBinding',
        { roleRef: ROLE },
        { roleRef: { ...ROLE, name: 'b' } },
        'cannot change roleRef',
      ],
      ['PersistentVolumeClaim', { spec: CLAIM }, { spec: CLAIM }, null],
      [
        'PersistentVolumeClaim',
        { spec: CLAIM },
        { spec: { ...CLAIM, volumeMode: 'Block' } },
        'spec is immutable after creation',
      ],
      // As the controllers of volumes and classes do it.
      ['PersistentVolumeClaim', { spec: CLAIM }, { spec: { ...CLAIM, ...BOUND } }, null],
      [
        'PersistentVolumeClaim',
        { spec: { ...CLAIM, ...BOUND } },
        { spec: { ...CLAIM, ...BOUND, volumeName: 'w' } },
        'spec is immutable after creation',
      ],
      [
        'PersistentVolumeClaim',
        { spec: { ...CLAIM, storageClassName: '' } },
        { spec: { ...CLAIM, storageClassName: 'c' } },
        'spec is immutable after creation',
      ],
      ['Job', { spec: { ...JOB, suspend: true } }, { spec: PLACED_JOB }, null],
      ['Job', { spec: JOB }, { spec: PLACED_JOB }, 'spec.template'],
      [
        'Job',
        { spec: { ...JOB, suspend: true }, status: { startTime: 't' } },
        { spec: PLACED_JOB },
        'spec.template',
      ],
      [
        'Job',
        { spec: { ...JOB, suspend: true } },
        { spec: { template: { spec: { ...JOB.template.spec, containers: [] } } } },
        'spec.template',
      ],
      ['Job', { spec: INDEXED }, { spec: { ...INDEXED, completions: 2, parallelism: 2 } }, null],
      ['Job', { spec: INDEXED }, { spec: { ...INDEXED, completions: 2 } }, 'spec.completions'],
      [
        'Job',
        { spec: INDEXED },
        { spec: { ...INDEXED, completionMode: 'NonIndexed' } },
        'spec.completionMode',
      ],
      ['PriorityClass', { value: 1 }, { value: 1 }, null],
      ['PriorityClass', { value: 0 }, {}, null],
      ['PriorityClass', { value: 1 }, { value: 2 }, 'may not be changed in an update'],
    ] as const) {
      const found = kindProblem(object(kind, after), object(kind, before));
      if (words === null) expect(found, kind).to.equal(null);
      else expect(found, kind).to.include(words);
    }
  });
});
