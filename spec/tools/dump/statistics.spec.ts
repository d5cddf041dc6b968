import { expect } from 'chai';
import type { DumpFrame } from '../../../lib/tools/dump/events.ts';
import { DumpStatistics } from '../../../lib/tools/dump/statistics.ts';
import { statisticsText } from '../../../lib/tools/dump/statistics-text.ts';
import { loadRecordings } from '../../corpus/recordings.ts';
import { collect } from './collect.ts';

type Step = Partial<DumpFrame>;

function countOf(...steps: readonly Step[]): DumpStatistics {
  const statistics = new DumpStatistics();
  for (const [index, step] of steps.entries()) {
    statistics.add({
      event: 'frame',
      connection: 1,
      time: index * 10,
      number: index + 1,
      direction: 'c2s',
      offset: 0,
      type: 'DATA',
      stream: 1,
      flags: [],
      length: 100,
      warnings: [],
      ...step,
    });
  }
  return statistics;
}

const UPDATE: Step = { type: 'WINDOW_UPDATE', direction: 's2c', length: 8 };

describe('DumpStatistics', () => {
  it('counts frames, streams and header compression', () => {
    const { timeline, chunks, bytes, version } = loadRecordings().find(
      ({ name }) => name === 'okhttp-nginx-v3.1-get',
    ) as ReturnType<typeof loadRecordings>[number];
    const { found, decoder } = collect({ version });
    for (const { dir, offset, length } of chunks) {
      decoder.push(dir, bytes[dir].subarray(offset, offset + length), 5);
    }
    const statistics = new DumpStatistics();
    for (const event of found.events) statistics.add(event);
    const { frames, streams, headers, connections, duration } = statistics.toJSON();
    const opened = timeline.filter(
      ({ type, dir }) => type === 'SYN_STREAM' && dir === 'c2s',
    ).length;
    const sum = (direction: 'c2s' | 's2c'): number =>
      Object.values(frames).reduce((all, counts) => all + counts[direction].bytes, 0);
    expect([sum('c2s'), sum('s2c')]).to.deep.equal([bytes.c2s.length, bytes.s2c.length]);
    expect(streams).to.deep.equal({ c2s: opened, s2c: 0 });
    expect(headers.s2c.blocks).to.equal(opened);
    expect(headers.c2s.plain).to.be.above(headers.c2s.compressed);
    expect([connections, duration]).to.deep.equal([1, 0]);
    const text = statisticsText(statistics.toJSON());
    expect(text).to.match(/^1 connection, \d+ streams of clients, 0 of servers, 0\.000 s\n/);
    expect(text).to.match(
      new RegExp(`^all +\\d+ +${bytes.c2s.length} +\\d+ +${bytes.s2c.length}$`, 'm'),
    );
    expect(text).to.match(/^Headers S>C: \d+ blocks, \d+ bytes sent as \d+, -?\d+\.\d % saved$/m);
  });

  it('measures for how long a window was used up', () => {
    const statistics = countOf(
      { window: 0, sessionWindow: 5 },
      { ...UPDATE, stream: 3, window: 5 },
      { ...UPDATE, stream: 0, sessionWindow: 9 },
      { ...UPDATE, window: 4, sessionWindow: 9 },
      { stream: 3, window: 3, sessionWindow: 0 },
      { ...UPDATE, stream: 0, sessionWindow: 1, window: null },
    );
    const { stalls, stallCount } = statistics.toJSON();
    expect(stallCount).to.equal(2);
    expect(stalls).to.deep.equal([
      { connection: 1, direction: 'c2s', stream: 1, from: 0, duration: 30 },
      { connection: 1, direction: 'c2s', stream: 0, from: 40, duration: 10 },
    ]);
  });

  it('has no end for windows that stay used up: resets, ends, the end of the dump', () => {
    const reset = countOf(
      { window: 0 },
      { window: -5 },
      { type: 'RST_STREAM', fields: { status: 5 } },
    );
    expect(reset.toJSON().stalls[0]).to.include({ duration: null });
    const open = countOf({ window: 0 });
    expect(open.toJSON().stalls[0]).to.include({ duration: null, stream: 1 });
    open.add({ event: 'end', connection: 1, time: 9, direction: 'c2s', reset: true, bytes: 9 });
    expect(open.toJSON().stalls).to.have.length(1);
    const finished = countOf({ window: 0, flags: ['FIN'] });
    expect(finished.toJSON().stallCount).to.equal(0);
    const text = statisticsText(reset.toJSON());
    expect(text).to.include('Windows used up: 1 time\n  #1 C>S stream 1: to the end\n');
    expect(text).to.include('RST_STREAM CANCEL: 1\n');
  });

  it('keeps the longest of many', () => {
    const steps = Array.from({ length: 1500 }, (_, index): Step[] => [
      { window: 0, time: index * 10_000 },
      { ...UPDATE, window: 5, time: index * 10_000 + index },
    ]).flat();
    const { stalls, stallCount } = countOf(...steps).toJSON();
    expect(stallCount).to.equal(1500);
    expect(stalls.map(({ duration }) => duration)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => 1499 - i),
    );
  });

  it('counts warnings and entries of a HAR, without times if there are none', () => {
    const statistics = countOf({ warnings: ['a', 'b'], time: null });
    const exchange = { method: 'GET', url: '/', version: '', status: 200, duration: 1, bytes: 1 };
    statistics.add({ event: 'exchange', connection: 1, time: null, ...exchange });
    expect(statistics.toJSON()).to.include({ warnings: 2, exchanges: 1, duration: null });
    const text = statisticsText(statistics.toJSON());
    expect(text)
      .to.include('1 exchange\n')
      .and.include('Warnings: 2\n')
      .and.include('Headers C>S: none\n');
    expect(statisticsText(countOf().toJSON())).to.include('Warnings: none\n');
  });
});
