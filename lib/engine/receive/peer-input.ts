import { dictionaryFor } from '../../compression/dictionaries.ts';
import { HeaderDecompressor } from '../../compression/header-decompressor.ts';
import { NO_BYTES, readUint32 } from '../../framing/bytes.ts';
import { firstLine, foreignProtocol, TELLING_BYTES } from '../../framing/foreign-protocol.ts';
import { FrameReader } from '../../framing/frame-reader.ts';
import type { EngineState } from '../engine-state.ts';
import { Receiver } from './receive-data.ts';

/** What comes from the peer: frames, unless its first bytes are those of another protocol. */
export class PeerInput {
  /** Whether that is not known yet. */
  #undecided = true;
  #start: Buffer = NO_BYTES;
  readonly #state: EngineState;
  readonly #reader: FrameReader;

  constructor(state: EngineState) {
    this.#state = state;
    const inflater = new HeaderDecompressor(dictionaryFor(state.version.wire));
    this.#reader = new FrameReader(state.version, state, inflater, new Receiver(state));
    state.reader = this.#reader;
  }

  /** Reads the next bytes, if the session has not failed. */
  read(bytes: Buffer): void {
    if (this.#undecided) this.#look(bytes);
    if (this.#state.phase === 'open') this.#reader.read(bytes);
  }

  /** The session fails if the peer does not speak SPDY. */
  #look(bytes: Buffer): void {
    const start = this.#start.length === 0 ? bytes : Buffer.concat([this.#start, bytes]);
    const isControl = start.length > 0 && (start[0] as number) > 0x7f;
    if (isControl || start.length >= TELLING_BYTES) {
      this.#undecided = false;
      this.#start = NO_BYTES;
    } else {
      this.#start = start;
    }
    if (isControl || start.length < 4) return;
    const name = foreignProtocol(start);
    // A stream that is open is one that the application has numbered so.
    if (name === null || this.#state.streams.get(readUint32(start, 0)) !== undefined) return;
    this.#undecided = false;
    const line = firstLine(start);
    this.#state.peerFailed(
      'ERR_SPDY_NOT_SPDY',
      line === '' ? `the peer speaks ${name}, not SPDY` : `the peer speaks ${name}: ${line}`,
    );
  }
}
