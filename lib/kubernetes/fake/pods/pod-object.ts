import {
  type FakeObject,
  type Fields,
  fieldsOf,
  listOf,
  textOf,
  textsOf,
  timestamp,
} from '../objects/object.ts';
import { ephemeralStatuses } from './ephemeral-statuses.ts';
import { NODE } from './node.ts';
import type { ResolvedPod, ResolvedPodState } from './pod-options.ts';

/** A pod as the API has it. */
export function podObject(pod: ResolvedPod, state: ResolvedPodState, ip: string): FakeObject {
  const { name, namespace, containers, ports } = pod;
  const { labels, annotations } = state;
  const object: FakeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, annotations },
    spec: {
      containers: containers.map(({ name, image, command, tty, portNames }, index) => ({
        ...{ name, image, command, stdin: true },
        ...(tty ? { tty } : {}),
        ports: [
          ...Object.entries(portNames).map(([name, containerPort]) => ({ name, containerPort })),
          // Those that have no name are the first container's.
          ...(index === 0 ? unnamed(pod, [...ports.keys()]) : []),
        ].map((port) => ({ ...port, protocol: 'TCP' })),
      })),
      ...placed({ restartPolicy: pod.restartPolicy }),
    },
  };
  return withState(object, state, ip);
}

/** What every pod is given that a client makes. */
export function placed(spec: Fields): Fields {
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
    schedulerName: 'default-scheduler',
    securityContext: {},
    ...spec,
    nodeName: NODE,
  };
}

/** The pod with another state. */
export function withState(
  pod: FakeObject,
  { phase, ready, labels, annotations }: ResolvedPodState,
  address: string | null = null,
): FakeObject {
  const now = timestamp();
  const status = fieldsOf(pod, 'status');
  const { startTime = now } = status;
  const ip = address ?? textOf(status, 'podIP');
  const condition = (type: string, holds: boolean): Fields => {
    const before = conditionOf(status, type);
    const value = holds ? 'True' : 'False';
    const { lastTransitionTime = now } = before.status === value ? before : {};
    return { type, status: value, lastProbeTime: null, lastTransitionTime };
  };
  return {
    ...pod,
    metadata: { ...pod.metadata, labels, annotations },
    status: {
      phase,
      conditions: [
        condition('Initialized', phase !== 'Pending'),
        condition('Ready', ready),
        condition('ContainersReady', ready),
        condition('PodScheduled', true),
      ],
      hostIP: '127.0.0.1',
      podIP: ip,
      podIPs: [{ ip }],
      startTime,
      qosClass: 'BestEffort',
      containerStatuses: listOf(fieldsOf(pod, 'spec'), 'containers').map(
        ({ name, image = 'fake' }) => {
          const { restartCount = 0, lastState = {} } = containerStatusOf(status, name);
          return {
            ...{ name, image, imageID: '', ready, started: phase === 'Running', restartCount },
            state: containerState(phase, startTime, now),
            lastState,
          };
        },
      ),
      ...ephemeralStatuses(pod, phase),
    },
  };
}

/** What has happened to the main process of a container. */
export type MainChange =
  | { readonly ended: number; readonly restarts: boolean }
  | { readonly ended: null };

/** The pod behind that: of one whose containers have all ended the phase tells how. */
export function withMainChange(pod: FakeObject, container: string, change: MainChange): FakeObject {
  const status = fieldsOf(pod, 'status');
  const now = timestamp();
  const statuses = listOf(status, 'containerStatuses').map((one) => {
    if (textOf(one, 'name') !== container) return one;
    const { restartCount = 0, startedAt } = {
      ...one,
      ...fieldsOf(fieldsOf(one, 'state'), 'running'),
    };
    if (change.ended === null) {
      const state = { running: { startedAt: now } };
      return { ...one, state, ready: true, started: true, restartCount: Number(restartCount) + 1 };
    }
    const exitCode = change.ended;
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const terminated = { exitCode, reason, startedAt, finishedAt: now };
    const over = { ...one, ready: false, started: false };
    if (!change.restarts) return { ...over, state: { terminated } };
    return {
      ...over,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated },
    };
  });
  const codes = statuses.map((one) => {
    const { exitCode } = fieldsOf(fieldsOf(one, 'state'), 'terminated');
    return exitCode;
  });
  const phase = codes.includes(undefined)
    ? textOf(status, 'phase')
    : codes.every((code) => code === 0)
      ? 'Succeeded'
      : 'Failed';
  const ready = statuses.every(({ ready }: Fields) => ready === true);
  const next = withState(pod, {
    ...stateOf(pod),
    ready,
    phase: phase as ResolvedPodState['phase'],
  });
  return { ...next, status: { ...fieldsOf(next, 'status'), containerStatuses: statuses } };
}

/** What the object says of the state of its pod. */
export function stateOf(pod: FakeObject): ResolvedPodState {
  const status = fieldsOf(pod, 'status');
  return {
    phase: textOf(status, 'phase') as ResolvedPodState['phase'],
    ready: conditionOf(status, 'Ready').status === 'True',
    labels: textsOf(pod.metadata, 'labels'),
    annotations: textsOf(pod.metadata, 'annotations'),
  };
}

interface Condition {
  readonly status?: unknown;
  readonly lastTransitionTime?: unknown;
}

/** A condition of a pod; an empty one where it has none. */
function conditionOf(status: Fields, wanted: string): Condition {
  return listOf(status, 'conditions').find(({ type }) => type === wanted) ?? {};
}

interface ContainerStatus {
  readonly restartCount?: unknown;
  readonly lastState?: unknown;
}

/** The status of a container; an empty one where it has none. */
function containerStatusOf(status: Fields, wanted: unknown): ContainerStatus {
  return listOf(status, 'containerStatuses').find(({ name }) => name === wanted) ?? {};
}

function containerState(phase: string, startedAt: unknown, finishedAt: string): Fields {
  switch (phase) {
    case 'Pending':
      return { waiting: { reason: 'ContainerCreating' } };
    case 'Succeeded':
      return { terminated: { exitCode: 0, reason: 'Completed', startedAt, finishedAt } };
    case 'Failed':
      return { terminated: { exitCode: 1, reason: 'Error', startedAt, finishedAt } };
    default:
      return { running: { startedAt } };
  }
}

function unnamed({ containers }: ResolvedPod, ports: readonly number[]): Fields[] {
  const named = containers.flatMap(({ portNames }) => Object.values(portNames));
  return ports.filter((port) => !named.includes(port)).map((containerPort) => ({ containerPort }));
}
