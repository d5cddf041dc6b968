import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { checkRange } from '../../../common/check.ts';
import { confirmEnd, resetSocket } from '../../../common/network/socket-end.ts';
import { checkOptions, optionNames } from '../../../common/option-names.ts';
import { InvalidArgumentError, InvalidStateError } from '../../../errors.ts';
import type { PodConnection } from './pod-connection.ts';

/** Where `PortForward.listen()` listens. */
export interface ListenOptions {
  /** Local port; 0: any free one, the same on every address. Default 0. */
  readonly port?: number | undefined;
  /**
   * Local address or addresses. Default `'localhost'`: 127.0.0.1 and, where there is one, ::1. Others than those of the loopback
   * interface let other machines in.
   */
  readonly host?: string | readonly string[] | undefined;
}

const LISTEN_NAMES = optionNames<ListenOptions>({ port: true, host: true });

/** What a listener needs of its port forward. */
export interface ForwardPort {
  connect(port: number | string, options: { readonly signal: AbortSignal }): Promise<PodConnection>;
  /** One local connection has failed. */
  failed(error: Error, port: number | string): void;
  /** The listener is closed. */
  closed(listener: ForwardListener): void;
}

/** How often another port is tried when a free one is not free on every address. */
const TRIES = 10;

/** A local port that leads to a port of the pod. Made by `PortForward.listen()`. */
export class ForwardListener {
  /** Port of the pod, or of its service, that connections lead to: a number or a name. */
  readonly remotePort: number | string;
  /** Local port that it listens on; the one that was found if 0 was asked for. */
  readonly port: number;
  /** IP addresses that it listens on. */
  readonly addresses: readonly string[];

  readonly #forward: ForwardPort;
  readonly #servers: readonly net.Server[];
  readonly #sockets = new Set<net.Socket>();
  #closing: Promise<void> | null = null;

  /** `PortForward.listen()` makes it. @internal */
  constructor(forward: ForwardPort, remotePort: number | string, servers: readonly net.Server[]) {
    const addresses = servers.map((server) => server.address() as AddressInfo);
    this.#forward = forward;
    this.#servers = servers;
    this.remotePort = remotePort;
    this.port = addresses[0]?.port ?? 0;
    this.addresses = addresses.map(({ address }) => address);
    for (const server of servers) server.on('connection', (socket) => this.#accept(socket));
  }

  /** Local connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Closes the local port and resets its connections. Resolves when it is free. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** `close()` because everything has failed: each local connection is told of. */
  fail(error: Error): Promise<void> {
    for (const socket of this.#sockets) this.#fail(socket, error);
    return this.close();
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = this.#servers.map((server) => {
      server.close();
      return once(server, 'close');
    });
    for (const socket of this.#sockets) resetSocket(socket);
    await Promise.all(closed);
    this.#forward.closed(this);
  }

  #accept(socket: net.Socket): void {
    const gone = new AbortController();
    let connecting = true;
    this.#sockets.add(socket);
    // Its own failure ends in 'close'.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (connecting) gone.abort();
    });
    socket.setNoDelay(true);
    this.#forward.connect(this.remotePort, { signal: gone.signal }).then(
      (connection) => {
        connecting = false;
        this.#join(socket, connection);
      },
      (error: Error) => {
        connecting = false;
        this.#fail(socket, error);
      },
    );
  }

  /** Bytes and ends both ways; what fails on one side tidies up the other. */
  #join(socket: net.Socket, connection: PodConnection): void {
    if (socket.destroyed) {
      connection.destroy();
      return;
    }
    connection.on('error', (error) => this.#fail(socket, error));
    connection.on('close', () => {
      if (!connection.readableEnded || !connection.writableFinished) resetSocket(socket);
    });
    socket.on('close', () => {
      // After an orderly end the last bytes may still be on their way.
      if (!socket.readableEnded || !socket.writableFinished) connection.destroy();
    });
    socket.pipe(connection, { end: false }).pipe(socket);
    socket.once('end', () =>
      confirmEnd(socket, (error) => {
        if (error === null) connection.end();
        else connection.destroy();
      }),
    );
  }

  #fail(socket: net.Socket, error: Error): void {
    if (socket.destroyed) return;
    // Not an end, which would pass for one of the pod's.
    resetSocket(socket);
    this.#forward.failed(error, this.remotePort);
  }
}

/**
 * Listens on all addresses.
 *
 * @throws InvalidArgumentError for bad options, and what `net.Server` emits, as EADDRINUSE
 */
export async function listenLocally(options: ListenOptions): Promise<net.Server[]> {
  checkOptions('listen()', options, LISTEN_NAMES);
  const { port = 0, host = 'localhost' } = options;
  checkRange('port', port, 0, 65535);
  const hosts = [...new Set([host].flat())];
  if (hosts.length === 0 || !hosts.every((one) => typeof one === 'string' && one !== ''))
    throw new InvalidArgumentError('host must be an address, or a list of them');
  const addresses = hosts.flatMap((one) =>
    one === 'localhost'
      ? [
          { host: '127.0.0.1', optional: false },
          { host: '::1', optional: true },
        ]
      : [{ host: one, optional: false }],
  );
  for (let tries = 1; ; tries++) {
    try {
      return await listenAll(addresses, port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (port !== 0 || code !== 'EADDRINUSE' || tries === TRIES) throw error;
    }
  }
}

async function listenAll(
  addresses: readonly { readonly host: string; readonly optional: boolean }[],
  port: number,
): Promise<net.Server[]> {
  const servers: net.Server[] = [];
  let chosen = port;
  try {
    for (const { host, optional } of addresses) {
      const server = net.createServer({ allowHalfOpen: true });
      try {
        server.listen({ host, port: chosen });
        await once(server, 'listening');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Many machines have no IPv6.
        if (optional && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue;
        throw error;
      }
      servers.push(server);
      chosen = (server.address() as AddressInfo).port;
    }
    return servers;
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

/** Closes servers that are of no use any more. */
export function abandon(servers: readonly net.Server[]): InvalidStateError {
  for (const server of servers) server.close();
  return new InvalidStateError('the port forward is closed', 'ERR_SPDY_SESSION_CLOSED');
}
