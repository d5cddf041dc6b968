import { OutputBuffer } from '../../framing/output-buffer.ts';
import { handOver } from '../callback-io.ts';
import type { EngineHandler } from '../engine-handler.ts';
import type { EngineState } from '../engine-state.ts';
import { type BlockCompressor, createCompressor } from './header-compression.ts';
import { Sender } from './send.ts';

/** Where the bytes of an engine leave: pulled as slabs or pieces, or handed to a callback frame by frame. */
export class EngineOutlet {
  readonly #state: EngineState;
  readonly #out = new OutputBuffer();
  readonly #compressor: BlockCompressor;
  readonly #sender: Sender;
  /** Bytes of the frame that `send()` could not hand over yet. */
  #unsent: Buffer | null = null;
  /** The transport has ended: what was encoded goes nowhere. */
  #gone = false;

  constructor(state: EngineState) {
    this.#state = state;
    this.#compressor = createCompressor(state.version, state.options);
    this.#sender = new Sender(state, this.#out, this.#compressor);
  }

  /** Whether bytes were encoded that have still to leave. */
  get holdsBytes(): boolean {
    return !this.#gone && (this.#unsent !== null || this.#out.length > 0);
  }

  /** Whether a DATA frame that was encoded has not been written yet, while more of its data waits. */
  get dataInProgress(): boolean {
    return this.#sender.dataInProgress;
  }

  /** The transport has ended: nothing leaves any more. */
  close(): void {
    this.#gone = true;
    this.#unsent = null;
  }

  /** See `Engine.rest()`. */
  rest(): void {
    this.#compressor.rest();
  }

  /** See `Engine.pull()`. */
  pull(limit: number): Buffer | null {
    this.#state.report.assertOutside('pull');
    this.#sender.fill(limit);
    this.#state.report.rethrow();
    return this.#hasOutput() ? this.#out.take() : null;
  }

  /** See `Engine.pullPieces()`. */
  pullPieces(limit: number): Buffer[] | null {
    this.#state.report.assertOutside('pullPieces');
    this.#out.gathering = true;
    try {
      this.#sender.fill(limit);
    } finally {
      this.#out.gathering = false;
    }
    this.#state.report.rethrow();
    return this.#hasOutput() ? this.#out.takePieces() : null;
  }

  /** See `Engine.send()`. */
  send(handler: EngineHandler): void {
    this.#state.report.assertOutside('send');
    for (;;) {
      if (this.#unsent === null) {
        if (!this.#sender.encodeNext() || this.#gone) break;
        this.#unsent = this.#out.take();
      }
      const bytes = this.#unsent;
      const sent = handOver(handler, this.#state.report, bytes);
      if (sent === 0 || this.#gone) break;
      this.#state.statistics.bytesSent += sent;
      this.#unsent = sent < bytes.length ? bytes.subarray(sent) : null;
      if (this.#unsent === null) this.#sender.written();
    }
    this.#state.report.rethrow();
  }

  /** Whether there is something to hand out; it counts as sent then. */
  #hasOutput(): boolean {
    const { length } = this.#out;
    if (length === 0 || this.#gone) return false;
    this.#state.statistics.bytesSent += length;
    return true;
  }
}
