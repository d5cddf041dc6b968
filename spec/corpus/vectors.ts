import type { Header } from '../../lib/protocol/frames.ts';
import { findVersion, type ProtocolVersion } from '../../lib/protocol/version.ts';
import { readJson } from '../support/corpus-data.ts';
import { type GoldenFrame, goldenHeaders } from '../support/golden-form.ts';
import { VERSION_NUMBERS } from './golden-replay.ts';

/** A version as the vectors name it. */
export type VectorVersion = '2' | '3' | '3.1';

/** Bytes in pieces, some of them repeated. */
export type HexPart =
  | { readonly hex: string }
  | { readonly repeat: string; readonly count: number };

/** A frame as the vectors describe it. Fields as in GoldenFrame, but headers with a list of values per name. */
export interface VectorFrame {
  readonly type: string;
  readonly streamId?: number;
  readonly flags?: number;
  readonly length?: number;
  readonly headers?: readonly (readonly [name: string, values: readonly string[]])[];
  readonly entries?: readonly {
    readonly id: number;
    readonly flags: number;
    readonly value: number;
  }[];
  readonly dataHex?: string | null;
  readonly dataParts?: readonly HexPart[];
  readonly associatedToStreamId?: number;
  readonly priority?: number;
  readonly slot?: number;
  readonly status?: number;
  readonly id?: number;
  readonly lastGoodStreamId?: number;
  readonly deltaWindowSize?: number;
  readonly proofHex?: string;
  readonly certificatesHex?: readonly string[];
}

/** A frame that is right. */
export interface ValidVector {
  readonly id: string;
  readonly versions: readonly VectorVersion[];
  readonly hex: string | null;
  readonly hexParts?: readonly HexPart[];
  readonly frame: VectorFrame;
  readonly encodeExact: boolean;
  readonly context?: string;
  readonly blockIndex?: number;
  readonly headerBlockHex?: string;
  readonly note?: string;
}

/** What must happen to bytes that are wrong, late or unusual. */
export interface Expectation {
  readonly class:
    | 'session-error'
    | 'stream-error'
    | 'ignored'
    | 'skipped'
    | 'accepted'
    | 'http-400';
  readonly frame?: string;
  readonly streamId?: number;
  readonly status?: number;
  readonly goawayStatus?: number;
  readonly lastGoodStreamId?: number;
  readonly precededBy?: {
    readonly frame: string;
    readonly streamId: number;
    readonly status: number;
  };
  readonly id?: number;
  readonly reply?: string;
  readonly fin?: boolean;
  readonly unidirectional?: boolean;
  readonly headers?: readonly (readonly [name: string, values: readonly string[]])[];
  readonly effective?: Readonly<Record<string, number>>;
  readonly effectiveLastGoodStreamId?: number;
}

/** A step before the bytes of an InvalidVector. */
export type SetupStep =
  | { readonly op: 'recv'; readonly hex: string }
  | { readonly op: 'open'; readonly fin: boolean }
  | { readonly op: 'reply'; readonly streamId: number; readonly fin: boolean }
  | { readonly op: 'settings'; readonly entries: readonly (readonly [id: number, value: number])[] }
  | { readonly op: 'goaway'; readonly status: number }
  | { readonly op: 'rst'; readonly streamId: number; readonly status: number }
  | { readonly op: 'push'; readonly associatedTo: number }
  | { readonly op: 'config'; readonly maxControlFrame?: number; readonly maxHeaderBlock?: number };

/** Bytes that are wrong, late or unusual. */
export interface InvalidVector {
  readonly id: string;
  readonly versions: readonly VectorVersion[];
  readonly role: 'client' | 'server';
  readonly layer: 'core' | 'http';
  readonly setup: readonly SetupStep[];
  readonly hex: string | null;
  readonly hexParts?: readonly HexPart[];
  readonly expect: Expectation;
  readonly alternatives?: readonly Expectation[];
  readonly followUp?: readonly { readonly hex: string; readonly expect: Expectation }[];
  readonly note: string;
}

/** A conversation of two endpoints, frame by frame. */
export interface Conversation {
  readonly id: string;
  readonly version: VectorVersion;
  readonly steps: readonly {
    readonly from: 'client' | 'server';
    readonly hex: string;
    readonly frame: VectorFrame;
  }[];
}

/** vectors.json; its own `meta` explains it. */
export interface Vectors {
  readonly contexts: Readonly<Record<string, { readonly wireVersion: 2 | 3 }>>;
  readonly valid: readonly ValidVector[];
  readonly invalid: readonly InvalidVector[];
  readonly sessions: readonly Conversation[];
}

/** All vectors. */
export function loadVectors(): Vectors {
  return readJson<Vectors>('vectors.json');
}

/** The record of a version that the vectors name. */
export function versionOf(version: VectorVersion): ProtocolVersion {
  return findVersion(VERSION_NUMBERS[version]) as ProtocolVersion;
}

/** The bytes of a vector. */
export function bytesOf(vector: {
  readonly hex: string | null;
  readonly hexParts?: readonly HexPart[];
}): Buffer {
  if (vector.hex !== null) return Buffer.from(vector.hex, 'hex');
  return joinParts(vector.hexParts ?? []);
}

/** The payload of a DATA frame of the vectors. */
export function dataOf(frame: VectorFrame): Buffer {
  if (typeof frame.dataHex === 'string') return Buffer.from(frame.dataHex, 'hex');
  return joinParts(frame.dataParts ?? []);
}

/**
 * The header pairs of a frame of the vectors, several values of a name in several pairs. The file shows the bytes of
 * values as UTF-8, the engine by default as one character per byte.
 */
export function pairsOf(frame: Pick<VectorFrame, 'headers'>): Header[] {
  return (frame.headers ?? []).flatMap(([name, values]) =>
    values.map((value): Header => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}

/**
 * A frame of the vectors as GoldenFrame, without names of numbers and without payload. Several values of a header
 * stand in several pairs.
 */
export function goldenOf(frame: VectorFrame): GoldenFrame {
  const fields = Object.entries(frame).filter(
    ([key]) => !['flagNames', 'statusName', 'dataHex', 'dataParts'].includes(key),
  );
  return {
    type: frame.type,
    ...Object.fromEntries(fields),
    ...(frame.headers && { headers: goldenHeaders(pairsOf(frame)) }),
    ...(frame.entries && {
      entries: frame.entries.map(({ id, flags, value }) => ({ id, flags, value })),
    }),
  } as GoldenFrame;
}

function joinParts(parts: readonly HexPart[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      'hex' in part
        ? Buffer.from(part.hex, 'hex')
        : Buffer.alloc(part.count, Buffer.from(part.repeat, 'hex')),
    ),
  );
}
