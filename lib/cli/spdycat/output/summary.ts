import type { RequestRecord } from './statistics.ts';

/** What `--multiply` comes to, in three lines; null without a response. */
export function summaryText(records: readonly RequestRecord[]): string | null {
  const own = records.filter(({ pushed }) => !pushed);
  const times = own
    .filter(({ error, times: { completed } }) => error === null && completed !== null)
    .map(({ times: { sent, begun, completed } }) => (completed as number) - (sent ?? begun))
    .sort((a, b) => a - b);
  if (times.length === 0) return null;
  const first = Math.min(...own.map(({ times: { begun } }) => begun));
  const last = Math.max(...own.map(({ times: { completed, begun } }) => completed ?? begun));
  const seconds = Math.max(0.001, (last - first) / 1000);
  const bytes = own.reduce((sum, record) => sum + record.bytes, 0);
  const statuses = new Map<number, number>();
  for (const { status } of own) {
    if (status !== null) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  const failed = own.length - times.length;
  const counted = [...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${n} x ${status}`);
  const at = (share: number): string => milliseconds(times, Math.ceil(share * times.length) - 1);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  return [
    `${own.length} requests in ${seconds.toFixed(2)} s: ${rate(own.length / seconds)} a second, ${failed} failed; ${counted.join(', ')}`,
    `time of a request (ms): least ${at(0)}, mean ${mean.toFixed(1)}, median ${at(0.5)}, 95% ${at(0.95)}, 99% ${at(0.99)}, most ${at(1)}`,
    `bodies: ${bytes} bytes, ${rate(bytes / seconds)} a second`,
    '',
  ].join('\n');
}

function milliseconds(sorted: readonly number[], index: number): string {
  return (sorted[Math.max(0, index)] as number).toFixed(1);
}

function rate(value: number): string {
  return value < 100 ? value.toFixed(1) : String(Math.round(value));
}
