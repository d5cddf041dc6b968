// Opens and cuts connections with streams at random bytes, and fails if the heap grows: node --expose-gc scripts/soak.mjs [CONNECTIONS [STREAMS]].
// By default 100,000 connections with 10 streams each, over loopback; it takes about a quarter of an hour. Compile first.
import { cutConnections } from '../build/spec/support/cut-connections.js';

const [connections = 100_000, streams = 10] = process.argv.slice(2).map(Number);
/** Measured so often. */
const STEPS = 10;
/** Bytes by which the heap may be larger at the end than after the first step. */
const GROWTH = 8 << 20;

if (globalThis.gc === undefined) {
  console.error('run it with node --expose-gc');
  process.exit(2);
}

const heaps = [];

function measure(count) {
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  heaps.push(heapUsed);
  const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);
  console.log(`${count} connections: heap ${mib(heapUsed)} MiB, RSS ${mib(rss)} MiB`);
}

const counts = await cutConnections({
  connections,
  streams,
  parallel: 20,
  random: Math.random,
  progress: (count) => count % Math.ceil(connections / STEPS) === 0 && measure(count),
});
console.log(counts);
const flat = heaps.at(-1) - heaps[0] <= GROWTH;
const ended =
  counts.closed === counts.opened && counts.closedTwice === 0 && counts.sessionsLeft === 0;
if (!flat) console.error('the heap has grown');
if (!ended) console.error('a stream has not ended once');
process.exitCode = flat && ended ? 0 : 1;
