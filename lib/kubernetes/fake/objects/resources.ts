import type { CustomKind } from './custom-kind.ts';

/** A resource that a fake API server has. */
export interface FakeResource {
  /** API group; empty for that of pods. */
  readonly group: string;
  readonly version: string;
  /** As in URLs. */
  readonly plural: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** `all` of `kubectl get all`. */
  readonly categories: readonly string[];
  /** Below one object. */
  readonly subresources: readonly string[];
  /** What a definition says of it; nothing for those that every server has. */
  readonly custom?: CustomKind | undefined;
}

const core = resourcesOf('', 'v1');
const apps = resourcesOf('apps', 'v1');
const batch = resourcesOf('batch', 'v1');
const networking = resourcesOf('networking.k8s.io', 'v1');
const rbac = resourcesOf('rbac.authorization.k8s.io', 'v1');

const CLUSTER = { namespaced: false };
const STATUS = { subresources: ['status'] };

/** Every one that every server has. */
export const RESOURCES: readonly FakeResource[] = [
  core('pods', 'Pod', ['po'], {
    subresources: [
      'attach',
      'ephemeralcontainers',
      'eviction',
      'exec',
      'log',
      'portforward',
      'status',
    ],
    categories: ['all'],
  }),
  core('services', 'Service', ['svc'], { subresources: ['status'], categories: ['all'] }),
  core('endpoints', 'Endpoints', ['ep']),
  core('events', 'Event', ['ev']),
  core('configmaps', 'ConfigMap', ['cm']),
  core('secrets', 'Secret', []),
  core('namespaces', 'Namespace', ['ns'], { ...CLUSTER, subresources: ['status'] }),
  core('serviceaccounts', 'ServiceAccount', ['sa'], { subresources: ['token'] }),
  core('persistentvolumeclaims', 'PersistentVolumeClaim', ['pvc'], STATUS),
  core('persistentvolumes', 'PersistentVolume', ['pv'], { ...CLUSTER, ...STATUS }),
  core('nodes', 'Node', ['no'], { ...CLUSTER, ...STATUS }),
  core('replicationcontrollers', 'ReplicationController', ['rc'], workload('scale')),
  core('resourcequotas', 'ResourceQuota', ['quota'], STATUS),
  core('limitranges', 'LimitRange', ['limits']),
  core('podtemplates', 'PodTemplate', []),
  apps('deployments', 'Deployment', ['deploy'], workload('scale')),
  apps('replicasets', 'ReplicaSet', ['rs'], workload('scale')),
  apps('statefulsets', 'StatefulSet', ['sts'], workload('scale')),
  apps('daemonsets', 'DaemonSet', ['ds'], workload()),
  apps('controllerrevisions', 'ControllerRevision', []),
  batch('jobs', 'Job', [], workload()),
  batch('cronjobs', 'CronJob', ['cj'], workload()),
  resourcesOf('discovery.k8s.io', 'v1')('endpointslices', 'EndpointSlice', []),
  resourcesOf('coordination.k8s.io', 'v1')('leases', 'Lease', []),
  networking('ingresses', 'Ingress', ['ing'], STATUS),
  networking('ingressclasses', 'IngressClass', [], CLUSTER),
  networking('networkpolicies', 'NetworkPolicy', ['netpol']),
  rbac('roles', 'Role', []),
  rbac('rolebindings', 'RoleBinding', []),
  rbac('clusterroles', 'ClusterRole', [], CLUSTER),
  rbac('clusterrolebindings', 'ClusterRoleBinding', [], CLUSTER),
  resourcesOf('policy', 'v1')('poddisruptionbudgets', 'PodDisruptionBudget', ['pdb'], STATUS),
  resourcesOf('autoscaling', 'v2')(
    'horizontalpodautoscalers',
    'HorizontalPodAutoscaler',
    ['hpa'],
    workload(),
  ),
  resourcesOf('storage.k8s.io', 'v1')('storageclasses', 'StorageClass', ['sc'], CLUSTER),
  resourcesOf('scheduling.k8s.io', 'v1')('priorityclasses', 'PriorityClass', ['pc'], CLUSTER),
  resourcesOf('apiextensions.k8s.io', 'v1')(
    'customresourcedefinitions',
    'CustomResourceDefinition',
    ['crd', 'crds'],
    { ...CLUSTER, ...STATUS, categories: ['api-extensions'] },
  ),
];

const KINDS = new Set(RESOURCES.map((one) => `${apiVersionOf(one)} ${one.kind}`));

/** The pods. */
export const PODS: FakeResource = RESOURCES[0] as FakeResource;

/** The namespaces. */
export const NAMESPACES: FakeResource = resourceNamed('namespaces') as FakeResource;

/** The nodes. */
export const NODES: FakeResource = resourceNamed('nodes') as FakeResource;

/** The kind of an object, if every server has it; custom ones may be called as those are. */
export function ownKindOf({
  apiVersion,
  kind,
}: {
  readonly apiVersion: string;
  readonly kind: string;
}): string | null {
  return KINDS.has(`${apiVersion} ${kind}`) ? kind : null;
}

/** The one that people mean by a name: `pods`, `pod`, `po`, `Pod`; null if there is none. */
export function resourceNamed(
  name: string,
  resources: readonly FakeResource[] = RESOURCES,
): FakeResource | null {
  const found = resources.find(
    ({ plural, kind, shortNames }) =>
      plural === name || kind.toLowerCase() === name.toLowerCase() || shortNames.includes(name),
  );
  return found ?? null;
}

/** As objects have it: `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: FakeResource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** For messages, as those of Kubernetes: `pods`, `deployments.apps`. */
export function qualified({ plural, group }: FakeResource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Definitions of custom resources. */
export const DEFINITIONS: FakeResource = resourceNamed('customresourcedefinitions') as FakeResource;

/** Budgets of pods that may be evicted. */
export const BUDGETS: FakeResource = resourceNamed('poddisruptionbudgets') as FakeResource;

/** What is written to `eviction` of a pod. */
export const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction' } as const;

/** What is written to `token` of a service account. */
export const TOKEN_REQUEST = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
} as const;

type Extras = Partial<Pick<FakeResource, 'namespaced' | 'subresources' | 'categories'>>;

function resourcesOf(group: string, version: string) {
  return (
    plural: string,
    kind: string,
    shortNames: readonly string[],
    { namespaced = true, subresources = [], categories = [] }: Extras = {},
  ): FakeResource => ({
    ...{ group, version, plural, kind, shortNames },
    ...{ namespaced, subresources, categories },
  });
}

function workload(...more: readonly string[]): Extras {
  return { subresources: ['status', ...more], categories: ['all'] };
}
