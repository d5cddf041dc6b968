import { REVIEWS } from '../access/reviews.ts';
import {
  apiVersionOf,
  EVICTION,
  type FakeResource,
  NAMESPACES,
  RESOURCES,
  TOKEN_REQUEST,
} from '../objects/resources.ts';

/** What the API says about itself, as much of it as `kubectl` asks for; null for anything else. */
export function discover(path: string): object | null {
  // Clients that are generated ask for them so.
  const pathname = path.replace(/(?<=.)\/$/, '');
  if (Object.hasOwn(FIXED, pathname)) return FIXED[pathname] as object;
  const [, group = '', version] = /^\/(?:api|apis\/([^/]+))\/(v[^/]+)$/.exec(pathname) ?? [];
  const resources = SERVED.filter((one) => one.group === group && one.version === version);
  const [first] = resources;
  if (first !== undefined) {
    return {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: apiVersionOf(first),
      resources: resources.flatMap((resource) => {
        const { plural, kind, namespaced, shortNames, categories, subresources } = resource;
        const about = { singularName: kind.toLowerCase(), namespaced, kind };
        return [
          { name: plural, ...about, verbs: verbsOf(resource), shortNames, categories },
          ...subresources.map((name) => ({
            ...about,
            ...(SUBRESOURCE_KINDS[name] ?? {}),
            ...{ name: `${plural}/${name}`, singularName: '' },
            verbs: SUBRESOURCE_VERBS[name] ?? ['get'],
          })),
        ];
      }),
    };
  }
  const group1 = GROUPS.find(({ name }) => pathname === `/apis/${name}`);
  return group1 === undefined ? null : { kind: 'APIGroup', apiVersion: 'v1', ...group1 };
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What stands below an object and is another one. */
const SUBRESOURCE_KINDS: Readonly<Record<string, object>> = {
  scale: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  eviction: EVICTION,
  token: TOKEN_REQUEST,
};

const SUBRESOURCE_VERBS: Readonly<Record<string, readonly string[]>> = {
  exec: ['create', 'get'],
  attach: ['create', 'get'],
  portforward: ['create', 'get'],
  eviction: ['create'],
  token: ['create'],
  status: ['get', 'patch', 'update'],
  scale: ['get', 'patch', 'update'],
};

const SERVED: readonly FakeResource[] = [...RESOURCES, ...REVIEWS];

function verbsOf(resource: FakeResource): readonly string[] {
  if (resource === NAMESPACES) return VERBS.filter((verb) => verb !== 'deletecollection');
  return RESOURCES.includes(resource) ? VERBS : ['create'];
}

const GROUPS = [...new Set(SERVED.map(({ group }) => group))]
  .filter((group) => group !== '')
  .map((name) => {
    const versions = [...new Set(SERVED.filter((one) => one.group === name).map(apiVersionOf))];
    const described = versions.map((groupVersion) => ({
      groupVersion,
      version: groupVersion.split('/').at(-1),
    }));
    return { name, versions: described, preferredVersion: described[0] };
  });

const FIXED: Readonly<Record<string, object>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS },
  '/version': {
    major: '1',
    minor: '35',
    gitVersion: 'v1.35.0-fake',
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: '',
  },
};
