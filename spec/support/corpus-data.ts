import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Files of the repository, found from wherever the compiled spec runs (build/spec/... or elsewhere):
 * the root is the nearest folder upward that holds a package.json.
 */
export const REPOSITORY_ROOT: URL = findRoot(new URL('./', import.meta.url));

/** A folder of the corpus, `spec/corpus/data/`. */
const DATA: URL = new URL('spec/corpus/data/', REPOSITORY_ROOT);

/** Bytes of a file under spec/corpus/data/. */
export function readData(path: string): Buffer {
  return readFileSync(new URL(path, DATA));
}

/** A JSON file under spec/corpus/data/, taken as `T`. */
export function readJson<T>(path: string): T {
  return JSON.parse(readData(path).toString('utf8')) as T;
}

/** Names of the files in a folder under spec/corpus/data/, in alphabetical order. */
export function listData(folder: string): string[] {
  return readdirSync(new URL(folder, DATA)).sort();
}

function findRoot(start: URL): URL {
  for (let folder = start; ; folder = new URL('../', folder)) {
    if (existsSync(new URL('package.json', folder))) return folder;
    if (folder.pathname === '/' || new URL('../', folder).href === folder.href) {
      throw new Error(`no package.json above ${fileURLToPath(start)}`);
    }
  }
}
