import { shown } from '../../../common/check.ts';
import { InvalidArgumentError } from '../../../errors.ts';

/** A pod, behind its API server or on its kubelet. */
export interface PodTarget {
  /** Default `'default'`. */
  readonly namespace?: string | undefined;
  /**
   * Name of the pod. At an API server also `deploy/NAME`, `svc/NAME`, `rs/`, `sts/`, `ds/`, `rc/` or `job/` (`pod/` everywhere), or a selector: the first
   * of its pods that is ready, else that runs, is looked up then.
   */
  readonly pod: string | PodSelector;
  /** Optional at an API server (the pod's first or default one), needed at a kubelet for exec and attach. */
  readonly container?: string | undefined;
  /** For a kubelet only: the uid of the pod. */
  readonly uid?: string | undefined;
  /** Who is asked: an API server or a kubelet (default port 10250); their URLs differ. Default `'apiServer'`. */
  readonly api?: 'apiServer' | 'kubelet' | undefined;
  /**
   * Milliseconds to wait, at an API server, for a pod that runs where there is none yet, 0 for not at all. A plain name is looked up for it, too. Default 0;
   * kubectl waits for a minute.
   */
  readonly podTimeoutMs?: number | undefined;
}

/** A pod by its labels. */
export interface PodSelector {
  /** As kubectl's `--selector`: `app=web,tier in (a, b),!old`. */
  readonly selector: string;
}

/** What is done with a target. */
export type Action = 'exec' | 'attach' | 'portforward';

/** What a command is run with, as the query says it. */
export interface CommandQuery {
  /** The argument vector; null for attach. */
  readonly command: readonly string[] | null;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Path and query of a request for a pod; without a `query` for port forwarding. */
export function pathOf(target: PodTarget, action: Action, query: CommandQuery | null): string {
  const namespace = segment('namespace', target.namespace ?? 'default');
  const pod = segment('pod', plainName(target.pod));
  if (target.api === 'kubelet')
    return kubeletPath(target, action, `${namespace}/${pod}`) + search(kubeletQuery(query));
  if (target.api !== undefined && target.api !== 'apiServer')
    throw new InvalidArgumentError(`api must be apiServer or kubelet, got ${shown(target.api)}`);
  return `/api/v1/namespaces/${namespace}/pods/${pod}/${action}${search(apiQuery(target, query))}`;
}

/** The name of a pod that is named itself; undefined for one that has to be looked up. */
export function plainName(pod: unknown): string | undefined {
  if (typeof pod !== 'string') return undefined;
  const name = pod.replace(/^(?:pods?|po)\//, '');
  return name.includes('/') ? undefined : name;
}

function kubeletPath(target: PodTarget, action: Action, pod: string): string {
  const parts = [action === 'portforward' ? 'portForward' : action, pod];
  if (target.uid !== undefined) parts.push(segment('uid', target.uid));
  if (action !== 'portforward') parts.push(segment('container', target.container));
  return `/${parts.join('/')}`;
}

function apiQuery(target: PodTarget, query: CommandQuery | null): [string, string][] {
  if (query === null) return [];
  const { stdin, stdout, stderr, tty } = query;
  const pairs = (query.command ?? []).map((word): [string, string] => ['command', word]);
  if (target.container !== undefined)
    pairs.push(['container', segment('container', target.container)]);
  const flags = { stderr, stdin, stdout, tty };
  for (const [name, value] of Object.entries(flags)) if (value) pairs.push([name, 'true']);
  return pairs;
}

function kubeletQuery(query: CommandQuery | null): [string, string][] {
  if (query === null) return [];
  const pairs = (query.command ?? []).map((word): [string, string] => ['command', word]);
  const flags = { input: query.stdin, output: query.stdout, error: query.stderr, tty: query.tty };
  for (const [name, value] of Object.entries(flags)) if (value) pairs.push([name, '1']);
  return pairs;
}

function search(pairs: readonly (readonly [string, string])[]): string {
  if (pairs.length === 0) return '';
  return `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** A name as one segment of a path: nothing that leads elsewhere. */
export function segment(name: string, value: string | undefined): string {
  if (typeof value !== 'string' || !/^[\w.-]+$/.test(value) || /^\.\.?$/.test(value)) {
    throw new InvalidArgumentError(
      `${name} must be a name as Kubernetes allows, got ${shown(value)}`,
    );
  }
  return value;
}
