import type { Engine } from '../../engine/engine.ts';
import type { Pull } from './outlet.ts';

/** What happens around the work of an engine. */
export interface EngineAccessHost {
  /** Bytes were received, or frames taken out. */
  worked(): void;
  /** What ends with it when a listener or a data provider fails for the whole session. */
  readonly duplex: { destroy(error: Error): unknown };
}

/** The ways into an engine, which must not be entered a second time out of its own reports. */
export class EngineAccess implements Pull {
  readonly #engine: Engine;
  readonly #host: EngineAccessHost;
  /** The engine is at work. */
  busy = false;
  /** It is at work on bytes of the peer. */
  receiving = false;

  constructor(engine: Engine, host: EngineAccessHost) {
    this.#engine = engine;
    this.#host = host;
  }

  /** Gives bytes of the peer to the engine. */
  receive(chunk: Buffer): void {
    this.busy = true;
    this.receiving = true;
    try {
      this.#engine.receive(chunk);
    } catch (exception) {
      this.#host.duplex.destroy(exception as Error);
    }
    this.busy = false;
    this.receiving = false;
    this.#host.worked();
  }

  /** Takes frames out of the engine; null when it has none, or has failed. */
  pull<T>(take: (engine: Engine) => T | null): T | null {
    this.busy = true;
    try {
      const output = take(this.#engine);
      if (output !== null) this.#host.worked();
      return output;
    } catch (exception) {
      this.#host.duplex.destroy(exception as Error);
      return null;
    } finally {
      this.busy = false;
    }
  }
}
