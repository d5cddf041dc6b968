import { isDeepStrictEqual } from 'node:util';
import {
  type FakeObject,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  textOf,
} from '../objects/object.ts';
import { containerProblem } from './pod-manifest.ts';

/** What they may have beside their name, as Kubernetes lists it. */
const ALLOWED = [
  ...[
    'name',
    'image',
    'command',
    'args',
    'workingDir',
    'env',
    'envFrom',
    'volumeMounts',
    'volumeDevices',
  ],
  ...['terminationMessagePath', 'terminationMessagePolicy', 'imagePullPolicy', 'securityContext'],
  ...['stdin', 'stdinOnce', 'tty', 'targetContainerName'],
];

const FORBIDDEN = 'Forbidden: cannot be set for an Ephemeral Container';

/** A pod with the ephemeral containers that somebody wants it to have, and nothing else of what is wanted. */
export function withEphemeralsOf(pod: FakeObject, wanted: FakeObject): FakeObject {
  const { ephemeralContainers: _, ...spec } = fieldsOf(pod, 'spec');
  const containers = listOf(fieldsOf(wanted, 'spec'), 'ephemeralContainers');
  if (containers.length === 0) return { ...pod, spec };
  return { ...pod, spec: { ...spec, ephemeralContainers: containers } };
}

/** Why a pod cannot have the ephemeral containers that it has now, where it had those of `before`; null if it can. */
export function ephemeralProblem(before: FakeObject, pod: FakeObject): string | null {
  const path = 'spec.ephemeralContainers';
  const spec = fieldsOf(pod, 'spec');
  const containers = listOf(spec, 'ephemeralContainers');
  const others = listOf(spec, 'containers').map((one) => textOf(one, 'name'));
  const names = new Set(others);
  for (const [index, container] of containers.entries()) {
    const place = `${path}[${index}]`;
    const problem =
      containerProblem(container, place, names) ??
      fieldsProblem(container, place) ??
      targetProblem(container, place, others);
    if (problem !== null) return problem;
  }
  for (const old of listOf(fieldsOf(before, 'spec'), 'ephemeralContainers')) {
    const name = textOf(old, 'name');
    const found = containers.find((one) => textOf(one, 'name') === name);
    const change = found === undefined ? 'removed' : 'changed';
    if (!isDeepStrictEqual(old, found))
      return `${path}: Forbidden: existing ephemeral containers "${name}" may not be ${change}`;
  }
  return null;
}

function fieldsProblem(container: Fields, place: string): string | null {
  const entries = Object.entries(container);
  const forbidden = entries.find(([name, value]) => !ALLOWED.includes(name) && !isNothing(value));
  if (forbidden !== undefined) return `${place}.${forbidden[0]}: ${FORBIDDEN}`;
  for (const [index, mount] of listOf(container, 'volumeMounts').entries())
    for (const name of ['subPath', 'subPathExpr'])
      if (textOf(mount, name) !== '')
        return `${place}.volumeMounts[${index}].${name}: ${FORBIDDEN}`;
  return null;
}

function targetProblem(container: Fields, place: string, others: readonly string[]): string | null {
  const target = textOf(container, 'targetContainerName');
  if (target === '' || others.includes(target)) return null;
  return `${place}.targetContainerName: Not found: ${JSON.stringify(target)}`;
}

/** Programs in Go write what is not there so. */
function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isFields(value)) return Object.keys(value).length === 0;
  return value === null || value === '' || value === false || value === 0;
}
