import type { BackCall, BackHandler, BackRequest, Transport } from './back.ts';
import { Http1Clients } from './http1/clients.ts';
import { DispatchCall } from './http1/dispatch-call.ts';
import { RequestCall } from './http1/request-call.ts';
import { RequestConnections } from './http1/request-connections.ts';
import type { DispatchClientClass } from './http1/undici.ts';
import type { ResolvedBack } from './options.ts';

/**
 * Speaks HTTP/1.1 with a back: by undici what that can do, if it is there, as it takes half of the time of `http.request()`; by `http.request()` what has a
 * body, waits for 100 or becomes a tunnel, and everything where undici is not there.
 */
export class Http1Back implements Transport {
  readonly #connections: RequestConnections;
  readonly #clients: Http1Clients | null;

  /** @param Client of undici, null for none */
  constructor(back: ResolvedBack, Client: DispatchClientClass | null) {
    this.#connections = new RequestConnections(back);
    this.#clients = Client === null ? null : new Http1Clients(back, Client);
  }

  send(request: BackRequest, handler: BackHandler): BackCall {
    return this.#clients !== null && isPlain(request)
      ? new DispatchCall(this.#clients, request, handler, this.#silent)
      : new RequestCall(this.#connections, request, handler, this.#silent);
  }

  close(): void {
    this.#connections.close();
    this.#clients?.close();
  }

  destroy(): void {
    this.#connections.destroy();
    this.#clients?.destroy();
  }

  /** Connections that were kept since then may lead to a host that has vanished: each of them would cost a request its time. */
  readonly #silent = (since: number): void => {
    this.#connections.dropUnused(since);
    this.#clients?.dropUnused(since);
  };
}

/** Whether undici can do it. It gives a connection up behind HEAD, and takes neither `expect` nor trailers of a request. */
function isPlain({ method, target, fields, length, upgrade }: BackRequest): boolean {
  if (length !== null || upgrade !== null || method === 'HEAD' || method === 'CONNECT') {
    return false;
  }
  if (!target.startsWith('/')) return false;
  for (const [name] of fields) if (name === 'expect') return false;
  return true;
}
