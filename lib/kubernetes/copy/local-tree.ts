import { lstat, mkdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { leadsOutside } from './archive-errors.ts';

/** The local directory, or file, that a copy writes: everything happens below its root, and no link on the way is followed. */
export class LocalTree {
  /** Absolute path. */
  readonly root: string;
  /** A directory that was looked at. */
  #known = '';

  constructor(root: string) {
    this.root = root;
  }

  /** The path of something in it. */
  at(segments: readonly string[]): string {
    return path.join(this.root, ...segments);
  }

  /** Makes the directories up to one, of which none may be a link. The root itself may be: the user has named it. */
  async enter(segments: readonly string[], mode = 0o777): Promise<void> {
    const { root } = this;
    const whole = this.at(segments);
    if (whole === this.#known) return;
    let directory = root;
    for (const segment of ['', ...segments]) {
      directory = path.join(directory, segment);
      const kind = await kindOf(directory, directory === root);
      if (kind === null) await mkdir(directory, directory === whole ? mode | 0o700 : 0o777);
      else if (kind === 'link') throw leadsOutside(`${directory} is a link`);
      else if (kind !== 'directory') throw inTheWay(directory);
    }
    this.#known = whole;
  }

  /** What is at the place of a new entry must be replaceable, and `remove`d where that does not happen by itself. */
  async makeRoom(target: string, remove = false): Promise<void> {
    const kind = await kindOf(target);
    if (kind === 'directory' || kind === 'other') throw inTheWay(target);
    if (remove && kind !== null) await unlink(target);
  }
}

/** What is there; null if nothing is. */
export async function kindOf(
  file: string,
  follow = false,
): Promise<'file' | 'directory' | 'link' | 'other' | null> {
  try {
    const status = await (follow ? stat : lstat)(file);
    if (status.isSymbolicLink()) return 'link';
    if (status.isDirectory()) return 'directory';
    return status.isFile() ? 'file' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function inTheWay(file: string): NodeJS.ErrnoException {
  const error = new Error(`${file} is in the way: it is of another kind`);
  return Object.assign(error, { code: 'EEXIST', path: file });
}
