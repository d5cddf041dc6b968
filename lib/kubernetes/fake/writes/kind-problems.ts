import { isDeepStrictEqual } from 'node:util';
import { definitionProblem } from '../custom/definition.ts';
import {
  type FakeObject,
  type Fields,
  fieldsOf,
  listOf,
  textOf,
  textsOf,
} from '../objects/object.ts';
import { ownKindOf } from '../objects/resources.ts';
import { containersProblem } from '../pods/pod-manifest.ts';

/** Why an object of a kind cannot be, or cannot take the place of what was there (null for none); null if it can. */
type Check = (object: FakeObject, before: FakeObject | null) => string | null;

/** As much as an API server takes in config maps and secrets, in bytes. */
const MAX_DATA = 1024 * 1024;

const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;
const SERVICE_NAME = /^[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/;

/** What Kubernetes looks at, by the kinds; pods aside. */
const CHECKS: Readonly<Record<string, Check>> = {
  Namespace: ({ metadata }) => (LABEL.test(metadata.name) ? null : badName(metadata.name, 'label')),
  Service: (service) =>
    SERVICE_NAME.test(service.metadata.name)
      ? servicePortsProblem(fieldsOf(service, 'spec'))
      : badName(service.metadata.name, 'DNS-1035 label'),
  ConfigMap: dataProblem,
  Secret: (secret, before) =>
    before !== null && textOf(secret, 'type') !== textOf(before, 'type')
      ? immutable('type')
      : dataProblem(secret, before),
  Deployment: workloadProblem,
  ReplicaSet: workloadProblem,
  DaemonSet: workloadProblem,
  StatefulSet: (set, before) => workloadProblem(set, before) ?? statefulProblem(set, before),
  Job: (job, before) => jobProblem(fieldsOf(job, 'spec'), 'spec') ?? jobChangeProblem(job, before),
  CronJob: (job) => {
    if (job.metadata.name.length > 52)
      return 'metadata.name: Invalid value: "": must be no more than 52 characters';
    const spec = fieldsOf(job, 'spec');
    if (textOf(spec, 'schedule') === '') return 'spec.schedule: Required value';
    return jobProblem(fieldsOf(fieldsOf(spec, 'jobTemplate'), 'spec'), 'spec.jobTemplate.spec');
  },
  Ingress: (ingress) => {
    const spec = fieldsOf(ingress, 'spec');
    return 'defaultBackend' in spec || listOf(spec, 'rules').length > 0
      ? null
      : 'spec: Invalid value: "": either `defaultBackend` or `rules` must be specified';
  },
  Role: rulesProblem,
  ClusterRole: (role) => ('aggregationRule' in role ? null : rulesProblem(role)),
  RoleBinding: bindingProblem,
  ClusterRoleBinding: bindingProblem,
  PersistentVolumeClaim: claimProblem,
  Lease: (lease) => notBelow(fieldsOf(lease, 'spec'), 'leaseDurationSeconds', 1, 'spec'),
  HorizontalPodAutoscaler: (scaler) => {
    const spec = fieldsOf(scaler, 'spec');
    const target = fieldsOf(spec, 'scaleTargetRef');
    for (const name of ['kind', 'name'])
      if (textOf(target, name) === '') return `spec.scaleTargetRef.${name}: Required value`;
    const { minReplicas = 1, maxReplicas = 0 } = spec;
    return Number(maxReplicas) < Math.max(1, Number(minReplicas))
      ? `spec.maxReplicas: Invalid value: ${maxReplicas}: must be greater than or equal to \`minReplicas\``
      : notBelow(spec, 'minReplicas', 1, 'spec');
  },
  PodDisruptionBudget: (budget) => {
    const spec = fieldsOf(budget, 'spec');
    return 'minAvailable' in spec && 'maxUnavailable' in spec
      ? 'spec: Invalid value: "": minAvailable and maxUnavailable cannot be both set'
      : null;
  },
  StorageClass: (one) => (textOf(one, 'provisioner') === '' ? 'provisioner: Required value' : null),
  CustomResourceDefinition: (one, before) => definitionProblem(one, before)?.text ?? null,
  PriorityClass: (one, before) =>
    before !== null && priorityOf(one) !== priorityOf(before)
      ? 'value: Forbidden: may not be changed in an update.'
      : null,
};

/** Why Kubernetes would not take an object of its kind, in the place of `before` (null for none); null if it would. */
export function kindProblem(object: FakeObject, before: FakeObject | null): string | null {
  const kind = ownKindOf(object);
  const check = kind !== null && Object.hasOwn(CHECKS, kind) ? CHECKS[kind] : undefined;
  return check?.(object, before) ?? null;
}

function badName(name: string, what: string): string {
  return `metadata.name: Invalid value: ${JSON.stringify(name)}: it is no ${what} of at most 63 characters`;
}

function immutable(path: string): string {
  return `${path}: Invalid value: "": field is immutable`;
}

/** Fields of the `spec` that stay as they are. */
function fixed(
  object: FakeObject,
  before: FakeObject | null,
  names: readonly string[],
): string | null {
  if (before === null) return null;
  const [spec, old] = [object, before].map((one) => fieldsOf(one, 'spec')) as [Fields, Fields];
  const changed = names.find((name) => !isDeepStrictEqual(spec[name], old[name]));
  return changed === undefined ? null : immutable(`spec.${changed}`);
}

function notBelow(fields: Fields, name: string, least: number, path: string): string | null {
  const value = fields[name];
  return typeof value === 'number' && value < least
    ? `${path}.${name}: Invalid value: ${value}: must be greater than or equal to ${least}`
    : null;
}

function workloadProblem(object: FakeObject, before: FakeObject | null): string | null {
  const spec = fieldsOf(object, 'spec');
  const template = fieldsOf(spec, 'template');
  const selector = fieldsOf(spec, 'selector');
  if (!('selector' in spec)) return 'spec.selector: Required value';
  const wanted = textsOf(selector, 'matchLabels');
  if (Object.keys(wanted).length + listOf(selector, 'matchExpressions').length === 0)
    return `spec.selector: Invalid value: {}: empty selector is invalid for ${object.kind.toLowerCase()}`;
  const labels = textsOf(fieldsOf(template, 'metadata'), 'labels');
  if (Object.entries(wanted).some(([name, value]) => labels[name] !== value))
    return 'spec.template.metadata.labels: Invalid value: "": `selector` does not match template `labels`';
  const { restartPolicy = 'Always' } = fieldsOf(template, 'spec');
  if (restartPolicy !== 'Always')
    return `spec.template.spec.restartPolicy: Unsupported value: ${JSON.stringify(restartPolicy)}: supported values: "Always"`;
  return (
    notBelow(spec, 'replicas', 0, 'spec') ??
    containersProblem(fieldsOf(template, 'spec'), 'spec.template.spec') ??
    fixed(object, before, ['selector'])
  );
}

const STATEFUL = [
  ...['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit'],
  ...['persistentVolumeClaimRetentionPolicy', 'minReadySeconds'],
];

function statefulProblem(object: FakeObject, before: FakeObject | null): string | null {
  if (before === null) return null;
  const [rest, old] = [object, before].map((one) =>
    Object.entries(fieldsOf(one, 'spec')).filter(([name]) => !STATEFUL.includes(name)),
  ) as [[string, unknown][], [string, unknown][]];
  if (isDeepStrictEqual(Object.fromEntries(rest), Object.fromEntries(old))) return null;
  const words = STATEFUL.map((name) => `'${name}'`).join(', ');
  return `spec: Forbidden: updates to statefulset spec for fields other than ${words} are forbidden`;
}

function jobProblem(spec: Fields, path: string): string | null {
  const pod = fieldsOf(fieldsOf(spec, 'template'), 'spec');
  const { restartPolicy } = pod;
  const place = `${path}.template.spec`;
  if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never')
    return `${place}.restartPolicy: Required value: valid values: "OnFailure", "Never"`;
  return containersProblem(pod, place);
}

/** Of one that is suspended, and was so from the beginning, the places of its pods may change; of an indexed one how many there are. */
function jobChangeProblem(job: FakeObject, before: FakeObject | null): string | null {
  if (before === null) return null;
  const spec = fieldsOf(job, 'spec');
  const old = fieldsOf(before, 'spec');
  const { completions, completionMode, parallelism } = spec;
  const grows = completionMode === 'Indexed' && completions === parallelism;
  const { suspend } = old;
  const waits = suspend === true && !('startTime' in fieldsOf(before, 'status'));
  const [next, last] = [spec, old].map((one) => {
    const template = fieldsOf(one, 'template');
    return waits ? withoutPlaces(template) : template;
  });
  if (!isDeepStrictEqual(next, last)) return immutable('spec.template');
  return fixed(job, before, ['completionMode', ...(grows ? [] : ['completions'])]);
}

/** A template of pods without what says where they run, and without its labels and annotations. */
function withoutPlaces({ metadata: _, ...template }: Fields): Fields {
  const { nodeSelector, affinity, tolerations, schedulingGates, ...spec } = fieldsOf(
    template,
    'spec',
  );
  return { ...template, spec };
}

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function servicePortsProblem(spec: Fields): string | null {
  const { type = 'ClusterIP', clusterIP } = spec;
  const ports = listOf(spec, 'ports');
  if (!SERVICE_TYPES.includes(type as string))
    return `spec.type: Unsupported value: ${JSON.stringify(type)}: supported values: ${SERVICE_TYPES.map((one) => `"${one}"`).join(', ')}`;
  if (ports.length === 0 && type !== 'ExternalName' && clusterIP !== 'None')
    return 'spec.ports: Required value';
  if (type === 'ExternalName' && textOf(spec, 'externalName') === '')
    return 'spec.externalName: Required value';
  const names = new Set<string>();
  for (const [index, one] of ports.entries()) {
    const place = `spec.ports[${index}]`;
    const { port = 0 } = one;
    const name = textOf(one, 'name');
    if (!(Number(port) >= 1 && Number(port) <= 65535))
      return `${place}.port: Invalid value: ${port}: must be between 1 and 65535, inclusive`;
    if (name === '' && ports.length > 1) return `${place}.name: Required value`;
    if (names.has(name)) return `${place}.name: Duplicate value: "${name}"`;
    names.add(name);
  }
  return null;
}

function dataProblem(object: FakeObject, before: FakeObject | null): string | null {
  const parts = ['data', 'binaryData'];
  const lengths = dataLengths(object);
  for (const [name] of lengths)
    if (!/^[\w.-]{1,253}$/.test(name) || name === '.' || name.startsWith('..'))
      return `data[${name}]: Invalid value: ${JSON.stringify(name)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.'`;
  if (lengths.reduce((sum, [, length]) => sum + length, 0) > MAX_DATA)
    return `data: Too long: may not be more than ${MAX_DATA} bytes`;
  if (before === null || !isImmutable(before)) return null;
  if (!isImmutable(object))
    return 'immutable: Forbidden: field is immutable when `immutable` is set';
  return parts.every((part) => isDeepStrictEqual(textsOf(object, part), textsOf(before, part)))
    ? null
    : 'data: Forbidden: field is immutable when `immutable` is set';
}

/** Every key with the bytes of its value. Those of secrets may be written as texts, which go before. */
function dataLengths(object: FakeObject): [name: string, length: number][] {
  const lengths = (part: string, encoding: 'utf8' | 'base64'): [string, number][] =>
    Object.entries(textsOf(object, part)).map(([name, value]) => [
      name,
      Buffer.byteLength(value, encoding),
    ]);
  if (object.kind !== 'Secret')
    return [...lengths('data', 'utf8'), ...lengths('binaryData', 'base64')];
  return [...new Map([...lengths('data', 'base64'), ...lengths('stringData', 'utf8')])];
}

function isImmutable({ immutable = false }: FakeObject): boolean {
  return immutable === true;
}

function priorityOf({ value = 0 }: FakeObject): unknown {
  return value;
}

function rulesProblem(role: FakeObject): string | null {
  for (const [index, rule] of listOf(role, 'rules').entries()) {
    const { nonResourceURLs: paths } = rule;
    const wanted = Array.isArray(paths) && paths.length > 0 ? [] : ['apiGroups', 'resources'];
    for (const name of ['verbs', ...wanted]) {
      const values = rule[name];
      if (!Array.isArray(values) || values.length === 0)
        return `rules[${index}].${name}: Required value`;
    }
  }
  return null;
}

function bindingProblem(binding: FakeObject, before: FakeObject | null): string | null {
  const role = fieldsOf(binding, 'roleRef');
  for (const name of ['kind', 'name'])
    if (textOf(role, name) === '') return `roleRef.${name}: Required value`;
  return before === null || isDeepStrictEqual(role, fieldsOf(before, 'roleRef'))
    ? null
    : 'roleRef: Invalid value: "": cannot change roleRef';
}

function claimProblem(claim: FakeObject, before: FakeObject | null): string | null {
  const spec = fieldsOf(claim, 'spec');
  const { accessModes } = spec;
  if (!Array.isArray(accessModes) || accessModes.length === 0)
    return 'spec.accessModes: Required value: at least 1 access mode is required';
  if (!('storage' in fieldsOf(fieldsOf(spec, 'resources'), 'requests')))
    return 'spec.resources[storage]: Required value';
  if (before === null) return null;
  const old = fieldsOf(before, 'spec');
  const [rest, last] = [spec, old].map((one) => ({
    ...one,
    ...{ resources: null, volumeAttributesClassName: null },
    // A controller finds a volume for it, and says which class is meant where it names none: once each.
    ...(textOf(old, 'volumeName') === '' ? { volumeName: null } : {}),
    ...('storageClassName' in old ? {} : { storageClassName: null }),
  }));
  return isDeepStrictEqual(rest, last)
    ? null
    : 'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
}
