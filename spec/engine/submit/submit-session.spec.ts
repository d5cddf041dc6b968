import { expect } from 'chai';
import { EngineState } from '../../../lib/engine/engine-state.ts';
import { resolveOptions } from '../../../lib/engine/options/options.ts';
import { SessionSubmitter } from '../../../lib/engine/submit/submit-session.ts';
import { CLIENT, SERVER } from '../../../lib/protocol/constants.ts';
import { SPDY3 } from '../../../lib/protocol/version.ts';

describe('engine/submit/submit-session', () => {
  it('PING ids begin anew behind the last one, without 0 (checklist 148, 154)', () => {
    for (const [side, ids] of [
      [CLIENT, [0x7ffffffd, 0x7fffffff, 1, 3]],
      [SERVER, [0x7ffffffc, 0x7ffffffe, 2, 4]],
    ] as const) {
      const state = new EngineState(side, SPDY3, resolveOptions(side, {}), {});
      const submitter = new SessionSubmitter(state);
      state.nextPingId = ids[0];
      expect(ids.map(() => submitter.ping())).to.deep.equal(ids);
    }
  });
});
