import { expect } from 'chai';
import { prepareHeaders } from '../../lib/framing/header-list.ts';
import { NameOrders } from '../../lib/framing/name-orders.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { SPDY2, SPDY3_1 } from '../../lib/protocol/version.ts';
import { createRandom } from '../support/shred.ts';

/** What a list becomes on the wire of SPDY/3, said simply. */
function expected(headers: HeaderList): [string, string][] {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const wire = name.toLowerCase();
    values.set(wire, [...(values.get(wire) ?? []), value]);
  }
  return [...values].map(([name, all]) => [name, all.join('\0')]);
}

describe('framing/name-orders', () => {
  it('does not change what becomes of headers, whatever came before', () => {
    const random = createRandom(5);
    for (let round = 0; round < 3000; round++) {
      const count = random.integer(0, 24);
      const few = random.integer(1, 30);
      const list: [string, string][] = Array.from({ length: count }, (_, at) => {
        const number = random.integer(0, 3) === 0 ? random.integer(0, few) : at;
        return [`${random.integer(0, 5) === 0 ? 'Name' : 'name'}-${number}`, `v${round}`];
      });
      expect(prepareHeaders(SPDY3_1, list, 'latin1')).to.deep.equal(expected(list));
    }
  });

  it('finds a name again behind many that came in a known order', () => {
    const list: [string, string][] = Array.from({ length: 20 }, (_, at) => [`many-${at}`, 'v']);
    for (let times = 0; times < 20; times++)
      expect(prepareHeaders(SPDY3_1, list, 'latin1')).to.deep.equal(list);
    const again: [string, string][] = [...list.slice(0, 18), ['many-3', 'w'], ['other', 'x']];
    expect(prepareHeaders(SPDY3_1, again, 'latin1')).to.deep.equal(expected(again));
  });

  it('checks the values of a list whose names are known', () => {
    const list = (value: string): HeaderList => [['checked-again', value]];
    for (let times = 0; times < 20; times++) prepareHeaders(SPDY3_1, list('good'), 'latin1');
    expect(() => prepareHeaders(SPDY3_1, list('bad\n'), 'latin1')).to.throw('checked-again');
    expect(() => prepareHeaders(SPDY3_1, list('\u0100'), 'latin1')).to.throw('checked-again');
  });

  it('keeps the names of SPDY/2 apart from those of SPDY/3', () => {
    const list: HeaderList = [[':method', 'GET']];
    for (let times = 0; times < 20; times++) {
      expect(prepareHeaders(SPDY2, list, 'latin1')).to.deep.equal([['method', 'GET']]);
      expect(prepareHeaders(SPDY3_1, list, 'latin1')).to.deep.equal(list);
    }
  });

  it('takes names for remembering now and then, and no long lists', () => {
    const orders = new NameOrders();
    const wanted = Array.from({ length: 16 }, () => orders.missed(3));
    expect(wanted.filter(Boolean)).to.have.length(2);
    expect(Array.from({ length: 16 }, () => orders.missed(65))).to.not.include(true);
    expect(orders.expected(3).wire).to.deep.equal([]);
    orders.remember(['A', 'b', 'c'], ['a', 'b', 'c']);
    expect(orders.expected(3)).to.deep.equal({ given: ['A', 'b', 'c'], wire: ['a', 'b', 'c'] });
  });

  it('remembers no list with a long name', () => {
    const list: HeaderList = [['n'.repeat(65), 'v']];
    for (let times = 0; times < 20; times++)
      expect(prepareHeaders(SPDY3_1, list, 'latin1')).to.deep.equal(list);
  });
});
