import path from 'node:path';
import { checkBoolean, checkObject, checkRange, shown } from '../../../common/check.ts';
import { checkOptions, optionNames } from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import { isName } from '../objects/object.ts';
import { checkText, checkTextList, isText } from '../objects/texts.ts';
import { ContainerLogs } from './log.ts';

/** A container of a pod of a fake API server. */
export interface FakeContainer {
  /** The main process, which `attach` reaches: an argument vector. It is started by the first attach. Default `['cat']`. */
  readonly command?: readonly string[] | undefined;
  /** Whether the main process runs from the beginning, and is run again as `restartPolicy` says. Default false. */
  readonly start?: boolean | undefined;
  /** What the container has written already: `kubectl logs` shows it. Default nothing. */
  readonly log?: string | undefined;
  /** What its run before has written: `kubectl logs --previous`. Default none: there was no such run. */
  readonly previousLog?: string | undefined;
  /** Whether the main process runs on a terminal. Default false. */
  readonly tty?: boolean | undefined;
  /** Working directory of its commands. Default: a temporary folder for this container, which `close()` removes. */
  readonly directory?: string | undefined;
  /** Environment of its commands, over that of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Its ports by their names, as services refer to them: `{ http: 80 }`. */
  readonly portNames?: Readonly<Record<string, number>> | undefined;
  /** What the API says of its image. Default `'fake'`. */
  readonly image?: string | undefined;
}

