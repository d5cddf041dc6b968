import {
  PROTO_SPDY2,
  PROTO_SPDY3,
  PROTO_SPDY3_1,
  type SpdyVersion,
} from '../../lib/protocol/constants.ts';
import { findVersion, type ProtocolVersion } from '../../lib/protocol/version.ts';
import { listData, readData, readJson } from '../support/corpus-data.ts';

/** Client to server, or server to client. */
export type Direction = 'c2s' | 's2c';

/** Both directions. */
export const DIRECTIONS: readonly Direction[] = ['c2s', 's2c'];

/** A frame of a timeline. Fields as the recordings name them. */
export interface TimelineFrame {
  readonly ms: number;
  readonly dir: Direction;
  readonly off: number;
  readonly type: string;
  readonly len: number;
  readonly version?: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly assoc?: number;
  readonly pri?: number;
  readonly slot?: number;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly entries?: readonly {
    readonly id: number;
    readonly flags: number;
    readonly value: number;
  }[];
  readonly status?: number;
  readonly id?: number;
  readonly delta?: number;
  readonly last?: number;
  readonly last_good_stream?: number;
}

/** What a direction of a stream carried. */
export interface Body {
  readonly streamId: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** A recorded connection. */
export interface Recording {
  readonly name: string;
  readonly version: ProtocolVersion;
  /** Kubernetes and spdystream: streams without HTTP, no flow control. */
  readonly kubernetes: boolean;
  readonly bytes: Readonly<Record<Direction, Buffer>>;
  readonly bodies: Readonly<Record<Direction, readonly Body[]>>;
  readonly timeline: readonly TimelineFrame[];
  /** The heads of HTTP/1.1 before it: request and response; null without them. */
  readonly heads: readonly [request: string, response: string] | null;
  /** How the bytes were cut, in the order in which they came. */
  readonly chunks: readonly {
    readonly ms: number;
    readonly dir: Direction;
    readonly offset: number;
    readonly length: number;
  }[];
  /** Whether the client's bytes may be given to a server at once. */
  readonly blind: boolean;
}

/** The parts of a recording's JSON that are used. */
interface RecordingFile {
  readonly name: string;
  readonly spdy_version?: '2' | '3' | '3.1';
  readonly http_request_head?: readonly string[];
  readonly http_response_head?: readonly string[];
  readonly c2s: DirectionFile;
  readonly s2c: DirectionFile;
  readonly c2s_blind?: boolean;
  readonly timeline: readonly TimelineFrame[];
  readonly chunks: readonly (readonly [
    ms: number,
    dir: Direction,
    offset: number,
    length: number,
  ])[];
  readonly streams?: readonly {
    readonly id: number;
    readonly body_c2s?: { readonly bytes: number; readonly sha256: string };
    readonly body_s2c?: { readonly bytes: number; readonly sha256: string };
  }[];
}

interface DirectionFile {
  readonly file: string;
  readonly data_per_stream?: Readonly<
    Record<string, { readonly bytes: number; readonly sha256: string }>
  >;
}

const NUMBERS: Readonly<Record<'2' | '3' | '3.1', SpdyVersion>> = {
  '2': PROTO_SPDY2,
  '3': PROTO_SPDY3,
  '3.1': PROTO_SPDY3_1,
};

/** All recordings: those of Kubernetes, and those of the web. */
export function loadRecordings(): Recording[] {
  return ['captures/', 'captures/web/'].flatMap((folder) =>
    listData(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => loadRecording(folder, name)),
  );
}

function loadRecording(folder: string, name: string): Recording {
  const file = readJson<RecordingFile>(folder + name);
  const kubernetes = file.spdy_version === undefined;
  return {
    name: file.name,
    version: findVersion(NUMBERS[file.spdy_version ?? '3.1']) as ProtocolVersion,
    kubernetes,
    bytes: { c2s: readData(folder + file.c2s.file), s2c: readData(folder + file.s2c.file) },
    bodies: { c2s: bodiesOf(file, 'c2s'), s2c: bodiesOf(file, 's2c') },
    timeline: file.timeline,
    heads: headsOf(file),
    chunks: file.chunks.map(([ms, dir, offset, length]) => ({ ms, dir, offset, length })),
    blind: file.c2s_blind ?? true,
  };
}

function headsOf(file: RecordingFile): Recording['heads'] {
  const { http_request_head: request, http_response_head: response } = file;
  if (request === undefined || response === undefined) return null;
  const text = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
  return [text(request), text(response)];
}

function bodiesOf(file: RecordingFile, dir: Direction): Body[] {
  const perStream = Object.entries(file[dir].data_per_stream ?? {}).map(
    ([id, { bytes, sha256 }]) => ({
      streamId: Number(id),
      bytes,
      sha256,
    }),
  );
  const ofStreams = (file.streams ?? []).flatMap((stream) => {
    const body = dir === 'c2s' ? stream.body_c2s : stream.body_s2c;
    return body ? [{ streamId: stream.id, bytes: body.bytes, sha256: body.sha256 }] : [];
  });
  return [...perStream, ...ofStreams];
}
