// The load generator, runLoad(), beside a plain loop over SpdyAgent, on the same server: what it takes itself is missing from what it measures.
import { Host } from '../support/hosts.mjs';
import { field, interleave, median, ratio, spread, target } from '../support/measure.mjs';
import { startPair } from '../support/pairs.mjs';

const AGENT = 'loop over SpdyAgent';
const LOAD = 'runLoad()';
const AT_ONCE = [1, 100];

export async function run({ size, rounds }) {
  const quick = size === 'quick';
  const pair = await startPair('createServer, agent');
  const generator = await Host.start(new URL('../support/load-client.mjs', import.meta.url));
  const ms = quick ? 100 : 400;
  const cases = {};
  for (const atOnce of AT_ONCE) {
    cases[`${atOnce}|${AGENT}`] = async () => {
      const { count, seconds, clientCpu, serverCpu } = await pair.work('requests', { atOnce, ms });
      return { rate: count / seconds, client: clientCpu / count, server: serverCpu / count };
    };
    cases[`${atOnce}|${LOAD}`] = () => generate(generator, pair.server, { atOnce, ms });
  }
  const results = await interleave(cases, rounds, { warmUp: quick ? 1 : 8, seconds: 60 });
  pair.close();
  generator.stop();
  return { tables: tablesOf(results), results, targets: targetsOf(results) };
}

async function generate(generator, server, work) {
  const cpu = () => Promise.all([generator.call('cpu'), server.call('cpu')]);
  const [client, served] = await cpu();
  const { count, seconds } = await generator.call('generate', { ...work, port: server.port });
  const [clientAfter, servedAfter] = await cpu();
  return {
    rate: count / seconds,
    client: (clientAfter - client) / count,
    server: (servedAfter - served) / count,
  };
}

function tablesOf(results) {
  return AT_ONCE.map((atOnce) => ({
    title: `Load on createServer, empty GET, TCP, ${atOnce} at once`,
    columns: ['by', 'requests/s', 'client us', 'server us', 'spread %'],
    rows: [AGENT, LOAD].map((kind) => {
      const value = (name) => median(field(results, `${atOnce}|${kind}`, name));
      const rates = field(results, `${atOnce}|${kind}`, 'rate');
      return [kind, value('rate'), value('client'), value('server'), spread(rates)];
    }),
  }));
}

function targetsOf(results) {
  const key = `100|${LOAD}`;
  const value = (name) => median(field(results, key, name));
  const work = 'runLoad(), empty GET, TCP, 100 at once';
  return [
    target(
      `${work}, requests for the same CPU`,
      1 / ratio(results, key, `100|${AGENT}`, 'client'),
      '>=',
      1.5,
      'x a loop over SpdyAgent',
    ),
    target(`${work}, client CPU`, value('client') / value('server'), '<=', 1, 'x createServer'),
  ];
}
