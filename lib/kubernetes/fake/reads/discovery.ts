import { REVIEWS } from '../access/reviews.ts';
import type { FakeResources } from '../objects/resource-registry.ts';
import {
  apiVersionOf,
  EVICTION,
  type FakeResource,
  NAMESPACES,
  TOKEN_REQUEST,
} from '../objects/resources.ts';

/** What the API says about itself, as much of it as `kubectl` asks for; null for anything else. */
export function discover(path: string, resources: FakeResources): object | null {
  // Clients that are generated ask for them so.
  const pathname = path.replace(/(?<=.)\/$/, '');
  if (Object.hasOwn(FIXED, pathname)) return FIXED[pathname] as object;
  const served = [...resources.all, ...REVIEWS];
  const groups = groupsOf(served);
  if (pathname === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  const [, group = '', version] = /^\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(pathname) ?? [];
  const own = served.filter((one) => one.group === group && one.version === version);
  const [first] = own;
  if (first !== undefined) {
    return {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: apiVersionOf(first),
      resources: own.flatMap((resource) => {
        const { plural, kind, namespaced, shortNames, categories, subresources } = resource;
        const singularName = resource.custom?.singular ?? kind.toLowerCase();
        const about = { singularName, namespaced, kind };
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
  const group1 = groups.find(({ name }) => pathname === `/apis/${name}`);
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
  ephemeralcontainers: ['get', 'patch', 'update'],
  eviction: ['create'],
  token: ['create'],
  status: ['get', 'patch', 'update'],
  scale: ['get', 'patch', 'update'],
};

function verbsOf(resource: FakeResource): readonly string[] {
  if (resource === NAMESPACES) return VERBS.filter((verb) => verb !== 'deletecollection');
  return REVIEWS.some((review) => review === resource) ? ['create'] : VERBS;
}

function groupsOf(served: readonly FakeResource[]): readonly DiscoveredGroup[] {
  const names = [...new Set(served.map(({ group }) => group))].filter((group) => group !== '');
  return names.map((name) => {
    const versions = [...new Set(served.filter((one) => one.group === name).map(apiVersionOf))];
    const described = versions.map((groupVersion) => ({
      groupVersion,
      version: groupVersion.split('/').at(-1),
    }));
    return { name, versions: described, preferredVersion: described[0] };
  });
}

interface DiscoveredGroup {
  readonly name: string;
  readonly versions: readonly object[];
  readonly preferredVersion: object | undefined;
}

const FIXED: Readonly<Record<string, object>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
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
