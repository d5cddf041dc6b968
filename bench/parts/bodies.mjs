// Bodies over loopback, server and client in separate processes: large ones down, up and both ways, 100 at once with priorities,
// one in many small writes. Everything large is written in pieces of 64 KiB.
import { field, interleave, median, ratio, spread, target } from '../support/measure.mjs';
import { closePairs, startPair, startPairs } from '../support/pairs.mjs';

const MIB = 1 << 20;
const DEFAULTS = ' (default windows)';
const COMPARED = ['raw', 'http2', 'spdy-transport', 'Session', 'SpdyStream'];
const DOWN = [...COMPARED, 'http/1.1', 'createServer', `http2${DEFAULTS}`, `SpdyStream${DEFAULTS}`];
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
  const mib = size === 'quick' ? 8 : 512;
  const [each, tiny] = size === 'quick' ? [MIB >> 5, MIB >> 3] : [MIB, 4 * MIB];
  const works = [
    work(`${mib} MiB down one stream`, 'TCP', DOWN, mib, 'transfer', { down: mib * MIB }),
    work(`${mib} MiB up one stream`, 'TCP', COMPARED, mib, 'transfer', { up: mib * MIB }),
  ];
  const duplex = { down: mib * MIB, up: mib * MIB };
  if (size !== 'targets') {
    const streams = COMPARED.slice(1);
    const small = ['raw', 'http2', 'http/1.1', 'spdy-transport', 'Session', 'SpdyStream'];
    const secure = ['raw', 'http2', 'SpdyStream'];
    works.push(
      work(`${mib} MiB down and up at once`, 'TCP', COMPARED, 2 * mib, 'transfer', duplex),
      work(
        '100 streams down at once, in all priorities',
        'TCP',
        streams,
        (100 * each) / MIB,
        'many',
        {
          streams: 100,
          length: each,
        },
      ),
      work('writes of 100 bytes down one stream', 'TCP', small, tiny / MIB, 'transfer', {
        down: tiny,
        tiny: true,
      }),
      work(`${mib} MiB down one stream`, 'TLS', secure, mib, 'transfer', { down: mib * MIB }),
      work(`${mib} MiB up one stream`, 'TLS', secure, mib, 'transfer', { up: mib * MIB }),
    );
  }
  const all = { TCP: await startAll(DOWN), TLS: {} };
  if (size !== 'targets')
    all.TLS = await startPairs(['raw', 'http2', 'SpdyStream'], { secure: true });
  const cases = {};
  for (const { title, transport, kinds, amount, call } of works) {
    for (const kind of kinds)
      cases[`${title}|${kind}`] = () => measure(all[transport][kind], amount, call);
  }
  const results = await interleave(cases, size === 'quick' ? rounds : Math.min(rounds, 5));
  for (const pairs of Object.values(all)) closePairs(pairs);
  return {
    tables: works.map(({ title, kinds }) => tableOf(results, title, kinds)),
    results,
    targets: works.slice(0, 2).flatMap(({ title }) => targetsOf(results, title)),
  };
}

/** A table: one call of client.mjs, on several kinds, that moves `amount` MiB. */
function work(title, transport, kinds, amount, ...call) {
  return { title: `${title}, ${transport}`, transport, kinds, amount, call };
}

async function startAll(kinds) {
  const pairs = {};
  for (const kind of kinds) {
    const defaultWindows = kind.endsWith(DEFAULTS);
    pairs[kind] = await startPair(kind.replace(DEFAULTS, ''), { defaultWindows });
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

function targetsOf(results, title) {
  const of = (base) => ratio(results, `${title}|SpdyStream`, `${title}|${base}`, 'rate');
  return [
    target(title, of('http2'), '>=', 1, 'x http2'),
    target(title, of('raw'), '>=', 0.85, 'x raw socket'),
  ];
}
