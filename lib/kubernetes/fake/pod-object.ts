import {
  type FakeObject,
  type Fields,
  fieldsOf,
  listOf,
  textOf,
  textsOf,
  timestamp,
} from './object.ts';
import type { ResolvedPod, ResolvedPodState } from './pod-options.ts';

/** The node that all pods are on. */
const NODE = 'fake-node';

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
        ...{ name, image, command, stdin: true, tty },
        ports: [
          ...Object.entries(portNames).map(([name, containerPort]) => ({ name, containerPort })),
          // Those that have no name are the first container's.
          ...(index === 0 ? unnamed(pod, [...ports.keys()]) : []),
        ].map((port) => ({ ...port, protocol: 'TCP' })),
      })),
      restartPolicy: 'Always',
      ...placed({}),
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
        ({ name, image = 'fake' }) => ({
          ...{ name, image, imageID: '', ready, started: phase === 'Running', restartCount: 0 },
          state: containerState(phase, startTime, now),
          lastState: {},
        }),
      ),
    },
  };
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
