import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** What a path of a URL stands for. A file is open: whoever gets it closes it. */
export type FoundPath =
  | { readonly kind: 'file'; readonly file: FileHandle; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'error'; readonly status: 400 | 403 | 404 };

const NOT_FOUND: FoundPath = { kind: 'error', status: 404 };

/**
 * Finds the file that belongs to the path of a URL. Nothing outside of the root is found, by whatever encoding or symbolic link; nor
 * are names that begin with a dot (but `.well-known`), unless `dotfiles` is true. A directory stands for its `index.html`; without a slash
 * at its end it is a redirect.
 *
 * @param root absolute, without symbolic links (`realpath()`)
 * @param urlPath as it came, without the query
 */
export async function findFile(
  root: string,
  urlPath: string,
  dotfiles: boolean,
): Promise<FoundPath> {
  const segments = decodePath(urlPath);
  if (segments === null) return { kind: 'error', status: 400 };
  if (!segments.every((name) => isServed(name, dotfiles))) return NOT_FOUND;
  const names = segments.filter((name) => name !== '');
  try {
    const path = await realpath(join(root, ...names));
    if (!isInside(root, path)) return NOT_FOUND;
    const stats = await stat(path);
    const slash = segments.at(-1) === '';
    if (!stats.isDirectory()) return slash ? NOT_FOUND : found(await openFile(root, path), path);
    if (!slash) return { kind: 'redirect' };
    const index = await realpath(join(path, 'index.html')).catch(() => null);
    if (index === null) return { kind: 'directory', path };
    return isInside(root, index) ? found(await openFile(root, index), index) : NOT_FOUND;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EACCES' || code === 'EPERM' ? { kind: 'error', status: 403 } : NOT_FOUND;
  }
}

/** Opens the file of this name if it is one and lies in the root; null if not. */
export async function findSibling(root: string, name: string): Promise<FileHandle | null> {
  try {
    const path = await realpath(name);
    if (!isInside(root, path) || !(await stat(path)).isFile()) return null;
    return await openFile(root, path);
  } catch {
    return null;
  }
}

/** The decoded names between the slashes of a path; the last one is empty if it ends with a slash. Null if it cannot be decoded. */
export function decodePath(urlPath: string): string[] | null {
  if (!urlPath.startsWith('/')) return null;
  try {
    // What is not percent-encoded came as bytes, as all header text.
    const path = decodeURIComponent(Buffer.from(urlPath, 'latin1').toString());
    return path.slice(1).split('/');
  } catch {
    return null;
  }
}

/** Whether a name is served at all. */
export function isServed(name: string, dotfiles: boolean): boolean {
  if (name === '.' || name === '..' || /[\\\0]/.test(name)) return false;
  return dotfiles || !name.startsWith('.') || name === '.well-known';
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function found(file: FileHandle | null, path: string): FoundPath {
  return file === null ? NOT_FOUND : { kind: 'file', file, path };
}

/** Opens what `realpath()` has found: by now it may be a link or lie behind one, or be a pipe that would block. Null for all of these. */
async function openFile(root: string, path: string): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if ((await file.stat()).isFile() && (await liesInside(root, file, path))) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return null;
}

/** Whether a file that was opened by a path without links lies in the root: a folder on the way may have become a link before. */
async function liesInside(root: string, file: FileHandle, path: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const opened = await readlink(`/proc/self/fd/${file.fd}`).catch(() => null);
    if (opened !== null) return isInside(root, opened);
  }
  const [there, own] = await Promise.all([lstat(path), file.stat()]);
  return (await realpath(path)) === path && there.dev === own.dev && there.ino === own.ino;
}
