import { closeWithin } from '../../common/close-within.ts';
import type { Session } from '../../session/public.ts';

/** How long the other side may take for the last frames, in milliseconds. */
const LEAVE_TIMEOUT_MS = 2000;

/**
 * Ends a session that is given up: RST_STREAM for what is open, GOAWAY, the end of the connection; without these when the other side does not
 * take them. Resolves when it is closed.
 */
export function leave(session: Session): Promise<void> {
  return closeWithin(LEAVE_TIMEOUT_MS, session.close(), () => session.destroy());
}
