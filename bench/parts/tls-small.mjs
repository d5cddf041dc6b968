// Small requests over TLS, where much of the time is that of OpenSSL and of what carries the bytes to it. Judged by CPU time of both ends.
import { field, median, target } from '../support/measure.mjs';
import { keyOf, measureGroups } from '../support/small-requests.mjs';

const QUICK = [['TLS', 'GET', 1, [100]]];
const TARGETS = [['TLS', 'GET', 1, [1, 100]]];
const FULL = [
  ['TLS', 'GET', 1, [1, 10, 100]],
  ['TLS', 'POST', 1, [1, 100]],
];

export async function run(context) {
  const groups = { quick: QUICK, targets: TARGETS, full: FULL }[context.size];
  const { tables, results } = await measureGroups(groups, context);
  const both = (kind) => {
    const key = keyOf('TLS', 'GET', 1, kind, 100);
    return median(field(results, key, 'client')) + median(field(results, key, 'server'));
  };
  const targets = [
    ['SpdyStream', 'http2'],
    ['createServer', 'http2 compat'],
  ].map(([kind, base]) => {
    const work = `empty GET, TLS, 100 at once, ${kind}: CPU of both ends`;
    return target(work, both(kind) / both(base), '<=', 0.9, `x ${base}`);
  });
  return { tables, results, targets };
}
