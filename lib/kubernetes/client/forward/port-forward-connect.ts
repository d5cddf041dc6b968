import type { Duplex } from 'node:stream';
import { onAbort } from '../../../common/abort.ts';
import { SpdyError } from '../../../errors.ts';
import type { Session, SessionOptions } from '../../../session/public.ts';
import { UpgradeRefusedError } from '../../errors.ts';
import type { ClusterOptions } from '../../kubeconfig/cluster.ts';
import { PORT_FORWARD_PROTOCOL } from '../../wire/protocols.ts';
import { type KubernetesTransport, tryBoth } from '../transport.ts';
import { clientSession, dialSpdy } from '../upgrade.ts';
import { dialTunnel } from '../websocket-upgrade.ts';

/** Where a session for port forwarding is to be had. */
export interface PortForwardTarget {
  readonly cluster: ClusterOptions;
  readonly path: string;
  readonly timeoutMs: number;
}

/** Connects for port forwarding; with `'auto'` it learns which transport the server takes. */
export class PortForwardConnector {
  readonly #target: PortForwardTarget;
  #transport: KubernetesTransport;

  constructor(target: PortForwardTarget, transport: KubernetesTransport) {
    this.#target = target;
    this.#transport = transport;
  }

  /** The one that the server takes, once that is known. */
  get transport(): KubernetesTransport {
    return this.#transport;
  }

  /** A session. Rejects as `upgradeToSpdy()` does. The signal ends none that is there already. */
  async open(signal: AbortSignal | null, session: SessionOptions): Promise<Session> {
    return clientSession(await this.dial(signal), { session });
  }

  /** The bytes of a session that whoever asks has to begin; the rest is as with `open()`. */
  async dial(given: AbortSignal | null): Promise<Duplex> {
    const attempt = new AbortController();
    const stopAbort = onAbort(given, (reason) => attempt.abort(reason));
    try {
      return await this.#try(attempt.signal);
    } finally {
      stopAbort();
    }
  }

  async #try(signal: AbortSignal): Promise<Duplex> {
    const over = { spdy: this.#overSpdy, websocket: this.#overWebSocket };
    const way = async (transport: 'spdy' | 'websocket'): Promise<Duplex> => {
      const dialed = await over[transport].call(this, signal);
      this.#transport = transport;
      return dialed;
    };
    if (this.#transport !== 'auto') return await way(this.#transport);
    return await tryBoth(
      () => way('spdy'),
      () => way('websocket'),
    );
  }

  #overWebSocket(signal: AbortSignal): Promise<Duplex> {
    return dialTunnel({ ...this.#target, signal });
  }

  async #overSpdy(signal: AbortSignal): Promise<Duplex> {
    const { cluster, path, timeoutMs } = this.#target;
    const protocols = [PORT_FORWARD_PROTOCOL];
    const { socket, protocol } = await dialSpdy({ cluster, path, protocols, timeoutMs, signal });
    if (protocol === PORT_FORWARD_PROTOCOL) return socket;
    socket.destroy();
    throw new UpgradeRefusedError('the server chose no sub-protocol', 101, null);
  }
}

/** Whether another try may succeed after a failed one. */
export function isWorthRetrying(error: unknown): boolean {
  if (error instanceof UpgradeRefusedError) {
    const { statusCode } = error;
    return statusCode === 408 || statusCode === 429 || statusCode >= 500;
  }
  // What comes from the network, and timeouts; not what is wrong in the options.
  return !(error instanceof SpdyError) || error.code === 'ERR_SPDY_TIMEOUT';
}
