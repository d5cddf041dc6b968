import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import type { FrameLimits } from '../../lib/framing/frame-limits.ts';
import { FrameReader } from '../../lib/framing/frame-reader.ts';
import type { FrameSink, HeaderFault } from '../../lib/framing/frame-sink.ts';
import { MAX_FRAME_LENGTH } from '../../lib/protocol/constants.ts';
import type { ControlFrame, HeaderBlockFrame } from '../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';

/** A report of a FrameReader. DATA is one report for the whole frame, complete or not. */
export type SinkReport =
  | { readonly kind: 'control'; readonly frame: ControlFrame }
  | { readonly kind: 'badHeaders'; readonly frame: HeaderBlockFrame; readonly fault: HeaderFault }
  | DataReport
  | {
      readonly kind: 'wrongVersion';
      readonly type: number;
      readonly version: number;
      readonly streamId: number;
    }
  | { readonly kind: 'unknown'; readonly headHex: string; readonly payloadHex: string }
  | { readonly kind: 'parseError'; readonly type: number; readonly code: ErrorCode };

/** A DATA frame as a FrameReader reported it. */
export interface DataReport {
  readonly kind: 'data';
  readonly streamId: number;
  readonly flags: number;
  readonly length: number;
  /** Payload so far. */
  data: Buffer;
  /** Whether dataEnd was called. */
  complete: boolean;
}

/** Collects what a FrameReader reports, and checks that DATA reports come in their order. */
export class CollectingSink implements FrameSink {
  readonly reports: SinkReport[] = [];
  #data: DataReport | null = null;
  #pieces: Buffer[] = [];

  control(frame: ControlFrame): void {
    this.#add({ kind: 'control', frame });
  }

  headerBlock(): void {}

  badHeaders(frame: HeaderBlockFrame, fault: HeaderFault): void {
    this.#add({ kind: 'badHeaders', frame, fault });
  }

  dataStart(streamId: number, flags: number, length: number): void {
    const report: DataReport = {
      kind: 'data',
      streamId,
      flags,
      length,
      data: Buffer.alloc(0),
      complete: false,
    };
    this.#add(report);
    this.#data = report;
    this.#pieces = [];
  }

  dataChunk(chunk: Buffer): void {
    if (!this.#data) throw new Error('dataChunk() outside of a DATA frame');
    if (chunk.length === 0) throw new Error('dataChunk() without bytes');
    this.#pieces.push(Buffer.from(chunk));
  }

  dataEnd(): void {
    const data = this.#data;
    if (!data) throw new Error('dataEnd() outside of a DATA frame');
    data.data = Buffer.concat(this.#pieces);
    data.complete = true;
    this.#data = null;
    if (data.data.length !== data.length) throw new Error(`${data.data.length} bytes of DATA`);
  }

  wrongVersion(type: number, version: number, streamId: number): void {
    this.#add({ kind: 'wrongVersion', type, version, streamId });
  }

  unknown(head: Buffer, payload: Buffer): void {
    const [headHex, payloadHex] = [head.toString('hex'), payload.toString('hex')];
    this.#add({ kind: 'unknown', headHex, payloadHex });
  }

  parseError(type: number, _head: Buffer, _payload: Buffer, code: ErrorCode): void {
    this.#add({ kind: 'parseError', type, code });
  }

  #add(report: SinkReport): void {
    if (this.#data) throw new Error(`${report.kind} inside of a DATA frame`);
    this.reports.push(report);
  }
}

/** Limits that nothing reaches. */
const GENEROUS_LIMITS: FrameLimits = {
  maxControlFrameSize: MAX_FRAME_LENGTH,
  maxHeaderListSize: MAX_FRAME_LENGTH,
  maxHeaderCount: 1_000_000,
  maxSettingsEntries: 1_000_000,
  maxInflatedBlockSize: 0x7fffffff,
  credentials: true,
  headerEncoding: 'latin1',
};

/** A frame reader with a decompressor of its own. */
export function createReader(
  version: ProtocolVersion,
  sink: FrameSink,
  limits: Partial<FrameLimits> = {},
): FrameReader {
  const inflater = new HeaderDecompressor(dictionaryFor(version.wire));
  return new FrameReader(version, { options: { ...GENEROUS_LIMITS, ...limits } }, inflater, sink);
}
