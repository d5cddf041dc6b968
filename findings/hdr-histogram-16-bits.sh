#!/usr/bin/env bash
# hdr-histogram-js with 16-bit buckets counts 65,536 equal values as none, and its 100th percentile is more than its maximum.
#
# Software:       hdr-histogram-js 3.0.1, Node 20 or newer
# Behaviour:      with `bitBucketSize: 16` a bucket wraps at 65,536: total and maximum stay right, the percentiles are wrong. With every size
#                 getValueAtPercentile(100) is the upper end of the last bucket: above the greatest value that was recorded, and above maxValue.
# One would guess: that a full bucket stays full or throws, and that nothing is slower than the slowest. A load test of some minutes, whose fast answers
#                 are all alike, reports percentiles of nothing.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund hdr-histogram-js@3.0.1

cat > try.js <<'END'
import * as hdr from 'hdr-histogram-js';

for (const bitBucketSize of [16, 32, 'packed']) {
  const histogram = hdr.build({ bitBucketSize, highestTrackableValue: 1e9, numberOfSignificantValueDigits: 2 });
  for (let i = 0; i < 65_536; i++) histogram.recordValue(100);
  const of = (percentile) => histogram.getValueAtPercentile(percentile);
  console.log(`${bitBucketSize}: ${histogram.totalCount} values of 100: median ${of(50)}, maximum ${histogram.maxValue}`);
}
const histogram = hdr.build({ bitBucketSize: 32, highestTrackableValue: 1e9, numberOfSignificantValueDigits: 2 });
histogram.recordValue(1_000_001);
console.log(`one value of 1000001: 100th percentile ${histogram.getValueAtPercentile(100)}, maximum ${histogram.maxValue}`);
END

node try.js | tee seen
diff - seen <<'END'
16: 65536 values of 100: median 0, maximum 100
32: 65536 values of 100: median 100, maximum 100
packed: 65536 values of 100: median 100, maximum 100
one value of 1000001: 100th percentile 1003519, maximum 1000001
END
