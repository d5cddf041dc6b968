import { expect } from 'chai';
import { escapeHtml } from '../../lib/common/html.ts';

describe('common/html', () => {
  it('escapes what has a meaning in HTML and leaves the rest', () => {
    expect(escapeHtml('<a href="x">A & B</a>')).to.equal(
      '&lt;a href=&quot;x&quot;&gt;A &amp; B&lt;/a&gt;',
    );
    expect(escapeHtml("it's é")).to.equal("it's é");
  });
});
