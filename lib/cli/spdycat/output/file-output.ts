import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Body, BodyOutput } from './body-output.ts';

/** Saves each body in a file that is named by the end of its URL. */
export class FileOutput implements BodyOutput {
  readonly repeatable = true;
  readonly #directory: string;
  readonly #partial: boolean;
  readonly #used = new Set<string>();
  readonly #names = new Map<number, string>();

  /** `partial`: a file appears at once, and stays when the body has failed; else it appears when it is complete. */
  constructor(directory: string, partial = false) {
    this.#directory = directory;
    this.#partial = partial;
  }

  async take(number: number | null, url: URL, body: Body): Promise<string> {
    const name = this.#nameFor(number, url);
    await save(join(this.#directory, name), body, this.#partial ? 'w' : null);
    return name;
  }

  async append(number: number | null, url: URL, body: Body): Promise<string> {
    const name = this.#nameFor(number, url);
    await save(join(this.#directory, name), body, 'a');
    return name;
  }

  sizeOf(number: number | null, url: URL): Promise<number> {
    return sizeOf(join(this.#directory, this.#nameFor(number, url)));
  }

  /** A name that no other body of this run has. */
  #nameFor(number: number | null, url: URL): string {
    const known = number === null ? undefined : this.#names.get(number);
    if (known !== undefined) return known;
    const name = remoteName(url);
    let free = name;
    for (let i = 1; this.#used.has(free); i++) free = `${name}.${i}`;
    this.#used.add(free);
    if (number !== null) this.#names.set(number, free);
    return free;
  }
}

/** Saves bodies in files that were named for them; the others, and those named `-`, go elsewhere. */
export class NamedOutput implements BodyOutput {
  readonly #names: readonly string[];
  readonly #rest: BodyOutput;
  readonly #partial: boolean;
  readonly #assigned = new Map<number, string>();

  /** `names` in the order of URLs; `partial` as for a FileOutput. */
  constructor(names: readonly string[], rest: BodyOutput, partial = false) {
    this.#names = names;
    this.#rest = rest;
    this.#partial = partial;
  }

  /** The body with this number belongs to the URL at this place. */
  assign(number: number, index: number): void {
    const name = this.#names[index] ?? '-';
    if (name !== '-') this.#assigned.set(number, name);
  }

  get repeatable(): boolean {
    return this.#rest.repeatable || this.#names.every((name) => name !== '-');
  }

  async take(number: number | null, url: URL, body: Body): Promise<string | null> {
    const name = this.#nameOf(number);
    if (name === null) return await this.#rest.take(number, url, body);
    await save(name, body, this.#partial ? 'w' : null);
    return name;
  }

  async append(number: number | null, url: URL, body: Body): Promise<string | null> {
    const name = this.#nameOf(number);
    if (name === null) return await this.#rest.take(number, url, body);
    await save(name, body, 'a');
    return name;
  }

  done(number: number): void {
    this.#rest.done?.(number);
  }

  async sizeOf(number: number | null, _url: URL): Promise<number> {
    const name = this.#nameOf(number);
    return name === null ? 0 : await sizeOf(name);
  }

  #nameOf(number: number | null): string | null {
    return number === null ? null : (this.#assigned.get(number) ?? null);
  }
}

/** With flags the file is written at once; without, it appears when it is complete. */
async function save(path: string, body: Body, flags: 'w' | 'a' | null): Promise<void> {
  if (flags !== null || !(await isReplaceable(path))) {
    await pipeline(body, createWriteStream(path, { flags: flags ?? 'w' }));
    return;
  }
  // No name that a URL can have: a hidden file, and one that is not there yet.
  const part = join(dirname(path), `.${randomBytes(8).toString('hex')}.part`);
  try {
    // It is open before anything can fail: a file that is still being opened cannot be removed.
    const file = await open(part, 'wx');
    await pipeline(body, file.createWriteStream());
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    // Nobody has heard of the other name.
    (error as Error).message = (error as Error).message.replace(`'${part}'`, `'${path}'`);
    throw error;
  }
}

/** Devices and pipes, such as `/dev/null`, are written to. */
async function isReplaceable(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => true,
  );
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    (found) => (found.isFile() ? found.size : 0),
    () => 0,
  );
}

/** The file name in a URL: the last part of its path, `index.html` if that is empty. Never a path, nor a hidden file. */
export function remoteName(url: URL): string {
  const last = url.pathname.split('/').at(-1) ?? '';
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // It stays as it is.
  }
  name = name.replace(/[/\\:\p{Cc}]/gu, '_').replace(/^\./, '_');
  return name === '' ? 'index.html' : name;
}
