import { expect } from 'chai';
import { loadPage } from '../../../../lib/tools/load/page/page.ts';
import { loadReport } from '../../../../lib/tools/load/results/report.ts';
import { RESULT } from '../load-result.ts';

const EVIL = '</pre></title><script>&"';

describe('loadPage()', () => {
  it('has the report, and three charts that say what they show', () => {
    const html = loadPage(RESULT);
    expect(html)
      .to.include('<h1>spdyload</h1>')
      .and.include(`<pre>${loadReport(RESULT)}</pre>`);
    expect(html.match(/<svg .*role="img" aria-label="[^"]+">/g)).to.have.length(3);
    expect(html.match(/class="line [abc]" d="M[\d.MLh ]+"/g)).to.have.length(4);
    expect(html).to.include(
      'from 0us on: 5 answers, median 13us, 99% 1.00ms, longest 1.25ms</title>',
    );
    expect(html).to.include('from 0us on: 6.3 answers and 3.8 errors in a second</title>');
    expect(html).to.include('<title>90%: 500us</title>');
    expect(html).to.not.match(/NaN|Infinity|undefined|null/);
  });

  it('leaves a gap where no answer came, and shows one alone', () => {
    const [first, second] = RESULT.timeline.intervals;
    const none = { at: 800, answers: 0, errors: 0, median: 0, p99: 0, max: 0 };
    const intervals = [first, none, { ...second, at: 1600 }] as typeof RESULT.timeline.intervals;
    const html = loadPage({ ...RESULT, timeline: { intervalMs: 800, intervals } });
    expect(html.match(/class="line a" d="M[\d.]+ [\d.]+h3M[\d.]+ [\d.]+h3"/g)).to.have.length(1);
    expect(html).to.include('on: 0 answers</title>');
  });

  it('draws nothing where no request has ended', () => {
    const html = loadPage({ ...RESULT, curve: [], timeline: { intervalMs: 100, intervals: [] } });
    expect(html).to.include('No request has ended').and.not.include('<svg');
  });

  it('draws a run of errors alone', () => {
    const intervals = [{ at: 0, answers: 0, errors: 3, median: 0, p99: 0, max: 0 }];
    const times = { ...RESULT.request, min: 0, max: 0 };
    const timeline = { intervalMs: 100, intervals };
    const html = loadPage({ ...RESULT, durationMs: 0, request: times, curve: [], timeline });
    expect(html)
      .to.include('class="warn"')
      .and.not.match(/NaN|Infinity/);
  });

  it('loads nothing, runs nothing, and lets no text out', () => {
    const errors = [{ message: EVIL, count: 1 }];
    const html = loadPage({ ...RESULT, errors, tls: EVIL }, EVIL);
    expect(html).to.match(/content="default-src 'none'; style-src 'sha256-[^']+'"/);
    expect(html).to.not.match(/<script|https?:|src=|url\(|@import|style="/);
    expect(html.match(/&lt;\/pre&gt;&lt;\/title&gt;&lt;script&gt;&amp;&quot;/g)).to.have.length(4);
  });
});
