#!/usr/bin/env node
import { FrameLog } from '../frame-log.ts';
import { Progress } from '../progress.ts';
import { runProgram } from '../run-program.ts';
import { painter, visible } from '../terminal.ts';
import { TraceFile } from '../trace-file.ts';
import type { FetchContext } from './fetch/fetch-context.ts';
import { fetchGroup } from './fetch/fetch-group.ts';
import { RateLimit } from './fetch/rate-limit.ts';
import { openData, type RequestDataSource } from './fetch/request-data.ts';
import { parseSpdycatOptions, type SpdycatOptions, type UrlGroup } from './options/options.ts';
import { type BodyOutput, NullOutput, OrderedOutput } from './output/body-output.ts';
import { FileOutput, NamedOutput } from './output/file-output.ts';
import { HarFile } from './output/har-file.ts';
import { type RequestRecord, recordJson, statisticsText } from './output/statistics.ts';
import { summaryText } from './output/summary.ts';

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
  const data = options.body === null ? null : await openData(options.body, single);
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
  const { json, multiply, rate, stat, verbose, maxTimeMs, writeOut } = options;
  const output = outputFor(options);
  const paint = painter(process.stderr, options.color);
  const context: FetchContext = {
    options,
    output,
    data,
    rate: rate === null ? null : new RateLimit(rate, abort.signal),
    log: verbose ? new FrameLog({ write: say, paint, json, now }) : null,
    trace,
    har: har?.recorder ?? null,
    progress,
    now,
    signal: abort.signal,
    nextNumber: (index) => {
      const number = numbers++;
      if (index !== null && output instanceof NamedOutput) output.assign(number, index);
      return number;
    },
    begun: (record) => records.push(record),
    ended: (record) => {
      if ((record.error as NodeJS.ErrnoException | null)?.code === 'EPIPE')
        abort.abort(record.error);
      if (json) process.stdout.write(`${recordJson(record)}\n`);
      for (const { target, text } of writeOut?.render(record) ?? []) process[target].write(text);
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
  let first = 0;
  const run = async (group: UrlGroup): Promise<void> => {
    const index = first;
    first += group.length;
    const results = await fetchGroup(group, context, index);
    const wrong = results.filter(({ error, pushed }) => error !== null && !pushed);
    if (wrong.length > 0) failed++;
    if (!json) explain(results, wrong, say);
  };
  const waiting = options.groups.values();
  const worker = async (): Promise<void> => {
    for (const group of waiting) await run(group);
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
  if (limit !== null) clearTimeout(limit);
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  progress.stop();
  if (stat) say(statisticsText(records));
  const summary = multiply === null || json ? null : summaryText(records);
  if (summary !== null) say(summary);
  return signalStatus || Math.min(failed, MAX_FAILED);
}

function outputFor(options: SpdycatOptions): BodyOutput {
  const { json, nullOut, outputs, remoteName, resume } = options;
  if (nullOut) return new NullOutput();
  if (remoteName) return new FileOutput(process.cwd(), resume !== null);
  const rest = json ? new NullOutput() : new OrderedOutput(process.stdout);
  return outputs.length === 0 ? rest : new NamedOutput(outputs, rest, resume !== null);
}

/** Where lines of the log or bodies appear, a progress bar would only disturb. */
function showsProgress(options: SpdycatOptions): boolean {
  const { json, nullOut, outputs, remoteName, verbose } = options;
  const saved = nullOut || remoteName || outputs.length > 0;
  const bodiesOnTerminal = !saved && process.stdout.isTTY === true;
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
