import type { Duplex } from 'node:stream';
import { onAbort } from '../../common/abort.ts';
import type { Session } from '../../session/public.ts';
import { PodConnection } from '../client/forward/pod-connection.ts';
import type { ForwardedConnection, PortForwardHandler } from '../server/forward-session.ts';

/** A handler that forwards each connection of a client through a session behind; `replyTimeoutMs` 0: no limit. */
export function forwardThrough(session: Session, replyTimeoutMs: number): PortForwardHandler {
  let requestId = 0;
  return async ({ port, stream, signal }: ForwardedConnection) => {
    const connection = new PodConnection(session, port, requestId++, replyTimeoutMs);
    await join(stream, connection, signal);
  };
}

/** Bytes and ends both ways. Resolves when the connection is closed; rejects with its failure. */
function join(stream: Duplex, connection: PodConnection, signal: AbortSignal): Promise<void> {
  stream.pipe(connection);
  connection.pipe(stream);
  stream.once('finish', () => {
    // The client takes nothing more.
    connection.unpipe(stream);
    connection.resume();
  });
  const giveUp = (): void => {
    const complete = stream.readableEnded && stream.writableFinished;
    if (!complete) connection.destroy();
  };
  const stopAbort = onAbort(signal, giveUp);
  stream.once('close', giveUp);
  return new Promise((resolve, reject) => {
    connection.once('close', () => {
      stopAbort();
      stream.removeListener('close', giveUp);
      const { errored } = connection;
      if (errored === null) resolve();
      else reject(errored);
    });
  });
}
