// The clients that programs use: SpdyAgent, fetch() and Node's own fetch() over SpdyDispatcher, on one server of ours; beside them http2
// and Node's own fetch() over undici. Judged by CPU time of the client when it is warm (eight rounds of 0.4 s do not count), and by the
// first requests of a fresh process, connecting and compiling included.
import { field, interleave, median, ratio, spread, target } from '../support/measure.mjs';
import { closePairs, startPair, startPairs } from '../support/pairs.mjs';

const OURS = ['createServer', 'createServer, agent', 'fetch', 'fetch of Node, SpdyDispatcher'];
const OTHERS = ['http2 compat', 'undici, http/1.1', 'undici, h2'];
const FRESH = [...OURS, 'http2 compat', 'undici, http/1.1'];
const FIRST = 1000;
const MANY = 90;

export async function run({ size, rounds }) {
  const quick = size === 'quick';
  // undici speaks HTTP/2 over TLS only.
  const all = {
    TCP: await startPairs([...OURS, ...OTHERS.filter((kind) => kind !== 'undici, h2')]),
    TLS: await startPairs([...OURS, ...OTHERS], { secure: true }),
  };
  const cases = {};
  for (const [transport, pairs] of Object.entries(all)) {
    for (const [kind, pair] of Object.entries(pairs)) {
      for (const atOnce of [1, MANY])
        cases[`${transport}, ${atOnce} at once|${kind}`] = () =>
          measure(pair, 'requests', { atOnce, ms: quick ? 50 : 400 });
    }
  }
  const results = await interleave(cases, rounds, { warmUp: quick ? 1 : 8, seconds: 180 });
  for (const pairs of Object.values(all)) closePairs(pairs);
  const fresh = {};
  for (const kind of FRESH)
    fresh[`first ${FIRST} requests, TCP, ${MANY} at once|${kind}`] = () => measureFresh(kind);
  Object.assign(results, await interleave(fresh, quick ? 1 : rounds, { warmUp: 0 }));
  return { tables: tablesOf(results), results, targets: targetsOf(results) };
}

async function measure(pair, name, work) {
  const { count, seconds, clientCpu, serverCpu } = await pair.work(name, work);
  return { rate: count / seconds, client: clientCpu / count, server: serverCpu / count };
}

async function measureFresh(kind) {
  const pair = await startPair(kind);
  const result = await measure(pair, 'first', { count: FIRST, atOnce: MANY });
  pair.close();
  return result;
}

function tablesOf(results) {
  const works = [...new Set(Object.keys(results).map((key) => key.split('|')[0]))];
  return works.map((work) => ({
    title: `Clients, empty GET, ${work}`,
    columns: [
      'through',
      'requests/s',
      'of http2',
      'client us',
      'of http2',
      'server us',
      'spread %',
    ],
    rows: [...OURS, ...OTHERS]
      .filter((kind) => results[`${work}|${kind}`] !== undefined)
      .map((kind) => {
        const key = `${work}|${kind}`;
        const value = (name) => median(field(results, key, name));
        const of = (name) => ratio(results, key, `${work}|http2 compat`, name);
        return [
          kind,
          ...[value('rate'), of('rate')],
          ...[value('client'), of('client')],
          ...[value('server'), spread(field(results, key, 'client'))],
        ];
      }),
  }));
}

function targetsOf(results) {
  const of = (work, kind, base, name) => ratio(results, `${work}|${kind}`, `${work}|${base}`, name);
  const [tcp, tls] = [`TCP, ${MANY} at once`, `TLS, ${MANY} at once`];
  const agent = 'createServer, agent';
  const fresh = `first ${FIRST} requests, TCP, ${MANY} at once`;
  return [
    target(
      `agent, ${tcp}, requests/s`,
      of(tcp, agent, 'http2 compat', 'rate'),
      '>=',
      2.2,
      'x http2',
    ),
    target(
      `agent, ${tcp}, client CPU`,
      median(field(results, `${tcp}|${agent}`, 'client')),
      '<=',
      20,
      'us',
    ),
    target(
      `agent, TCP, 1 at once, requests/s`,
      of('TCP, 1 at once', agent, 'http2 compat', 'rate'),
      '>=',
      1.2,
      'x http2',
    ),
    ...['fetch', 'fetch of Node, SpdyDispatcher'].flatMap((kind) => [
      target(
        `${kind}, ${tcp}, requests/s`,
        of(tcp, kind, 'undici, http/1.1', 'rate'),
        '>=',
        1.5,
        'x undici, http/1.1',
      ),
      target(
        `${kind}, ${tls}, requests/s`,
        of(tls, kind, 'undici, h2', 'rate'),
        '>=',
        1.5,
        'x undici, h2',
      ),
    ]),
    target(
      `agent, ${fresh}, client CPU`,
      of(fresh, agent, 'http2 compat', 'client'),
      '<=',
      2,
      'x http2',
    ),
  ];
}
