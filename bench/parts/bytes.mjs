// Bytes down one stream over loopback TCP, server and client in processes of their own, beside others in the same run.
import { start, timed } from '../support/clients.mjs';
import { interleave, median, spread } from '../support/measure.mjs';

const KINDS = ['raw', 'http2', 'spdy-transport', 'spdylay', 'SpdyStream'];
const MIB = 1 << 20;

export async function run({ quick }) {
  const mib = quick ? 32 : 512;
  const cases = {};
  const open = [];
  for (const kind of KINDS) {
    const peer = await start(kind);
    open.push(peer);
    cases[kind] = async () => {
      const { seconds, cpu } = await timed(peer, () => peer.download(mib * MIB));
      return { rate: mib / seconds, cpu: cpu / 1000 / (mib / 1024) };
    };
  }
  const results = await interleave(cases, quick ? 7 : 9, quick ? 3 : 1);
  for (const peer of open) peer.close();
  const rates = (kind) => results[kind].map(({ rate }) => rate);
  const cpu = (kind) => median(results[kind].map((result) => result.cpu));
  const rows = KINDS.map((kind) => [
    kind,
    median(rates(kind)),
    median(rates(kind)) / median(rates('raw')),
    median(rates(kind)) / median(rates('http2')),
    spread(rates(kind)),
    cpu(kind),
    cpu(kind) / cpu('http2'),
  ]);
  const columns = [
    'through',
    'MiB/s',
    'of raw socket',
    'of http2',
    'spread %',
    'CPU ms/GiB',
    'of http2',
  ];
  return { tables: [{ title: `${mib} MiB down one stream over TCP`, columns, rows }], results };
}
