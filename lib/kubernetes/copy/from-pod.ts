import type { Readable } from 'node:stream';
import { withPlainPod } from '../client/resolve-target.ts';
import { RemoteFailureError } from '../errors.ts';
import {
  CopyCounter,
  type CopyFromPodOptions,
  type CopyResult,
  checkCopy,
  type ExecPart,
  execPart,
  remotePath,
} from './options.ts';
import { RemoteTar } from './remote-tar.ts';
import { DirectoryFound, LinkFound, TarExtractor } from './tar-extractor.ts';

/**
 * Copies a file or directory out of a container, by a `tar` there (as `kubectl cp` does).
 *
 * The archive is not trusted: nothing is ever written outside of the destination. A name that is absolute, has `..` or was not asked for
 * ends the copy with `ERR_SPDY_PROTOCOL`; links that lead outside and devices are skipped (`skipped`). A file appears when it is complete;
 * what was complete stays when the copy fails later.
 *
 * Rejects as `exec()` does; with RemoteFailureError when the container has no tar or that fails (the message has its words), with
 * ConnectionLostError when the connection is lost or the archive cut off, with `ERR_SPDY_TOO_MUCH_BUFFERED` above `maxBytes` or
 * `maxEntries`, with the error of a local file.
 */
export async function copyFromPod(options: CopyFromPodOptions): Promise<CopyResult> {
  checkCopy(options);
  const target = await withPlainPod(execPart(options), options);
  try {
    return await copy(target, options, '');
  } catch (error) {
    if (!(error instanceof LinkFound)) throw error;
  }
  try {
    // What the link leads to, if that is a file, as each key of a ConfigMap.
    return await copy(target, options, 'h');
  } catch (error) {
    if (!(error instanceof DirectoryFound)) throw error;
    const message = `${options.from} is a link to a directory: with a slash at its end it is followed`;
    throw new RemoteFailureError(message);
  }
}

/** Copies with these further letters for tar. */
async function copy(
  target: ExecPart,
  options: CopyFromPodOptions,
  letters: '' | 'h',
): Promise<CopyResult> {
  const { directory, path, name, isDirectory } = remotePath('from', options.from);
  const counter = new CopyCounter(options);
  const follow = isDirectory || name === '';
  const extractor = new TarExtractor({
    to: options.to,
    name,
    member: follow ? '' : name,
    preserveMtime: options.preserveMtime === true,
    maxBytes: options.maxBytes ?? Number.POSITIVE_INFINITY,
    maxEntries: options.maxEntries ?? 1_000_000,
    onlyFile: letters === 'h',
    counter,
  });
  // With a dot in front no name is an option.
  const what = follow ? ['-C', path, '.'] : ['-C', directory, `./${name}`];
  const tar = await RemoteTar.start(target, [`c${letters}f`, '-', ...what], false);
  try {
    await receive(tar, extractor);
    await tar.ended();
    await extractor.finish();
    return counter.result;
  } finally {
    tar.command.close();
    await extractor.close();
  }
}

async function receive(tar: RemoteTar, extractor: TarExtractor): Promise<void> {
  try {
    await extractor.consume(tar.command.stdout as Readable);
  } catch (error) {
    // Why the command failed says more than that its output was cut.
    if (!extractor.failed) await tar.ended();
    throw error;
  }
}
