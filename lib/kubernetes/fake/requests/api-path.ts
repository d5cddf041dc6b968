import { type FakeResource, resourceAt } from '../objects/resources.ts';

/** A place of the API that a URL names. */
export interface ApiPlace {
  readonly resource: FakeResource;
  /** Null for all namespaces, and for what stands in none. */
  readonly namespace: string | null;
  /** Null for all of them. */
  readonly name: string | null;
  readonly subresource: string | null;
  /** Whether the path asks for a watch, as those of Kubernetes did once, and still may: `/api/v1/watch/pods`. */
  readonly isWatch: boolean;
}

const RESOURCE_PATH =
  /^\/(?:api|apis\/([^/]+))\/(v[^/]+)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+)(?:\/([a-z]+))?)?$/;
const WATCH_PATH = /^(\/(?:api|apis\/[^/]+)\/v[^/]+)\/watch(?=\/)/;
const NAMESPACE_PATH = /^\/api\/v1\/namespaces\/([^/]+)(?:\/(status))?$/;

/** What a path names; null for none of the resources that are served. */
export function readApiPath(whole: string): ApiPlace | null {
  const path = whole.replace(WATCH_PATH, '$1');
  const isWatch = path !== whole;
  const ofNamespace = NAMESPACE_PATH.exec(path);
  if (ofNamespace !== null) {
    const resource = resourceAt('', 'v1', 'namespaces') as FakeResource;
    const [, name = '', subresource = null] = ofNamespace;
    if (isWatch && subresource !== null) return null;
    return { resource, namespace: null, name, subresource, isWatch };
  }
  const [, group = '', version = '', namespace = null, plural = '', name = null, sub = null] =
    RESOURCE_PATH.exec(path) ?? [];
  const resource = resourceAt(group, version, plural);
  if (resource === null) return null;
  if (namespace !== null && !resource.namespaced) return null;
  // One object of a namespace is found in that alone.
  if (namespace === null && name !== null && resource.namespaced) return null;
  if (sub !== null && (isWatch || !resource.subresources.includes(sub))) return null;
  return { resource, namespace, name, subresource: sub, isWatch };
}
