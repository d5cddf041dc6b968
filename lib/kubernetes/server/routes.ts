import { UpgradeRefusedError } from '../errors.ts';
import { httpFailure } from '../wire/status.ts';

/** A request to run a command, or to attach to one that runs. */
export interface CommandRequest {
  /** Run a command, or join the main process. */
  readonly kind: 'exec' | 'attach';
  /** Namespace of the pod. */
  readonly namespace: string;
  /** Name of the pod. */
  readonly pod: string;
  /** Null: the client leaves the choice to the server. */
  readonly container: string | null;
  /** Of the pod; kubelets alone are told it. */
  readonly uid: string | null;
  /** The program and its arguments; empty for attach. There is no shell in between. */
  readonly command: readonly string[];
  /** Whether the client sends input. */
  readonly stdin: boolean;
  /** Whether the client wants output. */
  readonly stdout: boolean;
  /** Never with `tty`: a terminal has one output. */
  readonly stderr: boolean;
  /** Whether the client wants a terminal. */
  readonly tty: boolean;
}

/** A request to forward connections to ports of a pod. */
export interface ForwardRequest {
  /** Forward connections. */
  readonly kind: 'portForward';
  /** Namespace of the pod. */
  readonly namespace: string;
  /** Name of the pod. */
  readonly pod: string;
  /** Of the pod; kubelets alone are told it. */
  readonly uid: string | null;
  /** Each of them is connected to at once over the channels of a WebSocket. Over SPDY connections name their port, and this is empty mostly. */
  readonly ports: readonly number[];
}

/** What a client asks for. */
export type StreamingRequest = CommandRequest | ForwardRequest;

/** A URL, understood. */
export type Route =
  | { readonly api: 'server' | 'kubelet'; readonly asked: StreamingRequest }
  | {
      readonly api: 'runtime';
      readonly kind: StreamingRequest['kind'];
      readonly token: string;
    };

/** Names of pods, containers and namespaces are narrower; this is what can do no harm in paths and messages. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;

const KINDS: Readonly<Record<string, StreamingRequest['kind']>> = {
  exec: 'exec',
  attach: 'attach',
  portforward: 'portForward',
  portForward: 'portForward',
};

/**
 * What a URL asks for; null when it is none of a streaming server. `prefix` stands before all of them.
 *
 * @throws UpgradeRefusedError (400) for a URL that is one, but not a good one
 */
export function parseRoute(url: string, prefix = ''): Route | null {
  const [path = '', search = ''] = splitOnce(url, '?');
  if (!path.startsWith(`${prefix}/`)) return null;
  const segments = path.slice(prefix.length + 1).split('/');
  const [first, version, namespaces, namespace, pods, pod, verb] = segments;
  if (first === 'api' && version === 'v1' && namespaces === 'namespaces' && pods === 'pods') {
    const kind = verb === 'portForward' ? undefined : kindOf(verb);
    if (segments.length !== 7 || kind === undefined) return null;
    const parameters = new URLSearchParams(search);
    const container = parameters.get('container');
    const names = [namespace, pod, null, container === '' ? null : container] as const;
    return { api: 'server', asked: toRequest(kind, names, parameters) };
  }
  const kind = kindOf(first);
  if (kind === undefined) return null;
  if (segments.length === 2) return { api: 'runtime', kind, token: segments[1] as string };
  if (first === 'portforward') return null;
  const last = kind === 'portForward' ? null : segments.length - 1;
  const names = last === null ? segments.slice(1) : segments.slice(1, last);
  if (names.length < 2 || names.length > 3) return null;
  const container = last === null ? null : (segments[last] as string);
  const all = [names[0], names[1], names[2] ?? null, container] as const;
  return { api: 'kubelet', asked: toRequest(kind, all, new URLSearchParams(search)) };
}

/** Why a request makes no sense; null if it does. */
export function problemOf(asked: StreamingRequest): string | null {
  if (asked.kind === 'portForward') return null;
  if (!asked.stdin && !asked.stdout && !asked.stderr)
    return 'at least one of stdin, stdout and stderr must be asked for';
  if (asked.kind === 'exec' && (asked.command[0] ?? '') === '') return 'a command must be given';
  return null;
}

function toRequest(
  kind: StreamingRequest['kind'],
  [namespace, pod, uid, container]: readonly [
    string | undefined,
    string | undefined,
    string | null,
    string | null,
  ],
  parameters: URLSearchParams,
): StreamingRequest {
  const names = {
    namespace: nameOf('namespace', namespace),
    pod: nameOf('pod', pod),
    uid: uid === null ? null : nameOf('uid', uid),
  };
  if (kind === 'portForward') return { kind, ...names, ports: portsOf(parameters) };
  // The two spellings of API server and kubelet do not collide: either is taken at either place.
  const flag = (...spellings: string[]): boolean =>
    spellings.some((name) => isTrue(parameters.get(name)));
  const tty = flag('tty');
  const asked: CommandRequest = {
    kind,
    ...names,
    container: container === null ? null : nameOf('container', container),
    command: kind === 'exec' ? parameters.getAll('command') : [],
    stdin: flag('stdin', 'input'),
    stdout: flag('stdout', 'output'),
    stderr: flag('stderr', 'error') && !tty,
    tty,
  };
  const problem = problemOf(asked);
  if (problem !== null) throw badRequest(problem);
  return asked;
}

/** API servers say `ports=80,81`, kubelets `port=80&port=81`. */
function portsOf(parameters: URLSearchParams): number[] {
  const lists = [...parameters.getAll('ports'), ...parameters.getAll('port')];
  const texts = lists.flatMap((list) => list.split(','));
  const problem = texts.find((text) => !isPort(Number(text)) || !/^\d{1,5}$/.test(text));
  if (problem !== undefined) throw badRequest('the ports in the URL are no numbers of ports');
  return texts.map(Number);
}

/** Whether a number is that of a port. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

function kindOf(verb: string | undefined): StreamingRequest['kind'] | undefined {
  return verb !== undefined && Object.hasOwn(KINDS, verb) ? KINDS[verb] : undefined;
}

/** As Kubernetes reads a flag in a query: there, and not denied. */
function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function nameOf(what: string, segment = ''): string {
  let name = '';
  try {
    name = decodeURIComponent(segment);
  } catch {
    // It fails the check.
  }
  if (!NAME.test(name)) throw badRequest(`the ${what} in the URL is no valid name`);
  return name;
}

/** A refusal with 400. */
function badRequest(message: string): UpgradeRefusedError {
  return new UpgradeRefusedError(message, 400, httpFailure(400, 'BadRequest', message));
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
