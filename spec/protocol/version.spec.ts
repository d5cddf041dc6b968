import { expect } from 'chai';
import { PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import {
  findVersion,
  PROTOCOL_VERSIONS,
  SPDY2,
  SPDY3,
  SPDY3_1,
} from '../../lib/protocol/version.ts';

describe('protocol/version', () => {
  it('finds the record of each version number, and none for others', () => {
    expect(findVersion(PROTO_SPDY2)).to.equal(SPDY2);
    expect(findVersion(PROTO_SPDY3)).to.equal(SPDY3);
    expect(findVersion(PROTO_SPDY3_1)).to.equal(SPDY3_1);
    for (const id of [-1, 0, 1, 5, 3.1, Number.NaN]) expect(findVersion(id)).to.equal(null);
  });

  it('has the version field 2 in SPDY/2 and 3 in SPDY/3 and SPDY/3.1 (checklist 3)', () => {
    expect([SPDY2.wire, SPDY3.wire, SPDY3_1.wire]).to.deep.equal([2, 3, 3]);
  });

  it('names the versions as ALPN does, best first', () => {
    expect(PROTOCOL_VERSIONS.map((version) => version.name)).to.deep.equal([
      'spdy/3.1',
      'spdy/3',
      'spdy/2',
    ]);
  });

  it('has the layouts of each version (checklist 52, 53, 67, 68, 158, 172, 205, 206)', () => {
    const facts = PROTOCOL_VERSIONS.map((version) => [
      version.lowestPriority,
      version.priorityShift,
      version.replyFixedLength,
      version.headerLengthSize,
      version.goawayStatus,
      version.streamWindows,
      version.sessionWindow,
    ]);
    expect(facts).to.deep.equal([
      [7, 5, 4, 4, true, true, true],
      [7, 5, 4, 4, true, true, false],
      [3, 6, 6, 2, false, false, false],
    ]);
  });

  it('has slots and CREDENTIAL in SPDY/3 only, NOOP in SPDY/2 only (checklist 56, 156, 157)', () => {
    expect(PROTOCOL_VERSIONS.map((version) => version.hasSlot)).to.deep.equal([false, true, false]);
    expect(PROTOCOL_VERSIONS.map((v) => v.hasCredential)).to.deep.equal([false, true, false]);
    expect(PROTOCOL_VERSIONS.map((version) => version.hasNoop)).to.deep.equal([false, false, true]);
  });

  it('cannot be changed', () => {
    for (const version of PROTOCOL_VERSIONS) expect(Object.isFrozen(version)).to.equal(true);
    expect(Object.isFrozen(PROTOCOL_VERSIONS)).to.equal(true);
  });
});
