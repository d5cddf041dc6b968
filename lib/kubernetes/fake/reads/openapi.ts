import type { FakeResources } from '../objects/resource-registry.ts';
import { apiVersionOf, type FakeResource } from '../objects/resources.ts';
import { schemasOf } from './schemas.ts';

/** What is asked for of a document. */
export interface OpenApiDocument {
  readonly type: string;
  readonly body: Buffer;
}

const INFO = { title: 'spdy-kube-fake', version: 'v1' };

/** The form of OpenAPI 2 that old versions of kubectl read alone. */
const PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/**
 * A document of OpenAPI: of version 3 the paths of the objects, with what may be said when they are changed, and their fields; of version 2 that there
 * is nothing to know: what reads that makes patches of what it finds there. Null where there is no document.
 */
export function openApi(
  path: string,
  accept: string | undefined,
  { all }: FakeResources,
): OpenApiDocument | null {
  if (path === '/openapi/v2') return openApi2(accept ?? '');
  const version = /^\/openapi\/v3(?:\/(.+))?$/.exec(path);
  if (version === null) return null;
  const [, place] = version;
  if (place === undefined) {
    const places = [...new Set(all.map(placeOf))];
    const entries = places.map((one) => [one, { serverRelativeURL: `/openapi/v3/${one}` }]);
    return json({ paths: Object.fromEntries(entries) });
  }
  const resources = all.filter((resource) => placeOf(resource) === place);
  if (resources.length === 0) return null;
  const paths = Object.fromEntries(resources.flatMap(pathsOf));
  const components = { schemas: schemasOf(resources) };
  return json({ openapi: '3.0.0', info: INFO, paths, components });
}

/** As `api/v1` or `apis/apps/v1`. */
function placeOf(resource: FakeResource): string {
  return `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
}

function pathsOf(resource: FakeResource): [string, object][] {
  const { plural, namespaced, group, version, kind } = resource;
  const root = `/${placeOf(resource)}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}`;
  const operation = (action: string, ...parameters: readonly string[]): object => ({
    parameters: parameters.map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  });
  const one = {
    get: operation('get'),
    put: operation('put', 'dryRun', 'fieldValidation'),
    patch: operation('patch', 'dryRun', 'fieldValidation'),
    delete: operation('delete', 'dryRun', 'gracePeriodSeconds'),
  };
  const post = operation('post', 'dryRun', 'fieldValidation');
  const all = { get: operation('list', 'labelSelector', 'fieldSelector'), post };
  return [
    [root, all],
    [`${root}/{name}`, one],
  ];
}

function openApi2(accept: string): OpenApiDocument {
  if (!accept.includes(PROTOBUF)) return json({ swagger: '2.0', info: INFO, paths: {} });
  const info = Buffer.concat([field(1, INFO.title), field(2, INFO.version)]);
  const body = Buffer.concat([field(1, '2.0'), field(2, info), field(8, '')]);
  // The form itself is no media type that its readers can parse.
  return { type: 'application/octet-stream', body };
}

/** A field of protobuf with a length below 128. */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.of((number << 3) | 2, bytes.length), bytes]);
}

function json(document: object): OpenApiDocument {
  return { type: 'application/json', body: Buffer.from(JSON.stringify(document)) };
}
