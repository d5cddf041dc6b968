import { InvalidArgumentError } from '../../errors.ts';
import { shown } from '../check.ts';

/** Bytes that the path of a unix socket may have (`sun_path` of Linux); Node 20 and 22 cut a longer one, and listen or connect elsewhere. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** @throws InvalidArgumentError for a path of a unix socket that is too long for the system; pipes of Windows may be longer */
export function checkSocketPath(name: string, path: string): void {
  if (process.platform === 'win32' || Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return;
  const message = `${name}: the path of a unix socket has at most ${MAX_SOCKET_PATH_BYTES} bytes`;
  throw new InvalidArgumentError(`${message}, got ${shown(path)}`);
}
