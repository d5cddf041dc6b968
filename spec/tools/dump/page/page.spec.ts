import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { expect } from 'chai';
import type { DumpFrame } from '../../../../lib/tools/dump/events.ts';
import { DumpPage } from '../../../../lib/tools/dump/page/page.ts';

const EVIL = '</script><!--<script>&"\u2028';

function frame(facts: Partial<DumpFrame> = {}): DumpFrame {
  return {
    event: 'frame',
    connection: 1,
    time: 1000,
    number: 1,
    direction: 'c2s',
    offset: 0,
    type: 'DATA',
    stream: 1,
    flags: [],
    length: 3,
    warnings: [],
    ...facts,
  };
}

/** What the script of a page gets. */
interface PageData {
  readonly number: readonly number[];
  readonly notes: readonly object[];
  readonly extra: readonly object[];
}

/** The parts of a page. */
function partsOf(html: string): {
  data: PageData;
  script: string;
  style: string;
  policy: string;
} {
  const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
  const [, json = '', script = ''] =
    /<script id="data" type="application\/json">([\s\S]*?)<\/script>\n<script>([\s\S]*?)<\/script>/.exec(
      html,
    ) ?? [];
  return { data: JSON.parse(json) as PageData, script, style, policy };
}

describe('DumpPage', () => {
  it('has the frames as columns, times from the first event on', () => {
    const page = new DumpPage();
    const head = {
      event: 'connection',
      connection: 1,
      client: 'a',
      server: 'b',
      opening: null,
    } as const;
    page.event({ ...head, version: 'spdy/3', time: 990 });
    page.event(frame({ flags: ['FIN'], window: 5, sessionWindow: 6 }));
    page.event(
      frame({
        number: 2,
        time: 995,
        type: 'SYN_REPLY',
        direction: 's2c',
        headers: [[':status', '200']],
      }),
    );
    page.event({ event: 'end', connection: 1, time: 1, direction: 'c2s', reset: false, bytes: 1 });
    const { data } = partsOf(page.html());
    expect(data).to.deep.include({
      timed: true,
      types: ['DATA', 'SYN_REPLY'],
      connections: [{ number: 1, text: '#1 a > b spdy/3' }],
      number: [1, 2],
      // They never fall.
      time: [10, 10],
      direction: [0, 1],
      type: [0, 1],
      window: [5, null],
      sessionWindow: [6, null],
      extra: [
        { flags: ['FIN'], summary: 'window 5' },
        { headers: [[':status', '200']], summary: '200' },
      ],
    });
  });

  it('counts frames where there are no times', () => {
    const page = new DumpPage();
    page.event(frame({ time: null }));
    page.event(frame({ time: null, number: 2 }));
    expect(partsOf(page.html()).data).to.deep.include({
      timed: false,
      time: [1, 2],
      extra: [0, 0],
    });
  });

  it('lets nothing of the frames out of its data', () => {
    const page = new DumpPage({ title: EVIL });
    page.event(
      frame({
        headers: [[EVIL, EVIL]],
        warnings: [EVIL],
        headerBytes: { compressed: 1, plain: 2 },
      }),
    );
    page.event({ event: 'note', connection: 1, time: 1, direction: 's2c', offset: 1, text: EVIL });
    page.event({ event: 'note', connection: 1, time: 1, direction: null, offset: 1, text: 'both' });
    const html = page.html();
    expect(html.match(/<script/g)).to.have.length(2);
    expect(html).to.include('<title>&lt;/script&gt;&lt;!--&lt;script&gt;&amp;&quot;\u2028</title>');
    const { data } = partsOf(html);
    expect(data.notes).to.deep.equal([
      { where: '#1 S>C', text: EVIL },
      { where: '#1', text: 'both' },
    ]);
    expect(data.extra).to.have.nested.property('[0].warnings').deep.equal([EVIL]);
  });

  it('allows its own script and style alone, and loads nothing', () => {
    const html = new DumpPage().html();
    const { script, style, policy } = partsOf(html);
    const hash = (text: string): string => createHash('sha256').update(text).digest('base64');
    expect(policy).to.equal(
      `default-src 'none'; script-src 'sha256-${hash(script)}'; style-src 'sha256-${hash(style)}'`,
    );
    expect(new Script(script)).to.be.instanceOf(Script);
    expect(html).to.not.match(/https?:|src=|url\(|@import|style="/);
  });

  it('keeps no more text than it may, and says so', () => {
    const page = new DumpPage();
    const value = 'x'.repeat(40 << 20);
    for (const number of [1, 2])
      page.event(frame({ number, headers: [['a', value]], warnings: ['w'] }));
    const { data } = partsOf(page.html());
    expect(data.extra).to.have.nested.property('[0].headers');
    expect(data.extra[1]).to.equal(0);
    expect(data.notes).to.deep.equal([
      { where: '', text: 'later frames are here without headers and warnings' },
    ]);
  });

  it('keeps as many frames as it shall, and says how many there are besides', () => {
    const page = new DumpPage({ maxFrames: 2 });
    for (let number = 1; number <= 5; number++) page.event(frame({ number }));
    const { data } = partsOf(page.html());
    expect(data.number).to.deep.equal([1, 2]);
    expect(data.notes).to.deep.equal([{ where: '', text: '3 more frames are not on this page' }]);
  });
});
