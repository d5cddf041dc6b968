import { expect } from 'chai';
import { headerCost, headerTextLength, PAIR_COST } from '../../lib/common/header-cost.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';

const LIST: HeaderList = [
  ['name', 'value'],
  ['x', ''],
];

describe('common/header-cost', () => {
  it('counts the characters of names and values', () => {
    expect(headerTextLength(LIST)).to.equal(10);
    expect(headerTextLength([])).to.equal(0);
  });

  it('counts memory for each pair besides its characters', () => {
    expect(headerCost(LIST)).to.equal(10 + 2 * PAIR_COST);
    expect(headerCost([])).to.equal(0);
    expect(headerCost([['a', 'b']]) / 2).to.be.above(50);
  });
});
