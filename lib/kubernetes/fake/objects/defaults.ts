import { type FakeObject, type Fields, fieldsOf, listOf, textsOf } from './object.ts';

/** What an API server adds to objects, by their kinds; pods aside. */
const DEFAULTS: Readonly<Record<string, (object: FakeObject) => Fields>> = {
  Service: (service) => ({ spec: serviceSpec(fieldsOf(service, 'spec')) }),
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
  Deployment: replicated,
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

function serviceSpec(spec: Fields): Fields {
  const { type = 'ClusterIP', sessionAffinity = 'None' } = spec;
  const ports = listOf(spec, 'ports').map((one) => {
    const { port: targetPort } = one;
    return { protocol: 'TCP', targetPort, ...one };
  });
  return { ...spec, type, sessionAffinity, ports };
}

function base64(texts: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
}
