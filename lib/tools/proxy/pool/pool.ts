import { createHash } from 'node:crypto';
import type { Backend } from '../back/backend.ts';
import { fieldOf } from '../message/fields.ts';
import type { FrontRequest } from '../relay/exchange.ts';
import { type Failure, refusal } from '../relay/failure.ts';

/** Chooses a back for each request. */
export class Pool {
  readonly backends: readonly Backend[];
  readonly #sticky: string | null;
  /** Where the search begins among equals. */
  #next = 0;

  /** @param sticky a field whose value chooses the back; null for none */
  constructor(backends: readonly Backend[], sticky: string | null) {
    this.backends = backends;
    this.#sticky = sticky;
  }

  /** A back for a request: not one of those that it was sent to; null if there is none. */
  pick(request: FrontRequest, tried: ReadonlySet<Backend>): Backend | null {
    const key = this.#sticky === null ? null : fieldOf(request.fields, this.#sticky);
    return key === null ? this.#leastBusy(tried) : this.#byKey(key, tried);
  }

  /** Why there is none. */
  refusal(): Failure {
    const full = this.backends.some((backend) => backend.inService && backend.full);
    return full
      ? refusal(
          503,
          'connection_limit_reached',
          'all servers have as many requests as they may have',
        )
      : refusal(503, 'destination_unavailable', 'no server is in service');
  }

  /** The one with the fewest requests under way for its weight; those of weight 0 only if there are no others. */
  #leastBusy(tried: ReadonlySet<Backend>): Backend | null {
    const { backends } = this;
    let best: Backend | null = null;
    let least = Number.POSITIVE_INFINITY;
    let reserve: Backend | null = null;
    const first = this.#next++ % Math.max(1, backends.length);
    for (let i = 0; i < backends.length; i++) {
      const backend = backends[(first + i) % backends.length] as Backend;
      if (!backend.usable || tried.has(backend)) continue;
      const { weight } = backend;
      if (weight === 0) {
        reserve ??= backend;
        continue;
      }
      const load = (backend.active + 1) / weight;
      if (load >= least) continue;
      least = load;
      best = backend;
    }
    return best ?? reserve;
  }

  /** The same one for the same key, as long as it is in service; another one takes only the keys of one that is not (rendezvous hashing). */
  #byKey(key: string, tried: ReadonlySet<Backend>): Backend | null {
    let best: Backend | null = null;
    let most = -1;
    for (const backend of this.backends) {
      if (!backend.usable || tried.has(backend)) continue;
      const { weight } = backend.options;
      const digest = createHash('sha256').update(`${backend.seed} ${key}`).digest();
      const share = (digest.readUInt32BE(0) + 1) / 2 ** 32;
      const score = weight === 0 ? 0 : share ** (1 / weight);
      if (score <= most) continue;
      most = score;
      best = backend;
    }
    return best;
  }
}
