import { checkObject } from '../../../common/check.ts';
import { checkOptions, optionNames } from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import { type FakeResource, PODS } from '../objects/resources.ts';
import { checkText, checkTextList } from '../objects/texts.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { isStreaming, type ReadRequest } from '../requests/request.ts';
import type { FakeUser } from './user.ts';

/** Something that users may do, as a Role of RBAC has it. */
export interface FakeRule {
  /** As `get`, `list`, `create`; `*` for all. */
  readonly verbs: readonly string[];
  /** As `pods`, `pods/exec`; `*` for all. */
  readonly resources: readonly string[];
  /** As `''` for pods, `apps`; `*` for all. Default `['']`. */
  readonly apiGroups?: readonly string[] | undefined;
  /** Names of objects; without it all of them. */
  readonly resourceNames?: readonly string[] | undefined;
  /** The namespace of the Role; without it the rule is that of a ClusterRole. */
  readonly namespace?: string | undefined;
  /** Names of users that it is for, as `fake`, whom the kubeconfig is of, or `system:serviceaccount:default:bot`. With neither these nor `groups` it is for all. */
  readonly users?: readonly string[] | undefined;
  /** Groups of users that it is for, as `system:authenticated`, `system:serviceaccounts:default`. */
  readonly groups?: readonly string[] | undefined;
}

const RULE_NAMES = optionNames<FakeRule>({
  verbs: true,
  resources: true,
  apiGroups: true,
  resourceNames: true,
  namespace: true,
  users: true,
  groups: true,
});

/** Checks rules. Throws InvalidArgumentError. */
export function checkRules(rules: readonly FakeRule[]): readonly FakeRule[] {
  if (!Array.isArray(rules)) throw new InvalidArgumentError('rules must be an array');
  for (const rule of rules) {
    checkObject('rule', rule);
    checkOptions('rule', rule, RULE_NAMES);
    const { verbs, resources, apiGroups = [], resourceNames = [], namespace } = rule;
    const { users = [], groups = [] } = rule;
    const lists = { verbs, resources, apiGroups, resourceNames, users, groups };
    for (const [name, list] of Object.entries(lists)) checkTextList(`${name} of a rule`, list);
    checkText('namespace of a rule', namespace);
  }
  return rules;
}

/** Something that is to be done, in the words of RBAC. */
export interface Action {
  readonly verb: string;
  readonly group: string;
  /** As `pods`, `pods/exec`. */
  readonly resource: string;
  readonly namespace: string | null;
  readonly name: string | null;
}

/** Whether some rule allows a user to do it. */
export function isAllowed(rules: readonly FakeRule[], action: Action, user: FakeUser): boolean {
  return rules.some((rule) => isFor(rule, user) && allows(rule, action));
}

/** Whether a rule is for a user. */
export function isFor({ users = [], groups = [] }: FakeRule, user: FakeUser): boolean {
  if (users.length === 0 && groups.length === 0) return true;
  return users.includes(user.name) || groups.some((group) => user.groups.includes(group));
}

/**
 * The refusal of a request that no rule allows; null if it may be. A WebSocket for exec, attach and port-forward needs `get` and `create`, as
 * from Kubernetes 1.35 on.
 */
export function refusalByRules(
  rules: readonly FakeRule[],
  { asked, place, query }: ReadRequest,
  user: FakeUser,
): Refusal | null {
  if (place === null) return null;
  const { plural, group } = place.resource;
  const resource = place.subresource === null ? plural : `${plural}/${place.subresource}`;
  // A list that is asked for one name only is about that.
  const [, selected = null] =
    /^metadata\.name==?([^,!=]+)$/.exec(query.get('fieldSelector') ?? '') ?? [];
  const { namespace, name } = asked;
  const action = { group, resource, namespace, name: name ?? selected };
  const denied = verbsOf(asked).find((verb) => !isAllowed(rules, { verb, ...action }, user));
  return denied === undefined ? null : forbidden(asked, place.resource, denied, user.name);
}

/** What is said to a user who may not; `of` is the resource of what is asked for, null for none. */
export function forbidden(
  { resource, namespace, name }: Pick<ReadRequest['asked'], 'resource' | 'namespace' | 'name'>,
  of: Pick<FakeResource, 'group' | 'plural'> | null,
  verb: string,
  user: string,
): Refusal {
  const { group, plural } = of ?? PODS;
  const [full = '', subresource] = (resource ?? 'pods').split('/');
  const what = subresource === undefined ? plural : `${plural}/${subresource}`;
  const where = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return failure(
    403,
    `${full}${name === null ? '' : ` "${name}"`} is forbidden: User "${user}" cannot ${verb} resource "${what}" ` +
      `in API group "${group}" ${where}`,
  );
}

/** What RBAC calls what is asked for. */
export function verbsOf({ method, action }: ReadRequest['asked']): string[] {
  if (action === 'log') return ['get'];
  if (!isStreaming(action)) return [action];
  return method === 'GET' ? ['get', 'create'] : ['create'];
}

function allows(rule: FakeRule, { verb, group, resource, namespace, name }: Action): boolean {
  const { verbs, resources, apiGroups = [''], resourceNames = [] } = rule;
  const has = (list: readonly string[], value: string): boolean =>
    list.includes('*') || list.includes(value);
  const [, subresource] = resource.split('/');
  if (!has(verbs, verb) || !has(apiGroups, group)) return false;
  if (!has(resources, resource) && !resources.includes(`*/${subresource}`)) return false;
  if (rule.namespace !== undefined && rule.namespace !== namespace) return false;
  return resourceNames.length === 0 || resourceNames.includes(name ?? '');
}
