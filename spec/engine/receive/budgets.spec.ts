import { expect } from 'chai';
import { resolveOptions } from '../../../lib/engine/options/options.ts';
import { Budgets, RateBudget } from '../../../lib/engine/receive/budgets.ts';
import { SERVER } from '../../../lib/protocol/constants.ts';

/** How many events a budget allows now, up to `most`. */
function allowed(budget: RateBudget, most = 100): number {
  for (let events = 0; events < most; events++) if (!budget.spend()) return events;
  return most;
}

describe('engine/receive/budgets', () => {
  describe('RateBudget', () => {
    it('allows a burst, then as many events per second as it was given', () => {
      let now = 1000;
      const budget = new RateBudget({ burst: 5, perSecond: 2 }, () => now);
      expect(allowed(budget)).to.equal(5);
      now += 499;
      expect(allowed(budget)).to.equal(0);
      now += 1;
      expect(allowed(budget)).to.equal(1);
      now += 1000;
      expect(allowed(budget)).to.equal(2);
    });

    it('keeps fractions of an event for later', () => {
      let now = 0;
      const budget = new RateBudget({ burst: 1, perSecond: 1 }, () => now);
      budget.spend();
      for (const [at, result] of [
        [400, false],
        [800, false],
        [1000, true],
        [1999, false],
        [2000, true],
      ] as const) {
        now = at;
        expect(budget.spend(), `at ${at}`).to.equal(result);
      }
    });

    it('saves up no more than the burst', () => {
      let now = 0;
      const budget = new RateBudget({ burst: 3, perSecond: 10 }, () => now);
      allowed(budget);
      now = 1_000_000;
      expect(allowed(budget)).to.equal(3);
      budget.earn(100);
      expect(allowed(budget)).to.equal(3);
    });

    it('can be given more events', () => {
      const budget = new RateBudget({ burst: 10, perSecond: 0 }, () => 0);
      expect(allowed(budget)).to.equal(10);
      budget.earn(4);
      expect(allowed(budget)).to.equal(4);
    });

    it('allows nothing at all with a burst of 0', () => {
      let now = 0;
      const budget = new RateBudget({ burst: 0, perSecond: 1000 }, () => now);
      now = 1000;
      expect(budget.spend()).to.equal(false);
    });

    it('spends more than one at once; what exceeds the burst takes all of it and leaves a debt', () => {
      let now = 0;
      const budget = new RateBudget({ burst: 10, perSecond: 10 }, () => now);
      expect([budget.spend(7), budget.spend(4), budget.spend(3)]).to.deep.equal([
        true,
        false,
        true,
      ]);
      now = 999;
      expect(budget.spend(25)).to.equal(false);
      now = 1000;
      expect(budget.spend(25)).to.equal(true);
      now = 2000;
      expect(budget.spend()).to.equal(false);
      now = 2600;
      expect(budget.spend()).to.equal(true);
    });

    it('limits nothing without a clock', () => {
      expect(allowed(new RateBudget({ burst: 2, perSecond: 0 }, null))).to.equal(100);
    });

    it('reads the clock only when it is made and when the burst is used up', () => {
      let reads = 0;
      const budget = new RateBudget({ burst: 3, perSecond: 0 }, () => ++reads);
      for (let events = 0; events < 3; events++) budget.spend();
      expect(reads).to.equal(1);
      budget.spend();
      expect(reads).to.equal(2);
    });
  });

  it('Budgets takes each rate from its own option', () => {
    const rate = (burst: number): { burst: number; perSecond: number } => ({ burst, perSecond: 0 });
    const options = resolveOptions(SERVER, {
      streamResetRate: rate(1),
      settingsRate: rate(2),
      pingRate: rate(3),
      emptyDataRate: rate(4),
      windowUpdateRate: rate(5),
      goawayRate: rate(6),
      headerRate: rate(7),
      now: () => 0,
    });
    const budgets = new Budgets(options);
    const { streamResets, settings, pings, emptyFrames, windowUpdates, goaways, headers } = budgets;
    const all = [streamResets, settings, pings, emptyFrames, windowUpdates, goaways, headers];
    expect(all.map((budget) => allowed(budget))).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
  });
});
