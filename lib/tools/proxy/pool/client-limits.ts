import { isIPv6 } from 'node:net';
import { ipv6Groups } from './ipv6.ts';

/** What clients may do, each address by itself. Networks of IPv6 with 64 bits are one address. */
export interface ClientLimits {
  /** Requests in a second, 1 to 1000000; what is beyond is answered 429 with `retry-after`. Default: no limit. */
  readonly requestsPerSecond?: number | undefined;
  /** Requests that may come at once before that counts, 1 to 1000000. Default: as many as in a second. */
  readonly burst?: number | undefined;
  /** Connections at once, 1 to 1000000; what is beyond is closed. Default: no limit. */
  readonly maxConnections?: number | undefined;
}

/** The same with its defaults; null is no limit. */
export interface ResolvedClientLimits {
  readonly requestsPerSecond: number | null;
  readonly burst: number;
  readonly maxConnections: number | null;
}

/** Addresses whose rate is known at once: about 10 MB. Who has not asked for the longest time is forgotten first. */
const MAX_ADDRESSES = 65536;

/** What the clients do, by their addresses. */
export class ClientTable {
  /** What they may do from now on. */
  limits: ResolvedClientLimits;
  readonly #capacity: number;
  readonly #connections = new Map<string, number>();
  /** Until when each has used up what it may have, in milliseconds; least recently asked first. */
  readonly #used = new Map<string, number>();

  constructor(limits: ResolvedClientLimits, capacity: number = MAX_ADDRESSES) {
    this.limits = limits;
    this.#capacity = capacity;
  }

  /** Addresses of which something is known. */
  get size(): number {
    return this.#connections.size + this.#used.size;
  }

  /** A request of this address comes at `now`: 0 if it may, else the milliseconds until one may come. */
  request(address: string | null, now: number): number {
    const { requestsPerSecond, burst } = this.limits;
    if (requestsPerSecond === null || address === null) return 0;
    const key = clientKey(address);
    const each = 1000 / requestsPerSecond;
    const used = Math.max(this.#used.get(key) ?? 0, now);
    const wait = used - now - (burst - 1) * each;
    this.#used.delete(key);
    if (this.#used.size >= this.#capacity) this.#forgetOne();
    this.#used.set(key, wait > 0 ? used : used + each);
    return Math.max(0, wait);
  }

  /** A connection of this address has come: what is to be called at its end, or null if it is one too many. */
  connection(address: string | null): (() => void) | null {
    if (address === null) return NOTHING;
    const key = clientKey(address);
    const count = this.#connections.get(key) ?? 0;
    const { maxConnections } = this.limits;
    if (maxConnections !== null && count >= maxConnections) return null;
    this.#connections.set(key, count + 1);
    return () => {
      const left = (this.#connections.get(key) ?? 1) - 1;
      if (left === 0) this.#connections.delete(key);
      else this.#connections.set(key, left);
    };
  }

  #forgetOne(): void {
    for (const key of this.#used.keys()) {
      this.#used.delete(key);
      return;
    }
  }
}

/** What stands for a client: its address; of IPv6 the network of 64 bits, as that is what one client has. */
export function clientKey(address: string): string {
  if (!isIPv6(address)) return address;
  const network = ipv6Groups(address)
    .slice(0, 4)
    .map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

const NOTHING = (): void => {};
