import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { failure, isRefusal, type Refusal } from '../requests/refusals.ts';
import type { ReadRequest } from '../requests/request.ts';
import { API_AUDIENCE, type FakeAccountTokens, type TokenOwner } from './account-tokens.ts';
import { type FakeRule, forbidden, isAllowed, verbsOf } from './rbac.ts';
import { ACCOUNT_NAME, type FakeUser, impersonated, OWN_USER } from './user.ts';

/** What clients may show; with neither nothing needs to be shown. */
export interface Credentials {
  readonly token: string | null;
  /** Whether it may be the certificate. */
  readonly certificate: boolean;
}

/** Finds out who makes a request. */
export class FakeAuthentication {
  readonly #credentials: Credentials;
  readonly #tokens: FakeAccountTokens;

  constructor(credentials: Credentials, tokens: FakeAccountTokens) {
    this.#credentials = credentials;
    this.#tokens = tokens;
  }

  /** Who makes a request; or why this client is not answered, whatever it asks for. */
  userOf(
    request: IncomingMessage,
    read: ReadRequest,
    rules: readonly FakeRule[] | null,
  ): FakeUser | Refusal {
    // Whoever runs commands here shall not be a page in somebody's browser.
    if (isOfAPage(request)) return failure(403, 'no requests of browsers');
    const user = this.#shown(request, read);
    return isRefusal(user) ? user : asOther(request, user, rules);
  }

  /** Whose a token is; null if nobody's. */
  ownerOf(token: string): TokenOwner | null {
    if (token === this.#credentials.token) return { user: OWN_USER, audiences: [API_AUDIENCE] };
    return this.#tokens.ownerOf(token) ?? null;
  }

  #shown({ headers, socket }: IncomingMessage, read: ReadRequest): FakeUser | Refusal {
    const { token, certificate } = this.#credentials;
    const isOpen = token === null && !certificate;
    if (certificate && (socket as TLSSocket).authorized) return OWN_USER;
    const { authorization } = headers;
    const [, bearer = null] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? [];
    if (bearer !== null) {
      if (bearer === token) return OWN_USER;
      const owner = this.#tokens.ownerOf(bearer);
      if (owner?.audiences.includes(API_AUDIENCE)) return owner.user;
      if (owner !== undefined) return failure(401, 'Unauthorized');
    }
    if (isOpen) return OWN_USER;
    if (authorization === undefined && !showsCertificate(socket as TLSSocket))
      return anonymousRefusal(read);
    return failure(401, 'Unauthorized');
  }
}

/** The user as whom somebody asks, which a rule must allow; or themselves. */
function asOther(
  { headers, headersDistinct }: IncomingMessage,
  user: FakeUser,
  rules: readonly FakeRule[] | null,
): FakeUser | Refusal {
  const asked = Object.keys(headers).filter((name) => name.startsWith('impersonate-'));
  if (asked.length === 0) return user;
  const unknown = asked.find((name) => !['impersonate-user', 'impersonate-group'].includes(name));
  if (unknown !== undefined) return failure(400, `${unknown} is not known here`);
  const { 'impersonate-user': other = '' } = headers;
  const { 'impersonate-group': groups = [] } = headersDistinct;
  if (other === '') return failure(400, 'requested groups without impersonating a user');
  const [, namespace = null, account] = ACCOUNT_NAME.exec(String(other)) ?? [];
  const wanted = [
    account === undefined ? ['users', String(other)] : ['serviceaccounts', account],
    ...groups.map((name) => ['groups', name]),
  ] as [string, string][];
  for (const [resource, name] of wanted) {
    const place = resource === 'serviceaccounts' ? namespace : null;
    const action = { verb: 'impersonate', group: '', resource, namespace: place, name };
    // Without rules nobody knows what others may do.
    if (rules === null || !isAllowed(rules, action, user))
      return failure(
        403,
        `${resource} "${name}" is forbidden: User "${user.name}" cannot impersonate resource "${resource}" in API group "" ` +
          (place === null ? 'at the cluster scope' : `in the namespace "${place}"`),
      );
  }
  return impersonated(String(other), groups);
}

function anonymousRefusal({ asked, place }: ReadRequest): Refusal {
  const [verb] = verbsOf(asked) as [string];
  return forbidden(asked, place?.resource ?? null, verb, 'system:anonymous');
}

/** Whether a client has one, be it the right one or not. */
function showsCertificate(socket: TLSSocket): boolean {
  return Object.keys(socket.getPeerCertificate?.() ?? {}).length > 0;
}

/** Whether a page may have sent a request. Some programs name the address of the server as their origin; no page of another site can. */
function isOfAPage({ headers: { origin, host = '' } }: IncomingMessage): boolean {
  if (origin === undefined) return false;
  const own = URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
  return !own || !/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);
}
