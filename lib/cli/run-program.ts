import { visible } from '../common/visible.ts';
import { UsageError } from './arguments.ts';

/** Exit status for wrong usage, as `sysexits.h` has it. */
const USAGE_STATUS = 64;

/** Runs a program: its result is the exit status, and wrong usage is told as every program does. */
export async function runProgram(
  name: string,
  main: (args: readonly string[]) => Promise<number>,
): Promise<void> {
  process.stderr.on('error', () => {});
  let lost: Error | null = null;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads the output may have enough of it.
    if (error.code !== 'EPIPE') lost ??= error;
  });
  process.once('exit', () => {
    if (lost === null || (process.exitCode ?? 0) !== 0) return;
    process.stderr.write(`${name}: standard output: ${lost.message}\n`);
    process.exitCode = 1;
  });
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    const usage = error instanceof UsageError;
    const hint = usage ? `\nTry '${name} --help'.` : '';
    // Words of a peer may be in it.
    const message = (error as Error).message.split('\n').map(visible).join('\n');
    process.stderr.write(`${name}: ${message}${hint}\n`);
    process.exitCode = usage ? USAGE_STATUS : 1;
  }
}
