import { type Fields, fieldsOf, textOf } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { DecodeProblem, decodeAs } from '../shapes/decode.ts';
import { type Fieldset, METADATA, object } from '../shapes/shape.ts';
import { type Action, type FakeRule, isAllowed } from './rbac.ts';

const RESOURCE = object({
  namespace: ['text', 1],
  verb: ['text', 2],
  group: ['text', 3],
  version: ['text', 4],
  resource: ['text', 5],
  subresource: ['text', 6],
  name: ['text', 7],
  fieldSelector: ['any'],
  labelSelector: ['any'],
});
const PATH = object({ path: ['text', 1], verb: ['text', 2] });

/** One of them. */
export interface Review extends FakeResource {
  readonly shape: Fieldset;
  /** Its status. */
  readonly status: (spec: Fields, rules: readonly FakeRule[] | null, user: string) => object;
}

/** Questions of users about themselves: they are answered, and stored nowhere. */
export const REVIEWS: readonly Review[] = [
  review(
    'authorization.k8s.io',
    'SelfSubjectAccessReview',
    {
      resourceAttributes: [RESOURCE, 1],
      nonResourceAttributes: [PATH, 2],
    },
    (spec, rules) => ({ allowed: mayDo(spec, rules) }),
  ),
  review(
    'authorization.k8s.io',
    'SelfSubjectRulesReview',
    { namespace: ['text', 1] },
    (spec, rules) => ({
      resourceRules: (rules ?? ALL)
        .filter(
          ({ namespace }) => namespace === undefined || namespace === textOf(spec, 'namespace'),
        )
        .map(({ verbs, resources, apiGroups = [''], resourceNames = [] }) => ({
          verbs,
          apiGroups,
          resources,
          resourceNames,
        })),
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['*'] }],
      incomplete: false,
    }),
  ),
  review('authentication.k8s.io', 'SelfSubjectReview', {}, (_spec, _rules, username) => ({
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
export function readReview({ kind, shape }: Review, body: unknown): Fields | Refusal {
  try {
    return decodeAs(shape, body).value as Fields;
  } catch (exception) {
    if (!(exception instanceof DecodeProblem)) throw exception;
    return failure(400, `it cannot be handled as a ${kind}: ${exception.message}`);
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

function review(
  group: string,
  kind: string,
  spec: Fieldset['fields'],
  status: Review['status'],
): Review {
  const shape = object({
    apiVersion: ['text'],
    kind: ['text'],
    metadata: [METADATA, 1],
    spec: [object(spec), 2],
    status: ['any', 3],
  });
  const plural = `${kind.toLowerCase()}s`;
  return {
    ...{ group, version: 'v1', plural, kind, shape, status },
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
