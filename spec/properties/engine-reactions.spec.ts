import * as fc from 'fast-check';
import { CLIENT, SERVER } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../lib/protocol/version.ts';
import { Comparison, sequences } from './engine-comparison.ts';
import { fatalFrames } from './engine-peer.ts';

const { PROPERTY_RUNS = '40' } = process.env;
const RUNS = Number(PROPERTY_RUNS);
const sides = fc.constantFrom(CLIENT, SERVER);
const versions = fc.constantFrom(...PROTOCOL_VERSIONS);

describe('properties: reactions to any frame in any state', function () {
  this.timeout(0);

  it('are those of a second, independent reading of the rules (checklist 21, 105)', () => {
    return fc.assert(
      fc.property(sides, versions, sequences, fatalFrames, (side, version, list, last) => {
        const comparison = new Comparison(side, version);
        for (const step of list) comparison.do(step);
        comparison.do({ frame: last });
        comparison.do({ frame: { kind: 'ping', id: 'peer' } });
      }),
      { numRuns: RUNS },
    );
  });
});
