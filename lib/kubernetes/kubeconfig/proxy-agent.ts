import http from 'node:http';
import type https from 'node:https';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { lateHttps } from '../../common/late-modules.ts';
import { tlsOver } from '../../common/network/tls-over.ts';
import type { OpenTunnel, TunnelTarget } from './tunnel.ts';

type Connected = (error: Error | null, stream: Duplex) => void;

/** What a request may have among its options for these agents, which are told nothing else of its end. */
export interface TunnelOptions {
  /** Gives up asking the proxy. */
  readonly connectSignal?: AbortSignal | undefined;
}

/** An agent that reaches a server through tunnels. */
export function proxyAgent(open: OpenTunnel, server: URL): http.Agent {
  return server.protocol === 'https:' ? secureAgent(open) : new TunnelAgent(open);
}

class TunnelAgent extends http.Agent {
  readonly #open: OpenTunnel;

  constructor(open: OpenTunnel) {
    super();
    this.#open = open;
  }

  override createConnection(options: http.ClientRequestArgs, connected?: Connected): undefined {
    dig(this.#open, options, (socket) => socket, connected);
  }
}

function secureAgent(open: OpenTunnel): https.Agent {
  const agent = new (lateHttps().Agent)();
  agent.createConnection = (options: https.RequestOptions, connected?: Connected) => {
    const secure = (socket: Duplex): Duplex => tlsOver(socket, options as tls.ConnectionOptions);
    dig(open, options, secure, connected);
    return undefined;
  };
  return agent;
}

function dig(
  open: OpenTunnel,
  options: http.ClientRequestArgs & TunnelOptions,
  wrap: (socket: Duplex) => Duplex,
  connected?: Connected,
): void {
  const { host, port, connectSignal = null } = options;
  const target: TunnelTarget = { host: host ?? '', port: Number(port ?? options.defaultPort) };
  open(target, connectSignal)
    .then(wrap)
    .then(
      (socket) => connected?.(null, socket),
      (error: Error) => connected?.(error, null as unknown as Duplex),
    );
}
