import { expect } from 'chai';
import type { FakeObject } from '../../../../lib/kubernetes/fake/objects/object.ts';
import {
  apiVersionOf,
  type FakeResource,
  PODS,
  resourceNamed,
} from '../../../../lib/kubernetes/fake/objects/resources.ts';
import { readSelectors, selectionOf } from '../../../../lib/kubernetes/fake/objects/selectors.ts';

describe('selectors of a fake API server', () => {
  const objects: FakeObject[] = [
    { labels: { app: 'web', tier: '2' }, phase: 'Running' },
    { labels: { app: 'db', 'example.org/zone': 'eu' }, phase: 'Pending' },
    { labels: {}, phase: 'Running' },
  ].map(({ labels, phase }, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${index}`, namespace: 'default', labels },
    status: { phase, podIP: `10.0.0.${index}` },
  }));

  function select(query: Record<string, string>): number[] | string {
    const selected = readSelectors(PODS, new URLSearchParams(query));
    if (typeof selected === 'string') return selected;
    return [0, 1, 2].filter((index) => selected(objects[index] as FakeObject));
  }

  it('reads label selectors as Kubernetes does', () => {
    const cases: [string, number[]][] = [
      ['', [0, 1, 2]],
      ['app', [0, 1]],
      ['!app', [2]],
      ['! app', [2]],
      ['app=web', [0]],
      ['app == web', [0]],
      ['app!=web', [1, 2]],
      ['app in (web, db)', [0, 1]],
      ['app in (web),tier', [0]],
      ['app notin (web)', [1, 2]],
      ['app=', []],
      ['tier>1', [0]],
      ['tier<2', []],
      ['app>1', []],
      ['example.org/zone=eu', [1]],
      ['app=web,tier=3', []],
      ['constructor', []],
      ['toString!=a', [0, 1, 2]],
    ];
    for (const [labelSelector, expected] of cases)
      expect(select({ labelSelector }), labelSelector).to.deep.equal(expected);
  });

  it('refuses label selectors that are none', () => {
    for (const labelSelector of [
      'app=a b',
      'app in web',
      'app in (web',
      '=web',
      'app,,tier',
      'app=web,',
      '-app',
      'a/b/c',
      '/a',
      'tier>x',
      'tier > -1',
      'app=web!',
      `app=${'x'.repeat(64)}`,
      'app within (web)',
    ])
      expect(select({ labelSelector }), labelSelector).to.match(/^unable to parse requirement/);
  });

  it('reads field selectors', () => {
    const cases: [string, number[]][] = [
      ['metadata.name=p1', [1]],
      ['metadata.name!=p1', [0, 2]],
      ['metadata.namespace==default,status.phase=Running', [0, 2]],
      ['status.podIP=10.0.0.2', [2]],
      ['spec.nodeName=', [0, 1, 2]],
      ['metadata.name=p\\,1', []],
      ['spec.hostNetwork=false', [0, 1, 2]],
      [',metadata.name=p1,', [1]],
    ];
    for (const [fieldSelector, expected] of cases)
      expect(select({ fieldSelector }), fieldSelector).to.deep.equal(expected);
  });

  it('refuses fields that cannot be selected by, and selectors that are none', () => {
    for (const fieldSelector of ['spec.hostPID=true', 'constructor=a', 'metadata.labels.app=a'])
      expect(select({ fieldSelector })).to.match(/^field label not supported: /);
    for (const fieldSelector of [
      'metadata.name',
      'metadata.name=a=b',
      'metadata.name=\\a',
      'metadata.name=p1\\',
      '\\',
      '=a',
    ])
      expect(select({ fieldSelector }), fieldSelector).to.match(/^invalid selector: /);
  });

  it('knows the fields of each resource', () => {
    const query = new URLSearchParams({ fieldSelector: 'involvedObject.name=p1' });
    expect(readSelectors(resourceNamed('events') as never, query)).to.be.a('function');
    expect(readSelectors(PODS, query)).to.be.a('string');
    const namespaced = new URLSearchParams({ fieldSelector: 'metadata.namespace=a' });
    expect(readSelectors(resourceNamed('ns') as never, namespaced)).to.be.a('string');
  });

  it('looks where a field stands in the object, and takes what an API server has by default', () => {
    const isOne = (name: string, manifest: object, fieldSelector: string): boolean => {
      const resource = resourceNamed(name) as FakeResource;
      const selected = readSelectors(resource, new URLSearchParams({ fieldSelector }));
      const object = { apiVersion: apiVersionOf(resource), ...manifest } as FakeObject;
      return typeof selected === 'function' && selected(object);
    };
    const metadata = { name: 'a' };
    const cases: [string, object, string][] = [
      ['jobs', { kind: 'Job', metadata, status: { succeeded: 1 } }, 'status.successful=1'],
      ['jobs', { kind: 'Job', metadata }, 'status.successful=0'],
      ['rs', { kind: 'ReplicaSet', metadata, status: { replicas: 2 } }, 'status.replicas=2'],
      ['rs', { kind: 'ReplicaSet', metadata }, 'status.replicas=0'],
      ['events', { kind: 'Event', metadata, source: { component: 'kubelet' } }, 'source=kubelet'],
      ['events', { kind: 'Event', metadata, reportingComponent: 'it' }, 'source=it'],
      ['events', { kind: 'Event', metadata }, 'type='],
      ['svc', { kind: 'Service', metadata }, 'spec.type=ClusterIP'],
      ['secrets', { kind: 'Secret', metadata }, 'type=Opaque'],
      ['ns', { kind: 'Namespace', metadata }, 'status.phase=Active'],
    ];
    for (const one of cases) expect(isOne(...one), one[2]).to.equal(true);
    expect(isOne('jobs', { kind: 'Job', metadata }, 'status.successful=1')).to.equal(false);
  });

  it('of objects choose by labels and expressions', () => {
    const pod = (labels: Record<string, string>): FakeObject => ({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels } },
    });
    const one = (operator: string, values?: string[]): object => ({ key: 'a', operator, values });
    for (const [selector, chosen, others] of [
      [{}, [{}, { a: '1' }], []],
      [{ matchLabels: { a: '1' } }, [{ a: '1', b: '2' }], [{}, { a: '2' }]],
      [{ matchExpressions: [one('In', ['1', '2'])] }, [{ a: '2' }], [{}, { a: '3' }]],
      [{ matchExpressions: [one('NotIn', ['1'])] }, [{}, { a: '2' }], [{ a: '1' }]],
      [{ matchExpressions: [one('Exists')] }, [{ a: '' }], [{}]],
      [{ matchExpressions: [one('DoesNotExist')] }, [{}], [{ a: '' }]],
    ] as [Record<string, unknown>, Record<string, string>[], Record<string, string>[]][]) {
      const selects = selectionOf(selector);
      for (const labels of chosen)
        expect(selects(pod(labels)), JSON.stringify(selector)).to.equal(true);
      for (const labels of others)
        expect(selects(pod(labels)), JSON.stringify(selector)).to.equal(false);
    }
  });
});
