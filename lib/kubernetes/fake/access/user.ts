import type { FakeObject } from '../objects/object.ts';

/** Who makes a request, or is asked about. */
export interface FakeUser {
  readonly name: string;
  readonly groups: readonly string[];
  /** Empty where it has none. */
  readonly uid: string;
}

/** All whom the credentials of the server let in. */
const AUTHENTICATED = 'system:authenticated';

/** Who has the credentials of the kubeconfig. */
export const OWN_USER: FakeUser = { name: 'fake', groups: [AUTHENTICATED], uid: '' };

/** Who a service account is. */
export function userOfAccount({ metadata }: FakeObject): FakeUser {
  const { namespace = '', name, uid = '' } = metadata;
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: [...accountGroups(namespace), AUTHENTICATED],
    uid,
  };
}

/** Somebody else, whom a request is made as. */
export function impersonated(name: string, groups: readonly string[]): FakeUser {
  const [, namespace] = ACCOUNT_NAME.exec(name) ?? [];
  const own = namespace === undefined || groups.length > 0 ? groups : accountGroups(namespace);
  return { name, groups: [...new Set([...own, AUTHENTICATED])], uid: '' };
}

/** The name of a service account as a user's: its namespace, and its own name. */
export const ACCOUNT_NAME: RegExp = /^system:serviceaccount:([^:]+):([^:]+)$/;

function accountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** As reviews tell it. */
export function shownUser({ name, groups, uid }: FakeUser): object {
  return { username: name, ...(uid === '' ? {} : { uid }), groups };
}
