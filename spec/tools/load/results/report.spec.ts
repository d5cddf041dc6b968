import { expect } from 'chai';
import { loadReport } from '../../../../lib/tools/load/results/report.ts';
import { RESULT } from '../load-result.ts';

describe('loadReport()', () => {
  it('has the lines of h2load, then percentiles and reasons', () => {
    expect(loadReport(RESULT)).to.equal(`Application protocol: spdy/3.1
TLS: TLSv1.3 TLS_AES_256_GCM_SHA384

finished in 1.23s, 1000.13 req/s, 1.43MB/s
requests: 9 total, 8 started, 7 done, 6 succeeded, 5 failed, 4 errored, 3 timeout
status codes: 4 2xx, 3 3xx, 2 4xx, 1 5xx
traffic: 7.05KB (7224) total, 388B (388) headers (space savings 70.61%), 1000B (1000) data
                     min         max         mean         sd        +/- sd
time for request:       13us      1.25ms       125us        25us    66.67%
time for connect:     2.00ms    200.00ms     20.00ms      4.00ms    66.67%
time to 1st byte:    50.00ms       5.00s    500.00ms    100.00ms    66.67%
req/s           :    1943.22     1943.22     1943.22        0.00   100.00%

percentiles     :        50%       75%       90%       95%       99%     99.9%    99.99%
time for request:       13us      13us      13us      13us      13us      13us    1.25ms
time for connect:     2.00ms    2.00ms    2.00ms    2.00ms    2.00ms    2.00ms  200.00ms
time to 1st byte:    50.00ms   50.00ms   50.00ms   50.00ms   50.00ms   50.00ms     5.00s

errors:
         2 connect ECONNREFUSED
`);
  });

  it('has no savings where they are not known, and none where there is nothing', () => {
    const traffic = { ...RESULT.traffic, headers: null };
    const h2 = loadReport({ ...RESULT, traffic, tls: null, errors: [] });
    expect(h2).to.include('total, 1.29KB (1320) headers uncompressed, 1000B (1000) data');
    expect(h2).to.not.match(/TLS|errors/);
    const none = { total: 0, headers: 0, headersPlain: 0, data: 0 };
    const empty = loadReport({ ...RESULT, protocol: null, traffic: none });
    expect(empty).to.match(/^Application protocol: none\n/);
    expect(empty).to.include('0B (0) headers (space savings 0.00%)');
  });
});
