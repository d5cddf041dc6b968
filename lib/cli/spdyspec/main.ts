#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { isLoopback } from '../../common/network/environment-proxy.ts';
import { makeCertificate } from '../../http/server/connection/certificate.ts';
import {
  CLIENT_TESTS,
  type ConformanceResult,
  countResults,
  junitXml,
  SERVER_TESTS,
  testClient,
  testServer,
} from '../../tools/index.ts';
import { checkOutputFile, UsageError } from '../arguments.ts';
import { runProgram } from '../run-program.ts';
import { type Paint, painter, visible } from '../terminal.ts';
import { parseSpdyspecOptions, type SpdyspecOptions } from './options.ts';

/** Exit status after SIGINT. */
const INTERRUPTED = 130;
/** Milliseconds for a client to end by itself behind a test. */
const LAST_MS = 1000;

await runProgram('spdyspec', main);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseSpdyspecOptions(argv);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  if (options.dryRun) {
    list(options);
    return 0;
  }
  checkOutputFile('--junit', options.junit);
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  // Nobody reads on: the rest is of no use.
  let closed = false;
  process.stdout.once('error', () => {
    closed = true;
    abort.abort();
  });
  const paint = painter(process.stdout, options.color);
  const results: ConformanceResult[] = [];
  let version = '';
  try {
    for await (const result of resultsOf(options, abort.signal)) {
      results.push(result);
      if (options.json) {
        process.stdout.write(`${JSON.stringify(result)}\n`);
        continue;
      }
      if (result.version !== version)
        process.stdout.write(`${version === '' ? '' : '\n'}${result.version}\n`);
      version = result.version;
      process.stdout.write(resultText(result, paint, options.verbose));
    }
  } finally {
    if (options.junit !== null) writeFileSync(options.junit, junitXml(results));
  }
  const { total, passed, failed, failedMust, skipped } = countResults(results);
  if (!options.json) {
    const text = `${total} test${total === 1 ? '' : 's'}: ${passed} passed, ${failed} failed (${failedMust} of what it must do), ${skipped} skipped`;
    process.stdout.write(`\n${text}\n`);
  }
  if (abort.signal.aborted && !closed) return INTERRUPTED;
  // A server that speaks none of the versions has passed nothing.
  const spoken = total === 0 || results.some(({ id }) => id !== 'connection');
  return !spoken || (options.strict ? failed : failedMust) > 0 ? 1 : 0;
}

function resultsOf(
  options: SpdyspecOptions,
  signal: AbortSignal,
): AsyncIterable<ConformanceResult> {
  const { versions, only, levels, timeoutMs, target, listen, hostile, owned } = options;
  const common = { versions, only, levels, timeoutMs, signal };
  try {
    if (target === null) {
      const secure = options.tls ? { tls: makeCertificate() } : {};
      const behind = options.api === null ? {} : { api: options.api };
      return testClient(
        { ...common, ...secure, ...behind, port: listen ?? 0 },
        (url, version, _test, over) => runClient(options, { url, version, over }, signal),
      );
    }
    if (hostile && !owned && 'host' in target && !isLoopback(target.host))
      throw new UsageError('--hostile is for this machine, unless --yes-i-own-it');
    const secure = {
      ...(options.insecure ? { rejectUnauthorized: false } : {}),
      ...(options.ca === null ? {} : { ca: options.ca }),
    };
    return testServer({ ...common, ...target, hostile, tls: options.tls ? secure : false });
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/^only: /, '').replace(' (string)', ''));
  }
}

/** Has the client ask once. What it says is of no interest. */
async function runClient(
  { exec, timeoutMs }: SpdyspecOptions,
  { url, version, over }: { url: string; version: string; over: AbortSignal },
  signal: AbortSignal,
): Promise<void> {
  const command = (exec as string)
    .replaceAll('{url}', url)
    .replaceAll('{port}', new URL(url).port)
    .replaceAll('{version}', version);
  const child = spawn(command, { shell: true, stdio: 'ignore', detached: true });
  const stop = (): void => {
    // The shell may have started others.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timers = [setTimeout(stop, 2 * timeoutMs)];
  const stopSoon = (): void => void timers.push(setTimeout(stop, LAST_MS));
  over.addEventListener('abort', stopSoon, { once: true });
  signal.addEventListener('abort', stop, { once: true });
  await once(child, 'exit').catch(() => {});
  timers.forEach(clearTimeout);
  over.removeEventListener('abort', stopSoon);
  signal.removeEventListener('abort', stop);
}

function list({ target, listen, only }: SpdyspecOptions): void {
  const all = target === null && listen !== null ? CLIENT_TESTS : SERVER_TESTS;
  const named = (id: string, name: string): boolean => id === name || id.startsWith(`${name}/`);
  for (const name of only) {
    if (!all.some(({ id }) => named(id, name))) throw new UsageError(`there is no test '${name}'`);
  }
  for (const { id, section, level, title, hostile } of all) {
    if (only.length > 0 && !only.some((name) => named(id, name))) continue;
    const marks = hostile ? `${level}, hostile` : level;
    process.stdout.write(`${id.padEnd(12)} ${title} (${section}, ${marks})\n`);
  }
}

function resultText(
  { id, section, title, level, outcome, expected, received, sent }: ConformanceResult,
  paint: Paint,
  verbose: boolean,
): string {
  const signs = { passed: paint('green', 'ok  '), failed: paint('red', 'FAIL'), skipped: 'skip' };
  const lines = [`  ${signs[outcome]} ${id.padEnd(12)} ${title} (${section}, ${level})`];
  if (outcome === 'skipped') lines.push(`       ${visible(expected)}`);
  if (outcome === 'failed') {
    if (expected !== '') lines.push(`       expected: ${visible(expected)}`);
    lines.push(`       got:      ${visible(received).slice(0, 500)}`);
  }
  if (verbose) lines.push(...sent.map((hex) => `       sent: ${shortened(hex)}`));
  return `${lines.join('\n')}\n`;
}

function shortened(hex: string): string {
  return hex.length <= 2000 ? hex : `${hex.slice(0, 2000)}... (${hex.length / 2} bytes)`;
}
