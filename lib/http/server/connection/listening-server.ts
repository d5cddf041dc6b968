import type net from 'node:net';
import type tls from 'node:tls';
import { InvalidStateError } from '../../../errors.ts';
import { ServerLimits } from './server-limits.ts';

/** The arguments of `net.Server.listen()`. */
export type ListenArguments =
  | [port?: number, host?: string, backlog?: number, done?: () => void]
  | [port: number | undefined, host: string | undefined, done?: () => void]
  | [portOrPath: number | string | undefined, backlog: number | undefined, done?: () => void]
  | [portOrPath: number | string | undefined, done?: () => void]
  | [options: net.ListenOptions, done?: () => void];

/** What a server has of the TCP or TLS server that listens for it. */
export abstract class ListeningServer extends ServerLimits {
  /** The TCP or TLS server that listens. */
  abstract readonly listener: net.Server | tls.Server;

  /** As `net.Server.listen()`: a port (0 for a free one), the path of a unix socket, or `ListenOptions`; `done` is called at 'listening'. */
  listen(...args: ListenArguments): this {
    (this.listener.listen as (...args: ListenArguments) => unknown)(...args);
    return this;
  }

  /** As `net.Server.address()`. */
  address(): net.AddressInfo | string | null {
    return this.listener.address();
  }

  /** Whether it accepts connections. */
  get listening(): boolean {
    return this.listener.listening;
  }

  /** As `tls.Server.setSecureContext()`: another certificate for new connections. Throws an InvalidStateError without TLS. */
  setSecureContext(options: tls.SecureContextOptions): void {
    secureListener('setSecureContext()', this.listener).setSecureContext(options);
  }

  /** As `tls.Server.addContext()`: a certificate for a server name. Throws an InvalidStateError without TLS. */
  addContext(hostname: string, context: tls.SecureContextOptions): void {
    secureListener('addContext()', this.listener).addContext(hostname, context);
  }

  /** As `net.Server.getConnections()`. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    this.listener.getConnections(callback);
    return this;
  }

  /** As `net.Server.maxConnections`. */
  get maxConnections(): number {
    return this.listener.maxConnections;
  }

  set maxConnections(count: number) {
    this.listener.maxConnections = count;
  }

  /** Lets the server keep the process alive (the default). */
  ref(): this {
    this.listener.ref();
    return this;
  }

  /** Lets the process end although the server listens. */
  unref(): this {
    this.listener.unref();
    return this;
  }
}

function secureListener(call: string, listener: net.Server | tls.Server): tls.Server {
  if ('setSecureContext' in listener) return listener;
  throw new InvalidStateError(`${call}: this server speaks without TLS`);
}
