#!/usr/bin/env node
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  BodyExtractor,
  type DumpEvent,
  type DumpInput,
  DumpPage,
  type DumpSink,
  DumpStatistics,
  DumpText,
  isKnownInput,
  readDump,
  readRawPair,
  statisticsText,
  Tap,
} from '../../tools/index.ts';
import { checkOutputFile, UsageError } from '../arguments.ts';
import { Progress } from '../progress.ts';
import { runProgram } from '../run-program.ts';
import { painter } from '../terminal.ts';
import { Follower } from './follow.ts';
import { parseSpdydumpOptions, type SpdydumpOptions } from './options.ts';
import { Output } from './output.ts';
import { placeName, type SpdydumpTap } from './tap-option.ts';

/** Exit status with `--strict` for frames that break the protocol. */
const WARNED_STATUS = 2;
/** Exit status after a signal. */
const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Why reading ends early, without being a failure. */
class Enough extends Error {}

await runProgram('spdydump', main);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseSpdydumpOptions(argv);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  checkOutputFile('--html', options.html);
  const output = new Output(process.stdout, (characters) =>
    options.json
      ? `${JSON.stringify({ event: 'lost', characters })}\n`
      : `... ${characters} characters were not taken in time\n`,
  );
  const abort = new AbortController();
  let status = 0;
  const interrupt = (signal: keyof typeof SIGNAL_STATUS): void => {
    status = SIGNAL_STATUS[signal];
    abort.abort(new Enough());
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const statistics = new DumpStatistics();
  const extractor = extractorFor(options.extract);
  const stop = (): void => abort.abort(new Enough());
  const page = options.html === null ? null : new DumpPage({ title: titleOf(options) });
  const follower = followerFor(options, output);
  const sink = sinkOf(options, output, { statistics, extractor, page, follower }, stop);
  const progress = new Progress(
    process.stderr,
    process.stdout.isTTY !== true && options.tap === null,
  );
  let input: DumpInput | null = null;
  let failure: Error | null = null;
  try {
    if (options.tap !== null) await passOn(options, options.tap, sink, output, abort.signal);
    else input = await readInput(options, sink, output, abort, progress);
  } catch (error) {
    if (!(error instanceof Enough)) failure = error as Error;
  }
  progress.stop();
  extractor?.close();
  if (page !== null) writeFileSync(options.html as string, page.html());
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  conclude(options, output, statistics, extractor, input);
  if (follower?.found === false) tell(`${follower.name} is not there`);
  await output.flush();
  if (failure !== null) throw failure;
  if (status !== 0) return status;
  return options.strict && statistics.toJSON().warnings > 0 ? WARNED_STATUS : 0;
}

function extractorFor(folder: string | null): BodyExtractor | null {
  if (folder === null) return null;
  try {
    return new BodyExtractor(folder);
  } catch (error) {
    throw new UsageError(`--extract: ${(error as Error).message}`);
  }
}

/** What is told events besides the output. */
interface Readers {
  readonly statistics: DumpStatistics;
  readonly extractor: BodyExtractor | null;
  readonly page: DumpPage | null;
  readonly follower: Follower | null;
}

function titleOf({ files, tap }: SpdydumpOptions): string {
  if (tap !== null) return `spdydump ${placeName(tap.to)}`;
  return `spdydump ${files.map((file) => basename(file)).join(' ')}`;
}

function followerFor({ follow, color }: SpdydumpOptions, output: Output): Follower | null {
  if (follow === null) return null;
  return new Follower(follow, painter(process.stdout, color), (text) => output.write(text));
}

