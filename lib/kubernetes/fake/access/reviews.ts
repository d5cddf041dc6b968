import { type Fields, fieldsOf, textOf } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { DecodeProblem, decodeAs } from '../shapes/decode.ts';
import { shapeOf } from '../shapes/shapes.ts';
import { type Action, type FakeRule, isAllowed } from './rbac.ts';

/** One of them. */
export interface Review extends FakeResource {
  /** Its status. */
  readonly status: (spec: Fields, rules: readonly FakeRule[] | null, user: string) => object;
}

/** Questions of users about themselves: they are answered, and stored nowhere. */
export const REVIEWS: readonly Review[] = [
  review('authorization.k8s.io', 'SelfSubjectAccessReview', (spec, rules) => ({
    allowed: mayDo(spec, rules),
  })),
  review('authorization.k8s.io', 'SelfSubjectRulesReview', (spec, rules) => ({
    resourceRules: (rules ?? ALL)
      .filter(({ namespace }) => namespace === undefined || namespace === textOf(spec, 'namespace'))
      .map(({ verbs, resources, apiGroups = [''], resourceNames = [] }) => ({
        verbs,
        apiGroups,
        resources,
        resourceNames,
      })),
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['*'] }],
    incomplete: false,
  })),
  review('authentication.k8s.io', 'SelfSubjectReview', (_spec, _rules, username) => ({
    userInfo: { username, groups: ['system:authenticated'] },
  })),
];

const ALL: readonly FakeRule[] = [{ verbs: ['*'], resources: ['*'], apiGroups: ['*'] }];

/** The one of a path; null if there is none. */
export function reviewAt(path: string): Review | null {
  return (
    REVIEWS.find(({ group, version, plural }) => path === `/apis/${group}/${version}/${plural}`) ??
    null
  );
}

/** What is asked, or why it cannot be. */
export function readReview(review: Review, body: unknown): Fields | Refusal {
  try {
    return decodeAs(shapeOf(review), body).value as Fields;
  } catch (exception) {
    if (!(exception instanceof DecodeProblem)) throw exception;
    return failure(400, `it cannot be handled as a ${review.kind}: ${exception.message}`);
  }
}

/** The answer to a question that was read. */
export function answerReview(
  { kind, group, version, status }: Review,
  body: Fields,
  rules: readonly FakeRule[] | null,
  user: string,
): object {
  const spec = fieldsOf(body, 'spec');
  return {
    kind,
    apiVersion: `${group}/${version}`,
    metadata: {},
    spec,
    status: status(spec, rules, user),
  };
}

function review(group: string, kind: string, status: Review['status']): Review {
  const plural = `${kind.toLowerCase()}s`;
  return {
    ...{ group, version: 'v1', plural, kind, status },
    ...{ shortNames: [], namespaced: false, categories: [], subresources: [] },
  };
}

/** Paths may be read by all. */
function mayDo(spec: Fields, rules: readonly FakeRule[] | null): boolean {
  const asked = fieldsOf(spec, 'resourceAttributes');
  if (rules === null) return true;
  if (Object.keys(asked).length === 0)
    return textOf(fieldsOf(spec, 'nonResourceAttributes'), 'verb') === 'get';
  const subresource = textOf(asked, 'subresource');
  const action: Action = {
    verb: textOf(asked, 'verb'),
    group: textOf(asked, 'group'),
    resource: textOf(asked, 'resource') + (subresource === '' ? '' : `/${subresource}`),
    namespace: textOf(asked, 'namespace') || null,
    name: textOf(asked, 'name') || null,
  };
  return isAllowed(rules, action);
}
