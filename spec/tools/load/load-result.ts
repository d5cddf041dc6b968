import type { LoadResult, LoadTimes } from '../../../lib/tools/load/results/result.ts';

function times(ms: number): LoadTimes {
  const [min, max, mean, sd] = [ms, ms * 100, ms * 10, ms * 2];
  const percentiles = {
    '50': ms,
    '75': ms,
    '90': ms,
    '95': ms,
    '99': ms,
    '99.9': ms,
    '99.99': max,
  };
  return { count: 3, min, max, mean, sd, withinSd: 2 / 3, percentiles };
}

/** A result, with a number of its own in each place. */
export const RESULT: LoadResult = {
  protocol: 'spdy/3.1',
  tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
  durationMs: 1234.5,
  requestsPerSecond: 1000.126,
  bytesPerSecond: 1_500_000,
  requests: { total: 9, started: 8, done: 7, succeeded: 6, failed: 5, errored: 4, timeout: 3 },
  statuses: { '1xx': 0, '2xx': 4, '3xx': 3, '4xx': 2, '5xx': 1 },
  traffic: { total: 7224, headers: 388, headersPlain: 1320, data: 1000 },
  connections: 3,
  request: times(0.0125),
  curve: [
    [0, 0.01],
    [50, 0.0125],
    [90, 0.5],
    [100, 1.25],
  ],
  timeline: {
    intervalMs: 800,
    intervals: [
      { at: 0, answers: 5, errors: 3, median: 0.0125, p99: 1, max: 1.25 },
      { at: 800, answers: 2, errors: 1, median: 0.011, p99: 0.5, max: 0.5 },
    ],
  },
  connect: times(2),
  firstByte: times(50),
  clientRates: { count: 1, min: 1943.224, max: 1943.224, mean: 1943.224, sd: 0, withinSd: 1 },
  errors: [{ message: 'connect ECONNREFUSED', count: 2 }],
};
