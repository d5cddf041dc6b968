import { posix } from 'node:path';
import { checkBoolean, checkRange, shown } from '../../common/check.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type {
  KubernetesTarget,
  PodCommandTarget,
  RemoteCommandOptions,
} from '../client/command/command-options.ts';
import { ATTACH_OPTION_NAMES, checkTargetNames } from '../client/option-names.ts';

/** How far a copy is. */
export interface CopyProgress {
  /** Bytes of the archive that have gone through: contents and some 512 bytes for each entry. */
  readonly bytes: number;
  /** Files that were begun. */
  readonly files: number;
  /** The last entry that was begun, as it is called in the archive. */
  readonly path: string;
}

/** An entry that was left out. */
export interface SkippedEntry {
  /** As it is called in the archive. */
  readonly path: string;
  /** Why it was left out, in words for people. */
  readonly reason: string;
}

/** What was copied. */
export interface CopyResult {
  /** As in `CopyProgress`. */
  readonly bytes: number;
  /** Files that were copied. */
  readonly files: number;
  /** What was left out: links that lead outside, devices, sockets; at most 1000 of them. */
  readonly skipped: readonly SkippedEntry[];
}

/** Options of both directions. */
export interface CopyOptions
  extends Pick<
    RemoteCommandOptions,
    | 'transport'
    | 'signal'
    | 'timeoutMs'
    | 'replyTimeoutMs'
    | 'pingIntervalMs'
    | 'pingTimeoutMs'
    | 'session'
  > {
  /** Called as the copy goes on. What it throws ends the copy. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** Whether files keep their time of change. Default false: they are new. */
  readonly preserveMtime?: boolean | undefined;
  /** How often it is gone on with when the connection is lost, 0 to 1000. Default 0. */
  readonly retries?: number | undefined;
}

/** Options of `copyToPod()`. */
export type CopyToPodOptions = PodCommandTarget &
  CopyOptions & {
    /** A local file or directory. */
    readonly from: string;
    /** Where it goes in the container: into an existing directory (or one with a slash at the end), else this is its new name. */
    readonly to: string;
  };

/** Options of `copyFromPod()`. */
export type CopyFromPodOptions = PodCommandTarget &
  CopyOptions & {
    /** A file or directory in the container; a link needs a slash at its end to be followed. */
    readonly from: string;
    /** Where it goes: a file into an existing directory, else this is its new name; a directory becomes this directory. */
    readonly to: string;
    /** Most bytes of the archive. Default: no limit. */
    readonly maxBytes?: number | undefined;
    /** Most entries. Default 1000000. */
    readonly maxEntries?: number | undefined;
  };

/** What `exec()` needs of the options. */
export type ExecPart = KubernetesTarget &
  Omit<CopyOptions, 'onProgress' | 'preserveMtime' | 'retries'>;

const COPY_OPTION_NAMES: ReadonlySet<string> = new Set([
  ...[...ATTACH_OPTION_NAMES].filter(
    (name) => !['url', 'stdin', 'stdout', 'stderr', 'tty', 'size'].includes(name),
  ),
  'onProgress',
  'preserveMtime',
  'retries',
  'from',
  'to',
  'maxBytes',
  'maxEntries',
]);

/** How many skipped entries are named. */
const MAX_SKIPPED = 1000;

/** Counts what goes through, and tells of it. */
export class CopyCounter {
  bytes = 0;
  files = 0;
  readonly skipped: SkippedEntry[] = [];
  #path = '';
  readonly #onProgress: ((progress: CopyProgress) => void) | undefined;

  constructor({ onProgress }: CopyOptions) {
    this.#onProgress = onProgress;
  }

  /** An entry begins. */
  entry(path: string, isFile: boolean): void {
    this.#path = path;
    if (isFile) this.files += 1;
    this.#tell();
  }

  /** Bytes of the archive have gone through. */
  passed(length: number): void {
    this.bytes += length;
    this.#tell();
  }

  skip(path: string, reason: string): void {
    if (this.skipped.length < MAX_SKIPPED) this.skipped.push({ path, reason });
  }

  get result(): CopyResult {
    const { bytes, files, skipped } = this;
    return { bytes, files, skipped };
  }

  #tell(): void {
    this.#onProgress?.({ bytes: this.bytes, files: this.files, path: this.#path });
  }
}

/** The part of the options that says where and how a command is run. */
export function execPart(options: CopyToPodOptions | CopyFromPodOptions): ExecPart {
  const { cluster, pod, namespace, container, uid, api, podTimeoutMs } = options;
  const { transport, signal, timeoutMs, replyTimeoutMs } = options;
  const { pingIntervalMs, pingTimeoutMs, session } = options;
  const all = { cluster, pod, namespace, container, uid, api, podTimeoutMs };
  const times = { timeoutMs, replyTimeoutMs, pingIntervalMs, pingTimeoutMs };
  const more = { transport, signal, session, ...times };
  const given = Object.entries({ ...all, ...more }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as ExecPart;
}

/** Checks what both directions have in common. */
export function checkCopy(options: CopyToPodOptions | CopyFromPodOptions): void {
  checkTargetNames('copy', options, COPY_OPTION_NAMES);
  for (const name of ['from', 'to'] as const) {
    const value = options[name];
    if (typeof value !== 'string' || value === '' || value.includes('\0'))
      throw new InvalidArgumentError(`${name} must be a path, got ${shown(value)}`);
  }
  if (options.onProgress !== undefined && typeof options.onProgress !== 'function')
    throw new InvalidArgumentError('onProgress must be a function');
  if (options.preserveMtime !== undefined) checkBoolean('preserveMtime', options.preserveMtime);
  if (options.retries !== undefined) checkRange('retries', options.retries, 0, 1000);
  const { maxBytes, maxEntries } = options as Partial<CopyFromPodOptions>;
  if (maxBytes !== undefined) checkRange('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
  if (maxEntries !== undefined) checkRange('maxEntries', maxEntries, 1, Number.MAX_SAFE_INTEGER);
}

/** A path in the container: its folder, as an argument that is no option, and its name; '' for the root or the working directory. */
export interface RemotePath {
  readonly path: string;
  readonly directory: string;
  readonly name: string;
  /** A slash at the end: it must be a directory. */
  readonly isDirectory: boolean;
}

/**
 * Takes a path in the container apart.
 *
 * @throws InvalidArgumentError for one with `..`
 */
export function remotePath(option: 'from' | 'to', text: string): RemotePath {
  if (text.split('/').includes('..'))
    throw new InvalidArgumentError(`${option} must not contain "..": ${JSON.stringify(text)}`);
  const isDirectory = /(?:^|\/)\.?$/.test(text);
  const normal = posix.normalize(text).replace(/(?<=.)\/$/, '');
  // A name like -C or --to-command=... would be an option.
  const path = normal.startsWith('/') || normal === '.' ? normal : `./${normal}`;
  const name = normal === '.' || normal === '/' ? '' : posix.basename(normal);
  return { path, directory: name === '' ? path : posix.dirname(path), name, isDirectory };
}
