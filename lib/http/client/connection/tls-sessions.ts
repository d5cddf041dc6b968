import { errorMonitor } from 'node:events';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { tlsOver } from '../../../common/network/tls-over.ts';

/**
 * TLS sessions of connections that were made, to be resumed by the next ones, as `https.Agent` does it: the latest one of each name, and of
 * at most `limit` names. A name has to stand for the server and all options, since a certificate is not verified again.
 */
export class TlsSessions {
  readonly #limit: number;
  readonly #sessions = new Map<string, Buffer>();

  /** With 0, nothing is kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Begins TLS on a connection that is there, and resumes a session if one is known.
   *
   * @throws what `tls.connect()` throws for options that are none; the connection is closed then
   */
  connect(name: string, transport: Duplex, options: tls.ConnectionOptions): tls.TLSSocket {
    const { session: given, checkServerIdentity = tls.checkServerIdentity } = options;
    // Whoever gives a session looks after it; whoever looks at certificates is to see each of them.
    if (this.#limit === 0 || given !== undefined || checkServerIdentity !== tls.checkServerIdentity)
      return tlsOver(transport, options);
    const session = this.#sessions.get(name);
    const socket = tlsOver(transport, session === undefined ? options : { ...options, session });
    socket.on('session', (fresh) => {
      // A session does not hold that the certificate is for another name: resumed, it would count as authorized.
      if (socket.authorized) this.#keep(name, fresh);
    });
    // It may be why the connection fails.
    const drop = (): boolean => this.#sessions.delete(name);
    (socket as Duplex).once(errorMonitor, drop);
    socket.once('close', () => socket.authorized || drop());
    return socket;
  }

  #keep(name: string, session: Buffer): void {
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    if (this.#sessions.size <= this.#limit) return;
    const [oldest = ''] = this.#sessions.keys();
    this.#sessions.delete(oldest);
  }
}
