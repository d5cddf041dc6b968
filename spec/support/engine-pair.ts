import { Engine } from '../../lib/engine/engine.ts';
import type { EngineOptions } from '../../lib/engine/options/options.ts';
import { CLIENT, SERVER, type SpdyVersion } from '../../lib/protocol/constants.ts';
import { type DecodedFrame, FrameDecoder } from './frame-decoder.ts';
import { RecordingHandler } from './recording-handler.ts';
import { type Cut, shred, WHOLE } from './shred.ts';

/** How an EnginePair is made. */
export interface EnginePairOptions {
  readonly client?: EngineOptions;
  readonly server?: EngineOptions;
  /** How the bytes are cut on their way. A random cut differs from pull to pull. Default: not at all. */
  readonly cut?: Cut;
  /** Limit of each pull, in bytes. Default: the engine's own. */
  readonly pullLimit?: number;
}

/** One end of an EnginePair. */
export interface EngineEnd {
  readonly engine: Engine;
  /** What the engine reported. */
  readonly handler: RecordingHandler;
  /** Every frame that this end wrote, decoded by the independent decoder. */
  readonly written: DecodedFrame[];
}

/** A client and a server engine whose output is the other one's input, in memory. */
export class EnginePair {
  readonly client: EngineEnd;
  readonly server: EngineEnd;
  readonly #decoders: ReadonlyMap<EngineEnd, FrameDecoder>;
  readonly #pullLimit: number | undefined;
  readonly #cut: Cut;
  #pulls = 0;

  constructor(version: SpdyVersion, options: EnginePairOptions = {}) {
    this.client = createEnd(CLIENT, version, options.client);
    this.server = createEnd(SERVER, version, options.server);
    this.#decoders = new Map(
      [this.client, this.server].map((end) => [end, new FrameDecoder(end.engine.version)]),
    );
    this.#cut = options.cut ?? WHOLE;
    this.#pullLimit = options.pullLimit;
  }

  /**
   * Moves bytes both ways until neither side has anything to write; returns how many. Throws when the engines keep
   * each other busy for `rounds` rounds.
   */
  pump(rounds = 10_000): number {
    let total = 0;
    for (let round = 0; round < rounds; round++) {
      const moved = this.deliver(this.client) + this.deliver(this.server);
      if (moved === 0) return total;
      total += moved;
    }
    throw new Error(`the engines still write after ${rounds} rounds`);
  }

  /** Gives what `from` has to write now (one pull) to the other side; returns how many bytes. */
  deliver(from: EngineEnd): number {
    const bytes = from.engine.pull(this.#pullLimit);
    if (bytes === null) return 0;
    const decoder = this.#decoders.get(from);
    if (decoder) from.written.push(...decoder.push(bytes));
    const to = from === this.client ? this.server : this.client;
    for (const chunk of shred(bytes, this.#nextCut())) to.engine.receive(chunk);
    return bytes.length;
  }

  #nextCut(): Cut {
    const cut = this.#cut;
    return cut.kind === 'random' ? { ...cut, seed: cut.seed + this.#pulls++ } : cut;
  }
}

/** An engine with a RecordingHandler. */
export function createEnd(
  side: typeof CLIENT | typeof SERVER,
  version: SpdyVersion,
  options: EngineOptions = {},
): EngineEnd {
  const handler = new RecordingHandler();
  const engine = new Engine(side, version, options, handler);
  handler.userDataOf = (streamId) => engine.getStreamUserData(streamId);
  return { engine, handler, written: [] };
}
