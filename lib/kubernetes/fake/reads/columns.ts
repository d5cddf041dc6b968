import {
  type FakeObject,
  type Fields,
  fieldsOf,
  listOf,
  textOf,
  textsOf,
} from '../objects/object.ts';
import { age } from './age.ts';

/** One column of a table: what it is called, and what stands in it. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer';
  /** Whether only `-o wide` shows it. */
  readonly wide: boolean;
  readonly cell: (object: FakeObject) => unknown;
}

const column = (
  name: string,
  cell: Column['cell'],
  wide = false,
  type: Column['type'] = 'string',
): Column => ({ name, cell, wide, type });

/** A number of some field. */
const counted = (name: string, part: string, field: string, otherwise = 0): Column =>
  column(name, (object) => fieldsOf(object, part)[field] ?? otherwise, false, 'integer');

const NAME = column('Name', ({ metadata }) => metadata.name);
const AGE = column('Age', ({ metadata }) => age(metadata.creationTimestamp));

/** Of kinds that have no others. */
export const OTHERS: readonly Column[] = [NAME, AGE];

const CREATED = column('Created At', ({ metadata }) => metadata.creationTimestamp);
const NONE = '<none>';
const UNSET = '<unset>';

/** A text of the `spec`. */
const inSpec =
  (field: string) =>
  (object: FakeObject): string =>
    textOf(fieldsOf(object, 'spec'), field);

/** Anything of the `spec`. */
const valueIn = (object: FakeObject, field: string): unknown => fieldsOf(object, 'spec')[field];

const BINDING: readonly Column[] = [
  NAME,
  column('Role', (binding) => {
    const { kind, name } = fieldsOf(binding, 'roleRef');
    return `${kind}/${name}`;
  }),
  AGE,
];

/** What `-o wide` shows of the containers of a workload, and of its selector. */
const TEMPLATE: readonly Column[] = ['name', 'image'].map((field) =>
  column(
    field === 'name' ? 'Containers' : 'Images',
    (object) => {
      const template = fieldsOf(fieldsOf(fieldsOf(object, 'spec'), 'template'), 'spec');
      return listed(listOf(template, 'containers').map((container) => container[field]));
    },
    true,
  ),
);
const SELECTOR = column(
  'Selector',
  (object) => selectorText(fieldsOf(fieldsOf(object, 'spec'), 'selector'), 'matchLabels'),
  true,
);

