import { lstat, mkdir, stat, unlink } from 'node:fs/promises';
import { leadsOutside } from '../archive-errors.ts';
import type { ByteName } from '../tar/tar-header.ts';
import { asPath, asText, byteName } from './byte-names.ts';

/** What there is under a name. */
export type LocalKind = 'file' | 'directory' | 'link' | 'other';

/** The local directory, or file, that a copy writes: everything happens below its root, and no link on the way is followed. */
export class LocalTree {
  /** Absolute. */
  readonly root: ByteName;
  /** A directory that was looked at. */
  #known: ByteName = '';
  /** It was made by this copy: there is nothing in it but what came from the archive. */
  #isNew = false;

  /** `root` is an absolute path. */
  constructor(root: string) {
    this.root = byteName(root);
  }

  /** The name of something in it. */
  at(segments: readonly ByteName[]): ByteName {
    return [this.root, ...segments].join('/');
  }

  /** Makes the directories up to one, of which none may be a link. The root itself may be: the user has named it. */
  async enter(segments: readonly ByteName[], mode = 0o777): Promise<void> {
    const whole = this.at(segments);
    if (whole === this.#known) return;
    for (let depth = 0; depth <= segments.length; depth++) {
      const directory = this.at(segments.slice(0, depth));
      const kind = await kindOf(directory, depth === 0);
      if (kind === 'link') throw leadsOutside(`${asText(directory)} is a link`);
      if (kind !== null && kind !== 'directory') throw inTheWay(directory);
      this.#isNew = kind === null;
      if (this.#isNew) await mkdir(asPath(directory), directory === whole ? mode | 0o700 : 0o777);
    }
    this.#known = whole;
  }

  /** What is at the place of a new entry, in the directory that was entered, must be replaceable; `remove`d where that is no matter of course. */
  async makeRoom(target: ByteName, remove = false): Promise<void> {
    if (this.#isNew && !remove) return;
    const kind = await kindOf(target);
    if (kind === 'directory' || kind === 'other') throw inTheWay(target);
    if (remove && kind !== null) await unlink(asPath(target));
  }
}

/** What is there; null if nothing is. */
export async function kindOf(name: ByteName, follow = false): Promise<LocalKind | null> {
  try {
    const status = await (follow ? stat : lstat)(asPath(name));
    if (status.isSymbolicLink()) return 'link';
    if (status.isDirectory()) return 'directory';
    return status.isFile() ? 'file' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function inTheWay(name: ByteName): NodeJS.ErrnoException {
  const file = asText(name);
  const error = new Error(`${file} is in the way: it is of another kind`);
  return Object.assign(error, { code: 'EEXIST', path: file });
}
