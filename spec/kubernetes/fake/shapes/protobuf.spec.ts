import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import {
  PROTOBUF_TYPE,
  ProtobufProblem,
  readProtobuf,
} from '../../../../lib/kubernetes/fake/shapes/protobuf.ts';
import type { Fieldset } from '../../../../lib/kubernetes/fake/shapes/shape.ts';
import { shapeOf } from '../../../../lib/kubernetes/fake/shapes/shapes.ts';

type Value = number | string | Buffer;

/** A number as protobuf has it: seven bits a byte. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.of(...bytes, Number(rest));
}

/** A message of these fields. */
function message(...fields: readonly (readonly [number: number, value: Value])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [varint(number << 3), varint(value)];
      const bytes = Buffer.from(value as string);
      return [varint((number << 3) | 2), varint(bytes.length), bytes];
    }),
  );
}

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const type = message([1, apiVersion], [2, kind]);
  return Buffer.concat([Buffer.from('k8s\0'), message([1, type], [2, raw], [3, ''], [4, ''])]);
}

/** Metadata as clients write it: everything is there, mostly empty. */
const metadata = (name: string, ...more: readonly (readonly [number, Value])[]): Buffer =>
  message([1, name], [2, ''], [3, ''], [4, ''], [5, ''], [6, ''], [7, 0], [8, ''], ...more);

const entry = (key: string, value: Value): Buffer => message([1, key], [2, value]);

const coreShape = (kind: string): Fieldset => shapeOf({ group: '', version: 'v1', kind });

const REVISION = shapeOf({ group: 'apps', version: 'v1', kind: 'ControllerRevision' });

const DEPLOYMENT = shapeOf({ group: 'apps', version: 'v1', kind: 'Deployment' });

const read = (kind: string, raw: Buffer): unknown =>
  readProtobuf(envelope('v1', kind, raw), coreShape(kind));

