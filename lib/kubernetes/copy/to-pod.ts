import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WriteEntry } from 'tar';
import { loadPackage } from '../../common/packages.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { exec } from '../client/exec.ts';
import { RemoteFailureError } from '../errors.ts';
import {
  CopyCounter,
  type CopyResult,
  type CopyToPodOptions,
  checkCopy,
  type ExecPart,
  execPart,
  type RemotePath,
  remotePath,
} from './options.ts';
import { RemoteTar } from './remote-tar.ts';

/** Bytes of a file that are read at once. */
const READ_SIZE = 65536;

/** The folder in the container, and what the archive calls the file or directory there. */
interface Destination {
  readonly directory: string;
  readonly name: string;
}

/**
 * Copies a local file or directory into a container, by a `tar` there (as `kubectl cp` does). Links stay links, modes are kept, owners are not.
 * Needs the package `tar`.
 *
 * Rejects as `exec()` does; with RemoteFailureError when the container has no tar or that fails (the message has its words), with
 * ConnectionLostError when the connection is lost before it is known that all is there, with the error of a local file.
 */
export async function copyToPod(options: CopyToPodOptions): Promise<CopyResult> {
  checkCopy(options);
  const to = remotePath('to', options.to);
  const source = await realpath(options.from);
  const status = await stat(source);
  if (!status.isFile() && !status.isDirectory())
    throw new InvalidArgumentError(`${options.from} is neither a file nor a directory`);
  const target = execPart(options);
  const base = path.basename(path.resolve(options.from));
  const { directory, name } = await destination(target, to, base);
  const counter = new CopyCounter(options);
  const args = [options.preserveMtime === true ? '-xf' : '-xmf', '-', '-C', directory];
  const tar = await RemoteTar.start(target, args, true);
  tar.command.stdout?.resume();
  let archive: LocalArchive | null = null;
  try {
    archive = await pack(source, status.isDirectory(), name, counter);
    await send(tar, archive, counter);
    return counter.result;
  } finally {
    tar.command.close();
    archive?.abandon();
  }
}

/** Where it goes: into a directory that is there or has to be, else to a new name. */
async function destination(target: ExecPart, to: RemotePath, base: string): Promise<Destination> {
  const { path: whole, directory, name, isDirectory } = to;
  if (name === '' || (await isDirectoryThere(target, whole)))
    return { directory: whole, name: base };
  return { directory, name: isDirectory ? `${name}/${base}` : name };
}

async function isDirectoryThere(target: ExecPart, name: string): Promise<boolean> {
  const command = await exec({ ...target, command: ['test', '-d', name] });
  command.stdout?.resume();
  command.stderr?.resume();
  try {
    return (await command.exited).exitCode === 0;
  } catch (error) {
    // Without `test` it cannot be known.
    if (error instanceof RemoteFailureError) return false;
    throw error;
  }
}

/** The archive of what is copied. */
interface LocalArchive {
  readonly pieces: AsyncIterable<Buffer>;
  /** Closes the files that are open, when the rest is not wanted. */
  readonly abandon: () => void;
}

async function pack(
  source: string,
  isDirectory: boolean,
  name: string,
  counter: CopyCounter,
): Promise<LocalArchive> {
  const tar = await loadPackage('tar', 'copying files', () => import('tar'));
  let current: WriteEntry | null = null;
  let abandoned = false;
  const archive = tar.create(
    {
      cwd: isDirectory ? source : path.dirname(source),
      ...(isDirectory ? { prefix: name } : {}),
      maxReadSize: READ_SIZE,
      strict: true,
      // With several at once, hard links at the end let the package throw ('write after end') where nobody can catch it.
      jobs: 1,
      filter: (file, entry) => {
        if (abandoned) return false;
        if (
          !('isSocket' in entry) ||
          entry.isFile() ||
          entry.isDirectory() ||
          entry.isSymbolicLink()
        )
          return true;
        counter.skip(file, 'neither a file nor a directory nor a link');
        return false;
      },
      onWriteEntry: (entry) => {
        if (!isDirectory) entry.path = name;
        // Our users are nobody there: all belongs to the user that tar runs as.
        Object.assign(entry.stat ?? {}, { uid: 0, gid: 0 });
        current = entry;
        if (abandoned) cutShort(entry);
        else announce(entry);
      },
    },
    // With a dot: a name that begins with @ would be taken for an archive.
    [isDirectory ? '.' : `./${path.basename(source)}`],
  );
  const announce = (entry: WriteEntry): void => {
    try {
      counter.entry(entry.path, entry.type === 'File');
    } catch (error) {
      archive.emit('error', error);
    }
  };
  // It may fail when nobody listens any more.
  archive.on('error', () => {});
  const abandon = (): void => {
    abandoned = true;
    if (current !== null) cutShort(current);
    archive.resume();
  };
  return { pieces: archive, abandon };
}

/** Lets the package believe that nothing is left to read: it closes the file then, which it does in no other way. */
function cutShort(entry: WriteEntry): void {
  if (entry.stat !== undefined) entry.stat.size = 0;
  entry.remain = 0;
  entry.blockRemain = 0;
}

async function send(tar: RemoteTar, archive: LocalArchive, counter: CopyCounter): Promise<void> {
  const progress = { complete: false };
  try {
    await pipeline(
      Readable.from(counted(archive, counter, progress)),
      tar.command.stdin as Writable,
    );
  } catch (error) {
    // The tar there has ended without reading all: it says why.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
  await tar.ended();
  if (!progress.complete)
    throw new RemoteFailureError(
      'tar ended without reading the whole archive, and calls that success',
    );
}

/** Passes the archive on. It is complete when its last piece is: some tars end as soon as they have seen the end of the archive. */
async function* counted(
  archive: LocalArchive,
  counter: CopyCounter,
  progress: { complete: boolean },
): AsyncGenerator<Buffer> {
  let held: Buffer | null = null;
  try {
    for await (const chunk of archive.pieces) {
      if (held !== null) yield held;
      held = chunk;
      counter.passed(chunk.length);
    }
  } finally {
    // Whoever stops reading has paused it.
    archive.abandon();
  }
  progress.complete = true;
  if (held !== null) yield held;
}
