import { expect } from 'chai';
import { CollectingSink, createReader, type SinkReport } from '../support/collecting-sink.ts';
import { expectSame } from '../support/expect-same.ts';
import { goldenFrame, goldenHeaders } from '../support/golden-form.ts';
import { BYTES, type Cut, randomCut, shred, WHOLE } from '../support/shred.ts';
import {
  DIRECTIONS,
  type Direction,
  loadRecordings,
  type Recording,
  type TimelineFrame,
} from './recordings.ts';

describe('recorded connections are read, and equal their timelines (checklist 5, 6)', () => {
  for (const recording of loadRecordings()) {
    for (const dir of DIRECTIONS) {
      it(`${recording.name}, ${dir}`, () => {
        const expected = recording.timeline.filter((frame) => frame.dir === dir);
        for (const [name, cut] of cutsOf(recording, dir)) {
          const reports = readAll(recording, dir, cut);
          expect(reports, name).to.have.lengthOf(expected.length);
          expected.forEach((frame, index) => {
            const label = `${name}: frame ${index} at ${frame.off}`;
            expectFrame(reports[index] as SinkReport, frame, recording, label);
          });
        }
      });
    }
  }

  it('are 29', () => expect(loadRecordings()).to.have.lengthOf(29));
});

function cutsOf(recording: Recording, dir: Direction): (readonly [string, Cut])[] {
  const at = recording.chunks.filter((chunk) => chunk.dir === dir).map(({ offset }) => offset);
  return [
    ['whole', WHOLE],
    ['byte by byte', BYTES],
    ['cut at random', randomCut(recording.bytes[dir].length, 1500)],
    ['cut as recorded', { kind: 'offsets', at }],
  ];
}

function readAll(recording: Recording, dir: Direction, cut: Cut): SinkReport[] {
  const sink = new CollectingSink();
  const reader = createReader(recording.version, sink);
  for (const chunk of shred(recording.bytes[dir], cut)) reader.read(chunk);
  return sink.reports;
}

function expectFrame(
  report: SinkReport,
  expected: TimelineFrame,
  recording: Recording,
  label: string,
): void {
  if (report.kind === 'data') {
    const { streamId, flags, length, data, complete } = report;
    const { stream, flags: wantedFlags, len, off, dir } = expected;
    expectSame(['DATA', streamId, flags, length], [expected.type, stream, wantedFlags, len], label);
    const payload = recording.bytes[dir].subarray(off + 8, off + 8 + len);
    expect(complete && data.equals(payload), `${label}: payload`).to.equal(true);
    return;
  }
  if (report.kind !== 'control') throw new Error(`${label}: ${report.kind}`);
  const { frame } = report;
  const actual = Object.entries({ ...goldenFrame(frame), length: frame.length });
  const wanted = goldenOf(expected);
  expectSame(Object.fromEntries(actual.filter(([key]) => key in wanted)), wanted, label);
}

/** A frame of a timeline in golden form, several values of a header in several pairs. */
function goldenOf(frame: TimelineFrame): object {
  const fields: Record<string, unknown> = {
    type: frame.type,
    version: frame.version,
    flags: frame.flags,
    length: frame.len,
    streamId: frame.stream,
    associatedToStreamId: frame.assoc,
    priority: frame.pri,
    slot: frame.slot,
    status: frame.status,
    entries: frame.entries?.map(({ id, flags, value }) => ({ id, flags, value })),
    id: frame.id,
    deltaWindowSize: frame.delta,
    lastGoodStreamId: frame.last ?? frame.last_good_stream,
    headers:
      frame.headers &&
      goldenHeaders(
        frame.headers.flatMap(([name, values]) =>
          values.split('\0').map((value) => [name, value] as const),
        ),
      ),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
