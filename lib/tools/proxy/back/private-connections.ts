import type { ClientFacts } from '../relay/exchange.ts';
import type { BackCall, BackHandler, BackRequest, Transport } from './back.ts';
import type { ResolvedBack } from './options.ts';
import { type ProxyHeaderVersion, proxyHeaderOf } from './proxy-header.ts';

/** Clients whose connections to a back are kept for their next request. Those of the one that has asked for nothing for the longest time are closed first. */
const MAX_CLIENTS = 256;

/** Carries the requests of each connection of a client on connections of their own, which begin with a PROXY header that names it. */
export class PrivateConnections implements Transport {
  readonly #back: ResolvedBack;
  readonly #version: ProxyHeaderVersion;
  readonly #open: (back: ResolvedBack) => Transport;
  /** By client, the one that has asked last behind the others. */
  readonly #transports = new Map<string, Transport>();

  constructor(
    back: ResolvedBack,
    version: ProxyHeaderVersion,
    open: (back: ResolvedBack) => Transport,
  ) {
    this.#back = back;
    this.#version = version;
    this.#open = open;
  }

  send(request: BackRequest, handler: BackHandler): BackCall {
    return this.#transportOf(request.client).send(request, handler);
  }

  close(): void {
    for (const transport of this.#transports.values()) transport.close();
  }

  destroy(): void {
    for (const transport of this.#transports.values()) transport.destroy();
  }

  #transportOf(client: ClientFacts | null): Transport {
    const key = JSON.stringify(client);
    const transport = this.#transports.get(key) ?? this.#open(this.#backOf(client));
    this.#transports.delete(key);
    if (this.#transports.size >= MAX_CLIENTS) this.#closeOne();
    this.#transports.set(key, transport);
    return transport;
  }

  #backOf(client: ClientFacts | null): ResolvedBack {
    const { protocol, secure } = this.#back;
    const spoken = protocol === 'spdy' ? 'spdy/3.1' : protocol;
    const preface = proxyHeaderOf(this.#version, client, secure ? null : spoken);
    return { ...this.#back, preface };
  }

  #closeOne(): void {
    for (const [key, transport] of this.#transports) {
      this.#transports.delete(key);
      transport.close();
      return;
    }
  }
}
