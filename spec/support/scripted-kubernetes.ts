import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { acceptUpgrade } from '../../lib/http/server/connection/upgrade.ts';
import {
  PROTOCOL_FIELD,
  parseProtocols,
  STREAM_TYPE,
} from '../../lib/kubernetes/wire/protocols.ts';
import { kubernetesSession } from '../../lib/kubernetes/wire/session-options.ts';
import type { Session } from '../../lib/session/session.ts';
import type { SpdyStream } from '../../lib/session/streams/stream.ts';
import { until } from './session-pair.ts';

/** One connection of the scripted server. */
export interface ScriptedConnection {
  readonly request: IncomingMessage;
  readonly session: Session;
  /** The streams that the client has opened, by type; of port forwarding by type and request id, as `data 0`. */
  readonly streams: ReadonlyMap<string, SpdyStream>;
  /** Waits for a stream, and accepts it. */
  accept(type: string): Promise<SpdyStream>;
  readonly socket: Socket;
}

/** A server that does what a spec says. */
export interface ScriptedServer {
  readonly url: string;
  readonly connections: ScriptedConnection[];
  close(): Promise<void>;
}

/**
 * A server of Kubernetes that upgrades every request, answers with `protocol` (default: the first that is offered; null: none), and then
 * does what `script` says.
 */
export async function scriptedServer(
  script: (connection: ScriptedConnection) => void | Promise<void>,
  protocol?: string | null,
): Promise<ScriptedServer> {
  const connections: ScriptedConnection[] = [];
  const server = http.createServer();
  const failures: unknown[] = [];
  server.on('upgrade', (request, socket, head) => {
    const offered = parseProtocols(request.headersDistinct[PROTOCOL_FIELD.toLowerCase()]);
    const chosen = protocol === undefined ? offered[0] : protocol;
    const session = acceptUpgrade(request, socket, head, {
      headers: typeof chosen === 'string' ? { [PROTOCOL_FIELD]: chosen } : {},
      session: kubernetesSession(),
    });
    session.on('error', () => {});
    const streams = new Map<string, SpdyStream>();
    session.on('stream', (stream, headers) => {
      const [type = '', id = ''] = [STREAM_TYPE, 'requestid'].map(
        (name) => headers.find(([key]) => key === name)?.[1],
      );
      stream.on('error', () => {});
      streams.set(`${type} ${id}`.trim(), stream);
    });
    const accept = async (type: string): Promise<SpdyStream> => {
      await until(() => streams.has(type) || session.destroyed);
      const stream = streams.get(type);
      // The client is gone: nothing more happens.
      if (stream === undefined) return new Promise<never>(() => {});
      stream.respond([]);
      return stream;
    };
    const connection = { request, session, streams, accept, socket: socket as Socket };
    connections.push(connection);
    Promise.resolve(script(connection)).catch((error: unknown) => failures.push(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    async close() {
      for (const { session } of connections) session.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (failures.length > 0) throw failures[0];
    },
  };
}
