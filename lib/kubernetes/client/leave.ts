import { Deadline } from '../../common/deadline.ts';
import type { Session } from '../../session/public.ts';

/** How long the other side may take for the last frames, in milliseconds. */
const LEAVE_TIMEOUT_MS = 2000;

/**
 * Ends a session that is given up: RST_STREAM for what is open, GOAWAY, the end of the connection; without these when the other side does not
 * take them. Resolves when it is closed.
 */
export async function leave(session: Session): Promise<void> {
  const deadline = new Deadline();
  deadline.start(LEAVE_TIMEOUT_MS, () => session.destroy());
  await session.close().catch(() => {});
  deadline.stop();
}
