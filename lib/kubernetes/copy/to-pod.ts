import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { InvalidArgumentError } from '../../errors.ts';
import { exec } from '../client/command/exec.ts';
import { withPlainPod } from '../client/target/resolve-target.ts';
import { RemoteFailureError } from '../errors.ts';
import { byteName } from './local/byte-names.ts';
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
import { Retries } from './retries.ts';
import { TarWriter } from './tar/tar-writer.ts';

/** The folder in the container, and what the archive calls the file or directory there. */
interface Destination {
  readonly directory: string;
  readonly name: string;
}

/**
 * Copies a local file or directory into a container, by a `tar` there (as `kubectl cp` does). Links stay links, modes are kept, owners are not.
 * With `retries` all is sent again when the connection is lost.
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
  const target = await withPlainPod(execPart(options), options);
  const base = path.basename(path.resolve(options.from));
  const { directory, name } = await destination(target, to, base);
  const flags = options.preserveMtime === true ? '-xf' : '-xmf';
  const command = ['tar', flags, '-', '-C', directory];
  const retries = new Retries(options.retries ?? 0, options.signal);
  for (;;) {
    const counter = new CopyCounter(options);
    const tar = await RemoteTar.start(target, command, true).catch((error) => retries.next(error));
    if (tar === undefined) continue;
    try {
      const archive = new TarWriter(counter).pack(byteName(source), byteName(name));
      await send(tar, archive, counter);
      return counter.result;
    } catch (error) {
      await retries.nextOfRemote(error);
    }
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

/** Sends the archive, and waits for the end of the command. */
async function send(
  tar: RemoteTar,
  archive: AsyncIterable<Buffer>,
  counter: CopyCounter,
): Promise<void> {
  tar.command.stdout?.resume();
  let isWhole = false;
  try {
    isWhole = await sendAll(tar.command.stdin as Writable, archive, counter);
    await tar.ended();
  } finally {
    tar.command.close();
  }
  if (!isWhole)
    throw new RemoteFailureError(
      'tar ended without reading the whole archive, and calls that success',
    );
}

/**
 * Writes one piece while the next is made: longer than that none is good. Resolves with whether all was sent: not where the tar there has ended
 * before. It may do so when it has seen the first half of the end of the archive, behind which the last piece begins.
 */
async function sendAll(
  stdin: Writable,
  archive: AsyncIterable<Buffer>,
  counter: CopyCounter,
): Promise<boolean> {
  let sent = Promise.resolve(true);
  for await (const piece of archive) {
    counter.passed(piece.length);
    if (!(await sent)) return false;
    sent = write(stdin, piece);
  }
  stdin.end();
  return true;
}

/** Resolves when the piece has left, with true, or when it cannot any more. */
function write(stdin: Writable, piece: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (): void => {
      stdin.removeListener('close', done);
      resolve(!stdin.destroyed);
    };
    stdin.once('close', done);
    stdin.write(piece, done);
  });
}
