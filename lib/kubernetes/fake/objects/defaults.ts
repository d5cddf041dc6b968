import { createHash } from 'node:crypto';
import {
  type FakeObject,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  textOf,
  textsOf,
  timestamp,
} from './object.ts';
import { ownKindOf } from './resources.ts';

const ROLLING = {
  type: 'RollingUpdate',
  rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
};

const CPU = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
};

/** What holds a definition until the objects of its kind have gone. */
export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

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
  ReplicaSet: spec({ replicas: 1 }),
  StatefulSet: spec({
    ...{ replicas: 1, podManagementPolicy: 'OrderedReady', revisionHistoryLimit: 10 },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
  }),
  DaemonSet: spec({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    revisionHistoryLimit: 10,
  }),
  ReplicationController: (controller) => {
    const { metadata } = fieldsOf(fieldsOf(controller, 'spec'), 'template');
    const selector = textsOf(isFields(metadata) ? metadata : {}, 'labels');
    return { spec: { replicas: 1, selector, ...fieldsOf(controller, 'spec') } };
  },
  Job: (job) => {
    const spec = fieldsOf(job, 'spec');
    // Where only the other one is given, pods are made until one of them has ended well.
    const completions = 'parallelism' in spec ? {} : { completions: 1 };
    const defaults = {
      parallelism: 1,
      completionMode: 'NonIndexed',
      backoffLimit: 6,
      suspend: false,
    };
    return { spec: { ...completions, ...defaults, ...spec } };
  },
  CronJob: spec({
    ...{ concurrencyPolicy: 'Allow', suspend: false },
    ...{ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
  }),
  PersistentVolumeClaim: (claim) => ({
    spec: { volumeMode: 'Filesystem', ...fieldsOf(claim, 'spec') },
    status: { phase: 'Pending', ...fieldsOf(claim, 'status') },
  }),
  PersistentVolume: (volume) => ({
    spec: {
      ...{ volumeMode: 'Filesystem', persistentVolumeReclaimPolicy: 'Retain' },
      ...fieldsOf(volume, 'spec'),
    },
    status: { phase: 'Pending', ...fieldsOf(volume, 'status') },
  }),
  HorizontalPodAutoscaler: spec({ minReplicas: 1, metrics: [CPU] }),
  NetworkPolicy: (policy) => {
    const spec = fieldsOf(policy, 'spec');
    const policyTypes = ['Ingress', ...('egress' in spec ? ['Egress'] : [])];
    return { spec: { policyTypes, ...spec } };
  },
  RoleBinding: withRoleGroup,
  ClusterRoleBinding: withRoleGroup,
  StorageClass: (kind) => ({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', ...kind }),
  CustomResourceDefinition: definitionDefaults,
  PriorityClass: (kind) => ({ preemptionPolicy: 'PreemptLowerPriority', ...kind }),
};

/** An object with what an API server adds to it. */
export function withDefaults(object: FakeObject): FakeObject {
  const kind = ownKindOf(object);
  const added = kind !== null && Object.hasOwn(DEFAULTS, kind) ? DEFAULTS[kind]?.(object) : {};
  const all = Object.entries({ ...object, ...added }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(all) as unknown as FakeObject;
}

/** A definition is held until the objects of its kind have gone; its names are taken at once. */
function definitionDefaults({ metadata, status, ...definition }: FakeObject): Fields {
  const spec = fieldsOf(definition, 'spec');
  const { kind = '' } = fieldsOf(spec, 'names');
  const singular = String(kind).toLowerCase();
  const names = { singular, listKind: `${kind}List`, ...fieldsOf(spec, 'names') };
  const { finalizers = [CLEANUP], ...rest } = metadata;
  const lastTransitionTime = timestamp();
  const holds = { status: 'True', lastTransitionTime };
  const stored = listOf(spec, 'versions').find(({ storage }) => storage === true);
  return {
    metadata: { ...rest, finalizers },
    spec: { conversion: { strategy: 'None' }, ...spec, names },
    status: status ?? {
      conditions: [
        { type: 'NamesAccepted', ...holds, reason: 'NoConflicts', message: 'no conflicts found' },
        {
          ...{ type: 'Established', ...holds, reason: 'InitialNamesAccepted' },
          message: 'the initial names have been accepted',
        },
      ],
      acceptedNames: names,
      storedVersions: stored === undefined ? [] : [textOf(stored, 'name')],
    },
  };
}

function spec(defaults: Fields): (object: FakeObject) => Fields {
  return (object) => ({ spec: { ...defaults, ...fieldsOf(object, 'spec') } });
}

/** Roles have a group; of those who have them users and groups. */
function withRoleGroup(binding: FakeObject): Fields {
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = listOf(binding, 'subjects').map((one) =>
    textOf(one, 'kind') === 'ServiceAccount' ? one : { apiGroup, ...one },
  );
  return {
    roleRef: { apiGroup, ...fieldsOf(binding, 'roleRef') },
    ...(subjects.length === 0 ? {} : { subjects }),
  };
}

function serviceSpec(spec: Fields, { namespace, name }: FakeObject['metadata']): Fields {
  const { type = 'ClusterIP', sessionAffinity = 'None' } = spec;
  const ports = listOf(spec, 'ports').map((one) => {
    const { port, targetPort } = one;
    return { protocol: 'TCP', ...one, targetPort: targetPort || port };
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
