// Bodies over loopback, server and client in separate processes: large ones down, up and both ways, 100 at once with priorities,
// one in many small writes. Everything large is written in pieces of 64 KiB.
import { field, interleave, median, ratio, spread, target } from '../support/measure.mjs';
import { closePairs, startPair, startPairs } from '../support/pairs.mjs';

const MIB = 1 << 20;
const DEFAULTS = ' (default windows)';
const MAIN = ['raw', 'http2', 'SpdyStream'];
const COMPARED = [...MAIN, 'Session', 'spdy-transport'];
const DOWN = [...COMPARED, 'http/1.1', 'createServer', `http2${DEFAULTS}`, `SpdyStream${DEFAULTS}`];
const SMALL_WRITES = [...COMPARED, 'http/1.1'];
/** What a SpdyStream has to reach beside http2: MiB/s at least, CPU time of both ends at most. */
const BULK = { rate: 1.2, both: 0.75 };
const BULK_TLS = { both: 0.9 };
const SMALL = { rate: 1.4 };
const COLUMNS = [
  'through',
  'MiB/s',
  'of raw',
  'of http2',
  'spread %',
  'client ms/GiB',
  'server ms/GiB',
  'both of http2',
];

export async function run({ size, rounds }) {
  const works = worksOf(size);
  const secure = works.some(({ transport }) => transport === 'TLS');
  const all = {
    TCP: await startAll(size === 'full' ? DOWN : MAIN),
    TLS: secure ? await startPairs(MAIN, { secure, steady: true }) : {},
  };
  const cases = {};
  for (const { title, transport, kinds, amount, call } of works) {
    for (const kind of kinds)
      cases[`${title}|${kind}`] = () => measure(all[transport][kind], amount, call);
  }
  const results = await interleave(cases, Math.min(rounds, 5));
  for (const pairs of Object.values(all)) closePairs(pairs);
  return {
    tables: works.map(({ title, kinds }) => tableOf(results, title, kinds)),
    results,
    targets: works.flatMap(({ title, limits }) => targetsOf(results, title, limits)),
  };
}

/** What there is to do: without `full` only by the main kinds; for the targets only what they need. */
function worksOf(size) {
  const quick = size === 'quick';
  const pick = (kinds) => (size === 'full' ? kinds : MAIN);
  const mib = quick ? 4 : 512;
  const down = { down: mib * MIB };
  const up = { up: mib * MIB };
  const works = [
    work(`${mib} MiB down one stream`, 'TCP', pick(DOWN), mib, 'transfer', down, BULK),
    work(`${mib} MiB up one stream`, 'TCP', pick(COMPARED), mib, 'transfer', up, BULK),
  ];
  if (size === 'targets') return works;
  const each = { streams: 100, length: quick ? MIB >> 6 : 4 * MIB };
  const tiny = { down: quick ? MIB >> 3 : 32 * MIB, tiny: true };
  const both = { ...down, ...up };
  // spdy-transport resets streams of its own (INVALID_STREAM) when many large ones end at once.
  const streams = pick(['http2', 'SpdyStream', 'Session']).filter((kind) => kind !== 'raw');
  const total = (100 * each.length) / MIB;
  const small = tiny.down / MIB;
  return [
    ...works,
    work(`${mib} MiB down and up at once`, 'TCP', pick(COMPARED), 2 * mib, 'transfer', both),
    work('100 streams down, in all priorities', 'TCP', streams, total, 'many', each, SMALL),
    work(
      'writes of 100 bytes down one stream',
      'TCP',
      pick(SMALL_WRITES),
      small,
      'transfer',
      tiny,
      SMALL,
    ),
    work(`${mib} MiB down one stream`, 'TLS', MAIN, mib, 'transfer', down, BULK_TLS),
    work(`${mib} MiB up one stream`, 'TLS', MAIN, mib, 'transfer', up, BULK_TLS),
  ];
}

/** A table: one call of client.mjs, on several kinds, that moves `amount` MiB. */
function work(title, transport, kinds, amount, name, options, limits = {}) {
  return {
    title: `${title}, ${transport}`,
    transport,
    kinds,
    amount,
    call: [name, options],
    limits,
  };
}

async function startAll(kinds) {
  const pairs = {};
  for (const kind of kinds) {
    const defaultWindows = kind.endsWith(DEFAULTS);
    pairs[kind] = await startPair(kind.replace(DEFAULTS, ''), { defaultWindows, steady: true });
  }
  return pairs;
}

async function measure(pair, amount, call) {
  const { seconds, clientCpu, serverCpu } = await pair.work(...call);
  const perGib = 1024 / amount / 1000;
  const [client, server] = [clientCpu * perGib, serverCpu * perGib];
  return { rate: amount / seconds, client, server, both: client + server };
}

function tableOf(results, title, kinds) {
  const keyOf = (kind) => `${title}|${kind}`;
  const rows = kinds.map((kind) => [
    kind,
    median(field(results, keyOf(kind), 'rate')),
    ratio(results, keyOf(kind), keyOf('raw'), 'rate'),
    ratio(results, keyOf(kind), keyOf('http2'), 'rate'),
    spread(field(results, keyOf(kind), 'rate')),
    median(field(results, keyOf(kind), 'client')),
    median(field(results, keyOf(kind), 'server')),
    ratio(results, keyOf(kind), keyOf('http2'), 'both'),
  ]);
  return { title, columns: COLUMNS, rows };
}

function targetsOf(results, title, { rate, both }) {
  const of = (key) => ratio(results, `${title}|SpdyStream`, `${title}|http2`, key);
  const targets = [];
  if (rate !== undefined)
    targets.push(target(`${title}, MiB/s`, of('rate'), '>=', rate, 'x http2'));
  if (both !== undefined)
    targets.push(target(`${title}, CPU of both ends`, of('both'), '<=', both, 'x http2'));
  return targets;
}
