import type { Duplex } from 'node:stream';
import { Deadline } from '../../../common/deadline.ts';
import { IdTable } from '../../../common/id-table.ts';
import { INTERNAL_ERROR, SERVER } from '../../../protocol/constants.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { ProtocolVersion } from '../../../protocol/version.ts';
import type { SpdyStream } from '../../../session/public.ts';
import { optionsFor, raise, Session } from '../../../session/public.ts';
import type { EventedServer } from '../events.ts';
import { Exchange, type ExchangeHost } from '../exchange/exchange.ts';
import { PushRoom } from '../exchange/push.ts';
import type { ResolvedServerOptions } from '../options.ts';

/** The SPDY sessions of a server: makes their streams requests. */
export class ServerSessions {
  /** Those that are open. */
  readonly open: Set<Session> = new Set();
  readonly #options: ResolvedServerOptions;
  readonly #server: EventedServer;
  readonly #host: ExchangeHost;

  constructor(options: ResolvedServerOptions, server: EventedServer, host: ExchangeHost) {
    this.#options = options;
    this.#server = server;
    this.#host = host;
  }

  /** Speaks SPDY on a connection. */
  begin(socket: Duplex, version: ProtocolVersion, secure: boolean): Session {
    const session = new Session(SERVER, version.id, optionsFor(version, this.#options.session));
    const exchanges = new IdTable<Exchange>();
    const deadline = new Deadline();
    const server = this.#server;
    const { headersTimeoutMs } = this.#options;
    const connection = { session, secure, pushRoom: new PushRoom(this.#options.maxWaitingPushes) };
    this.open.add(session);
    session.on('stream', (stream: SpdyStream, headers, flags) => {
      deadline.stop();
      if (server.listenerCount('request') === 0 && offer(server, stream, headers, flags)) return;
      const exchange = Exchange.begin(stream, headers, flags, connection, this.#host);
      if (exchange !== null) exchanges.set(stream.id, exchange);
    });
    session.on('streamClose', (streamId, _status, error) => {
      const exchange = exchanges.get(streamId);
      if (exchange === undefined) return;
      exchanges.delete(streamId);
      if (error !== null) exchange.close(error);
    });
    session.on('error', (error) => server.emit('sessionError', error, session));
    session.on('timeout', () => {
      if (session.state.openStreams === 0) void session.close();
    });
    session.on('close', () => {
      deadline.stop();
      this.open.delete(session);
    });
    if (headersTimeoutMs > 0) deadline.start(headersTimeoutMs, () => void session.close());
    session.attach(socket);
    server.emit('session', session);
    return session;
  }

  /** Lets the requests that are open finish, and takes no more. */
  close(): void {
    for (const session of this.open) void session.close();
  }

  /** Closes those without an open request. */
  closeIdle(): void {
    for (const session of this.open) if (session.state.openStreams === 0) void session.close();
  }

  /** Ends all at once. */
  destroy(): void {
    for (const session of this.open) session.destroy();
  }
}

/** Hands a stream on as it is. One whose listener throws was begun: it is not refused. */
function offer(
  server: EventedServer,
  stream: SpdyStream,
  headers: HeaderList,
  flags: number,
): boolean {
  try {
    return server.emit('stream', stream, headers, flags);
  } catch (exception) {
    stream.close(INTERNAL_ERROR);
    raise(exception);
    return true;
  }
}