/** Columns as `kubectl get` shows them; of other kinds name and age. */
export const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    NAME,
    column('Ready', readiness),
    column('Status', podStatus),
    column('Restarts', restarts, false, 'integer'),
    AGE,
    column('IP', (pod) => textOf(fieldsOf(pod, 'status'), 'podIP') || '<none>', true),
    column('Node', (pod) => textOf(fieldsOf(pod, 'spec'), 'nodeName') || '<none>', true),
    column('Nominated Node', () => '<none>', true),
    column('Readiness Gates', () => '<none>', true),
  ],
  Service: [
    NAME,
    column('Type', (service) => textOf(fieldsOf(service, 'spec'), 'type') || 'ClusterIP'),
    column('Cluster-IP', (service) => textOf(fieldsOf(service, 'spec'), 'clusterIP') || '<none>'),
    column('External-IP', () => '<none>'),
    column('Port(s)', servicePorts),
    AGE,
    column('Selector', (service) => selectorText(fieldsOf(service, 'spec'), 'selector'), true),
  ],
  Endpoints: [NAME, column('Endpoints', endpointsText), AGE],
  EndpointSlice: [
    NAME,
    column('AddressType', (slice) => textOf(slice, 'addressType')),
    column('Ports', (slice) => listed(listOf(slice, 'ports').map(({ port }) => port))),
    column('Endpoints', (slice) =>
      listed(listOf(slice, 'endpoints').flatMap(({ addresses }) => addresses)),
    ),
    AGE,
  ],
  ConfigMap: [
    NAME,
    column('Data', (map) => sizeOf(map, 'data') + sizeOf(map, 'binaryData'), false, 'integer'),
    AGE,
  ],
  Secret: [
    NAME,
    column('Type', (secret) => textOf(secret, 'type') || 'Opaque'),
    column('Data', (secret) => sizeOf(secret, 'data'), false, 'integer'),
    AGE,
  ],
  Deployment: [
    NAME,
    column('Ready', replicas),
    counted('Up-to-date', 'status', 'updatedReplicas'),
    counted('Available', 'status', 'availableReplicas'),
    AGE,
    ...TEMPLATE,
    SELECTOR,
  ],
  StatefulSet: [NAME, column('Ready', replicas), AGE, ...TEMPLATE],
  ReplicaSet: [
    NAME,
    counted('Desired', 'spec', 'replicas', 1),
    counted('Current', 'status', 'replicas'),
    counted('Ready', 'status', 'readyReplicas'),
    AGE,
    ...TEMPLATE,
    SELECTOR,
  ],
  DaemonSet: [
    NAME,
    counted('Desired', 'status', 'desiredNumberScheduled'),
    counted('Current', 'status', 'currentNumberScheduled'),
    counted('Ready', 'status', 'numberReady'),
    AGE,
    ...TEMPLATE,
    SELECTOR,
  ],
  Job: [
    NAME,
    column('Completions', (job) => {
      const { succeeded = 0 } = fieldsOf(job, 'status');
      const { completions = 1 } = fieldsOf(job, 'spec');
      return `${succeeded}/${completions}`;
    }),
    AGE,
    ...TEMPLATE,
    SELECTOR,
  ],
  Namespace: [NAME, column('Status', (one) => textOf(fieldsOf(one, 'status'), 'phase')), AGE],
  Event: [
    column('Last Seen', (event) => age(textOf(event, 'lastTimestamp'))),
    column('Type', (event) => textOf(event, 'type')),
    column('Reason', (event) => textOf(event, 'reason')),
    column('Object', (event) => {
      const { kind, name } = fieldsOf(event, 'involvedObject');
      return `${String(kind).toLowerCase()}/${name}`;
    }),
    column('Message', (event) => textOf(event, 'message')),
  ],
  Node: [
    NAME,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    AGE,
    column('Version', (node) => textOf(inStatus(node, 'nodeInfo'), 'kubeletVersion')),
    column('Internal-IP', nodeAddress('InternalIP'), true),
    column('External-IP', nodeAddress('ExternalIP'), true),
    column('OS-Image', nodeInfo('osImage'), true),
    column('Kernel-Version', nodeInfo('kernelVersion'), true),
    column('Container-Runtime', nodeInfo('containerRuntimeVersion'), true),
  ],
  ServiceAccount: [
    NAME,
    column('Secrets', (account) => listOf(account, 'secrets').length, false, 'integer'),
    AGE,
  ],
  PersistentVolumeClaim: [
    NAME,
    column('Status', phase),
    column('Volume', inSpec('volumeName')),
    column('Capacity', (claim) => textOf(inStatus(claim, 'capacity'), 'storage')),
    column('Access Modes', (claim) => accessModes(fieldsOf(claim, 'status'))),
    column('StorageClass', inSpec('storageClassName')),
    column('VolumeAttributesClass', (claim) => inSpec('volumeAttributesClassName')(claim) || UNSET),
    AGE,
    column('VolumeMode', (claim) => inSpec('volumeMode')(claim) || UNSET, true),
  ],
  PersistentVolume: [
    NAME,
    column('Capacity', (volume) =>
      textOf(fieldsOf(fieldsOf(volume, 'spec'), 'capacity'), 'storage'),
    ),
    column('Access Modes', (volume) => accessModes(fieldsOf(volume, 'spec'))),
    column('Reclaim Policy', inSpec('persistentVolumeReclaimPolicy')),
    column('Status', phase),
    column('Claim', (volume) => {
      const { namespace, name } = fieldsOf(fieldsOf(volume, 'spec'), 'claimRef');
      return name === undefined ? '' : `${namespace}/${name}`;
    }),
    column('StorageClass', inSpec('storageClassName')),
    column('VolumeAttributesClass', (one) => inSpec('volumeAttributesClassName')(one) || UNSET),
    column('Reason', (volume) => textOf(fieldsOf(volume, 'status'), 'reason')),
    AGE,
    column('VolumeMode', (volume) => inSpec('volumeMode')(volume) || UNSET, true),
  ],
  ReplicationController: [
    NAME,
    counted('Desired', 'spec', 'replicas', 1),
    counted('Current', 'status', 'replicas'),
    counted('Ready', 'status', 'readyReplicas'),
    AGE,
    ...TEMPLATE,
    column('Selector', (one) => selectorText(fieldsOf(one, 'spec'), 'selector'), true),
  ],
  ResourceQuota: [
    NAME,
    column('Request', (quota) => usage(quota, (name) => !name.startsWith('limits.'))),
    column('Limit', (quota) => usage(quota, (name) => name.startsWith('limits.'))),
    AGE,
  ],
  LimitRange: [NAME, CREATED],
  CronJob: [
    NAME,
    column('Schedule', inSpec('schedule')),
    column('Timezone', (job) => inSpec('timeZone')(job) || NONE),
    column('Suspend', (job) => (valueIn(job, 'suspend') === true ? 'True' : 'False')),
    column('Active', (job) => listOf(fieldsOf(job, 'status'), 'active').length, false, 'integer'),
    column('Last Schedule', (job) => {
      const last = textOf(fieldsOf(job, 'status'), 'lastScheduleTime');
      return last === '' ? NONE : age(last);
    }),
    AGE,
  ],
  Lease: [NAME, column('Holder', inSpec('holderIdentity')), AGE],
  Ingress: [
    NAME,
    column('Class', (ingress) => inSpec('ingressClassName')(ingress) || NONE),
    column('Hosts', ingressHosts),
    column('Address', (ingress) =>
      listOf(inStatus(ingress, 'loadBalancer'), 'ingress')
        .map((one) => textOf(one, 'ip') || textOf(one, 'hostname'))
        .join(','),
    ),
    column('Ports', (one) =>
      listOf(fieldsOf(one, 'spec'), 'tls').length === 0 ? '80' : '80, 443',
    ),
    AGE,
  ],
  IngressClass: [
    NAME,
    column('Controller', inSpec('controller')),
    column(
      'Parameters',
      (one) => textOf(fieldsOf(fieldsOf(one, 'spec'), 'parameters'), 'name') || NONE,
    ),
    AGE,
  ],
  NetworkPolicy: [
    NAME,
    column('Pod-Selector', (policy) => {
      const selector = fieldsOf(fieldsOf(policy, 'spec'), 'podSelector');
      return selectorText(selector, 'matchLabels');
    }),
    AGE,
  ],
  Role: [NAME, CREATED],
  ClusterRole: [NAME, CREATED],
  RoleBinding: BINDING,
  ClusterRoleBinding: BINDING,
  PodDisruptionBudget: [
    NAME,
    column('Min Available', (one) => valueIn(one, 'minAvailable') ?? 'N/A'),
    column('Max Unavailable', (one) => valueIn(one, 'maxUnavailable') ?? 'N/A'),
    counted('Allowed Disruptions', 'status', 'disruptionsAllowed'),
    AGE,
  ],
  HorizontalPodAutoscaler: [
    NAME,
    column('Reference', (one) => {
      const { kind, name } = fieldsOf(fieldsOf(one, 'spec'), 'scaleTargetRef');
      return `${kind}/${name}`;
    }),
    column('MinPods', (one) => String(valueIn(one, 'minReplicas') ?? UNSET)),
    counted('MaxPods', 'spec', 'maxReplicas'),
    counted('Replicas', 'status', 'currentReplicas'),
    AGE,
  ],
  StorageClass: [
    NAME,
    column('Provisioner', (one) => textOf(one, 'provisioner')),
    column('ReclaimPolicy', (one) => textOf(one, 'reclaimPolicy')),
    column('VolumeBindingMode', (one) => textOf(one, 'volumeBindingMode')),
    column('AllowVolumeExpansion', ({ allowVolumeExpansion = false }) => allowVolumeExpansion),
    AGE,
  ],
  PriorityClass: [
    NAME,
    column('Value', ({ value }) => value, false, 'integer'),
    column('Global-Default', ({ globalDefault = false }) => globalDefault),
    AGE,
    column('PreemptionPolicy', (one) => textOf(one, 'preemptionPolicy')),
  ],
  ControllerRevision: [
    NAME,
    column('Controller', ({ metadata }) => {
      const owners = listOf(metadata, 'ownerReferences');
      const {
        apiVersion = '',
        kind,
        name,
      } = owners.find(({ controller }) => controller === true) ?? {};
      const [group] = String(apiVersion).split('/');
      return kind === undefined ? NONE : `${String(kind).toLowerCase()}.${group}/${name}`;
    }),
    column('Revision', ({ revision }) => revision, false, 'integer'),
    AGE,
  ],
};

