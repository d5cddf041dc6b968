import type { Readable } from 'node:stream';
import {
  CopyCounter,
  type CopyFromPodOptions,
  type CopyResult,
  checkCopy,
  execPart,
  remotePath,
} from './options.ts';
import { RemoteTar } from './remote-tar.ts';
import { TarExtractor } from './tar-extractor.ts';

/**
 * Copies a file or directory out of a container, by a `tar` there (as `kubectl cp` does). Needs the package `tar`.
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
  const { directory, path, name, isDirectory } = remotePath('from', options.from);
  const counter = new CopyCounter(options);
  const follow = isDirectory || name === '';
  const extractor = await TarExtractor.create({
    to: options.to,
    name,
    member: follow ? '' : name,
    preserveMtime: options.preserveMtime === true,
    maxBytes: options.maxBytes ?? Number.POSITIVE_INFINITY,
    maxEntries: options.maxEntries ?? 1_000_000,
    counter,
  });
  // With a dot in front no name is an option.
  const args = follow ? ['cf', '-', '-C', path, '.'] : ['cf', '-', '-C', directory, `./${name}`];
  const tar = await RemoteTar.start(execPart(options), args, false);
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
