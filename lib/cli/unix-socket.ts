import { once } from 'node:events';
import { lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { resolve } from 'node:path';
import { MAX_SOCKET_PATH_BYTES } from '../common/network/socket-path.ts';
import { UsageError } from './arguments.ts';

/**
 * The path of a unix socket as Node takes it. `@NAME` is one without a file (abstract, Linux alone).
 *
 * @param folder what a path is relative to
 * @throws UsageError for one that is empty or too long
 */
export function socketPathOf(text: string, folder: string = '.'): string {
  if (text === '' || text === '@') throw new UsageError('a unix socket has a path, or @NAME');
  const path = text.startsWith('@') ? `\0${text.slice(1)}` : resolve(folder, text);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path;
  throw new UsageError(
    `${text}: the path of a unix socket has at most ${MAX_SOCKET_PATH_BYTES} bytes`,
  );
}

/** A path of a unix socket for people. */
export function showSocketPath(path: string): string {
  return path.replace(/^\0/, '@');
}

/** Takes the file of a socket away at which nobody listens any more, as a process leaves it that was killed. Whatever else is there stays, and what takes its place meanwhile. */
export async function clearSocket(path: string): Promise<void> {
  const found = path.startsWith('\0') ? null : socketAt(path);
  if (found === null) return;
  const socket = net.connect({ path });
  try {
    await once(socket, 'connect');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED' && socketAt(path) === found) {
      unlinkSync(path);
    }
  } finally {
    socket.destroy();
  }
}

/** Calls what makes files of sockets before it returns: they are of the same user alone. */
export function withPrivateFiles<T>(make: () => T): T {
  const former = process.umask(0o177);
  try {
    return make();
  } finally {
    process.umask(former);
  }
}

/** Which socket is there; null for none. Numbers of files are given anew, hence the time. */
function socketAt(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found?.isSocket() === true ? `${found.dev} ${found.ino} ${found.ctimeNs}` : null;
}