function containerStatuses(pod: FakeObject): Fields[] {
  return listOf(fieldsOf(pod, 'status'), 'containerStatuses');
}

function readiness(pod: FakeObject): string {
  const total = listOf(fieldsOf(pod, 'spec'), 'containers').length;
  return `${containerStatuses(pod).filter(({ ready }) => ready === true).length}/${total}`;
}

function restarts(pod: FakeObject): number {
  return containerStatuses(pod).reduce((sum, { restartCount }) => sum + Number(restartCount), 0);
}

function podStatus(pod: FakeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const states = containerStatuses(pod).map((status) => fieldsOf(status, 'state'));
  const reasons = states.map(
    (state) =>
      textOf(fieldsOf(state, 'waiting'), 'reason') ||
      textOf(fieldsOf(state, 'terminated'), 'reason'),
  );
  return reasons.find((reason) => reason !== '') ?? textOf(fieldsOf(pod, 'status'), 'phase');
}

function replicas(object: FakeObject): string {
  const { readyReplicas = 0 } = fieldsOf(object, 'status');
  const { replicas = 1 } = fieldsOf(object, 'spec');
  return `${readyReplicas}/${replicas}`;
}

function listed(values: readonly unknown[]): string {
  return values.join(',') || '<none>';
}

function sizeOf(object: FakeObject, field: string): number {
  return Object.keys(fieldsOf(object, field)).length;
}

