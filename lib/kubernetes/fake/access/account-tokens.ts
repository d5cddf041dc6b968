import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type FakeObject, type Fields, fieldsOf, textOf, timestamp } from '../objects/object.ts';
import { type FakeResource, PODS, resourceNamed, TOKEN_REQUEST } from '../objects/resources.ts';
import type { FakeStore } from '../objects/store.ts';
import { isTextList } from '../objects/texts.ts';
import { failure, isRefusal, objectNotFound, type Refusal } from '../requests/refusals.ts';
import { readPosted } from '../shapes/posted-body.ts';
import { type FakeUser, userOfAccount } from './user.ts';

/** For whom tokens are that name nobody: API servers. */
export const API_AUDIENCE = 'https://kubernetes.default.svc.cluster.local';

const ACCOUNTS = resourceNamed('serviceaccounts') as FakeResource;

/** Seconds that tokens may hold, and do unless told otherwise. */
const SHORTEST = 600;
const LONGEST = 2 ** 32;
const USUAL = 3600;

/** Kinds of objects that tokens may be bound to. */
const BINDABLE = ['Pod', 'Secret', 'Node'];

const HEADER = encoded({ alg: 'HS256', typ: 'JWT' });

/** Whose a token is. */
export interface TokenOwner {
  readonly user: FakeUser;
  readonly audiences: readonly string[];
}

/** The tokens of service accounts: JSON web tokens that this server alone can make and check. */
export class FakeAccountTokens {
  readonly #store: FakeStore;
  readonly #secret = randomBytes(32);

  constructor(store: FakeStore) {
    this.#store = store;
  }

  /** Makes a token for a service account as a `TokenRequest` wants it, or says why not. */
  request(account: FakeObject, body: unknown): object | Refusal {
    const request = readPosted(TOKEN_REQUEST, body);
    if (isRefusal(request)) return request;
    const spec = fieldsOf(request, 'spec');
    const { expirationSeconds = USUAL, audiences: wanted = [] } = spec;
    const seconds = Number(expirationSeconds);
    const name = account.metadata.name;
    if (seconds < SHORTEST || seconds > LONGEST)
      return failure(
        422,
        `TokenRequest.authentication.k8s.io "${name}" is invalid: spec.expirationSeconds: Invalid value: ${seconds}: ` +
          `may not specify a duration ${seconds < SHORTEST ? 'less than 10 minutes' : 'larger than 2^32 seconds'}`,
      );
    const bound = 'boundObjectRef' in spec ? this.#bound(account, spec) : null;
    if (bound !== null && isRefusal(bound)) return bound;
    const audiences = isTextList(wanted) && wanted.length > 0 ? wanted : [API_AUDIENCE];
    const { uid } = account.metadata;
    const namespace = account.metadata.namespace as string;
    const now = Math.floor(Date.now() / 1000);
    const token = this.#signed({
      ...{ aud: audiences, exp: now + seconds, iat: now, iss: API_AUDIENCE, nbf: now },
      'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...bound },
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
    return {
      kind: TOKEN_REQUEST.kind,
      apiVersion: `${TOKEN_REQUEST.group}/${TOKEN_REQUEST.version}`,
      metadata: { name, namespace, creationTimestamp: timestamp() },
      spec: { ...spec, audiences, expirationSeconds: seconds },
      status: { token, expirationTimestamp: timestamp(new Date((now + seconds) * 1000)) },
    };
  }

  /** Whose a token is; null where it holds no more, undefined for one that was not made here. */
  ownerOf(token: string): TokenOwner | null | undefined {
    const [header, payload, signature, more] = token.split('.');
    if (header !== HEADER || payload === undefined || more !== undefined) return undefined;
    const own = Buffer.from(this.#signature(payload));
    const given = Buffer.from(signature ?? '');
    if (own.length !== given.length || !timingSafeEqual(own, given)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
    const { namespace, serviceaccount, ...bound } = claims['kubernetes.io'];
    const account = this.#store.get(ACCOUNTS, namespace, serviceaccount.name);
    if (account?.metadata.uid !== serviceaccount.uid || claims.exp * 1000 <= Date.now())
      return null;
    for (const [kind, { name, uid }] of Object.entries(bound))
      if (this.#boundObject(kind, namespace, name)?.metadata.uid !== uid) return null;
    return { user: userOfAccount(account as FakeObject), audiences: claims.aud };
  }

  #bound(account: FakeObject, spec: Fields): Readonly<Record<string, Bound>> | Refusal {
    const reference = fieldsOf(spec, 'boundObjectRef');
    const [kind, name, uid] = ['kind', 'name', 'uid'].map((field) => textOf(reference, field));
    if (kind === undefined || !BINDABLE.includes(kind))
      return failure(400, `cannot bind token to object of type v1, Kind=${kind}`);
    const resource = resourceNamed(kind) as FakeResource;
    const { namespace = '' } = account.metadata;
    const found = this.#boundObject(kind, namespace, name as string);
    if (found === null) return objectNotFound(resource, name as string);
    const { metadata } = found;
    if (uid !== '' && uid !== metadata.uid)
      return failure(
        409,
        `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted ` +
          'and then recreated',
      );
    const { serviceAccountName } = fieldsOf(found, 'spec');
    if (resource === PODS && serviceAccountName !== account.metadata.name)
      return failure(
        400,
        `cannot bind token for serviceaccount "${account.metadata.name}" to pod running with different serviceaccount name.`,
      );
    return { [kind.toLowerCase()]: { name: metadata.name, uid: metadata.uid } };
  }

  #boundObject(kind: string, namespace: string, name: string): FakeObject | null {
    const resource = resourceNamed(kind) as FakeResource;
    return this.#store.get(resource, resource.namespaced ? namespace : '', name);
  }

  #signed(claims: object): string {
    const payload = encoded(claims);
    return `${HEADER}.${payload}.${this.#signature(payload)}`;
  }

  #signature(payload: string): string {
    return createHmac('sha256', this.#secret).update(`${HEADER}.${payload}`).digest('base64url');
  }
}

/** An object that a token goes with. */
interface Bound {
  readonly name: string;
  readonly uid: string | undefined;
}

interface Claims {
  readonly aud: readonly string[];
  /** In seconds. */
  readonly exp: number;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: Bound;
    readonly pod?: Bound;
    readonly secret?: Bound;
    readonly node?: Bound;
  };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
