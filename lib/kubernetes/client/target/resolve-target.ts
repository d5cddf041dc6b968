import { abortSignal } from '../../../common/abort.ts';
import { checkObject, checkTime, shown } from '../../../common/check.ts';
import { optionNames } from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import { TargetError } from '../../errors.ts';
import type { ClusterOptions } from '../../kubeconfig/cluster.ts';
import {
  type ApiObject,
  objectAt,
  objectsAt,
  textAt,
  textsOf,
  valueAt,
} from '../api/api-object.ts';
import { type ApiPlace, readApi } from '../api/api-reader.ts';
import type { KubernetesTarget } from '../command/command-options.ts';
import { checkTargetNames } from '../option-names.ts';
import { FoundPod, readinessOf } from './found-pod.ts';
import { type PodLook, waitForPod } from './pod-wait.ts';
import { type PodTarget, plainName, segment } from './target.ts';
import { parseTargetName, SERVICE, type TargetName } from './target-name.ts';

/** Which pod is looked for, and where. */
export interface TargetRequest extends Pick<PodTarget, 'namespace' | 'pod' | 'podTimeoutMs'> {
  /** The API server to ask, and how. */
  readonly cluster: ClusterOptions;
  /** Milliseconds for each answer, 0 for no limit. Default 30000. */
  readonly timeoutMs?: number | undefined;
  /** Gives up, with `ERR_SPDY_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

const OPTION_NAMES = optionNames<TargetRequest>({
  namespace: true,
  pod: true,
  cluster: true,
  timeoutMs: true,
  signal: true,
  podTimeoutMs: true,
});

/** Pods of one answer, and most answers. */
const PAGE = 500;
const MAX_PAGES = 200;
const OPERATORS: Readonly<Record<string, string>> = { In: 'in', NotIn: 'notin' };

/**
 * Finds the pod of a target as `deploy/web`, `svc/web`, a selector or a plain name: the first one that is ready, else that runs. It needs `get` for what
 * is named, and `list` for pods; for a plain name `get` for pods.
 *
 * Rejects with TargetError when there is none, not even after `podTimeoutMs`, or the server does not tell; with InvalidArgumentError for a kind that has no pods; else as
 * `upgradeToSpdy()`.
 */
export async function resolveTarget(request: TargetRequest): Promise<FoundPod> {
  checkTargetNames('resolveTarget()', request, OPTION_NAMES);
  checkObject('cluster', request.cluster);
  const { cluster, timeoutMs = 30_000 } = request;
  const place = {
    cluster,
    timeoutMs: checkTime('timeoutMs', timeoutMs),
    signal: abortSignal(request.signal),
  };
  const namespace = segment('namespace', request.namespace ?? 'default');
  const podTimeoutMs = checkTime('podTimeoutMs', request.podTimeoutMs ?? 0);
  const { pod } = request;
  const name = plainName(pod);
  const look =
    name === undefined ? searchFor(place, namespace, pod) : named(place, namespace, name);
  return await waitForPod(look, name !== undefined, podTimeoutMs, place.signal);
}

function named(place: ApiPlace, namespace: string, name: string): PodLook {
  const checked = segment('pod', name);
  return async () => new FoundPod(namespace, await readPod(place, namespace, checked), null);
}

function searchFor(place: ApiPlace, namespace: string, pod: unknown): PodLook {
  if (typeof pod === 'string') {
    const parsed = parseTargetName(pod);
    return () => findByName(place, namespace, parsed);
  }
  const selector = selectorOf(pod);
  return () => findPod(place, namespace, selector, `the selector ${selector}`, null);
}

/** A target with the name of its pod, which is looked up if need be. */
export async function withPlainPod<Target extends KubernetesTarget>(
  target: Target,
  { timeoutMs, signal }: Pick<TargetRequest, 'timeoutMs' | 'signal'>,
): Promise<Target> {
  if (!needsLookup(target)) return target;
  const { cluster, namespace, pod, container, podTimeoutMs, ...rest } = target;
  const found = await resolveTarget({
    cluster,
    pod,
    ...(podTimeoutMs === undefined ? {} : { podTimeoutMs }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  });
  const chosen = container ?? found.container;
  const place = { cluster, ...(namespace === undefined ? {} : { namespace }), pod: found.name };
  return { ...rest, ...place, ...(chosen === null ? {} : { container: chosen }) } as Target;
}

/**
 * Whether a target has to be looked up.
 *
 * @throws InvalidArgumentError for one of a kubelet, which knows nothing but pods
 */
export function needsLookup(
  target: KubernetesTarget,
): target is Exclude<KubernetesTarget, { readonly url: unknown }> {
  if ('url' in target) return false;
  const { pod, api, podTimeoutMs = 0 } = target;
  const waits = checkTime('podTimeoutMs', podTimeoutMs) > 0;
  if (waits && api === 'kubelet')
    throw new InvalidArgumentError('podTimeoutMs needs an API server: a kubelet tells of no pods');
  const isSelector = typeof pod === 'object' && pod !== null;
  if (!isSelector && (typeof pod !== 'string' || plainName(pod) !== undefined)) return waits;
  if (api === 'kubelet')
    throw new InvalidArgumentError(`a kubelet knows pods by their names only, got ${shown(pod)}`);
  return true;
}

/** A pod by its name. */
async function readPod(place: ApiPlace, namespace: string, name: string): Promise<ApiObject> {
  const permission = { verb: 'get', resource: 'pods', namespace };
  return await readApi(place, `/api/v1/namespaces/${namespace}/pods/${name}`, permission);
}

async function findByName(
  place: ApiPlace,
  namespace: string,
  { kind, name }: TargetName,
): Promise<FoundPod | TargetError> {
  const { root, plural, resource } = kind;
  const permission = { verb: 'get', resource, namespace };
  const owner = await readApi(
    place,
    `${root}/namespaces/${namespace}/${plural}/${name}`,
    permission,
  );
  const selector = valueAt(objectAt(owner, 'spec'), 'selector');
  const isService = kind === SERVICE;
  const isMap = isService || plural === 'replicationcontrollers';
  const labels = isMap ? textsOf(selector).map(equals) : requirements(objectAt(owner, 'spec'));
  const what = `${plural}/${name}`;
  if (labels.length === 0) throw new TargetError(`${what} selects no pods`);
  return await findPod(place, namespace, labels.join(','), what, isService ? owner : null);
}

/** The best one of the pods with these labels, of several the first one by name; or that there is none that runs. */
async function findPod(
  place: ApiPlace,
  namespace: string,
  selector: string,
  what: string,
  service: ApiObject | null,
): Promise<FoundPod | TargetError> {
  const permission = { verb: 'list', resource: 'pods', namespace };
  let best: ApiObject | null = null;
  let least = Number.POSITIVE_INFINITY;
  let other: ApiObject | null = null;
  let next: string | null = null;
  for (let page = 1; page === 1 || next !== null; page++) {
    if (page > MAX_PAGES)
      throw new TargetError(
        `${what} has more than ${PAGE * MAX_PAGES} pods, of which none is ready`,
      );
    const more = next === null ? '' : `&continue=${encodeURIComponent(next)}`;
    const query = `labelSelector=${encodeURIComponent(selector)}&limit=${PAGE}${more}`;
    const path = `/api/v1/namespaces/${namespace}/pods?${query}`;
    const list = await readApi(place, path, permission);
    for (const pod of objectsAt(list, 'items')) {
      const readiness = readinessOf(pod);
      if (readiness === 0) return new FoundPod(namespace, pod, service);
      if (readiness === null) other ??= pod;
      else if (readiness < least) {
        least = readiness;
        best = pod;
      }
    }
    next = textAt(objectAt(list, 'metadata'), 'continue');
  }
  if (best !== null) return new FoundPod(namespace, best, service);
  if (other === null) return new TargetError(`${what} has no pods in the namespace ${namespace}`);
  const name = textAt(objectAt(other, 'metadata'), 'name');
  const phase = textAt(objectAt(other, 'status'), 'phase');
  return new TargetError(`${what} has no pod that runs: ${name} is ${phase ?? 'unknown'}`);
}

function selectorOf(pod: unknown): string {
  const selector = (pod as { readonly selector?: unknown } | null | undefined)?.selector;
  if (typeof selector === 'string' && selector.trim() !== '') return selector;
  throw new InvalidArgumentError(`pod must be a name or { selector }, got ${shown(pod)}`);
}

/** The requirements of a selector of workloads (`metav1.LabelSelector`). */
function requirements(spec: ApiObject): string[] {
  const selector = objectAt(spec, 'selector');
  const labels = textsOf(valueAt(selector, 'matchLabels')).map(equals);
  const expressions = objectsAt(selector, 'matchExpressions').map((one) => {
    const key = textAt(one, 'key') ?? '';
    const operator = textAt(one, 'operator') ?? '';
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    const values = textsOf(valueAt(one, 'values')).map(([, text]) => text);
    return `${key} ${OPERATORS[operator] ?? operator} (${values.join(',')})`;
  });
  return [...labels, ...expressions];
}

function equals([key, value]: [key: string, value: string]): string {
  return `${key}=${value}`;
}
