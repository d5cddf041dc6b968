import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import type { FrameLimits } from '../../lib/framing/frame-limits.ts';
import { FrameReader } from '../../lib/framing/frame-reader.ts';
import type { FrameSink, HeaderFault } from '../../lib/framing/frame-sink.ts';
import type { ControlFrame, HeaderBlockFrame } from '../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { type Cut, shred, WHOLE } from '../support/shred.ts';

/** One call to a sink. Pieces of a DATA payload are put together, so that reports do not depend on the cuts. */
export type Report =
  | { readonly call: 'control'; readonly frame: ControlFrame }
  | { readonly call: 'badHeaders'; readonly frame: HeaderBlockFrame; readonly fault: HeaderFault }
  | {
      readonly call: 'dataStart';
      readonly streamId: number;
      readonly flags: number;
      readonly length: number;
    }
  | { readonly call: 'data'; readonly bytes: string }
  | { readonly call: 'dataEnd' }
  | {
      readonly call: 'wrongVersion';
      readonly type: number;
      readonly version: number;
      readonly streamId: number;
    }
  | { readonly call: 'unknown'; readonly head: string; readonly payload: string }
  | {
      readonly call: 'parseError';
      readonly type: number;
      readonly head: string;
      readonly payload: string;
      readonly code: ErrorCode;
      readonly message: string;
    };

/** A sink that writes down its calls, as text where they hand over bytes. */
export class RecordingSink implements FrameSink {
  readonly reports: Report[] = [];
  /** Called after each call was written down. */
  afterCall: (report: Report) => void = () => {};
  #pieces: Buffer[] = [];

  control(frame: ControlFrame): void {
    this.#add({ call: 'control', frame });
  }

  /** What each header block was inflated to. */
  readonly blocks: number[] = [];

  headerBlock(_frame: HeaderBlockFrame, length: number): void {
    this.blocks.push(length);
  }

  badHeaders(frame: HeaderBlockFrame, fault: HeaderFault): void {
    this.#add({ call: 'badHeaders', frame, fault });
  }

  dataStart(streamId: number, flags: number, length: number): void {
    this.#add({ call: 'dataStart', streamId, flags, length });
  }

  dataChunk(chunk: Buffer): void {
    if (chunk.length === 0) throw new Error('an empty chunk was reported');
    if (this.#pieces.length > 0) this.reports.pop();
    this.#pieces.push(Buffer.from(chunk));
    this.#add({ call: 'data', bytes: Buffer.concat(this.#pieces).toString('latin1') });
  }

  dataEnd(): void {
    this.#pieces = [];
    this.#add({ call: 'dataEnd' });
  }

  wrongVersion(type: number, version: number, streamId: number): void {
    this.#add({ call: 'wrongVersion', type, version, streamId });
  }

  unknown(head: Buffer, payload: Buffer): void {
    this.#add({ call: 'unknown', head: head.toString('hex'), payload: payload.toString('latin1') });
  }

  parseError(type: number, head: Buffer, payload: Buffer, code: ErrorCode, message: string): void {
    this.#add({
      call: 'parseError',
      type,
      head: head.toString('hex'),
      payload: payload.toString('latin1'),
      code,
      message,
    });
  }

  #add(report: Report): void {
    this.reports.push(report);
    this.afterCall(report);
  }
}

/** Limits with room for every usual frame. */
export const LIMITS: FrameLimits = Object.freeze({
  maxControlFrameSize: 65536,
  maxHeaderListSize: 65536,
  maxHeaderCount: 1000,
  maxSettingsEntries: 64,
  maxInflatedBlockSize: 1048576,
  credentials: false,
  headerEncoding: 'latin1',
});

/** A reader with a real inflater, and the sink that it reports to. */
export interface ReaderUnderTest {
  readonly reader: FrameReader;
  readonly sink: RecordingSink;
}

export function makeReader(
  version: ProtocolVersion,
  limits: Partial<FrameLimits> = {},
): ReaderUnderTest {
  const sink = new RecordingSink();
  const inflater = new HeaderDecompressor(dictionaryFor(version.wire));
  return {
    reader: new FrameReader(version, { options: { ...LIMITS, ...limits } }, inflater, sink),
    sink,
  };
}

/** What a new reader reports for these bytes. */
export function readAll(
  version: ProtocolVersion,
  bytes: Buffer,
  cut: Cut = WHOLE,
  limits: Partial<FrameLimits> = {},
): Report[] {
  const { reader, sink } = makeReader(version, limits);
  for (const chunk of shred(bytes, cut)) reader.read(chunk);
  return sink.reports;
}
