import { expect } from 'chai';
import {
  priorityOf,
  urgencyOf,
  urgencyOfFields,
} from '../../../../lib/tools/proxy/message/priority.ts';

describe('tools/proxy/message/priority', () => {
  it('reads the urgency of a field', () => {
    for (const [value, urgency] of [
      ['u=0', 0],
      ['u=7, i', 7],
      ['i, u=5', 5],
      ['i,u=2;x=1', 2],
      ['i', 3],
      ['u=8', 3],
      ['xu=1', 3],
    ] as const) {
      expect(urgencyOfFields([['priority', value]]), value).to.equal(urgency);
    }
    expect(urgencyOfFields([])).to.equal(null);
  });

  it('takes priorities of SPDY/3 as they are, and those of SPDY/2 for twice as much', () => {
    expect([0, 7].map((priority) => urgencyOf(priority, 'spdy/3.1'))).to.deep.equal([0, 7]);
    expect([0, 3].map((priority) => urgencyOf(priority, 'spdy/2'))).to.deep.equal([0, 6]);
    expect([0, 7].map((urgency) => priorityOf(urgency, 'spdy/3'))).to.deep.equal([0, 7]);
    expect([0, 1, 7].map((urgency) => priorityOf(urgency, 'spdy/2'))).to.deep.equal([0, 0, 3]);
  });
});