/** What is done with events and payload. */
function sinkOf(
  { details, quiet, json, color, filter, count }: SpdydumpOptions,
  output: Output,
  { statistics, extractor, page, follower }: Readers,
  stop: () => void,
): DumpSink {
  const paint = painter(process.stdout, color);
  const text = new DumpText({ details, paint });
  const write = (part: string): void => output.write(part);
  const shows = !quiet && follower === null;
  let frames = 0;
  const show = (event: DumpEvent): void => {
    if (event.event === 'frame' && filter !== null && !filter(event)) return;
    if (event.event !== 'frame' && filter !== null) return;
    write(json ? `${JSON.stringify(event)}\n` : text.of(event));
  };
  return {
    event(event) {
      if (count !== null && frames >= count) return;
      text.begin(event.time);
      statistics.add(event);
      extractor?.event(event);
      page?.event(event);
      follower?.event(event);
      if (shows) show(event);
      if (event.event !== 'frame' || count === null) return;
      if (filter === null || filter(event)) frames++;
      if (frames === count) stop();
    },
    ...(extractor === null && follower === null
      ? {}
      : {
          payload(connection, direction, stream, chunk) {
            extractor?.payload(connection, direction, stream, chunk);
            follower?.payload(connection, direction, stream, chunk);
          },
        }),
  };
}

async function readInput(
  { files, version, secrets }: SpdydumpOptions,
  sink: DumpSink,
  output: Output,
  abort: AbortController,
  bar: Progress,
): Promise<DumpInput> {
  const [first, second] = files as [string, string?];
  const file = bar.expect(
    first === '-' ? null : (statSync(first, { throwIfNoEntry: false })?.size ?? null),
  );
  let seen = 0;
  const options = {
    version,
    secrets,
    signal: abort.signal,
    progress: async (bytes: number) => {
      bar.add(file, bytes - seen);
      seen = bytes;
      await output.flush();
      if (output.closed) abort.abort(new Enough());
    },
  };
  if (second !== undefined) {
    for (const file of [first, second]) {
      if (!(await isKnownInput(file))) continue;
      throw new UsageError(`two files are the bytes of each direction: ${file} is something else`);
    }
    return readRawPair({ c2s: first, s2c: second }, sink, options);
  }
  return readDump(first, sink, options);
}

/** Passes connections on until it shall end. */
async function passOn(
  { version, secrets, json }: SpdydumpOptions,
  { listen, to }: SpdydumpTap,
  sink: DumpSink,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const tap = new Tap({ ...to, version, secrets }, output.flushing(sink));
  const atPath = 'socketPath' in listen;
  await (atPath ? tap.listen(listen.socketPath) : tap.listen(listen.port, listen.host));
  const place = placeName(atPath ? listen : { host: listen.host, port: tap.port });
  if (json) output.write(`${JSON.stringify({ listening: place, port: tap.port })}\n`);
  else process.stderr.write(`spdydump: listening at ${place}, passing on to ${placeName(to)}\n`);
  await output.flush();
  if (!signal.aborted) await once(signal, 'abort');
  await tap.close();
}

/** What is told at the end. */
function conclude(
  { json, statistics: wanted, quiet }: SpdydumpOptions,
  output: Output,
  statistics: DumpStatistics,
  extractor: BodyExtractor | null,
  input: DumpInput | null,
): void {
  const figures = statistics.toJSON();
  if (wanted && json) output.write(`${JSON.stringify({ event: 'statistics', ...figures })}\n`);
  else if (wanted) output.write(`${quiet ? '' : '\n'}${statisticsText(figures)}`);
  if (extractor !== null && !json) {
    const { results } = extractor;
    const bytes = results.reduce((sum, { bytes: size }) => sum + size, 0);
    const { skipped } = extractor;
    const rest = skipped === 0 ? '' : `; ${skipped} bytes of others were not written`;
    tell(`wrote ${results.length} bodies, ${bytes} bytes${rest}`);
  }
  if (input?.cut === true) tell('the input ends in the middle of a packet or a line');
  if (input === null || figures.connections > 0 || figures.exchanges > 0) return;
  const { counts } = input;
  const foreign = [...(counts?.foreign ?? [])].map(([kind, times]) => `${times} x ${kind}`);
  const what =
    counts === null
      ? ''
      : `: ${some(counts.packets, 'packet')}, ${some(counts.connections, 'TCP connection')}`;
  tell(
    `no SPDY was found${what}${foreign.length === 0 ? '' : ` (${foreign.slice(0, 5).join(', ')})`}`,
  );
  if (foreign.some((text) => /\bTLS\b/.test(text)))
    tell(
      'TLS cannot be read: record traces, stand in between (--listen), or let tshark decrypt it',
    );
}

function some(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function tell(text: string): void {
  process.stderr.write(`spdydump: ${text}\n`);
}
