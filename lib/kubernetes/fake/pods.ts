import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkObject, checkRange, shown } from '../../common/check.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';

/** A container of a pod of a fake API server. */
export interface FakeContainer {
  /** The main process, which `attach` reaches: an argument vector. It is started by the first attach. Default `['cat']`. */
  readonly command?: readonly string[];
  /** Whether the main process runs on a terminal. Default false. */
  readonly tty?: boolean;
  /** Working directory of its commands. Default: a temporary folder for this container, which `close()` removes. */
  readonly directory?: string;
  /** Environment of its commands, over that of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A pod of a fake API server. */
export interface FakePod {
  /** A name as Kubernetes allows (RFC 1123 with dots, at most 253 characters). */
  readonly name: string;
  /** Default `'default'`. */
  readonly namespace?: string;
  /** By name; the first one is meant when none is named. Default `{ main: {} }`. */
  readonly containers?: Readonly<Record<string, FakeContainer>>;
  /** Port of the pod to port of this machine, 1 to 65535. A port that is not listed leads to the same number. */
  readonly ports?: Readonly<Record<number, number>>;
  /** Where the ports are: a name or an address. Default: this machine, 127.0.0.1 first and then ::1. */
  readonly host?: string;
  /** Default `'Running'`; kubectl does nothing with others. */
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
}

const CONTAINER_NAMES = optionNames<FakeContainer>({
  command: true,
  tty: true,
  directory: true,
  env: true,
});

const POD_NAMES = optionNames<FakePod>({
  name: true,
  namespace: true,
  containers: true,
  ports: true,
  host: true,
  phase: true,
});

/** A container with its defaults, and with its folder once that is made. */
export interface ResolvedContainer {
  readonly name: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly env: Readonly<Record<string, string>>;
  directory: string | null;
}

/** A pod with its defaults. */
export interface ResolvedPod {
  readonly name: string;
  readonly namespace: string;
  readonly containers: readonly ResolvedContainer[];
  readonly ports: ReadonlyMap<number, number>;
  readonly host: string | null;
  readonly phase: string;
  readonly creationTimestamp: string;
}

/** Names of namespaces, pods and containers (RFC 1123, with dots). */
const NAME = /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/;

/** The pods of a fake API server, and the folders that were made for them. */
export class FakePods {
  readonly all: readonly ResolvedPod[];
  #folder: string | null = null;

  constructor(pods: readonly (string | FakePod)[]) {
    if (!Array.isArray(pods)) throw new InvalidArgumentError('pods must be an array');
    this.all = pods.map((pod) => resolvePod(typeof pod === 'string' ? { name: pod } : pod));
    const keys = this.all.map(({ namespace, name }) => `${namespace}/${name}`);
    const twice = keys.find((key, index) => keys.indexOf(key) !== index);
    if (twice !== undefined) throw new InvalidArgumentError(`there are two pods ${twice}`);
  }

  find(namespace: string, name: string): ResolvedPod | null {
    return this.all.find((pod) => pod.namespace === namespace && pod.name === name) ?? null;
  }

  /** Makes the folders of containers that have none of their own. */
  async makeFolders(): Promise<void> {
    const homeless = this.all
      .flatMap(({ containers }) => containers)
      .filter(({ directory }) => directory === null);
    if (homeless.length === 0) return;
    this.#folder = await mkdtemp(path.join(tmpdir(), 'spdy-kube-fake-'));
    for (const container of homeless) {
      container.directory = await mkdtemp(path.join(this.#folder, `${container.name}-`));
    }
  }

  /** Removes the folders that were made. */
  async removeFolders(): Promise<void> {
    if (this.#folder === null) return;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    this.#folder = null;
  }
}

function resolvePod(pod: FakePod): ResolvedPod {
  checkObject('pod', pod);
  checkOptions('pod', pod, POD_NAMES);
  const { namespace = 'default', containers = { main: {} }, ports = {}, phase = 'Running' } = pod;
  checkName('name', pod.name);
  checkName('namespace', namespace);
  checkObject('containers', containers);
  checkObject('ports', ports);
  const resolved = Object.entries(containers).map(([name, one]) => resolveContainer(name, one));
  if (resolved.length === 0) throw new InvalidArgumentError(`${pod.name} has no container`);
  return {
    name: pod.name,
    namespace,
    containers: resolved,
    ports: new Map(Object.entries(ports).map(([from, to]) => [port(Number(from)), port(to)])),
    host: pod.host ?? null,
    phase,
    // To the second, as Kubernetes has it.
    creationTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
  };
}

function resolveContainer(name: string, container: FakeContainer): ResolvedContainer {
  checkObject('container', container);
  checkOptions('container', container, CONTAINER_NAMES);
  checkName('container', name);
  const { command = ['cat'], tty = false, env = {}, directory } = container;
  if (command.length === 0) throw new InvalidArgumentError('command must not be empty');
  return {
    name,
    command,
    tty,
    env,
    directory: directory === undefined ? null : path.resolve(directory),
  };
}

function checkName(what: string, value: unknown): void {
  if (typeof value === 'string' && NAME.test(value)) return;
  throw new InvalidArgumentError(
    `${what} must be a name as Kubernetes allows, got ${shown(value)}`,
  );
}

function port(value: number): number {
  checkRange('port', value, 1, 65535);
  return value;
}
