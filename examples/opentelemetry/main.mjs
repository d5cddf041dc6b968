// Spans of OpenTelemetry for requests over SPDY, on both sides: fetch(), get(), Node's own fetch(), and a server, with the trace carried on by
// `traceparent`. After npm run build: npm ci --prefix examples/opentelemetry && node examples/opentelemetry/main.mjs
// The exit code is 1 if a span is missing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { SpanKind, trace } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { createServer, fetch, get, SpdyAgent, SpdyDispatcher } from '../../build/lib/index.js';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
registerInstrumentations({
  instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()],
});
// In a program of ES modules without OpenTelemetry's loader: the instrumentation comes into force when the module is required.
createRequire(import.meta.url)('http');

const tracer = trace.getTracer('example');
const server = createServer({ tls: false, version: 'spdy/3.1' }, (_request, response) => {
  tracer.startActiveSpan('work', (span) => {
    span.end();
    response.end(`trace ${trace.getActiveSpan().spanContext().traceId}`);
  });
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}/page`;
const agent = new SpdyAgent({ version: 'spdy/3.1' });

async function show(name, ask) {
  exporter.reset();
  const answer = await tracer.startActiveSpan(name, async (span) => {
    const response = await ask();
    const text = await response.text();
    span.end();
    return text;
  });
  // The server's span ends when it knows that its response has left.
  while (exporter.getFinishedSpans().length < 4) await new Promise((next) => setImmediate(next));
  const spans = exporter.getFinishedSpans();
  const [traceId] = new Set(spans.map((span) => span.spanContext().traceId));
  assert.ok(spans.every((span) => span.spanContext().traceId === traceId));
  assert.equal(answer, `trace ${traceId}`);
  const kinds = spans.map((span) => `${SpanKind[span.kind]} ${span.name}`).sort();
  assert.deepEqual(kinds, ['CLIENT GET', 'INTERNAL work', 'SERVER GET', `INTERNAL ${name}`].sort());
  console.log(`${name}: ${kinds.join(', ')}, all of one trace`);
}

await show('fetch of spdylay', () => fetch(url, { agent }));
await show('request', async () => {
  const [response] = await once(get(url, { agent }), 'response');
  return new Response(response);
});
await show('fetch of Node', () => globalThis.fetch(url, { dispatcher: new SpdyDispatcher(agent) }));

await agent.close();
server.close();
await provider.shutdown();
