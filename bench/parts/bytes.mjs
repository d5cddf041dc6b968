// Bytes down one stream over loopback TCP, server and client in processes of their own, beside others in the same run.
import { start } from '../support/clients.mjs';
import { interleave, median, spread } from '../support/measure.mjs';

const KINDS = ['raw', 'http2', 'spdy-transport', 'spdylay'];
const MIB = 1 << 20;

export async function run({ quick }) {
  const length = (quick ? 32 : 512) * MIB;
  const cases = {};
  const open = [];
  for (const kind of KINDS) {
    const peer = await start(kind);
    open.push(peer);
    cases[kind] = async () => {
      const started = performance.now();
      await peer.download(length);
      return (length / MIB / (performance.now() - started)) * 1000;
    };
  }
  const results = await interleave(cases, quick ? 5 : 7);
  for (const peer of open) peer.close();
  const of = (kind) => median(results[kind]);
  const rows = KINDS.map((kind) => [
    kind,
    of(kind),
    of(kind) / of('raw'),
    of(kind) / of('http2'),
    spread(results[kind]),
  ]);
  const columns = ['through', 'MiB/s', 'of raw socket', 'of http2', 'spread %'];
  return {
    tables: [{ title: `${length / MIB} MiB down one stream over TCP`, columns, rows }],
    results,
  };
}
