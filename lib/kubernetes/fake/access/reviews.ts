import { type Fields, fieldsOf, textOf } from '../objects/object.ts';
import { type FakeResource, qualified } from '../objects/resources.ts';
import { failure, isRefusal, type Refusal } from '../requests/refusals.ts';
import { API_AUDIENCE, type TokenOwner } from './account-tokens.ts';
import { type Action, type FakeRule, forbidden, isAllowed, isFor } from './rbac.ts';
import { type FakeUser, OWN_USER, shownUser } from './user.ts';

/** By what they are answered. */
export interface ReviewGrounds {
  readonly rules: readonly FakeRule[] | null;
  /** Who asks. */
  readonly user: FakeUser;
  readonly ownerOf: (token: string) => TokenOwner | null;
}

/** One of them. */
export interface Review extends FakeResource {
  /** Whether everybody may ask; for the others a rule is needed. */
  readonly isOpen: boolean;
  /** Its status, or why there is none. */
  readonly status: (spec: Fields, grounds: ReviewGrounds) => object;
}

/** Questions about what users may do, and who they are: they are answered, and stored nowhere. */
export const REVIEWS: readonly Review[] = [
  review('authorization.k8s.io', 'SelfSubjectAccessReview', true, (spec, { rules, user }) =>
    answerAccess('SelfSubjectAccessReview', spec, rules, user),
  ),
  review('authorization.k8s.io', 'SelfSubjectRulesReview', true, (spec, { rules, user }) => {
    const asked = textOf(spec, 'namespace');
    if (asked === '') return failure(400, 'no namespace on request');
    return {
      resourceRules: (rules ?? ALL)
        .filter(({ namespace = asked }) => namespace === asked)
        .filter((rule) => isFor(rule, user))
        .map(({ verbs, resources, apiGroups = [''], resourceNames = [] }) => ({
          verbs,
          apiGroups,
          resources,
          resourceNames,
        })),
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['*'] }],
      incomplete: false,
    };
  }),
  review('authorization.k8s.io', 'SubjectAccessReview', false, (spec, { rules }) => {
    const { groups = [] } = spec;
    const user = { name: textOf(spec, 'user'), groups: groups as string[], uid: '' };
    if (user.name === '' && user.groups.length === 0)
      return invalid(
        'SubjectAccessReview',
        'spec.user: Invalid value: "": at least one of user or group must be specified',
      );
    if (rules === null && user.name !== OWN_USER.name)
      return failure(400, `this server has no rules by which to tell what "${user.name}" may do`);
    return answerAccess('SubjectAccessReview', spec, rules, user);
  }),
  review('authentication.k8s.io', 'SelfSubjectReview', true, (_spec, { user }) => ({
    userInfo: shownUser(user),
  })),
  review('authentication.k8s.io', 'TokenReview', false, (spec, { ownerOf }) => {
    if (textOf(spec, 'token') === '')
      return failure(400, 'token is required for TokenReview in authentication');
    const owner = ownerOf(textOf(spec, 'token'));
    const { audiences = [] } = spec;
    const wanted = (audiences as string[]).length === 0 ? [API_AUDIENCE] : (audiences as string[]);
    const common = wanted.filter((audience) => owner?.audiences.includes(audience));
    if (owner === null || common.length === 0)
      return { user: {}, error: '[invalid bearer token, token lookup failed]' };
    return { authenticated: true, user: shownUser(owner.user), audiences: common };
  }),
];

const ALL: readonly FakeRule[] = [{ verbs: ['*'], resources: ['*'], apiGroups: ['*'] }];

/** The one of a path; null if there is none. */
export function reviewAt(path: string): Review | null {
  return (
    REVIEWS.find(({ group, version, plural }) => path === `/apis/${group}/${version}/${plural}`) ??
    null
  );
}

/** The answer to a question that was read, or why there is none. */
export function answerReview(review: Review, body: Fields, grounds: ReviewGrounds): object {
  const { kind, group, version, isOpen, plural } = review;
  const { rules, user } = grounds;
  const action = { verb: 'create', group, resource: plural, namespace: null, name: null };
  if (!isOpen && rules !== null && !isAllowed(rules, action, user)) {
    const asked = { resource: qualified(review), namespace: null, name: null };
    return forbidden(asked, review, 'create', user.name);
  }
  const spec = fieldsOf(body, 'spec');
  const status = review.status(spec, grounds);
  if (isRefusal(status)) return status;
  return { kind, apiVersion: `${group}/${version}`, metadata: {}, spec, status };
}

function review(group: string, kind: string, isOpen: boolean, status: Review['status']): Review {
  const plural = `${kind.toLowerCase()}s`;
  return {
    ...{ group, version: 'v1', plural, kind, isOpen, status },
    ...{ shortNames: [], namespaced: false, categories: [], subresources: [] },
  };
}

/** Paths may be read by all. */
function answerAccess(
  kind: string,
  spec: Fields,
  rules: readonly FakeRule[] | null,
  user: FakeUser,
): object {
  if ('resourceAttributes' in spec === 'nonResourceAttributes' in spec)
    return invalid(
      kind,
      'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  if (rules === null) return { allowed: true };
  if ('nonResourceAttributes' in spec)
    return { allowed: textOf(fieldsOf(spec, 'nonResourceAttributes'), 'verb') === 'get' };
  const asked = fieldsOf(spec, 'resourceAttributes');
  const subresource = textOf(asked, 'subresource');
  const action: Action = {
    verb: textOf(asked, 'verb'),
    group: textOf(asked, 'group'),
    resource: textOf(asked, 'resource') + (subresource === '' ? '' : `/${subresource}`),
    namespace: textOf(asked, 'namespace') || null,
    name: textOf(asked, 'name') || null,
  };
  return { allowed: isAllowed(rules, action, user) };
}

function invalid(kind: string, problem: string): Refusal {
  return failure(422, `${kind}.authorization.k8s.io "" is invalid: ${problem}`);
}
