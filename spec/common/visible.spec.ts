import { expect } from 'chai';
import { visible } from '../../lib/common/visible.ts';

describe('visible()', () => {
  it('shows control characters, and leaves others as they are', () => {
    expect(visible('a\x1b[2J\r\n\x7f\x9bé')).to.equal('a\\x1b[2J\\x0d\\x0a\\x7f\\x9bé');
  });
});
