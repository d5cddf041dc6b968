import os from 'node:os';
import path from 'node:path';
import { KubeConfigError } from '../errors.ts';
import { readBounded } from './bounded-file.ts';
import { Fields } from './fields.ts';
import { parseYaml } from './yaml.ts';

/** Largest kubeconfig that is read, in bytes. */
const MAX_FILE_SIZE = 4 << 20;

/** A named cluster, user or context, and the folder its relative paths belong to. */
export interface ConfigEntry {
  readonly fields: Fields;
  readonly directory: string;
}

/** What all files say together. */
export interface MergedConfig {
  readonly files: readonly string[];
  readonly currentContext: string | null;
  readonly clusters: ReadonlyMap<string, ConfigEntry>;
  readonly users: ReadonlyMap<string, ConfigEntry>;
  readonly contexts: ReadonlyMap<string, ConfigEntry>;
}

/** What one file says. */
interface ConfigFile {
  readonly path: string;
  readonly root: Fields;
}

/** The files that kubectl would read: those of the variable KUBECONFIG, else `~/.kube/config`. */
export function defaultFiles(env: NodeJS.ProcessEnv = process.env): {
  readonly files: readonly string[];
  /** Files that are missing are skipped. */
  readonly lenient: boolean;
} {
  const { KUBECONFIG: variable = '' } = env;
  const listed = variable.split(path.delimiter).filter((file) => file !== '');
  if (listed.length > 0) return { files: [...new Set(listed)], lenient: true };
  return { files: [path.join(os.homedir(), '.kube', 'config')], lenient: true };
}

/**
 * Reads and merges kubeconfig files as kubectl does: the first file that sets a value, or names an entry, wins, and no entry is
 * made of parts of two files. Null if there is none of them.
 *
 * @throws KubeConfigError for a file that is missing (unless `lenient`), too large or malformed
 */
export async function readFiles(
  files: readonly string[],
  lenient: boolean,
): Promise<MergedConfig | null> {
  const found: ConfigFile[] = [];
  for (const file of files) {
    const text = await readText(file, lenient);
    if (text !== null) found.push({ path: file, root: await parse(file, text) });
  }
  if (found.length === 0) return null;
  const current = found.map(({ root }) => root.text('current-context'));
  return {
    files: found.map((file) => file.path),
    currentContext: current.find((name) => name !== null) ?? null,
    clusters: merge(found, 'clusters', 'cluster'),
    users: merge(found, 'users', 'user'),
    contexts: merge(found, 'contexts', 'context'),
  };
}

/** The error of files that are all missing. */
export function noKubeConfig(files: readonly string[]): KubeConfigError {
  return new KubeConfigError(`there is no kubeconfig: none of ${files.join(', ')} exists`);
}

async function readText(file: string, lenient: boolean): Promise<string | null> {
  try {
    return decode(await readBounded(file, MAX_FILE_SIZE));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (lenient && code === 'ENOENT') return null;
    throw new KubeConfigError(`the kubeconfig cannot be read: ${message}`, { cause });
  }
}

/** UTF-8, or UTF-16 with a byte order mark, as a redirection of Windows PowerShell writes it. */
function decode(bytes: Buffer): string {
  const [first = 0, second = 0] = bytes;
  const mark = first * 256 + second;
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

async function parse(file: string, text: string): Promise<Fields> {
  const root = Fields.of(await parseYaml(text, file), file);
  const kind = root.text('kind');
  if (kind !== null && kind !== 'Config')
    throw new KubeConfigError(`${file} is no kubeconfig but a ${kind}`);
  return root;
}

function merge(files: readonly ConfigFile[], list: string, key: string): Map<string, ConfigEntry> {
  const merged = new Map<string, ConfigEntry>();
  for (const { path: file, root } of files) {
    const names = new Set<string>();
    for (const entry of root.entries(list)) {
      const name = entry.text('name');
      if (name === null) throw new KubeConfigError(`${entry.where}: an entry has no name`);
      if (names.has(name))
        throw new KubeConfigError(`${entry.where}: ${JSON.stringify(name)} is there twice`);
      names.add(name);
      const fields = entry.named(key, `${key} ${JSON.stringify(name)}`);
      if (!merged.has(name)) merged.set(name, { fields, directory: path.dirname(file) });
    }
  }
  return merged;
}
