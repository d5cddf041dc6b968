import {
  type FakeObject,
  type Fields,
  fieldsOf,
  listOf,
  textOf,
  timestamp,
} from '../objects/object.ts';

/** The exit code of one whose pod has ended. */
const KILLED = 137;

/** What an ephemeral container of a pod does; null for another container, or none. */
export function ephemeralStateOf(
  pod: FakeObject,
  container: string,
): 'waiting' | 'running' | 'terminated' | null {
  if (!specsOf(pod).some((one) => textOf(one, 'name') === container)) return null;
  const state = stateIn(fieldsOf(pod, 'status'), container);
  if ('terminated' in state) return 'terminated';
  return 'running' in state ? 'running' : 'waiting';
}

/** Those that run. */
export function runningEphemerals(pod: FakeObject): string[] {
  const names = specsOf(pod).map((one) => textOf(one, 'name'));
  return names.filter((name) => ephemeralStateOf(pod, name) === 'running');
}

/** What the status of a pod in a phase says of its ephemeral containers; nothing of none. Those that have ended never run again. */
export function ephemeralStatuses(pod: FakeObject, phase: string): Fields {
  const specs = specsOf(pod);
  if (specs.length === 0) return {};
  const status = fieldsOf(pod, 'status');
  return { ephemeralContainerStatuses: specs.map((one) => statusIn(status, one, phase)) };
}

/** The pod, whose ephemeral containers run as its phase lets them. */
export function withEphemeralsBegun(pod: FakeObject): FakeObject {
  const status = fieldsOf(pod, 'status');
  const statuses = ephemeralStatuses(pod, textOf(status, 'phase'));
  return { ...pod, status: { ...status, ...statuses } };
}

/** The pod, one of whose ephemeral containers has ended. */
export function withEphemeralEnded(
  pod: FakeObject,
  container: string,
  exitCode: number,
): FakeObject {
  const status = fieldsOf(pod, 'status');
  const statuses = listOf(status, 'ephemeralContainerStatuses').map((one) =>
    textOf(one, 'name') === container
      ? { ...one, state: terminated(fieldsOf(one, 'state'), exitCode) }
      : one,
  );
  return { ...pod, status: { ...status, ephemeralContainerStatuses: statuses } };
}

function specsOf(pod: FakeObject): Fields[] {
  return listOf(fieldsOf(pod, 'spec'), 'ephemeralContainers');
}

/** They are never ready, and not counted where others are. */
function statusIn(status: Fields, { name, image }: Fields, phase: string): Fields {
  const before = stateIn(status, name);
  const about = { name, image, imageID: '', ready: false, restartCount: 0, lastState: {} };
  return { ...about, state: nextState(before, phase) };
}

function nextState(before: Fields, phase: string): Fields {
  if ('terminated' in before) return before;
  if ('running' in before) return phase === 'Running' ? before : terminated(before, KILLED);
  return phase === 'Running'
    ? { running: { startedAt: timestamp() } }
    : { waiting: { reason: 'ContainerCreating' } };
}

function terminated(before: Fields, exitCode: number): Fields {
  const { startedAt = timestamp() } = fieldsOf(before, 'running');
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  return { terminated: { exitCode, reason, startedAt, finishedAt: timestamp() } };
}

function stateIn(status: Fields, wanted: unknown): Fields {
  const found = listOf(status, 'ephemeralContainerStatuses').find(({ name }) => name === wanted);
  return fieldsOf(found ?? {}, 'state');
}
