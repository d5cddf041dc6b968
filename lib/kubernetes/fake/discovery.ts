import type { ResolvedPod } from './pods.ts';

/** As much of the API as `kubectl` asks for before exec, attach, cp and port-forward; null for anything else. */
export function discover(pathname: string): object | null {
  return DISCOVERY[pathname] ?? null;
}

const DISCOVERY: Readonly<Record<string, object>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      {
        name: 'pods',
        singularName: 'pod',
        shortNames: ['po'],
        namespaced: true,
        kind: 'Pod',
        verbs: ['get', 'list'],
      },
    ],
  },
  '/version': {
    major: '1',
    minor: '33',
    gitVersion: 'v1.33.0-fake',
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: '',
  },
};

/** A pod as the API server describes it. */
export function describePod(pod: ResolvedPod): object {
  const { name, namespace, containers, phase, creationTimestamp } = pod;
  const ready = phase === 'Running';
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace, uid: uidOf(pod), creationTimestamp },
    spec: {
      containers: containers.map(({ name, tty }) => ({ name, image: 'fake', stdin: true, tty })),
    },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: containers.map(({ name }) => ({
        name,
        image: 'fake',
        imageID: '',
        ready,
        restartCount: 0,
        state: ready ? { running: {} } : { waiting: {} },
      })),
    },
  };
}

/** The pods of one namespace, or of all. */
export function describePods(pods: readonly ResolvedPod[]): object {
  return {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '1' },
    items: pods.map(describePod),
  };
}

/** A uid that is the same in each run. */
function uidOf({ namespace, name }: ResolvedPod): string {
  const hex = Buffer.from(`${name}/${namespace}`).toString('hex').padEnd(32, '0').slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
