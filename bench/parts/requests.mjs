// Small requests over TCP: the stream API and the HTTP layer, each beside what Node has.
import { foreignKinds } from '../support/foreign.mjs';
import { ratio, target } from '../support/measure.mjs';
import { keyOf, measureGroups } from '../support/small-requests.mjs';

const QUICK = [
  ['TCP', 'GET', 1, [1, 100]],
  ['TCP', 'POST', 10, [100]],
];
const TARGETS = [['TCP', 'GET', 1, [1, 100]]];
const FULL = [
  ['TCP', 'GET', 1, [1, 10, 100, 1000]],
  ['TCP', 'GET', 10, [10, 100, 1000]],
  ['TCP', 'POST', 1, [1, 10, 100, 1000]],
  ['TCP', 'POST', 10, [10, 100, 1000]],
];

export async function run(context) {
  const groups = { quick: QUICK, targets: TARGETS, full: FULL }[context.size];
  const { tables, results } = await measureGroups(groups, context, foreignKinds());
  return { tables, results, targets: targetsOf(results) };
}

function targetsOf(results) {
  const against = (kind, base, atOnce, key) =>
    ratio(results, keyOf('TCP', 'GET', 1, kind, atOnce), keyOf('TCP', 'GET', 1, base, atOnce), key);
  const get = 'empty GET, 1 connection, TCP';
  const hundred = `${get}, 100 streams`;
  const cpu = 'server CPU per request, 100 streams';
  return [
    [`${hundred}, stream API`, 'SpdyStream', 'http2', 100, 'rate', 2],
    [`${hundred}, stream API`, 'SpdyStream', 'spdy-transport', 100, 'rate', 6],
    [`${hundred}, HTTP layer`, 'createServer', 'http2 compat', 100, 'rate', 1.3],
    [`${get}, 1 stream at a time, stream API`, 'SpdyStream', 'http2', 1, 'rate', 1.5],
    [`${cpu}, stream API`, 'SpdyStream', 'http2', 100, 'server', 0.6],
    [`${cpu}, HTTP layer`, 'createServer', 'http2 compat', 100, 'server', 0.6],
  ].map(([work, kind, base, atOnce, key, wanted]) => {
    const measured = against(kind, base, atOnce, key);
    return target(work, measured, key === 'rate' ? '>=' : '<=', wanted, `x ${base}`);
  });
}
