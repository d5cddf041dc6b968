// What a program does that has commands run by kubectl: node kube-spawn.mjs COUNT AT-ONCE PROGRAM ARGUMENT... starts it so many times, so many of
// them at once, and takes the output of each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { inTurns } from './in-turns.mjs';

const [, , count, atOnce, program, ...args] = process.argv;

await inTurns(Number(count), Number(atOnce), async () => {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([buffer(child.stdout), once(child, 'close')]);
  if (code !== 0 || output.length === 0) throw new Error(`${program} ended with ${code}`);
});
