import querystring from 'node:querystring';
import type { FakeResources } from '../objects/resource-registry.ts';
import { PODS, qualified } from '../objects/resources.ts';
import { type ApiPlace, readApiPath } from './api-path.ts';

/** What a fake API server was asked for. */
export interface FakeRequest {
  /** The HTTP method, such as `POST`. */
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** What is to be done with objects, or below a pod; `'other'` is discovery, and everything unknown. */
  readonly action: FakeAction;
  /** As RBAC has it: `'pods'`, `'pods/exec'`, `'deployments.apps'`; null for `'other'`. */
  readonly resource: string | null;
  /** Null for `'other'`, for all namespaces, and for what stands in none. */
  readonly namespace: string | null;
  /** Name of the object; null where none is named. */
  readonly name: string | null;
  /** The same if it is a pod, else null. */
  readonly pod: string | null;
  /** How many requests of this action there were, this one included: 1 for the first. */
  readonly count: number;
}

/** What can be asked of a fake API server. */
export type FakeAction =
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'log'
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  | 'other';

const ACTIONS: Readonly<Record<FakeAction, true>> = {
  ...{ exec: true, attach: true, portforward: true, log: true },
  ...{ get: true, list: true, watch: true },
  ...{ create: true, update: true, patch: true, delete: true, deletecollection: true },
  other: true,
};

/** What goes on below a pod as long as both sides like. */
const STREAMS = ['exec', 'attach', 'portforward'];

/** A request that was understood. */
export interface ReadRequest {
  readonly asked: Omit<FakeRequest, 'count'>;
  /** Null for `'other'`. */
  readonly place: ApiPlace | null;
  /** Decoded; null for one that cannot be. */
  readonly path: string | null;
  readonly query: URLSearchParams;
}

/** Reads the first line of a request. */
export function readRequest(method: string, url: string, resources: FakeResources): ReadRequest {
  const [encoded = '', search = ''] = url.split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  // As a whole, as API servers do: an encoded slash is one.
  const path = /%(?![\da-f]{2})/i.test(encoded) ? null : querystring.unescape(encoded);
  const place = path === null ? null : readApiPath(path, resources);
  if (place === null) {
    const none = { resource: null, namespace: null, name: null, pod: null };
    return { asked: { method, url, action: 'other', ...none }, place, path, query };
  }
  const { resource, namespace, name, subresource } = place;
  const full = qualified(resource) + (subresource === null ? '' : `/${subresource}`);
  const pod = resource === PODS ? name : null;
  const action = actionOf(method, place, query);
  return {
    asked: { method, url, action, resource: full, namespace, name, pod },
    place,
    path,
    query,
  };
}

/** Whether it is an action at all. */
export function isAction(value: unknown): value is FakeAction {
  return typeof value === 'string' && Object.hasOwn(ACTIONS, value);
}

/** Whether it is exec, attach or portforward. */
export function isStreaming(action: FakeAction): boolean {
  return STREAMS.includes(action);
}

function actionOf(
  method: string,
  { name, subresource, isWatch }: ApiPlace,
  query: URLSearchParams,
): FakeAction {
  if (isWatch) return method === 'GET' ? 'watch' : 'other';
  if (subresource !== null && (subresource === 'log' || STREAMS.includes(subresource)))
    return subresource as FakeAction;
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === null ? 'deletecollection' : 'delete';
    case 'GET':
    case 'HEAD':
      // One object is not watched by its name: the flag is of lists.
      if (name !== null) return 'get';
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    default:
      return 'other';
  }
}

/** As Kubernetes reads a flag in a query: also without a value, or with any but these, it is one. */
export function isTrue(text: string | null): boolean {
  return text !== null && !/^(?:0|false)$/i.test(text);
}