describe('protobuf for a fake API server', () => {
  let fake: FakeApiServer | null = null;

  afterEach(async () => {
    await fake?.close();
    fake = null;
  });

  it('becomes what JSON would be', () => {
    const labels = [11, entry('a', '')] as const;
    const more = [11, entry('b', 'c')] as const;
    const made = [8, message([1, 86400])] as const;
    expect(
      read(
        'ConfigMap',
        message([1, metadata('m', labels, more, made)], [2, entry('x', 'y')], [4, 1]),
      ),
    ).to.deep.equal({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'm',
        labels: { a: '', b: 'c' },
        creationTimestamp: '1970-01-02T00:00:00Z',
      },
      data: { x: 'y' },
      immutable: true,
    });
    const bytes = Buffer.of(0, 255);
    expect(
      read('Secret', message([1, metadata('s')], [2, entry('b', bytes)], [3, 'Opaque'])),
    ).to.deep.equal({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } },
      ...{ data: { b: 'AP8=' }, type: 'Opaque' },
    });
    const port = (...target: readonly (readonly [number, Value])[]): Buffer =>
      message([1, ''], [2, 'TCP'], [3, 80], [4, message(...target)], [5, 0]);
    const ports = [
      [1, port([1, 0], [2, 8080], [3, ''])],
      [1, port([1, 1], [2, 0], [3, 'http'])],
      [1, port([1, 0], [2, 0], [3, ''])],
      [1, port([1, 1])],
    ] as const;
    const status = message([1, message([1, message([1, '10.0.0.1'])])]);
    const service = message(
      [1, metadata('v')],
      [2, message(...ports, [13, 0], [99, message([1, ''])])],
      [3, status],
    );
    expect(read('Service', service)).to.deep.include({
      spec: {
        ports: [
          { protocol: 'TCP', port: 80, targetPort: 8080 },
          { protocol: 'TCP', port: 80, targetPort: 'http' },
          { protocol: 'TCP', port: 80, targetPort: 0 },
          { protocol: 'TCP', port: 80 },
        ],
      },
      status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
    });
    const container = message([1, 'c'], [3, 'sleep'], [3, '1'], [8, ''], [16, 0]);
    const template = message([1, metadata('')], [2, message([2, container], [4, -1])]);
    const spec = message([1, 0], [3, template]);
    const whole = envelope('apps/v1', 'Deployment', message([1, metadata('d')], [2, spec]));
    expect(readProtobuf(whole, DEPLOYMENT)).to.have.deep.property('spec', {
      replicas: 0,
      template: {
        metadata: {},
        spec: {
          containers: [{ name: 'c', command: ['sleep', '1'], resources: {} }],
          terminationGracePeriodSeconds: -1,
        },
      },
    });
  });

  it('may have long lists and large maps', () => {
    const count = 100_000;
    const held = Array.from({ length: count }, () => message([14, '']));
    const data = Array.from({ length: count }, (_, at) => message([2, entry(String(at), 'x')]));
    const about = Buffer.concat([metadata('m'), ...held]);
    const map = read('ConfigMap', Buffer.concat([message([1, about]), ...data]));
    expect(map).to.have.nested.property('metadata.finalizers.length', count);
    expect(Object.keys((map as { data: object }).data)).to.have.length(count);
  });

  it('is refused where it says what is not read', () => {
    const pod =
      (spec: Buffer): (() => unknown) =>
      () =>
        read('Pod', message([2, spec]));
    const later = message([99, message([1, message([1, 1])])]);
    expect(pod(later)).to.throw(ProtobufProblem, 'spec.(field 99) is not read from protobuf');
    expect(pod(message([14, 'text']))).to.throw(ProtobufProblem);
    const revision = message([2, message([1, '{'])]);
    expect(() =>
      readProtobuf(envelope('apps/v1', 'ControllerRevision', revision), REVISION),
    ).to.throw(ProtobufProblem, 'data is no JSON');
  });

  it('is read down to volumes, probes and quantities', () => {
    const limits = message([1, entry('cpu', message([1, '500m']))]);
    const probe = message(
      [1, message([2, message([1, '/'], [2, message([1, 1], [3, 'http'])])])],
      [2, 0],
      [3, 5],
    );
    const container = message([1, 'c'], [8, limits], [10, probe], [16, 0], [18, 1]);
    const volume = message(
      [1, 'v'],
      [2, message([2, message([1, 'Memory'], [2, message([1, '1Gi'])])])],
    );
    const pod = message([2, message([1, volume], [2, container], [14, message([2, 0], [3, 0])])]);
    expect(read('Pod', pod))
      .to.have.property('spec')
      .that.deep.equals({
        volumes: [{ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } }],
        containers: [
          {
            name: 'c',
            resources: { limits: { cpu: '500m' } },
            livenessProbe: { httpGet: { path: '/', port: 'http' }, timeoutSeconds: 5 },
            tty: true,
          },
        ],
        securityContext: { runAsUser: 0, runAsNonRoot: false },
      });
    const series = message([11, message([1, 2], [2, message([1, 60], [2, 1_234_567])])]);
    expect(read('Event', series)).to.have.deep.property('series', {
      count: 2,
      lastObservedTime: '1970-01-01T00:01:00.001234Z',
    });
    const data = message([2, message([1, '{"a":[1]}'])], [3, 0]);
    const revision = readProtobuf(envelope('apps/v1', 'ControllerRevision', data), REVISION);
    expect(revision).to.deep.include({ data: { a: [1] }, revision: 0 });
  });

  it('is refused where it is broken', () => {
    const shape = coreShape('ConfigMap');
    let deep = message([1, '']);
    for (let depth = 0; depth < 100; depth++) deep = message([99, deep]);
    const whole = envelope('v1', 'ConfigMap', message([1, metadata('m')], [2, entry('x', 'y')]));
    for (const bytes of [
      Buffer.from('{}'),
      Buffer.from('k8s\0\x08', 'latin1'),
      Buffer.from('k8s\0\x12\x05', 'latin1'),
      Buffer.from('k8s\0\x0d', 'latin1'),
      Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(12, 0xff)]),
      Buffer.concat([Buffer.from('k8s\0'), message([1, 5])]),
      envelope('v1', 'ConfigMap', message([1, message([1, 5])])),
      envelope('v1', 'ConfigMap', message([4, 'text'])),
      envelope('v1', 'ConfigMap', message([1, message([8, message([1, 2 ** 52])])])),
      envelope('v1', 'ConfigMap', deep),
    ])
      expect(() => readProtobuf(bytes, shape), bytes.toString('latin1')).to.throw(ProtobufProblem);
    for (let length = 0; length < whole.length; length++)
      try {
        readProtobuf(whole.subarray(0, length), shape);
      } catch (error) {
        expect(error).to.be.instanceOf(ProtobufProblem);
      }
  });

  it('makes objects, or is answered 415 with why not', async () => {
    fake = await createFakeApiServer({}).listen();
    const { url } = fake;
    const post = async (bytes: Buffer): Promise<Response> =>
      await fetch(`${url}/api/v1/namespaces/default/configmaps`, {
        method: 'POST',
        headers: { 'Content-Type': PROTOBUF_TYPE },
        body: new Uint8Array(bytes),
      });
    const raw = message([1, metadata('m')], [2, entry('x', 'y')]);
    expect((await post(envelope('v1', 'ConfigMap', raw))).status).to.equal(201);
    expect(fake.find('configmap', 'm')).to.have.deep.property('data', { x: 'y' });
    expect((await post(envelope('v1', 'Secret', raw))).status).to.equal(400);
    const refused = await post(Buffer.from('k8s'));
    expect([refused.status, await refused.json()]).to.have.nested.property(
      '[1].message',
      'the body of the request cannot be read: it has no prefix',
    );
    expect(refused.status).to.equal(415);
  });

  it('says how objects are deleted', async () => {
    fake = await createFakeApiServer({}).listen();
    const { metadata } = fake.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm' },
    });
    const { url } = fake;
    const remove = async (...options: readonly (readonly [number, Value])[]): Promise<number> => {
      const answer = await fetch(`${url}/api/v1/namespaces/default/configmaps/m`, {
        method: 'DELETE',
        headers: { 'Content-Type': PROTOBUF_TYPE },
        body: new Uint8Array(envelope('v1', 'DeleteOptions', message(...options))),
      });
      await answer.text();
      return answer.status;
    };
    expect(await remove([2, message([1, 'another'])])).to.equal(409);
    expect(await remove([1, 0], [5, 'All'])).to.equal(200);
    expect(fake.find('configmap', 'm')).to.not.equal(null);
    expect(await remove([1, 0], [2, message([1, metadata.uid ?? ''])])).to.equal(200);
    expect(fake.find('configmap', 'm')).to.equal(null);
  });
});
