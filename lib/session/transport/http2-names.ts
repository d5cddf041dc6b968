import { checkRange } from '../../common/check.ts';
import { SESSION_OPTION_NAMES, type SessionOptions } from '../session-options.ts';

/** The most that `maxSessionMemory` can be, in MiB. */
const MAX_MEMORY = 1 << 20;

/**
 * `maxSessionMemory` as `http2` has it: the most MiB that a session may hold of headers, and of bodies that nobody has read. The limits
 * of a session that it stands for are bytes.
 *
 * @throws InvalidArgumentError for a number that is not from 1 to 1048576
 */
export function sessionMemory(mebibytes: number | undefined): SessionOptions {
  if (mebibytes === undefined) return {};
  const bytes = checkRange('maxSessionMemory', mebibytes, 1, MAX_MEMORY) * 2 ** 20;
  return { maxSessionHeaderMemory: bytes, maxUnconsumedBytes: bytes };
}

/** Where an option stands that was written beside `session`; null for a name that is none of a session. */
export function inSession(name: string): string | null {
  return SESSION_OPTION_NAMES.has(name) ? `session.${name}` : null;
}
