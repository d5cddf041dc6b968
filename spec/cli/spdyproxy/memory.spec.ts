import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { measureMemory } from '../support/proxy-memory.ts';

/** scripts/proxy-memory.mjs has more, and its bound is narrower. */
const MIB = 128;

// Other systems do not tell what a process took at most.
if (existsSync('/proc/self/clear_refs')) {
  describe('spdyproxy and a body that goes through it both ways at once', () => {
    for (const [front, back] of [
      ['h2', 'spdy/3.1'],
      ['spdy/3.1', 'http/1.1'],
      ['http/1.1', 'h2'],
    ] as const) {
      it(`takes no memory for ${MIB} MiB (${front} to ${back})`, async () => {
        const { same, before, peak } = await measureMemory(front, back, MIB, 16);
        expect(same).to.equal(true);
        expect(peak - before).to.be.below(MIB / 2);
      });
    }
  });
}
