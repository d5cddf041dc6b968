import { readData, readJson } from './corpus-data.ts';

/** A recorded connection of Kubernetes: what its JSON says of the HTTP part, and both directions behind it. */
export interface KubernetesCapture {
  readonly name: string;
  /** Path and query of the request. */
  readonly path: string;
  /** The sub-protocol that was agreed on. */
  readonly protocol: string;
  readonly c2s: Buffer;
  readonly s2c: Buffer;
  /** Bytes and digest per stream and direction; streams without any are absent. */
  readonly bodies: Readonly<Record<'c2s' | 's2c', Readonly<Record<string, RecordedBody>>>>;
  readonly timeline: readonly RecordedFrame[];
}

/** What a direction of a stream carried. */
export interface RecordedBody {
  readonly bytes: number;
  readonly sha256: string;
}

/** A frame of a timeline. */
export interface RecordedFrame {
  readonly dir: 'c2s' | 's2c';
  readonly off: number;
  readonly type: string;
  readonly stream?: number;
  readonly flags?: number;
  readonly text?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

interface CaptureFile {
  readonly http_request_head: readonly string[];
  readonly http_response_head: readonly string[];
  readonly c2s: { readonly data_per_stream: Readonly<Record<string, RecordedBody>> };
  readonly s2c: { readonly data_per_stream: Readonly<Record<string, RecordedBody>> };
  readonly timeline: readonly RecordedFrame[];
}

/** Reads one of `spec/corpus/data/captures/`. */
export function kubernetesCapture(name: string): KubernetesCapture {
  const base = `captures/${name}`;
  const file = readJson<CaptureFile>(`${base}.json`);
  const protocol = file.http_response_head.find((line) => /^x-stream-protocol/i.test(line));
  return {
    name,
    path: file.http_request_head[0]?.split(' ')[1] ?? '',
    protocol: protocol?.split(': ')[1] ?? '',
    c2s: readData(`${base}.c2s.bin`),
    s2c: readData(`${base}.s2c.bin`),
    bodies: { c2s: file.c2s.data_per_stream, s2c: file.s2c.data_per_stream },
    timeline: file.timeline,
  };
}
