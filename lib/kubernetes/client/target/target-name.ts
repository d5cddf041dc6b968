import { shown } from '../../../common/check.ts';
import { nearestName } from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import { segment } from './target.ts';

/** What a pod is found by. */
export interface TargetKind {
  /** As in the error that names a missing permission: `deployments.apps`. */
  readonly resource: string;
  /** What stands before `/namespaces/` in the path of one. */
  readonly root: string;
  /** As in the path. */
  readonly plural: string;
}

/** A name as people write it, taken apart. */
export interface TargetName {
  readonly kind: TargetKind;
  readonly name: string;
}

const CORE = '/api/v1';
const APPS = { root: '/apis/apps/v1', group: 'apps' };
const BATCH = { root: '/apis/batch/v1', group: 'batch' };

/** Services have ports of their own. */
export const SERVICE: TargetKind = { resource: 'services', root: CORE, plural: 'services' };

const KINDS: readonly (readonly [kind: TargetKind, names: readonly string[]])[] = [
  [SERVICE, ['service', 'svc']],
  [kindOf(APPS, 'deployments'), ['deployment', 'deploy']],
  [kindOf(APPS, 'replicasets'), ['replicaset', 'rs']],
  [kindOf(APPS, 'statefulsets'), ['statefulset', 'sts']],
  [kindOf(APPS, 'daemonsets'), ['daemonset', 'ds']],
  [kindOf(BATCH, 'jobs'), ['job']],
  [
    { resource: 'replicationcontrollers', root: CORE, plural: 'replicationcontrollers' },
    ['replicationcontroller', 'rc'],
  ],
];

const BY_NAME = new Map(
  KINDS.flatMap(([kind, names]) =>
    [...names, kind.plural, kind.resource].map((name): [string, TargetKind] => [name, kind]),
  ),
);

/**
 * Takes `deploy/web` apart.
 *
 * @throws InvalidArgumentError for a kind that has no pods, or a name that none can have
 */
export function parseTargetName(text: string): TargetName {
  const [type = '', name, ...more] = text.split('/');
  const kind = BY_NAME.get(type.toLowerCase());
  if (kind === undefined) {
    const meant = nearestName(type, BY_NAME.keys());
    const advice = meant === null ? '' : `, did you mean ${meant}?`;
    throw new InvalidArgumentError(`pod: there is no kind with pods ${shown(type)}${advice}`);
  }
  if (more.length > 0) throw new InvalidArgumentError(`pod must be TYPE/NAME, got ${shown(text)}`);
  return { kind, name: segment('pod', name) };
}

function kindOf({ root, group }: { root: string; group: string }, plural: string): TargetKind {
  return { resource: `${plural}.${group}`, root, plural };
}
