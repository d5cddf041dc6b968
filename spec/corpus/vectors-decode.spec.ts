import { expect } from 'chai';
import { CollectingSink, createReader, type SinkReport } from '../support/collecting-sink.ts';
import { goldenFrame } from '../support/golden-form.ts';
import { CUTS, type Cut, shred } from '../support/shred.ts';
import {
  bytesOf,
  dataOf,
  goldenOf,
  loadVectors,
  type ValidVector,
  type VectorVersion,
  versionOf,
} from './vectors.ts';

const { valid } = loadVectors();

describe('valid vectors are read (checklist 1-6, 13, 14)', () => {
  for (const vector of valid) {
    for (const version of vector.versions) {
      it(`${vector.id}, SPDY/${version}${vector.note ? `: ${vector.note}` : ''}`, () => {
        for (const [name, cut] of CUTS) check(vector, version, name, cut);
      });
    }
  }

  it('are 91', () => expect(valid).to.have.lengthOf(91));
});

function check(vector: ValidVector, version: VectorVersion, name: string, cut: Cut): void {
  const sink = new CollectingSink();
  const reader = createReader(versionOf(version), sink);
  for (const earlier of blocksBefore(vector)) reader.read(bytesOf(earlier));
  const before = sink.reports.length;
  for (const chunk of shred(bytesOf(vector), cut)) reader.read(chunk);
  const reports = sink.reports.slice(before);
  // A NOOP is read and forgotten; a SETTINGS behind it shows that the reader is in step.
  if (vector.frame.type === 'NOOP') {
    expect(reports, name).to.deep.equal([]);
    reader.read(Buffer.from('800200040000000400000000', 'hex'));
    expect(sink.reports, name).to.have.lengthOf(before + 1);
    return;
  }
  expect(reports, name).to.have.lengthOf(1);
  if (vector.id === 'v3-credential-2-empty') {
    // Well formed, but it proves nothing: where CREDENTIAL is read at all, this ends the session.
    expect(reports[0]?.kind, name).to.equal('parseError');
    return;
  }
  expectReport(reports[0] as SinkReport, vector, name);
}

function expectReport(report: SinkReport, vector: ValidVector, name: string): void {
  const expected = goldenOf(vector.frame);
  if (report.kind === 'data') {
    const { streamId, flags, length, data, complete } = report;
    expect({ type: 'DATA', streamId, flags, length }, name).to.deep.equal(expected);
    expect(complete && data.equals(dataOf(vector.frame)), `${name}: payload`).to.equal(true);
    return;
  }
  if (report.kind !== 'control') throw new Error(`${name}: reported as ${report.kind}`);
  const actual = { ...goldenFrame(report.frame), length: report.frame.length };
  expect(actual, name).to.deep.include(expected);
}

/** The vectors of the same zlib stream that come before this one. */
function blocksBefore(vector: ValidVector): ValidVector[] {
  return valid
    .filter((other) => other.context !== undefined && other.context === vector.context)
    .filter((other) => (other.blockIndex ?? 0) < (vector.blockIndex ?? 0))
    .sort((a, b) => (a.blockIndex ?? 0) - (b.blockIndex ?? 0));
}
