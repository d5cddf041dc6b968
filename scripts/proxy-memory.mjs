// How much memory spdyproxy takes while a body goes through it both ways at once: npx tsc && node scripts/proxy-memory.mjs [MiB [FRONT [BACK]]]
// The proxy is a process of its own. What it takes at most (VmHWM) is compared with what it has taken (VmRSS) after 20 small requests and one body of 64
// MiB. Linux alone. Ends with status 1 when a body is not the same behind it, or when more than 32 MiB came on top.
import { measureMemory } from '../build/spec/cli/support/proxy-memory.js';

const LIMIT_MIB = 32;
const FRONTS = ['h2', 'spdy/3.1', 'http/1.1'];
const BACKS = ['http/1.1', 'spdy/3.1', 'h2'];

const [mib = '1024', onlyFront, onlyBack] = process.argv.slice(2);

console.log(`${mib} MiB both ways at once; MiB of the proxy before, at most, more`);
for (const front of FRONTS) {
  for (const back of BACKS) {
    if (front !== (onlyFront ?? front) || back !== (onlyBack ?? back)) continue;
    const { same, before, peak } = await measureMemory(front, back, Number(mib), 64);
    const more = peak - before;
    const numbers = [before, peak, more].map((value) => value.toFixed(1).padStart(7)).join('');
    console.log(`${front.padEnd(9)} ${back.padEnd(9)}${numbers}${same ? '' : '  NOT THE SAME'}`);
    if (!same || more > LIMIT_MIB) process.exitCode = 1;
  }
}
