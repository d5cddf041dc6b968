import { createHash } from 'node:crypto';
import { type FakeObject, type Fields, fieldsOf, listOf, textsOf } from './object.ts';

const ROLLING = {
  type: 'RollingUpdate',
  rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
};

/** What an API server adds to objects, by their kinds; pods aside. */
const DEFAULTS: Readonly<Record<string, (object: FakeObject) => Fields>> = {
  Service: (service) => ({ spec: serviceSpec(fieldsOf(service, 'spec'), service.metadata) }),
  Secret: ({ type = 'Opaque', ...secret }) => ({
    type,
    // Texts are written here only, and read below `data`.
    stringData: undefined,
    data: { ...fieldsOf(secret, 'data'), ...base64(textsOf(secret, 'stringData')) },
  }),
  Namespace: ({ metadata, ...namespace }) => ({
    metadata: {
      ...metadata,
      labels: { 'kubernetes.io/metadata.name': metadata.name, ...metadata.labels },
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active', ...fieldsOf(namespace, 'status') },
  }),
  Deployment: (deployment) => ({
    spec: {
      ...{ replicas: 1, strategy: ROLLING, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
      ...fieldsOf(deployment, 'spec'),
    },
  }),
  ReplicaSet: replicated,
  StatefulSet: replicated,
  Job: (job) => ({
    spec: { parallelism: 1, completions: 1, backoffLimit: 6, ...fieldsOf(job, 'spec') },
  }),
};

/** An object with what an API server adds to it. */
export function withDefaults(object: FakeObject): FakeObject {
  const added = Object.hasOwn(DEFAULTS, object.kind) ? DEFAULTS[object.kind]?.(object) : undefined;
  const all = Object.entries({ ...object, ...added }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(all) as unknown as FakeObject;
}

function replicated(object: FakeObject): Fields {
  return { spec: { replicas: 1, ...fieldsOf(object, 'spec') } };
}

function serviceSpec(spec: Fields, { namespace, name }: FakeObject['metadata']): Fields {
  const { type = 'ClusterIP', sessionAffinity = 'None' } = spec;
  const ports = listOf(spec, 'ports').map((one) => {
    const { port: targetPort } = one;
    return { protocol: 'TCP', targetPort, ...one };
  });
  // As pods have one; nobody can reach it.
  const { clusterIP: given } = spec;
  const clusterIP = given || addressOf(`${namespace}/${name}`);
  const address = type === 'ExternalName' ? {} : { clusterIP, clusterIPs: [clusterIP] };
  return { ...spec, ...address, type, sessionAffinity, ports };
}

/** An address of 10.96.0.0/12, the same in each run. */
function addressOf(name: string): string {
  const [a = 0, b = 0, c = 0] = createHash('sha256').update(name).digest();
  return `10.${96 + (a & 15)}.${b}.${c}`;
}

function base64(texts: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
}
