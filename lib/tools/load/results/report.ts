import {
  LOAD_PERCENTILES,
  type LoadDistribution,
  type LoadResult,
  type LoadTimes,
} from './result.ts';

/** The result as text: as h2load prints it, percentiles and reasons of failures behind it. */
export function loadReport(result: LoadResult): string {
  const { requests, statuses, traffic, request, connect, firstByte, clientRates, errors } = result;
  const rate = result.requestsPerSecond.toFixed(2);
  const lines = [
    `Application protocol: ${result.protocol ?? 'none'}`,
    ...(result.tls === null ? [] : [`TLS: ${result.tls}`]),
    '',
    `finished in ${duration(result.durationMs)}, ${rate} req/s, ${size(result.bytesPerSecond)}B/s`,
    `requests: ${requests.total} total, ${requests.started} started, ${requests.done} done, ${requests.succeeded} succeeded, ${requests.failed} failed, ${requests.errored} errored, ${requests.timeout} timeout`,
    `status codes: ${(['2xx', '3xx', '4xx', '5xx'] as const).map((name) => `${statuses[name]} ${name}`).join(', ')}`,
    `traffic: ${bytes(traffic.total)} total, ${headerText(traffic)}, ${bytes(traffic.data)} data`,
    '                     min         max         mean         sd        +/- sd',
    `time for request: ${row(request, duration)}`,
    `time for connect: ${row(connect, duration)}`,
    `time to 1st byte: ${row(firstByte, duration)}`,
    `req/s           : ${row(clientRates, (rate) => rate.toFixed(2))}`,
    '',
    `percentiles     : ${LOAD_PERCENTILES.map((name) => `${name}%`.padStart(10)).join('')}`,
    `time for request: ${percentiles(request)}`,
    `time for connect: ${percentiles(connect)}`,
    `time to 1st byte: ${percentiles(firstByte)}`,
  ];
  if (errors.length > 0) lines.push('', 'errors:');
  for (const { message, count } of errors) lines.push(`${String(count).padStart(10)} ${message}`);
  return `${lines.join('\n')}\n`;
}

function headerText({ headers, headersPlain }: LoadResult['traffic']): string {
  if (headers === null) return `${bytes(headersPlain)} headers uncompressed`;
  const savings = headersPlain > 0 ? (1 - headers / headersPlain) * 100 : 0;
  return `${bytes(headers)} headers (space savings ${savings.toFixed(2)}%)`;
}

function row(
  { min, max, mean, sd, withinSd }: LoadDistribution,
  text: (value: number) => string,
): string {
  const columns = [min, max, mean, sd].map((value) => text(value).padStart(10)).join('  ');
  return `${columns}${(withinSd * 100).toFixed(2).padStart(9)}%`;
}

function percentiles({ percentiles }: LoadTimes): string {
  return LOAD_PERCENTILES.map((name) => duration(percentiles[name]).padStart(10)).join('');
}

/** `12us`, `1.20ms`, `1.20s`. */
export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)}us`;
  return ms < 1000 ? `${ms.toFixed(2)}ms` : `${(ms / 1000).toFixed(2)}s`;
}

/** `7.05KB (7224)`. */
function bytes(count: number): string {
  return `${size(count)}B (${count})`;
}

function size(count: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return unit === 0 ? String(Math.round(value)) : `${value.toFixed(2)}${units[unit]}`;
}
