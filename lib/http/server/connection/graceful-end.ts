import type { Duplex } from 'node:stream';
import type { Session } from '../../../session/public.ts';

/**
 * Makes the `end()` of a connection's socket a graceful one: the requests that are open are answered first. What stands around a server
 * (`stoppable`, `@godaddy/terminus`) counts requests by `request.socket`, which is each stream's own here: it takes the socket of a
 * busy session for idle, and ends it. With data the call stays what it was.
 */
export function endGracefully(socket: Duplex, session: Session): void {
  const end = socket.end as (...args: unknown[]) => Duplex;
  socket.end = ((...args: unknown[]): Duplex => {
    // The session itself ends its transport when it has no more to say.
    const over = session.destroyed || session.readableEnded;
    if (over || args.length > 0) return end.apply(socket, args);
    void session.close();
    return socket;
  }) as Duplex['end'];
}
