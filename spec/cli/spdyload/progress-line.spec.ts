import { expect } from 'chai';
import { ProgressLine } from '../../../lib/cli/spdyload/progress-line.ts';

describe('ProgressLine', () => {
  function show(isTTY: boolean): string {
    let text = '';
    const line = new ProgressLine({
      isTTY,
      write: (piece) => {
        text += piece;
      },
    });
    line.clear();
    line.show({ share: 0.5, done: 10 });
    line.clear();
    line.clear();
    return text;
  }

  it('is shown on a terminal, and taken away', () => {
    const bar = '============            ';
    expect(show(true)).to.equal(`\r 50% [${bar}] 10 requests\x1b[K\r\x1b[K`);
  });

  it('is not shown elsewhere', () => {
    expect(show(false)).to.equal('');
  });
});
