import { isDeepStrictEqual } from 'node:util';
import {
  type FakeObject,
  type Fields,
  fieldsOf,
  isName,
  listOf,
  textOf,
} from '../objects/object.ts';
import { isTextList } from '../objects/texts.ts';
import { ContainerLogs } from './log.ts';
import { placed } from './pod-object.ts';
import type { ResolvedContainer, ResolvedPod, RestartPolicy } from './pod-options.ts';

/** Why a pod of a client cannot be; null if it can. */
export function podProblem(pod: FakeObject): string | null {
  const spec = fieldsOf(pod, 'spec');
  const { restartPolicy = 'Always' } = spec;
  if (!['Always', 'OnFailure', 'Never'].includes(restartPolicy as string))
    return `spec.restartPolicy: Unsupported value: ${JSON.stringify(restartPolicy)}`;
  // What they would leave behind is missed by the others.
  if (listOf(spec, 'initContainers').length > 0)
    return 'spec.initContainers: Forbidden: pods of this server have no init containers';
  if (listOf(spec, 'ephemeralContainers').length > 0)
    return 'spec.ephemeralContainers: Forbidden: cannot be set on create';
  return containersProblem(spec, 'spec');
}

/** Why the containers of a pod, or of a template, cannot be; null if they can. */
export function containersProblem(spec: Fields, path: string): string | null {
  const containers = listOf(spec, 'containers');
  if (containers.length === 0) return `${path}.containers: Required value`;
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const problem = containerProblem(container, `${path}.containers[${index}]`, names);
    if (problem !== null) return problem;
  }
  return listOf(spec, 'ephemeralContainers').length === 0
    ? null
    : `${path}.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template`;
}

/** Why a container cannot be beside those that have the names; null if it can, and has its own. */
export function containerProblem(
  { name, image, command = [], args = [] }: Fields,
  place: string,
  names: Set<string>,
): string | null {
  if (!isName(name) || name.includes('.') || name.length > 63)
    return `${place}.name: Invalid value: ${JSON.stringify(name ?? '')}`;
  if (names.has(name)) return `${place}.name: Duplicate value: "${name}"`;
  names.add(name);
  if (typeof image !== 'string' || image === '') return `${place}.image: Required value`;
  if (!isTextList(command)) return `${place}.command: Invalid value: it must be a list of texts`;
  if (!isTextList(args)) return `${place}.args: Invalid value: it must be a list of texts`;
  return null;
}

/** A pod as it is when a client has just made it. */
export function createdPod(pod: FakeObject): FakeObject {
  return {
    ...pod,
    spec: placed(fieldsOf(pod, 'spec')),
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  };
}

/** Why a pod cannot become another; null if it can: nearly nothing of its spec may change. */
export function podUpdateProblem(before: FakeObject, after: FakeObject): string | null {
  const [old, next] = [before, after].map((pod) => fixedPart(fieldsOf(pod, 'spec')));
  if (isDeepStrictEqual(old, next)) return null;
  return (
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`, `spec.activeDeadlineSeconds`, ' +
    '`spec.tolerations`, `spec.terminationGracePeriodSeconds`'
  );
}

/** What runs for it: commands as its containers say, `cat` where they say nothing. */
export function podOfManifest(pod: FakeObject): ResolvedPod {
  const { name, namespace = 'default' } = pod.metadata;
  const containers = listOf(fieldsOf(pod, 'spec'), 'containers').map((one) => containerOf(one));
  const { restartPolicy = 'Always' } = fieldsOf(pod, 'spec');
  const policy = restartPolicy as RestartPolicy;
  return { name, namespace, containers, ports: new Map(), host: null, restartPolicy: policy };
}

/** What runs for one container: of an ephemeral one as well. */
export function containerOf(container: Fields, isEphemeral = false): ResolvedContainer {
  const { name, image, command = [], args = [], tty = false, stdin = false } = container;
  // The program of an image is not here.
  const words = [...(command as string[]), ...(args as string[])];
  const env = listOf(container, 'env').map((one) => [textOf(one, 'name'), textOf(one, 'value')]);
  return {
    name: name as string,
    image: image as string,
    command: words.length === 0 ? ['cat'] : words,
    tty: tty === true,
    env: Object.fromEntries(env),
    portNames: {},
    start: words.length > 0,
    isEphemeral,
    stdin: stdin === true,
    logs: new ContainerLogs(),
    directory: null,
  };
}

function fixedPart(spec: Fields): Fields {
  const { activeDeadlineSeconds, tolerations, terminationGracePeriodSeconds, ...rest } = spec;
  const containers = listOf(spec, 'containers').map(({ image: _, ...container }) => container);
  return { ...rest, containers };
}