/** What a test may change about a pod that is there. */
export interface FakePodState {
  /** Default `'Running'`; nothing can be done with others. */
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown' | undefined;
  /** Its condition Ready, and that of its containers. Default: whether it runs. */
  readonly ready?: boolean | undefined;
  /** What label selectors look at. Default none. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Default none. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A pod of a fake API server. */
export interface FakePod extends FakePodState {
  /** A name as Kubernetes allows (RFC 1123 with dots, at most 253 characters). */
  readonly name: string;
  /** Default `'default'`. */
  readonly namespace?: string | undefined;
  /** By name; the first one is meant when none is named. Default `{ main: {} }`. */
  readonly containers?: Readonly<Record<string, FakeContainer>> | undefined;
  /** Port of the pod to port of this machine, 1 to 65535. A port that is not listed leads to the same number. */
  readonly ports?: Readonly<Record<number, number>> | undefined;
  /** Where the ports are: a name or an address. Default: this machine, 127.0.0.1 first and then ::1. */
  readonly host?: string | undefined;
  /** What becomes of main processes that have ended, of those with `start`. Default `'Always'`. */
  readonly restartPolicy?: RestartPolicy | undefined;
}

const CONTAINER_NAMES = optionNames<FakeContainer>({
  command: true,
  start: true,
  log: true,
  previousLog: true,
  tty: true,
  directory: true,
  env: true,
  portNames: true,
  image: true,
});

const STATE_NAMES = { phase: true, ready: true, labels: true, annotations: true } as const;

const POD_STATE_NAMES = optionNames<FakePodState>(STATE_NAMES);

const POD_NAMES = optionNames<FakePod>({
  ...STATE_NAMES,
  name: true,
  namespace: true,
  containers: true,
  ports: true,
  host: true,
  restartPolicy: true,
});

/** What becomes of main processes that have ended. */
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

const POLICIES: readonly unknown[] = ['Always', 'OnFailure', 'Never'];

const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const;

/** A container with its defaults, and with its folder once that is made. */
export interface ResolvedContainer {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly portNames: Readonly<Record<string, number>>;
  /** Whether its main process runs from the beginning. */
  readonly start: boolean;
  /** Whether it has come to a pod that was there, to look into that: it runs once. */
  readonly isEphemeral: boolean;
  /** Whether its main process has an input. */
  readonly stdin: boolean;
  readonly logs: ContainerLogs;
  directory: string | null;
}

/** What is run for a pod, with every default. */
export interface ResolvedPod {
  readonly name: string;
  readonly namespace: string;
  /** Ephemeral ones may come to them, at the end. */
  readonly containers: ResolvedContainer[];
  readonly ports: ReadonlyMap<number, number>;
  readonly host: string | null;
  readonly restartPolicy: RestartPolicy;
}

/** What the API says of the state of a pod, with every default. */
export interface ResolvedPodState {
  readonly phase: (typeof PHASES)[number];
  readonly ready: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Resolves a pod, its state aside.
 *
 * @throws InvalidArgumentError
 */
export function resolvePod(pod: FakePod): ResolvedPod {
  checkObject('pod', pod);
  checkOptions('pod', pod, POD_NAMES);
  const { namespace = 'default', containers = { main: {} }, ports = {} } = pod;
  const { restartPolicy = 'Always' } = pod;
  if (!POLICIES.includes(restartPolicy))
    throw new InvalidArgumentError(
      `restartPolicy must be one of ${POLICIES.join(', ')}, got ${shown(restartPolicy)}`,
    );
  checkName('name', pod.name);
  checkName('namespace', namespace);
  checkObject('containers', containers);
  checkObject('ports', ports);
  checkText('host', pod.host);
  const resolved = Object.entries(containers).map(([name, one]) => resolveContainer(name, one));
  if (resolved.length === 0) throw new InvalidArgumentError(`${pod.name} has no container`);
  return {
    name: pod.name,
    namespace,
    containers: resolved,
    ports: new Map(Object.entries(ports).map(([from, to]) => [port(Number(from)), port(to)])),
    host: pod.host ?? null,
    restartPolicy,
  };
}

/** What may be said of the state of a pod, alone. Throws InvalidArgumentError. */
export function checkPodState(state: FakePodState): FakePodState {
  checkObject('pod', state);
  checkOptions('pod', state, POD_STATE_NAMES);
  return state;
}

/** The state of a pod, over the one that it has. Throws InvalidArgumentError. */
export function resolvePodState(
  { phase, ready, labels, annotations }: FakePodState,
  before: ResolvedPodState | null = null,
): ResolvedPodState {
  if (phase !== undefined && !PHASES.includes(phase))
    throw new InvalidArgumentError(
      `phase must be one of ${PHASES.join(', ')}, got ${shown(phase)}`,
    );
  if (ready !== undefined) checkBoolean('ready', ready);
  checkTexts('labels', labels);
  checkTexts('annotations', annotations);
  const now = phase ?? before?.phase ?? 'Running';
  // A new phase brings its own readiness.
  const kept = phase === undefined ? before?.ready : undefined;
  return {
    phase: now,
    ready: ready ?? kept ?? now === 'Running',
    labels: labels ?? before?.labels ?? {},
    annotations: annotations ?? before?.annotations ?? {},
  };
}

function resolveContainer(name: string, container: FakeContainer): ResolvedContainer {
  checkObject('container', container);
  checkOptions('container', container, CONTAINER_NAMES);
  checkName('container', name);
  const { command = ['cat'], tty = false, env = {}, directory, portNames = {} } = container;
  const { image, log, previousLog } = container;
  checkTextList('command', command);
  checkTexts('env', env);
  for (const [what, text] of Object.entries({ directory, image, log, previousLog }))
    checkText(what, text);
  if (command.length === 0) throw new InvalidArgumentError('command must not be empty');
  checkObject('portNames', portNames);
  for (const number of Object.values(portNames)) port(number);
  return {
    name,
    image: image ?? 'fake',
    command,
    tty: checkBoolean('tty', tty),
    env,
    portNames,
    start: checkBoolean('start', container.start ?? false),
    isEphemeral: false,
    stdin: true,
    logs: new ContainerLogs(log, previousLog ?? null),
    directory: directory === undefined ? null : path.resolve(directory),
  };
}

function checkTexts(what: string, texts: unknown): void {
  if (texts === undefined) return;
  checkObject(what, texts);
  if (Array.isArray(texts))
    throw new InvalidArgumentError(`${what} must have names, got ${shown(texts)}`);
  const wrong = Object.values(texts as object).find((value) => !isText(value));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`${what} must have texts, got ${shown(wrong)}`);
}

function checkName(what: string, value: unknown): void {
  if (isName(value)) return;
  throw new InvalidArgumentError(
    `${what} must be a name as Kubernetes allows, got ${shown(value)}`,
  );
}

function port(value: number): number {
  checkRange('port', value, 1, 65535);
  return value;
}
