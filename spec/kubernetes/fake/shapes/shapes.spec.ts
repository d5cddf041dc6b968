import { expect } from 'chai';
import { apiVersionOf, RESOURCES } from '../../../../lib/kubernetes/fake/objects/resources.ts';
import { decodeAs } from '../../../../lib/kubernetes/fake/shapes/decode.ts';
import type { Shape } from '../../../../lib/kubernetes/fake/shapes/shape.ts';
import { shapeOf } from '../../../../lib/kubernetes/fake/shapes/shapes.ts';

const SCALARS =
  'text word integer count boolean flag time microtime quantity texts bytes quantities integerOrText json any';
const POD = shapeOf({ group: '', version: 'v1', kind: 'Pod' });

describe('shapes of a fake API server', () => {
  it('are there for every kind, and whole', () => {
    const seen = new Set<Shape>();
    const look = (shape: Shape | undefined, place: string): void => {
      expect(shape, place).to.not.equal(undefined);
      if (shape === undefined || seen.has(shape)) return;
      seen.add(shape);
      if (typeof shape === 'string') expect(SCALARS.split(' '), place).to.include(shape);
      else if ('list' in shape) look(shape.list, place);
      else
        for (const [name, [below]] of Object.entries(shape.fields)) look(below, `${place}.${name}`);
    };
    for (const resource of RESOURCES) {
      const shape = shapeOf(resource);
      look(shape, resource.kind);
      expect(shape.fields, resource.kind).to.include.keys('apiVersion', 'kind', 'metadata');
      expect(shape.name).to.match(new RegExp(`^io\\.k8s\\.api\\.\\w+\\.v\\d\\.${resource.kind}$`));
      const { kind } = resource;
      const given = { apiVersion: apiVersionOf(resource), kind, metadata: { name: 'a' } };
      expect(decodeAs(shape, given)).to.deep.equal({ value: given, unknown: [] });
    }
  });

  it('have the fields of what stands in an object itself in JSON', () => {
    const volumes = [{ name: 'v', configMap: { name: 'c', optional: true }, emptyDri: {} }];
    const { value, unknown } = decodeAs(POD, { spec: { volumes } });
    expect(unknown).to.deep.equal(['spec.volumes[0].emptyDri']);
    expect(value).to.have.deep.nested.property('spec.volumes[0]', {
      name: 'v',
      configMap: { name: 'c', optional: true },
    });
  });

  it('name the group of the parameters of an ingress class as JSON does', () => {
    const ingress = shapeOf({ group: 'networking.k8s.io', version: 'v1', kind: 'IngressClass' });
    const parameters = { apiGroup: 'k8s.example.com', kind: 'Parameters', name: 'a' };
    const given = { spec: { controller: 'example.com/a', parameters } };
    expect(decodeAs(ingress, given)).to.deep.equal({ value: given, unknown: [] });
  });

  it('leave out what says nothing, and keep what is said', () => {
    const container = {
      name: 'c',
      stdin: false,
      tty: true,
      securityContext: { privileged: false },
    };
    const spec = { hostNetwork: false, containers: [container], priority: 0 };
    expect(decodeAs(POD, { spec }).value).to.deep.equal({
      spec: {
        containers: [{ name: 'c', tty: true, securityContext: { privileged: false } }],
        priority: 0,
      },
    });
  });

  it('leave out an empty word that stands for a default, and keep one that says something', () => {
    const container = { name: 'c', imagePullPolicy: '', terminationMessagePath: '' };
    expect(
      decodeAs(POD, { spec: { restartPolicy: '', containers: [container] } }).value,
    ).to.deep.equal({ spec: { containers: [{ name: 'c' }] } });
    const claim = shapeOf({ group: '', version: 'v1', kind: 'PersistentVolumeClaim' });
    const none = { spec: { storageClassName: '' } };
    expect(decodeAs(claim, none).value).to.deep.equal(none);
  });

  it('read null in a map as what is empty, at its key', () => {
    const kind = (name: string): Shape => shapeOf({ group: '', version: 'v1', kind: name });
    for (const [name, read, empty] of [
      ['ConfigMap', 'metadata.labels', ''],
      ['ConfigMap', 'data', ''],
      ['Secret', 'data', ''],
      ['ResourceQuota', 'spec.hard', '0'],
    ] as const) {
      const nested = (value: string | null): object =>
        read
          .split('.')
          .reverse()
          .reduce<object>((inner, key) => ({ [key]: inner }), { a: value });
      expect(decodeAs(kind(name), nested(null))).to.deep.equal({
        value: nested(empty),
        unknown: [],
      });
    }
    expect(decodeAs(kind('ConfigMap'), { data: null }).value).to.deep.equal({});
  });

  it('refuse quantities that are none', () => {
    const pod = (cpu: unknown): object => ({
      spec: { containers: [{ name: 'c', resources: { limits: { cpu } } }] },
    });
    for (const cpu of ['1', '0.5', '500m', '1e3', '-2Ki', '1.', '.5', 2]) decodeAs(POD, pod(cpu));
    // Of any length, at once.
    for (const cpu of ['', 'a', `${'1'.repeat(2 ** 21)}x`, '1 m', '1mi', true, [], {}])
      expect(() => decodeAs(POD, pod(cpu)), String(cpu)).to.throw(
        'spec.containers[0].resources.limits must be a map of quantities',
      );
  });

  it('tell times to the second, or to the millionth, at Greenwich', () => {
    const lease = shapeOf({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' });
    const told = (time: string): unknown =>
      decodeAs(lease, { metadata: { creationTimestamp: time }, spec: { renewTime: time } }).value;
    expect(told('2026-01-01T01:00:00.1234567+01:00')).to.deep.equal({
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { renewTime: '2026-01-01T00:00:00.123456Z' },
    });
    expect(told('2026-01-01T00:00:00Z')).to.have.deep.property('spec', {
      renewTime: '2026-01-01T00:00:00.000000Z',
    });
    for (const time of ['2026', '2026-01-01', '2026-13-01T00:00:00Z', 'now'])
      expect(() => told(time), time).to.throw('metadata.creationTimestamp must be a time');
  });
});
