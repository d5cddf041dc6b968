import { checkOptions, optionNames } from '../../common/option-names.ts';
import { dictionaryFor } from '../../compression/dictionaries.ts';
import { HeaderDecompressor } from '../../compression/header-decompressor.ts';
import { toBuffer } from '../../framing/bytes.ts';
import type { FrameLimits } from '../../framing/frame-limits.ts';
import { FrameReader } from '../../framing/frame-reader.ts';
import type { FrameSink } from '../../framing/frame-sink.ts';
import type { HeaderEncoding } from '../../framing/header-list.ts';
import { CLIENT, MAX_FRAME_LENGTH } from '../../protocol/constants.ts';
import type { ProtocolVersion, SessionVersion } from '../../protocol/version.ts';
import { choice, integer } from '../options/option-checks.ts';
import { checkEnd } from '../options/options.ts';

/** Options of a `FrameDecoder`. */
export interface FrameDecoderOptions {
  /** How header values become strings: `latin1` (the default), one byte a character, or `utf8`. */
  readonly headerEncoding?: HeaderEncoding | undefined;
  /** Bytes of an inflated header block that are kept, 1 to 16777215; default 1048576. What is longer has the fault `size`. */
  readonly maxHeaderListSize?: number | undefined;
  /** Pairs of a header block, 1 to 16777215; default 65536. What has more has the fault `size`. */
  readonly maxHeaderCount?: number | undefined;
}

const OPTION_NAMES = optionNames<FrameDecoderOptions>({
  headerEncoding: true,
  maxHeaderListSize: true,
  maxHeaderCount: true,
});

const HEADER_LIST_SIZE = 1 << 20;
const HEADER_COUNT = 1 << 16;
/** Times the size of a kept header block at which inflating ends. */
const INFLATED_EXCESS = 16;

/**
 * Reads the frames of one direction of a connection as a third party does: nothing is answered, no stream is kept, no rule of the session
 * is checked. For programs that look at recorded or forwarded bytes; an end of a session is an `Engine`.
 */
export class FrameDecoder {
  /** The version that is read. */
  readonly version: ProtocolVersion;
  readonly #sink: FrameSink;
  readonly #limits: FrameLimits;
  readonly #inflater: HeaderDecompressor;
  #reader: FrameReader;

  /**
   * @throws UnsupportedVersionError for a version that is none
   * @throws InvalidArgumentError for an option that is none
   */
  constructor(version: SessionVersion, sink: FrameSink, options: FrameDecoderOptions = {}) {
    this.version = checkEnd(CLIENT, version);
    checkOptions('FrameDecoder', options, OPTION_NAMES);
    const size = integer(options, 'maxHeaderListSize', 1, MAX_FRAME_LENGTH, HEADER_LIST_SIZE);
    this.#sink = sink;
    this.#limits = {
      maxControlFrameSize: MAX_FRAME_LENGTH,
      maxHeaderListSize: size,
      maxHeaderCount: integer(options, 'maxHeaderCount', 1, MAX_FRAME_LENGTH, HEADER_COUNT),
      maxSettingsEntries: MAX_FRAME_LENGTH,
      maxInflatedBlockSize: INFLATED_EXCESS * size,
      credentials: true,
      headerEncoding: choice(options, 'headerEncoding', ['latin1', 'utf8'], 'latin1'),
    };
    this.#inflater = new HeaderDecompressor(dictionaryFor(this.version.wire));
    this.#reader = this.#makeReader();
  }

  /** Whether a frame could not be read, so that nothing more is reported until `resume()`. */
  get stopped(): boolean {
    return this.#reader.stopped;
  }

  /** Reads the next bytes, cut anywhere, and reports to the sink. DATA is reported as views of `chunk`. */
  read(chunk: Uint8Array): void {
    this.#reader.read(toBuffer(chunk));
  }

  /**
   * Forgets the frame at hand: the next bytes are the beginning of another one. Header blocks still build on those before; when one of
   * them was corrupt or is missing, later ones cannot be read.
   */
  resume(): void {
    this.#reader.stop();
    this.#reader = this.#makeReader();
  }

  #makeReader(): FrameReader {
    return new FrameReader(this.version, { options: this.#limits }, this.#inflater, this.#sink);
  }
}
