import { SERVER } from '../../protocol/constants.ts';
import { Session, type SessionOptions } from '../../session/public.ts';
import { kubernetesSession } from '../wire/session-options.ts';
import type { ResolvedStreamingOptions } from './options.ts';

/** A session with a client of Kubernetes, not attached yet; the user's own options win. */
export function serverSession(
  options: Pick<ResolvedStreamingOptions, 'idleTimeoutMs' | 'idleIgnoresPing' | 'session'>,
  limits: SessionOptions,
): Session {
  const { idleTimeoutMs, idleIgnoresPing, session } = options;
  return new Session(
    SERVER,
    'spdy/3.1',
    kubernetesSession({
      ...limits,
      idleTimeoutMs,
      idleIgnoresPing,
      // As long as a slow client may take for its last bytes.
      lingerTimeoutMs: 30_000,
      // Those of a client whose input is held back, for hours.
      maxOutstandingPings: 1000,
      ...session,
    }),
  );
}
