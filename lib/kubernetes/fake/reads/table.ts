import {
  type FakeObject,
  type Fields,
  fieldsOf,
  listOf,
  textOf,
  textsOf,
} from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';

/** One column of a table: what it is called, and what stands in it. */
interface Column {
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
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
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
};

/** Objects as a table (`meta.k8s.io/v1`); `objectOf` is what stands in each row of the object itself. */
export function tableOf(
  { kind }: FakeResource,
  objects: readonly FakeObject[],
  metadata: unknown,
  objectOf: (object: FakeObject) => object | null,
): object {
  const columns = Object.hasOwn(COLUMNS, kind) ? (COLUMNS[kind] as readonly Column[]) : [NAME, AGE];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type, wide }) => ({
      ...{ name, type, description: '', priority: wide ? 1 : 0 },
      format: name === 'Name' ? 'name' : '',
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object)),
      object: objectOf(object),
    })),
  };
}

/** A time that has passed, as `kubectl` shows it. */
export function age(since: string | undefined, now: number = Date.now()): string {
  const begun = Date.parse(since ?? '');
  if (Number.isNaN(begun)) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now - begun) / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  return `${days}d`;
}

function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`;
}

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
