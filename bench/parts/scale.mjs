// What a request costs while many other streams are open and idle, each number of them in a process of its own. It must not depend
// on their number.
import { Host } from '../support/hosts.mjs';
import { interleave, median, spread, target } from '../support/measure.mjs';

const IDLE_STREAMS = [10, 1000, 10_000, 100_000];
const MOST = { 10000: 1.2, 100000: 1.5 };

export async function run({ quick, rounds }) {
  const requests = quick ? 2000 : 10_000;
  const counts = quick ? IDLE_STREAMS.slice(0, -1) : IDLE_STREAMS;
  const cases = {};
  const hosts = [];
  for (const idle of counts) {
    const host = await Host.start(new URL('../support/idle-engines.mjs', import.meta.url));
    hosts.push(host);
    await host.call('open', idle);
    cases[idle] = () => host.call('exchange', requests);
  }
  const results = await interleave(cases, 2 * rounds - 1, { warmUp: 2 });
  for (const host of hosts) host.stop();
  const ratio = (idle) => median(results[idle]) / median(results[counts[0]]);
  const rows = counts.map((idle) => [
    String(idle),
    median(results[idle]),
    ratio(idle),
    spread(results[idle]),
  ]);
  return {
    tables: [
      {
        title: 'Cost of a request beside open, idle streams (engine pair, spdy/3.1)',
        columns: ['idle streams', 'CPU us per exchange', 'ratio', 'spread %'],
        rows,
      },
    ],
    results,
    targets: counts
      .filter((idle) => MOST[idle])
      .map((idle) =>
        target(
          `cost of a request beside ${idle} open streams`,
          ratio(idle),
          '<=',
          MOST[idle],
          'x that beside 10',
        ),
      ),
  };
}
