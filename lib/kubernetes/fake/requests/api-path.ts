import type { FakeResources } from '../objects/resource-registry.ts';
import { type FakeResource, NAMESPACES } from '../objects/resources.ts';

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
  /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+))?\/([a-z][a-z\d-]*)(?:\/([^/]+)(?:\/([a-z]+))?)?$/;
const WATCH_PATH = /^(\/(?:api|apis\/[^/]+)\/[^/]+)\/watch(?=\/)/;
const NAMESPACE_PATH = /^\/api\/v1\/namespaces\/([^/]+)(?:\/(status))?$/;

/** What a path names; null for none of the resources that are served. */
export function readApiPath(whole: string, resources: FakeResources): ApiPlace | null {
  const path = whole.replace(WATCH_PATH, '$1');
  const isWatch = path !== whole;
  const ofNamespace = NAMESPACE_PATH.exec(path);
  if (ofNamespace !== null) {
    const [, name = '', subresource = null] = ofNamespace;
    if (isWatch && subresource !== null) return null;
    return { resource: NAMESPACES, namespace: null, name, subresource, isWatch };
  }
  const [, group = '', version = '', namespace = null, plural = '', name = null, sub = null] =
    RESOURCE_PATH.exec(path) ?? [];
  const resource = resources.at(group, version, plural);
  if (resource === null) return null;
  if (namespace !== null && !resource.namespaced) return null;
  // One object of a namespace is found in that alone.
  if (namespace === null && name !== null && resource.namespaced) return null;
  if (sub !== null && (isWatch || !resource.subresources.includes(sub))) return null;
  return { resource, namespace, name, subresource: sub, isWatch };
}
