import { expect } from 'chai';
import fc from 'fast-check';
import { IdTable } from '../../lib/common/id-table.ts';

describe('IdTable', () => {
  it('behaves as a Map does, whatever comes and goes', () => {
    const operation = fc.record({
      remove: fc.boolean(),
      // Few ids, so that they return; large ones, too.
      id: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 0x7fffffff })),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        const table = new IdTable<number>();
        const map = new Map<number, number>();
        for (const [value, { remove, id }] of operations.entries()) {
          if (remove) expect(table.delete(id)).to.equal(map.delete(id));
          else {
            table.set(id, value);
            map.set(id, value);
          }
          expect(table.get(id)).to.equal(map.get(id));
          expect(table.size).to.equal(map.size);
        }
        for (const [id, value] of map) expect(table.get(id)).to.equal(value);
        const inOrder = [...map].sort(([a], [b]) => a - b).map(([, value]) => value);
        expect(table.values()).to.deep.equal(inOrder);
      }),
    );
  });

  it('holds many ids, and any of them after most are gone', () => {
    const table = new IdTable<string>();
    for (let id = 1; id < 200_000; id += 2) table.set(id, `of ${id}`);
    for (let id = 1; id < 200_000; id += 2) if (id % 1001 !== 0) table.delete(id);
    expect(table.size).to.equal(100);
    expect(table.values()[0]).to.equal('of 1001');
    expect(table.get(1001)).to.equal('of 1001');
    expect(table.get(1003)).to.equal(undefined);
  });

  it('keeps what is there when it gives memory back, and takes more after that', () => {
    const table = new IdTable<number>();
    for (let id = 1; id < 400; id += 2) table.set(id, id);
    table.rest();
    expect(table.values()).to.have.length(200);
    for (let id = 1; id < 400; id += 2) table.delete(id);
    table.rest();
    expect(table.size).to.equal(0);
    for (const id of [7, 5, 9]) table.set(id, id);
    expect(table.values()).to.deep.equal([5, 7, 9]);
  });

  it('has nothing under 0, which is no id', () => {
    const table = new IdTable<number>();
    expect([table.get(0), table.delete(0)]).to.deep.equal([undefined, false]);
    table.set(1, 1);
    expect([table.get(0), table.delete(0)]).to.deep.equal([undefined, false]);
    expect(table.size).to.equal(1);
  });

  it('is not slowed down by ids that lie far apart in equal steps', () => {
    // In a table without mixing these would all share one slot: 2^31 comparisons.
    const table = new IdTable<number>();
    for (let i = 0; i < 65_536; i++) table.set(1 + i * 32_766, i);
    for (let i = 0; i < 65_536; i++) expect(table.get(1 + i * 32_766) === i).to.equal(true);
  });
});
