#!/usr/bin/env node
import cluster from 'node:cluster';
import { runProgram, UsageError } from '../arguments.ts';
import { lead, tellLeader } from './cluster.ts';
import type { ProgramConfig } from './config.ts';
import { parseSpdyproxyOptions, type SpdyproxyOptions } from './options.ts';
import { checkConfig } from './service.ts';
import { type Teller, work } from './worker.ts';

await runProgram('spdyproxy', main);

async function main(argv: readonly string[]): Promise<number> {
  const options = parseSpdyproxyOptions(argv);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  const config = await load(options);
  if (options.check) {
    process.stdout.write(options.json ? '{"valid":true}\n' : 'The configuration is valid\n');
    return 0;
  }
  const { workers } = config;
  if (cluster.isWorker) {
    try {
      await work(options, config, true, tellLeader);
    } finally {
      process.disconnect();
    }
    return 0;
  }
  if (workers > 0) return lead(options, config, teller(options));
  await work(options, config, false, teller(options));
  return 0;
}

/** The configuration, with everything checked that can be checked without listening. */
async function load(options: SpdyproxyOptions): Promise<ProgramConfig> {
  const config = await options.load();
  try {
    checkConfig(config);
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
  return config;
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
