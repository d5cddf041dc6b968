import { expect } from 'chai';
import type { FakeObject } from '../../../../lib/kubernetes/fake/objects/object.ts';
import {
  asFieldsV1,
  fieldValues,
  OWN_RULES,
  readFieldsV1,
  shownPath,
} from '../../../../lib/kubernetes/fake/writes/field-paths.ts';

describe('the fields of objects that can be owned', () => {
  const deployment: FakeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', uid: 'u', labels: { app: 'web' }, finalizers: ['example.org/a'] },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        spec: {
          tolerations: [{ key: 'a' }],
          volumes: [],
          containers: [{ name: 'c', args: ['x', 'y'], ports: [{ containerPort: 80 }] }],
        },
      },
    },
    status: { replicas: 1 },
  };

  const shown = (part: 'status' | 'rest' | 'all'): string[] =>
    [...fieldValues(deployment, part, OWN_RULES).keys()].map(shownPath);

  it('are values, items of lists that have keys, and what is one value as a whole', () => {
    const container = '.spec.template.spec.containers[name="c"]';
    const port = `${container}.ports[containerPort=80,protocol="TCP"]`;
    expect(shown('rest')).to.deep.equal([
      '.metadata.labels.app',
      '.metadata.finalizers[="example.org/a"]',
      '.spec.selector',
      '.spec.template.spec.tolerations',
      '.spec.template.spec.volumes',
      ...[container, `${container}.name`, `${container}.args`, port, `${port}.containerPort`],
    ]);
    expect(shown('status')).to.deep.equal(['.status.replicas']);
    expect(shown('all')).to.have.length(shown('rest').length + 1);
  });

  it('are lists as a whole where these stand at the top', () => {
    const slice = { ...deployment, kind: 'EndpointSlice', ports: [{ port: 80 }] };
    expect([...fieldValues(slice, 'rest', OWN_RULES).keys()].map(shownPath)).to.include('.ports');
  });

  it('are written as Kubernetes writes them, and read', () => {
    const fields = {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} }, 'f:finalizers': { 'v:"a"': {} } },
      'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:image': {} } } },
    };
    const paths = readFieldsV1(fields);
    expect(paths?.map(shownPath)).to.deep.equal([
      ...['.metadata.labels', '.metadata.labels.app', '.metadata.finalizers[="a"]'],
      ...['.spec.containers[name="c"]', '.spec.containers[name="c"].image'],
    ]);
    expect(asFieldsV1(paths ?? [])).to.deep.equal(fields);
  });

  it('are refused where they are none', () => {
    let deep = {};
    for (let i = 0; i < 200; i++) deep = { 'f:a': deep };
    for (const fields of [{ a: {} }, { 'f:a': 1 }, { 'k:{': {} }, { 'k:1': {} }, 'text', deep])
      expect(readFieldsV1(fields), JSON.stringify(fields)).to.equal(null);
  });
});
