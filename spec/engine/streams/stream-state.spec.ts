import { expect } from 'chai';
import {
  INPUT_DATA,
  INPUT_HEADERS,
  INPUT_SYN_REPLY,
  RECEIVE_INPUTS,
  RECEIVE_STATES,
  receiveVerdicts,
  STATE_ACCEPTING,
  STATE_CLOSED,
  STATE_IDLE,
  STATE_INITIAL,
  STATE_OPEN,
  STATE_OPENING,
  STATE_REMOTE_CLOSED,
  STATE_RESET,
  sendableStatus,
} from '../../../lib/engine/streams/stream-state.ts';
import { SERVER } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import { HEADERS, Lab } from '../support/lab.ts';

describe('engine/streams/stream-state', () => {
  it('numbers states and inputs by their position', () => {
    const states = [
      STATE_IDLE,
      STATE_INITIAL,
      STATE_OPENING,
      STATE_OPEN,
      STATE_ACCEPTING,
      STATE_REMOTE_CLOSED,
      STATE_CLOSED,
      STATE_RESET,
    ];
    expect(states).to.deep.equal(RECEIVE_STATES.map((_, index) => index));
    expect([INPUT_SYN_REPLY, INPUT_HEADERS, INPUT_DATA]).to.deep.equal([0, 1, 2]);
    for (const version of PROTOCOL_VERSIONS) {
      const verdicts = receiveVerdicts(version);
      expect(verdicts).to.have.lengthOf(RECEIVE_STATES.length * RECEIVE_INPUTS.length);
      expect(receiveVerdicts(version)).to.equal(verdicts);
    }
  });

  it('sends only statuses that the version has (checklist 106, 107)', () => {
    const all = Array.from({ length: 13 }, (_, status) => status);
    const sendable = Object.fromEntries(
      PROTOCOL_VERSIONS.map((version) => [
        version.name,
        all.map((status) => sendableStatus(version, status)),
      ]),
    );
    expect(sendable).to.deep.equal({
      'spdy/2': [0, 1, 2, 3, 4, 5, 6, 7, 1, 1, 1, 1, 12],
      'spdy/3': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      'spdy/3.1': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 11, 12],
    });
  });

  it('also brings down the statuses that the application asks for (checklist 106, 107)', () => {
    for (const version of PROTOCOL_VERSIONS) {
      const lab = new Lab(SERVER, version);
      const statuses = [8, 9, 10, 11];
      for (const [index, status] of statuses.entries()) {
        lab.receive(lab.peer.synStream(1 + 2 * index, HEADERS));
        lab.engine.submitRstStream(1 + 2 * index, status);
      }
      const sent = lab.frames().map(({ frame }) => frame.status);
      expect(sent).to.deep.equal(
        { 'spdy/2': [1, 1, 1, 1], 'spdy/3': statuses, 'spdy/3.1': [8, 9, 1, 11] }[version.name],
      );
    }
  });
});
