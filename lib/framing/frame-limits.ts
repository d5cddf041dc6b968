import type { ErrorCode } from '../errors.ts';
import { CREDENTIAL, SETTINGS } from '../protocol/constants.ts';
import type { HeaderEncoding } from './header-list.ts';

/** What a frame reader accepts. */
export interface FrameLimits {
  /** Payload bytes of a control frame; more is inflated or skipped without being kept. */
  readonly maxControlFrameSize: number;
  /** Bytes of an inflated header block; more is a stream error. */
  readonly maxHeaderListSize: number;
  /** Pairs in a header block, after values were split. */
  readonly maxHeaderCount: number;
  /** Entries of a SETTINGS frame. */
  readonly maxSettingsEntries: number;
  /** Bytes at which inflating a header block is given up, which ends the session. */
  readonly maxInflatedBlockSize: number;
  /** Whether CREDENTIAL frames are read, where the version has them. */
  readonly credentials: boolean;
  /** How header values become strings. */
  readonly headerEncoding: HeaderEncoding;
}

/** Whose limits count: they are looked up for each frame, so that changes take effect at once. */
export interface Limited {
  readonly options: FrameLimits;
}

/** What is wrong with the length of a control frame without headers. */
interface Excess {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Says how a control frame without headers is too long, null if it is not. */
export function excessOf(limits: FrameLimits, type: number, length: number): Excess | null {
  const limit = limits.maxControlFrameSize;
  if (type === SETTINGS && (length > limit || length > 4 + 8 * limits.maxSettingsEntries))
    return { code: 'ERR_SPDY_TOO_MANY_SETTINGS', message: `SETTINGS of ${length} bytes` };
  if (type === CREDENTIAL && length > limit)
    return { code: 'ERR_SPDY_FRAME_TOO_LARGE', message: `CREDENTIAL of ${length} bytes` };
  return null;
}
