import { expect } from 'chai';
import { countResults, junitXml } from '../../../lib/tools/conformance/report.ts';
import type { ConformanceResult } from '../../../lib/tools/conformance/result.ts';

const RESULT: ConformanceResult = {
  id: 'ping/1',
  section: 'SPDY/3 2.6.5',
  title: 'A PING is answered',
  level: 'must',
  version: 'spdy/3',
  outcome: 'passed',
  expected: '',
  received: '',
  sent: [],
  durationMs: 1500,
};
const FAILED: ConformanceResult = {
  ...RESULT,
  id: 'ping/2',
  outcome: 'failed',
  expected: '<this>',
  received: '"that" & \x1b',
};
const OTHER: ConformanceResult = { ...FAILED, level: 'should', version: 'spdy/2' };
const SKIPPED: ConformanceResult = { ...RESULT, id: 'ping/3', outcome: 'skipped', expected: 'why' };

describe('results of conformance', () => {
  it('are counted', () => {
    expect(countResults([RESULT, FAILED, SKIPPED, OTHER])).to.deep.equal({
      total: 4,
      passed: 1,
      failed: 2,
      failedMust: 1,
      skipped: 1,
    });
  });

  it("become JUnit's XML", () => {
    expect(junitXml([RESULT, FAILED, SKIPPED, OTHER]).split('\n')).to.deep.equal([
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites>',
      '<testsuite name="spdy/3" tests="3" failures="1" skipped="1">',
      '<testcase classname="ping/1" name="A PING is answered (SPDY/3 2.6.5)" time="1.5"/>',
      '<testcase classname="ping/2" name="A PING is answered (SPDY/3 2.6.5)" time="1.5"><failure message="expected &#60;this&#62;, got &#34;that&#34; &#38; ?"/></testcase>',
      '<testcase classname="ping/3" name="A PING is answered (SPDY/3 2.6.5)" time="1.5"><skipped message="why"/></testcase>',
      '</testsuite>',
      '<testsuite name="spdy/2" tests="1" failures="1" skipped="0">',
      '<testcase classname="ping/2" name="A PING is answered (SPDY/3 2.6.5)" time="1.5"><failure message="expected &#60;this&#62;, got &#34;that&#34; &#38; ?"/></testcase>',
      '</testsuite>',
      '</testsuites>',
      '',
    ]);
  });
});
