#!/usr/bin/env node
import { writeFileSync } from 'node:fs';
import { InvalidArgumentError } from '../../errors.ts';
import {
  type LoadOptions,
  type LoadResult,
  loadPage,
  loadReport,
  runLoad,
} from '../../tools/index.ts';
import { checkOutputFile, UsageError } from '../arguments.ts';
import { runProgram } from '../run-program.ts';
import { visible } from '../terminal.ts';
import { inOptions, parseSpdyloadOptions } from './options.ts';
import { ProgressLine } from './progress-line.ts';

/** Exit status after a signal. */
const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

type Signal = keyof typeof SIGNAL_STATUS;

await runProgram('spdyload', main);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseSpdyloadOptions(argv);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  checkOutputFile('--html', options.html);
  if (options.skipped > 0)
    process.stderr.write(
      `spdyload: ${options.skipped} entries of the HAR go elsewhere: left out\n`,
    );
  const abort = new AbortController();
  let signalStatus = 0;
  // A second one ends it the hard way.
  const interrupt = (signal: Signal): void => {
    signalStatus = SIGNAL_STATUS[signal];
    abort.abort();
    release();
  };
  const release = (): void => {
    for (const signal of Object.keys(SIGNAL_STATUS)) process.off(signal, interrupt);
  };
  for (const signal of Object.keys(SIGNAL_STATUS) as Signal[]) process.once(signal, interrupt);
  const line = new ProgressLine(process.stderr);
  try {
    const progress: LoadOptions['progress'] = (now) => line.show(now);
    const result = await load({ ...options.load, progress, signal: abort.signal });
    line.clear();
    process.stdout.write(
      options.json ? `${JSON.stringify(result)}\n` : visibleLines(loadReport(result)),
    );
    if (options.html !== null) writeFileSync(options.html, loadPage(result, titleOf(options.load)));
    return signalStatus || statusOf(result);
  } finally {
    line.clear();
    release();
  }
}

async function load(options: LoadOptions): Promise<LoadResult> {
  try {
    return await runLoad(options);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new UsageError(inOptions(error.message));
    throw error;
  }
}

function titleOf({ urls }: LoadOptions): string {
  const [first, ...others] = [urls].flat();
  const url = typeof first === 'object' ? first.url : first;
  return `spdyload ${url}${others.length === 0 ? '' : ` and ${others.length} more`}`;
}

function statusOf({ requests }: LoadResult): number {
  return requests.failed > 0 || requests.done === 0 ? 1 : 0;
}

/** What a server has put into the reasons of errors shall not command the terminal. */
function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}