function selectorText(object: Fields, field: string): string {
  return listed(Object.entries(textsOf(object, field)).map(([key, value]) => `${key}=${value}`));
}

function endpointsText(endpoints: FakeObject): string {
  const all = listOf(endpoints, 'subsets').flatMap((subset) =>
    listOf(subset, 'addresses').flatMap(({ ip }) =>
      listOf(subset, 'ports').map(({ port }) => `${ip}:${port}`),
    ),
  );
  return listed(all);
}

function servicePorts(service: FakeObject): string {
  const ports = listOf(fieldsOf(service, 'spec'), 'ports');
  const texts = ports.map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`);
  return listed(texts);
}

function inStatus(object: FakeObject, field: string): Fields {
  return fieldsOf(fieldsOf(object, 'status'), field);
}

function phase(object: FakeObject): string {
  return textOf(fieldsOf(object, 'status'), 'phase');
}

function nodeStatus(node: FakeObject): string {
  const conditions = listOf(fieldsOf(node, 'status'), 'conditions');
  const ready = conditions.find(({ type }) => type === 'Ready');
  const words =
    ready === undefined ? 'Unknown' : textOf(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return `${words}${valueIn(node, 'unschedulable') === true ? ',SchedulingDisabled' : ''}`;
}

const ROLE = 'node-role.kubernetes.io/';

function nodeRoles({ metadata }: FakeObject): string {
  const labels = Object.keys(textsOf(metadata, 'labels'));
  return listed(labels.filter((one) => one.startsWith(ROLE)).map((one) => one.slice(ROLE.length)));
}

function nodeAddress(wanted: string): Column['cell'] {
  return (node) => {
    const addresses = listOf(fieldsOf(node, 'status'), 'addresses');
    return textOf(addresses.find(({ type }) => type === wanted) ?? {}, 'address') || '<none>';
  };
}

function nodeInfo(field: string): Column['cell'] {
  return (node) => textOf(inStatus(node, 'nodeInfo'), field) || '<unknown>';
}

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function accessModes({ accessModes = [] }: { readonly accessModes?: unknown }): string {
  return (accessModes as readonly string[]).map((mode) => MODES[mode] ?? mode).join(',');
}

function usage(quota: FakeObject, isMeant: (name: string) => boolean): string {
  const used = inStatus(quota, 'used');
  const hard = Object.entries(inStatus(quota, 'hard')).filter(([name]) => isMeant(name));
  return hard.map(([name, limit]) => `${name}: ${used[name] ?? 0}/${limit}`).join(', ');
}

function ingressHosts(ingress: FakeObject): string {
  const hosts = listOf(fieldsOf(ingress, 'spec'), 'rules').map((one) => textOf(one, 'host') || '*');
  return [...new Set(hosts)].join(',') || '*';
}
