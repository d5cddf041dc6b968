import {
  type FakeObject,
  type Fields,
  fieldsOf,
  listOf,
  textOf,
  textsOf,
} from '../objects/object.ts';

function containerStatuses(pod: FakeObject): Fields[] {
  return listOf(fieldsOf(pod, 'status'), 'containerStatuses');
}

/** How many containers of a pod are ready, of how many. */
export function readiness(pod: FakeObject): string {
  const total = listOf(fieldsOf(pod, 'spec'), 'containers').length;
  return `${containerStatuses(pod).filter(({ ready }) => ready === true).length}/${total}`;
}

/** How often containers of a pod were run again. */
export function restarts(pod: FakeObject): number {
  return containerStatuses(pod).reduce((sum, { restartCount }) => sum + Number(restartCount), 0);
}

/** What `kubectl` says of the state of a pod. */
export function podStatus(pod: FakeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const states = containerStatuses(pod).map((status) => fieldsOf(status, 'state'));
  const reasons = states.map(
    (state) =>
      textOf(fieldsOf(state, 'waiting'), 'reason') ||
      textOf(fieldsOf(state, 'terminated'), 'reason'),
  );
  return reasons.find((reason) => reason !== '') ?? textOf(fieldsOf(pod, 'status'), 'phase');
}

/** How many replicas of a workload are ready, of how many. */
export function replicas(object: FakeObject): string {
  const { readyReplicas = 0 } = fieldsOf(object, 'status');
  const { replicas = 1 } = fieldsOf(object, 'spec');
  return `${readyReplicas}/${replicas}`;
}

/** Values with commas between, or that there are none. */
export function listed(values: readonly unknown[]): string {
  return values.join(',') || '<none>';
}

/** How many entries stand under a field. */
export function sizeOf(object: FakeObject, field: string): number {
  return Object.keys(fieldsOf(object, field)).length;
}

/** A selector by labels. */
export function selectorText(object: Fields, field: string): string {
  return listed(Object.entries(textsOf(object, field)).map(([key, value]) => `${key}=${value}`));
}

/** Addresses with their ports. */
export function endpointsText(endpoints: FakeObject): string {
  const all = listOf(endpoints, 'subsets').flatMap((subset) =>
    listOf(subset, 'addresses').flatMap(({ ip }) =>
      listOf(subset, 'ports').map(({ port }) => `${ip}:${port}`),
    ),
  );
  return listed(all);
}

/** The ports of a service. */
export function servicePorts(service: FakeObject): string {
  const ports = listOf(fieldsOf(service, 'spec'), 'ports');
  const texts = ports.map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`);
  return listed(texts);
}

/** The object under a field of the `status`. */
export function inStatus(object: FakeObject, field: string): Fields {
  return fieldsOf(fieldsOf(object, 'status'), field);
}

/** The phase of an object. */
export function phase(object: FakeObject): string {
  return textOf(fieldsOf(object, 'status'), 'phase');
}

/** Whether a node is ready, and whether pods may come to it. */
export function nodeStatus(node: FakeObject): string {
  const conditions = listOf(fieldsOf(node, 'status'), 'conditions');
  const ready = conditions.find(({ type }) => type === 'Ready');
  const words =
    ready === undefined ? 'Unknown' : textOf(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return `${words}${valueIn(node, 'unschedulable') === true ? ',SchedulingDisabled' : ''}`;
}

const ROLE = 'node-role.kubernetes.io/';

/** The roles that the labels of a node tell. */
export function nodeRoles({ metadata }: FakeObject): string {
  const labels = Object.keys(textsOf(metadata, 'labels'));
  return listed(labels.filter((one) => one.startsWith(ROLE)).map((one) => one.slice(ROLE.length)));
}

/** An address of a node. */
export function nodeAddress(wanted: string): (object: FakeObject) => string {
  return (node) => {
    const addresses = listOf(fieldsOf(node, 'status'), 'addresses');
    return textOf(addresses.find(({ type }) => type === wanted) ?? {}, 'address') || '<none>';
  };
}

/** What a node says of itself. */
export function nodeInfo(field: string): (object: FakeObject) => string {
  return (node) => textOf(inStatus(node, 'nodeInfo'), field) || '<unknown>';
}

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** How a volume may be used, in short. */
export function accessModes({ accessModes = [] }: { readonly accessModes?: unknown }): string {
  return (accessModes as readonly string[]).map((mode) => MODES[mode] ?? mode).join(',');
}

/** What of a quota is used. */
export function usage(quota: FakeObject, isMeant: (name: string) => boolean): string {
  const used = inStatus(quota, 'used');
  const hard = Object.entries(inStatus(quota, 'hard')).filter(([name]) => isMeant(name));
  return hard.map(([name, limit]) => `${name}: ${used[name] ?? 0}/${limit}`).join(', ');
}

/** The hosts of an ingress. */
export function ingressHosts(ingress: FakeObject): string {
  const hosts = listOf(fieldsOf(ingress, 'spec'), 'rules').map((one) => textOf(one, 'host') || '*');
  return [...new Set(hosts)].join(',') || '*';
}

/** A text of the `spec`. */
export const inSpec =
  (field: string) =>
  (object: FakeObject): string =>
    textOf(fieldsOf(object, 'spec'), field);

/** Anything of the `spec`. */
export const valueIn = (object: FakeObject, field: string): unknown =>
  fieldsOf(object, 'spec')[field];
