import type { Gauge as GaugeType, Registry as RegistryType } from 'prom-client';
import { loadPackage } from '../../common/packages.ts';
import type { SpdyProxy } from '../../tools/index.ts';

/** What there is to be measured, in the text form of Prometheus. */
export interface Metrics {
  /** Media type of the text. */
  readonly contentType: string;
  text(): Promise<string>;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

/** Measures a proxy, from now on. */
export async function measure(proxy: SpdyProxy): Promise<Metrics> {
  const { Registry, Counter, Gauge, Histogram, collectDefaultMetrics, AggregatorRegistry } =
    await load();
  const registry: RegistryType = new Registry();
  const registers = [registry];
  AggregatorRegistry.setRegistries(registers);
  // Where this is a worker, it listens for questions of its leader.
  new AggregatorRegistry();
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `spdyproxy_${name}`, help, labelNames, registers });
  const requests = counter('requests_total', 'Requests that are over', 'protocol', 'status');
  const broken = counter('broken_total', 'Answers that were not whole');
  const refused = counter(
    'refused_total',
    'Requests that were answered 400, and connections beyond the limit of a client',
  );
  const received = counter('received_bytes_total', 'Bytes of request bodies');
  const sent = counter('sent_bytes_total', 'Bytes of response bodies');
  const seconds = new Histogram({
    name: 'spdyproxy_request_seconds',
    help: 'From the head of a request to the end of its answer',
    labelNames: ['protocol'],
    buckets: SECONDS,
    registers,
  });
  proxy.on('exchange', ({ request, status, error, milliseconds, ...bytes }) => {
    const { protocol } = request;
    requests.inc({ protocol, status: status ?? 'none' });
    if (error !== null) broken.inc();
    received.inc(bytes.received);
    sent.inc(bytes.sent);
    seconds.observe({ protocol }, milliseconds / 1000);
  });
  proxy.on('refused', () => refused.inc());
  const active: GaugeType = new Gauge({
    name: 'spdyproxy_active',
    help: 'Requests under way',
    registers,
    collect: () => active.set(proxy.active),
  });
  for (const [name, value] of [
    ['in_service', (it: BackFacts) => Number(it.inService)],
    ['active', (it: BackFacts) => it.active],
    ['requests', (it: BackFacts) => it.requests],
    ['failures', (it: BackFacts) => it.failures],
  ] as const) {
    const gauge: GaugeType = new Gauge({
      name: `spdyproxy_back_${name}`,
      help: `Of each back: ${name}`,
      labelNames: ['back'],
      registers,
      collect: () => {
        gauge.reset();
        for (const back of proxy.statistics) gauge.set({ back: back.name }, value(back));
      },
    });
  }
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

type BackFacts = SpdyProxy['statistics'][number];

/** What all workers have measured, together. They are asked when `ready()` says that all of them hear it. */
export async function measureWorkers(ready: () => Promise<void>): Promise<Metrics> {
  const { AggregatorRegistry } = await load();
  const registry = new AggregatorRegistry();
  const text = async (): Promise<string> => {
    await ready();
    return registry.clusterMetrics();
  };
  return { contentType: registry.contentType, text };
}

function load(): Promise<typeof import('prom-client')> {
  return loadPackage('prom-client', '/metrics', () => import('prom-client'));
}
