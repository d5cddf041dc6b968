import { expect } from 'chai';
import { TerminalSizeReader } from '../../../lib/kubernetes/wire/terminal-size.ts';

function read(...pieces: readonly string[]): (readonly [number, number])[] {
  const reader = new TerminalSizeReader();
  return pieces
    .flatMap((piece) => reader.push(Buffer.from(piece)))
    .map(({ columns, rows }) => [columns, rows]);
}

describe('Kubernetes terminal sizes', () => {
  it('stand behind each other, with and without line ends', () => {
    expect(read('{"Width":100,"Height":30}\n{"Width":1,"Height":65535}')).to.deep.equal([
      [100, 30],
      [1, 65535],
    ]);
    expect(read('{"Height":30,"Width":100}{"Width":2,"Height":3}\n')).to.deep.equal([
      [100, 30],
      [2, 3],
    ]);
  });

  it('have names in any case, as Go takes them', () => {
    expect(read('{"height":30,"width":100}{"WIDTH":7,"Height":8}')).to.deep.equal([
      [100, 30],
      [7, 8],
    ]);
  });

  it('may be cut anywhere', () => {
    expect(read(...'{"Width":100,"Height":30}\n{"Width":7,"Height":8}\n')).to.deep.equal([
      [100, 30],
      [7, 8],
    ]);
  });

  it('are skipped when they are none, and the next one counts', () => {
    for (const wrong of [
      '{"Width":0,"Height":30}',
      '{"Width":100,"Height":65536}',
      '{"Width":1.5,"Height":30}',
      '{"Width":"100","Height":30}',
      '{"Width":100}',
      '{}',
      'null}',
      '}}',
      '{"Width":',
      'x'.repeat(5000),
      `${'x'.repeat(5000)}}`,
    ])
      expect(read(wrong, '}{"Width":7,"Height":8}'), wrong.slice(0, 30)).to.deep.equal([[7, 8]]);
  });

  it('keep no more than a line of what does not end', () => {
    const reader = new TerminalSizeReader();
    for (let i = 0; i < 1000; i++) expect(reader.push(Buffer.alloc(1000, '{'))).to.deep.equal([]);
    expect(reader.push(Buffer.from('}{"Width":7,"Height":8}'))).to.deep.equal([
      { columns: 7, rows: 8 },
    ]);
  });
});
