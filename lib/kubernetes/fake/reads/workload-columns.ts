import { fieldsOf, listOf, textOf } from '../objects/object.ts';
import { age } from './age.ts';
import { inSpec, listed, replicas, selectorText, valueIn } from './cells.ts';
import { AGE, type Column, column, counted, NAME, NONE, UNSET } from './column.ts';

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

/** Of what makes pods, and of what looks after that. */
export const WORKLOAD_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
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
      const { completions, parallelism = 1 } = fieldsOf(job, 'spec');
      const any = Number(parallelism) > 1 ? `1 of ${parallelism}` : '1';
      return `${succeeded}/${completions ?? any}`;
    }),
    AGE,
    ...TEMPLATE,
    SELECTOR,
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
  PodDisruptionBudget: [
    NAME,
    column('Min Available', (one) => valueIn(one, 'minAvailable') ?? 'N/A'),
    column('Max Unavailable', (one) => valueIn(one, 'maxUnavailable') ?? 'N/A'),
    counted('Allowed Disruptions', 'status', 'disruptionsAllowed'),
    AGE,
  ],
};
