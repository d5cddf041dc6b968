import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { htmlPage } from '../../../lib/tools/page/html-page.ts';

const hash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

describe('htmlPage()', () => {
  const parts = { title: 'a </title><script>', style: 'p { color: red }', body: '<p>text</p>\n' };

  it('lets no script run where it has none, and escapes its title', () => {
    const html = htmlPage(parts);
    expect(html).to.include(`content="default-src 'none'; style-src ${hash(parts.style)}"`);
    expect(html).to.include('<title>a &lt;/title&gt;&lt;script&gt;</title>');
    expect(html).to.include('<body>\n<p>text</p>\n</body>').and.not.include('<script');
  });

  it('lets its own script alone run', () => {
    const html = htmlPage({ ...parts, script: 'run()' });
    expect(html).to.include(`default-src 'none'; script-src ${hash('run()')}; style-src `);
    expect(html).to.include('<p>text</p>\n<script>run()</script>\n</body>');
  });
});
