import type { DataSource } from '../engine/data-provider.ts';
import { isOwned, type OwnedSource } from './provider.ts';

/** Kept as a request's user data when its source has to be closed with the stream. */
class Request {
  userData: unknown;
  readonly source: OwnedSource;

  constructor(userData: unknown, source: OwnedSource) {
    this.userData = userData;
    this.source = source;
  }
}

/**
 * Which sources have to be closed when a stream ends. That of a request travels as its user data, since the stream has
 * no id before it is sent; the others are kept by stream id.
 */
export class StreamSources {
  readonly #byStream = new Map<number, OwnedSource[]>();

  /** The user data to give to the engine with a request. */
  pack(userData: unknown, source: DataSource | null): unknown {
    return isOwned(source) ? new Request(userData ?? null, source) : userData;
  }

  /** The application's part of what the engine has kept. */
  unpack(packed: unknown): unknown {
    return packed instanceof Request ? packed.userData : packed;
  }

  /** Replaces the application's part; false if the engine has to do it. */
  repack(packed: unknown, userData: unknown): boolean {
    if (!(packed instanceof Request)) return false;
    packed.userData = userData ?? null;
    return true;
  }

  /** Runs a call that hands a source to the engine; one that is not taken is closed. */
  handing<T>(source: DataSource | null, submit: () => T): T {
    try {
      return submit();
    } catch (exception) {
      if (isOwned(source)) source.close();
      throw exception;
    }
  }

  /** Remembers the source of a stream that exists; that of another one will never be asked. */
  keep(streamId: number, exists: boolean, source: DataSource | null): void {
    if (!isOwned(source)) return;
    if (!exists) {
      source.close();
      return;
    }
    const sources = this.#byStream.get(streamId);
    if (sources === undefined) this.#byStream.set(streamId, [source]);
    else sources.push(source);
  }

  /** A stream has ended; `packed` is what the engine has kept for it. */
  streamClosed(streamId: number, packed: unknown): void {
    if (packed instanceof Request) packed.source.close();
    const sources = this.#byStream.get(streamId);
    if (sources === undefined) return;
    this.#byStream.delete(streamId);
    for (const source of sources) source.close();
  }
}
