#!/usr/bin/env node
import { runProgram } from '../arguments.ts';
import { FrameLog } from '../frame-log.ts';
import { Progress } from '../progress.ts';
import { painter, visible } from '../terminal.ts';
import { TraceFile } from '../trace-file.ts';
import { type BodyOutput, FileOutput, NullOutput, OrderedOutput } from './body-output.ts';
import { type FetchContext, fetchGroup } from './fetch-group.ts';
import { HarFile } from './har-file.ts';
import { parseSpdycatOptions, type SpdycatOptions } from './options.ts';
import { openData, type RequestDataSource } from './request-data.ts';
import { type RequestRecord, recordJson, statisticsText } from './statistics.ts';

/** The highest exit status that counts failed groups. */
const MAX_FAILED = 63;

/** Exit status after a signal. */
const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

const begun = performance.now();

await runProgram('spdycat', main);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseSpdycatOptions(argv);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  const single = options.groups.flat().length === 1;
  const trace = options.trace === null ? null : new TraceFile(options.trace);
  const har = options.har === null ? null : new HarFile(options.har);
  const data = options.data === null ? null : await openData(options.data, single);
  try {
    return await fetchAll(options, data, trace, har);
  } finally {
    await data?.remove();
    har?.write();
    await trace?.end();
  }
}

async function fetchAll(
  options: SpdycatOptions,
  data: RequestDataSource | null,
  trace: TraceFile | null,
  har: HarFile | null,
): Promise<number> {
  const progress = new Progress(process.stderr, showsProgress(options));
  const say = (text: string): void => {
    progress.clear();
    process.stderr.write(text);
  };
  const abort = new AbortController();
  const records: RequestRecord[] = [];
  let numbers = 0;
  const now = (): number => performance.now() - begun;
  const { json, stat, verbose, maxTimeMs } = options;
  const paint = painter(process.stderr, options.color);
  const context: FetchContext = {
    options,
    output: outputFor(options),
    data,
    log: verbose ? new FrameLog({ write: say, paint, json, now }) : null,
    trace,
    har: har?.recorder ?? null,
    progress,
    now,
    signal: abort.signal,
    nextNumber: () => numbers++,
    begun: (record) => records.push(record),
    ended: (record) => {
      if ((record.error as NodeJS.ErrnoException | null)?.code === 'EPIPE')
        abort.abort(record.error);
      if (json) process.stdout.write(`${recordJson(record)}\n`);
    },
  };
  let signalStatus = 0;
  const interrupt = (signal: keyof typeof SIGNAL_STATUS): void => {
    signalStatus = SIGNAL_STATUS[signal];
    abort.abort(new Error('interrupted'));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const limit =
    maxTimeMs === null
      ? null
      : setTimeout(() => {
          abort.abort(new Error(`not done within ${maxTimeMs / 1000} s`));
        }, maxTimeMs);
  let failed = 0;
  for (const group of options.groups) {
    const results = await fetchGroup(group, context);
    const wrong = results.filter(({ error, pushed }) => error !== null && !pushed);
    if (wrong.length > 0) failed++;
    if (!json) explain(results, wrong, say);
  }
  if (limit !== null) clearTimeout(limit);
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  progress.stop();
  if (stat) say(statisticsText(records));
  return signalStatus || Math.min(failed, MAX_FAILED);
}

function outputFor({ json, nullOut, remoteName }: SpdycatOptions): BodyOutput {
  if (nullOut) return new NullOutput();
  if (remoteName) return new FileOutput(process.cwd());
  return json ? new NullOutput() : new OrderedOutput(process.stdout);
}

/** Where lines of the log or bodies appear, a progress bar would only disturb. */
function showsProgress({ json, nullOut, remoteName, verbose }: SpdycatOptions): boolean {
  const bodiesOnTerminal = !nullOut && !remoteName && process.stdout.isTTY === true;
  return !verbose && !json && !bodiesOnTerminal;
}

/** Tells each reason once. */
function explain(
  all: readonly RequestRecord[],
  wrong: readonly RequestRecord[],
  say: (text: string) => void,
): void {
  const told = new Set<string>();
  for (const { url, error } of wrong) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (told.has(message) || code === 'EPIPE') continue;
    told.add(message);
    say(`spdycat: ${url}: ${visible(message || code || 'failed')}${hintFor(code)}\n`);
  }
  const { length } = all.filter(({ pushed }) => !pushed);
  if (told.size > 0 && length > 1) say(`spdycat: ${wrong.length} of ${length} requests failed\n`);
}

function hintFor(code: string | undefined): string {
  const hints: Readonly<Record<string, string>> = {
    DEPTH_ZERO_SELF_SIGNED_CERT: ' (-k accepts any certificate, --cacert FILE this one)',
    SELF_SIGNED_CERT_IN_CHAIN: ' (-k accepts any certificate, --cacert FILE those of one issuer)',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: ' (-k accepts any certificate)',
    ERR_TLS_CERT_ALTNAME_INVALID: ' (-k accepts any certificate)',
  };
  return hints[code ?? ''] ?? '';
}
