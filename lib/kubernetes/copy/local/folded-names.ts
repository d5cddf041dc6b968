import { lstat, open, unlink } from 'node:fs/promises';
import { lateCrypto } from '../../../common/late-modules.ts';
import type { ByteName } from '../tar/tar-header.ts';
import { asPath, asText, byteName } from './byte-names.ts';

/** Names of a copy to a file system that takes some of them for one: which are taken. */
export class FoldedNames {
  readonly #taken = new Map<string, ByteName>();

  /**
   * Takes a name, and those of the directories on the way. One that is there already is no other one.
   *
   * @throws an error with the code 'EEXIST' for a name that would be the same as another one
   */
  add(segments: readonly ByteName[]): void {
    for (let depth = 1; depth <= segments.length; depth++) {
      const name = segments.slice(0, depth).join('/');
      const folded = fold(name);
      const other = this.#taken.get(folded);
      if (other === undefined) this.#taken.set(folded, name);
      else if (other !== name) throw sameName(other, name);
    }
  }
}

/** Whether the file system of a directory takes names for one that differ in case only, or in how a letter with an accent is written. */
export async function foldsNames(directory: ByteName): Promise<boolean> {
  const probe = `.${lateCrypto().randomBytes(8).toString('hex')}a\u00e9.part`;
  const at = (name: string): Buffer => asPath(`${directory}/${byteName(name)}`);
  const file = await open(at(probe), 'wx');
  try {
    await file.close();
    const others = [probe.toUpperCase(), probe.normalize('NFD')];
    const found = await Promise.all(others.map((name) => isThere(at(name))));
    return found.includes(true);
  } finally {
    await unlink(at(probe));
  }
}

function fold(name: ByteName): string {
  return asText(name).normalize('NFC').toLowerCase();
}

async function isThere(file: Buffer): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    () => false,
  );
}

function sameName(one: ByteName, other: ByteName): NodeJS.ErrnoException {
  const names = `${asText(one)} and ${asText(other)}`;
  const error = new Error(`the pod has ${names}, which are one name in this file system`);
  return Object.assign(error, { code: 'EEXIST', path: asText(other) });
}
