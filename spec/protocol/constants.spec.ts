import { expect } from 'chai';
import * as constants from '../../lib/protocol/constants.ts';

const NUMBERS: Readonly<Record<string, number>> = constants;

/** The constants whose names match, ordered by value. */
function group(names: readonly string[]): number[] {
  return names.map((name) => {
    const value = NUMBERS[name];
    if (value === undefined) throw new Error(`no constant ${name}`);
    return value;
  });
}

describe('protocol/constants', () => {
  it('numbers the control frame types', () => {
    const types =
      'SYN_STREAM SYN_REPLY RST_STREAM SETTINGS NOOP PING GOAWAY HEADERS WINDOW_UPDATE CREDENTIAL';
    expect(group(types.split(' '))).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('numbers the stream and session statuses (checklist 112)', () => {
    const statuses =
      'OK PROTOCOL_ERROR INVALID_STREAM REFUSED_STREAM UNSUPPORTED_VERSION CANCEL INTERNAL_ERROR FLOW_CONTROL_ERROR ' +
      'STREAM_IN_USE STREAM_ALREADY_CLOSED INVALID_CREDENTIALS FRAME_TOO_LARGE';
    expect(group(statuses.split(' '))).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(group(['GOAWAY_OK', 'GOAWAY_PROTOCOL_ERROR', 'GOAWAY_INTERNAL_ERROR'])).to.deep.equal([
      0, 1, 2,
    ]);
  });

  it('has the limits of the wire format', () => {
    expect(constants.FRAME_HEADER_LENGTH).to.equal(8);
    expect(constants.MAX_FRAME_LENGTH).to.equal(2 ** 24 - 1);
    expect(constants.MAX_STREAM_ID).to.equal(2 ** 31 - 1);
    expect(constants.MAX_WINDOW_SIZE).to.equal(2 ** 31 - 1);
    expect(constants.DEFAULT_WINDOW_SIZE).to.equal(65536);
    expect(constants.MIN_CONTROL_FRAME_LIMIT).to.equal(8192);
  });

  it('has the error numbers of Spdylay, none twice', () => {
    const errors = Object.entries(NUMBERS).filter(([name]) => name.startsWith('ERR_'));
    expect(new Set(errors.map(([, value]) => value)).size).to.equal(errors.length);
    for (const [name, value] of errors) expect(value, name).to.be.within(-902, -501);
  });
});
