// spdyproxy beside nghttpx and http-proxy: HTTP/2 and HTTP/1.1 in front, HTTP/1.1 behind; and SPDY/3.1 on either side. Load by h2load, that by
// SPDY by runLoad(). CPU time is that of the proxy alone; there is one of each, of one thread. What a bare proxy on Node's own modules takes
// is what no proxy on them can go below.
import { h2load } from '../support/h2load.mjs';
import { requestHeaders } from '../support/headers.mjs';
import { Host } from '../support/hosts.mjs';
import { field, interleave, median, ratio, spread, target } from '../support/measure.mjs';
import { requireProxyPeers, startBacks, startProxy } from '../support/proxies.mjs';

const AT_ONCE = 100;
const BODY = 65_536;

/** The program, and what is spoken in front of it. */
const ROWS = {
  'spdyproxy, h2': { proxy: 'spdyproxy', protocol: 'h2' },
  'nghttpx, h2': { proxy: 'nghttpx', protocol: 'h2' },
  'bare Node, h2': { proxy: 'bare Node, h2', protocol: 'h2' },
  'spdyproxy, http/1.1': { proxy: 'spdyproxy', protocol: 'http/1.1' },
  'nghttpx, http/1.1': { proxy: 'nghttpx', protocol: 'http/1.1' },
  'http-proxy, http/1.1': { proxy: 'http-proxy', protocol: 'http/1.1' },
  'bare Node, http/1.1': { proxy: 'bare Node, http/1.1', protocol: 'http/1.1' },
  'spdyproxy, SPDY/3.1': { proxy: 'spdyproxy', protocol: 'spdy/3.1' },
  'spdyproxy, h2 to SPDY/3.1': { proxy: 'spdyproxy to SPDY/3.1', protocol: 'h2' },
  'spdyproxy, SPDY/3.1 to SPDY/3.1': { proxy: 'spdyproxy to SPDY/3.1', protocol: 'spdy/3.1' },
};

const WORKS = {
  'empty GET': { path: '/empty', upload: false },
  'GET of 64 KiB': { path: `/bytes/${BODY}`, upload: false },
  'POST of 64 KiB': { path: '/bytes/0', upload: true },
};

/** A request of a browser; the length and the type of a body are told by whoever sends it. */
const HEADERS = requestHeaders(0).filter(([name]) => !name.startsWith(':'));

export async function run({ size, rounds }) {
  requireProxyPeers();
  const ms = size === 'quick' ? 200 : 1000;
  const backs = await startBacks();
  const generator = await Host.start(new URL('../support/load-client.mjs', import.meta.url));
  const proxies = {};
  try {
    // One for each row: what HTTP/1.1 makes of the code of a process is no matter of HTTP/2.
    for (const [row, { proxy }] of Object.entries(ROWS))
      proxies[row] = await startProxy(proxy, proxy.endsWith('SPDY/3.1') ? backs.spdy : backs.http1);
    const cases = {};
    for (const [work, { path, upload }] of Object.entries(WORKS))
      for (const [row, { protocol }] of Object.entries(ROWS)) {
        const send = protocol === 'spdy/3.1' ? sendBySpdy : sendByH2load;
        const file = upload ? backs.upload : null;
        cases[`${work}|${row}`] = () =>
          measure(proxies[row], (port) =>
            send({ generator, port, protocol, path, ms, upload: file }),
          );
      }
    const results = await interleave(cases, rounds, { warmUp: size === 'quick' ? 1 : 2 });
    return { tables: tablesOf(results), results, targets: targetsOf(results) };
  } finally {
    for (const proxy of Object.values(proxies)) proxy.stop();
    generator.stop();
    backs.stop();
  }
}

async function measure(proxy, send) {
  const before = await proxy.call('cpu');
  const { count, rate } = await send(proxy.port);
  return { rate, cpu: ((await proxy.call('cpu')) - before) / count };
}

function sendByH2load({ port, path, ...work }) {
  const url = `http://127.0.0.1:${port}${path}`;
  return h2load({ ...work, url, atOnce: AT_ONCE, headers: HEADERS });
}

async function sendBySpdy({ generator, port, path, ms, upload }) {
  const work = { port, path, ms, atOnce: AT_ONCE, headers: HEADERS };
  const { count, seconds } = await generator.call('generate', {
    ...work,
    upload: upload === null ? 0 : BODY,
  });
  return { count, rate: count / seconds };
}

function tablesOf(results) {
  return Object.keys(WORKS).map((work) => ({
    title: `Proxies, ${work}, TCP, ${AT_ONCE} at once`,
    columns: ['through', 'requests/s', 'of nghttpx, h2', 'spread %', 'CPU us', 'spread %'],
    rows: Object.keys(ROWS).map((row) => {
      const key = `${work}|${row}`;
      const [rates, cpu] = ['rate', 'cpu'].map((name) => field(results, key, name));
      return [
        row,
        ...[median(rates), ratio(results, key, `${work}|nghttpx, h2`, 'rate'), spread(rates)],
        ...[median(cpu), spread(cpu)],
      ];
    }),
  }));
}

function targetsOf(results) {
  const rate = (row, base) => ratio(results, `empty GET|${row}`, `empty GET|${base}`, 'rate');
  const work = `proxy, empty GET, ${AT_ONCE} at once, requests/s`;
  return [
    target(`${work}, h2`, rate('spdyproxy, h2', 'nghttpx, h2'), '>=', 0.5, 'x nghttpx'),
    target(
      `${work}, h2`,
      rate('spdyproxy, h2', 'http-proxy, http/1.1'),
      '>=',
      2,
      'x http-proxy by http/1.1',
    ),
    target(
      `${work}, http/1.1`,
      rate('spdyproxy, http/1.1', 'http-proxy, http/1.1'),
      '>=',
      2,
      'x http-proxy',
    ),
  ];
}
