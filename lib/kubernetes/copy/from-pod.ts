import { withPlainPod } from '../client/target/resolve-target.ts';
import { RemoteFailureError } from '../errors.ts';
import { foldsNames } from './local/folded-names.ts';
import {
  CopyCounter,
  type CopyFromPodOptions,
  type CopyResult,
  checkCopy,
  type ExecPart,
  execPart,
  remotePath,
} from './options.ts';
import { ArchiveChanged, RemoteArchive } from './remote-archive.ts';
import { Retries } from './retries.ts';
import { DirectoryFound, LinkFound, TarExtractor } from './tar/tar-extractor.ts';

/**
 * Copies a file or directory out of a container, by a `tar` there (as `kubectl cp` does).
 *
 * The archive is not trusted: nothing is ever written outside of the destination. A name that is absolute, has `..` or was not asked for
 * ends the copy with `ERR_SPDY_PROTOCOL`; links that lead outside and devices are skipped (`skipped`). A file appears when it is complete;
 * what was complete stays when the copy fails later. With `retries` a copy whose connection is lost goes on where it stopped, or begins again
 * where it cannot be told that the files are as they were.
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

/** Copies with these further letters for tar; again from the beginning if the archive is another one after the connection was lost. */
async function copy(
  target: ExecPart,
  options: CopyFromPodOptions,
  letters: '' | 'h',
): Promise<CopyResult> {
  const retries = new Retries(options.retries ?? 0, options.signal);
  for (;;) {
    try {
      return await copyOnce(target, options, letters, retries);
    } catch (error) {
      if (!(error instanceof ArchiveChanged)) throw error;
    }
  }
}

async function copyOnce(
  target: ExecPart,
  options: CopyFromPodOptions,
  letters: '' | 'h',
  retries: Retries,
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
    foldsNames,
    counter,
  });
  // With a dot in front no name is an option.
  const what = follow ? ['-C', path, '.'] : ['-C', directory, `./${name}`];
  const archive = new RemoteArchive(target, [`c${letters}f`, '-', ...what], retries);
  try {
    await archive.pour(extractor);
    return counter.result;
  } finally {
    await extractor.close();
  }
}
