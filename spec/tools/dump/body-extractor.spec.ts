import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { BodyExtractor } from '../../../lib/tools/dump/body-extractor.ts';
import type { DumpFrame } from '../../../lib/tools/dump/events.ts';
import { makeFolder, removeFolder } from '../../cli/support/programs.ts';

describe('BodyExtractor', () => {
  let folder = '';
  let bodies = '';
  let extractor: BodyExtractor;

  beforeEach(() => {
    folder = makeFolder({ outside: 'untouched' });
    bodies = join(folder, 'a/bodies');
    extractor = new BodyExtractor(bodies);
  });

  afterEach(() => {
    extractor.close();
    removeFolder(folder);
  });

  function frame(facts: Partial<DumpFrame>): void {
    const head = { event: 'frame', connection: 1, time: null, number: 1, offset: 0 } as const;
    extractor.event({
      ...head,
      direction: 'c2s',
      type: 'DATA',
      stream: 1,
      flags: [],
      length: 0,
      warnings: [],
      ...facts,
    });
  }

  function open(path: string, stream = 1, more: HeaderList = []): void {
    frame({ type: 'SYN_STREAM', stream, headers: [[':path', path], ...more] });
  }

  it('writes a file for each direction of a stream', () => {
    open('/a/page.html?q=1');
    extractor.payload(1, 'c2s', 1, Buffer.from('up'));
    frame({ flags: ['FIN'] });
    extractor.payload(1, 's2c', 1, Buffer.from('do'));
    open('/other', 3);
    extractor.payload(1, 's2c', 3, Buffer.from('x'));
    extractor.payload(1, 's2c', 1, Buffer.from('wn'));
    frame({ direction: 's2c', flags: ['FIN'] });
    expect(extractor.results).to.deep.equal([
      { name: '1-1-c2s-page.html', bytes: 2 },
      { name: '1-1-s2c-page.html', bytes: 4 },
      { name: '1-3-s2c-other', bytes: 1 },
    ]);
    expect(readFileSync(join(bodies, '1-1-s2c-page.html'), 'utf8')).to.equal('down');
  });

  it('has names that stay in the folder, whatever the path', () => {
    const paths = [
      '/../../outside',
      '/..',
      '/%2e%2e',
      '/a\0b',
      '/.hidden',
      `/${'x'.repeat(500)}`,
      '',
      '/a\\..\\b',
      '/é',
    ];
    for (const [index, path] of paths.entries()) {
      open(path, 2 * index + 1);
      extractor.payload(1, 's2c', 2 * index + 1, Buffer.from('x'));
    }
    expect(readdirSync(bodies)).to.have.members(extractor.results.map(({ name }) => name));
    for (const { name } of extractor.results)
      expect(name).to.match(/^1-\d+-s2c(?:-[\w.-]{1,80})?$/);
    expect(readFileSync(join(folder, 'outside'), 'utf8')).to.equal('untouched');
  });

  it('writes through no link', () => {
    symlinkSync(join(folder, 'outside'), join(bodies, '1-1-s2c-page'));
    open('/page');
    extractor.payload(1, 's2c', 1, Buffer.from('new'));
    expect(readFileSync(join(folder, 'outside'), 'utf8')).to.equal('untouched');
    expect(readFileSync(join(bodies, '1-1-s2c-page'), 'utf8')).to.equal('new');
  });

  it('replaces files of an earlier run', () => {
    writeFileSync(join(bodies, '1-1-s2c-page'), 'much older');
    open('/page');
    extractor.payload(1, 's2c', 1, Buffer.from('new'));
    expect(readFileSync(join(bodies, '1-1-s2c-page'), 'utf8')).to.equal('new');
  });

  it('says what is compressed', () => {
    open('/page');
    frame({ type: 'SYN_REPLY', direction: 's2c', headers: [['content-encoding', 'gzip']] });
    extractor.payload(1, 's2c', 1, Buffer.from('x'));
    extractor.payload(1, 'c2s', 1, Buffer.from('x'));
    expect(extractor.results.map(({ name }) => name)).to.deep.equal([
      '1-1-s2c-page.gz',
      '1-1-c2s-page',
    ]);
  });

  it('names streams of Kubernetes by their type', () => {
    frame({ type: 'SYN_STREAM', headers: [['streamtype', 'stdout']] });
    extractor.payload(1, 's2c', 1, Buffer.from('x'));
    expect(extractor.results[0]?.name).to.equal('1-1-s2c-stdout');
  });

  it('has few files open, however many streams there are', () => {
    const count = 300;
    for (let round = 0; round < 2; round++) {
      for (let stream = 1; stream <= count; stream++)
        extractor.payload(1, 's2c', stream, Buffer.from(`${round}`));
    }
    frame({ type: 'RST_STREAM', stream: 5 });
    extractor.event({
      event: 'end',
      connection: 1,
      time: null,
      direction: 's2c',
      reset: false,
      bytes: 0,
    });
    expect(readdirSync(bodies)).to.have.length(count);
    expect(readFileSync(join(bodies, '1-7-s2c'), 'utf8')).to.equal('01');
  });
});
