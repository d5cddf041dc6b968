#!/usr/bin/env node
import cluster from 'node:cluster';
import { UsageError } from '../arguments.ts';
import { HeldSignals } from '../held-signals.ts';
import { runProgram } from '../run-program.ts';
import type { ProgramConfig } from './config.ts';
import { parseSpdyproxyOptions, type SpdyproxyOptions } from './options.ts';
import { checkConfig } from './service.ts';
import { type Teller, work } from './worker.ts';
import { tellLeader } from './worker-messages.ts';
import { Workers } from './workers.ts';

await runProgram('spdyproxy', main);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseSpdyproxyOptions(argv);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  // A check ends by itself: what ends it early must not look like its result.
  const signals = options.check
    ? new HeldSignals()
    : new HeldSignals('SIGHUP', 'SIGUSR1', 'SIGTERM', 'SIGINT');
  const told = cluster.isWorker ? tellLeader : teller(options);
  const load = (): Promise<ProgramConfig> => checkedConfig(options, told);
  const config = await load();
  if (options.check) {
    process.stdout.write(options.json ? '{"valid":true}\n' : 'The configuration is valid\n');
    return 0;
  }
  if (cluster.isWorker) {
    try {
      await work(load, config, true, told, signals);
    } finally {
      process.disconnect();
    }
    return 0;
  }
  if (config.workers > 0) return new Workers(load, config, told).run(signals);
  await work(load, config, false, told, signals);
  return 0;
}

/** The configuration, with everything checked that can be checked without listening. What is odd with it is told once, by the process that has the terminal. */
async function checkedConfig(
  options: SpdyproxyOptions,
  { complain }: Teller,
): Promise<ProgramConfig> {
  const config = await options.load();
  try {
    const warnings = checkConfig(config);
    if (!cluster.isWorker) for (const warning of warnings) complain(warning);
    return config;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}

function teller({ json }: SpdyproxyOptions): Teller {
  const tell = (text: string, object: object): void => {
    process.stdout.write(`${json ? JSON.stringify(object) : text}\n`);
  };
  return {
    listening: (urls, backs, admin) => {
      for (const listening of urls) tell(`Proxy at ${listening}`, { listening });
      for (const back of backs) tell(`  to ${back}`, { back });
      if (admin !== null) tell(`Admin at ${admin}`, { admin });
    },
    complain: (text) => process.stderr.write(`spdyproxy: ${text}\n`),
    reloaded: () => tell('Reloaded', { reloaded: true }),
  };
}
