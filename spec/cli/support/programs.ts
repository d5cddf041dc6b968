import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** What a program did. */
export interface Result {
  readonly status: number | null;
  readonly stdout: Buffer;
  /** The same as text. */
  readonly text: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** The compiled program of this name. */
export function programFile(name: string): string {
  return fileURLToPath(new URL(`../../../lib/cli/${name}/main.js`, import.meta.url));
}

/** Starts a program. */
export function start(name: string, args: readonly string[], options: RunOptions = {}): Child {
  const { NO_COLOR: _, FORCE_COLOR: __, NODE_OPTIONS: ___, ...env } = process.env;
  return spawn(process.execPath, [programFile(name), ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs a program to its end. */
export async function run(
  name: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  const child = start(name, args, options);
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [stdout, stderr] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    once(child, 'close'),
  ]);
  return {
    status: child.exitCode,
    stdout,
    text: stdout.toString(),
    stderr: stderr.toString(),
  };
}

/** Runs spdycat. */
export function spdycat(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return run('spdycat', args, options);
}

/** A running spdyd, or spdyproxy. */
export interface Program {
  /** Of its process. */
  readonly pid: number;
  /** What it has printed. */
  readonly log: () => string;
  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves when what it has printed matches; rejects when it ends before. */
  until(pattern: { test(printed: string): boolean }): Promise<void>;
  /** Resolves with the exit status. */
  ended(): Promise<number | null>;
  /** Sends a signal, and resolves with the exit status. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** One that listens at a port. */
export interface Daemon extends Program {
  readonly port: number;
  /** `https://127.0.0.1:6121`. */
  readonly origin: string;
}

/** Starts spdyd at a free port, and waits until it listens. */
export function spdyd(args: readonly string[]): Promise<Daemon> {
  return daemon('spdyd', args);
}

/** Starts a program that listens at a free port, and waits until it does. */
export async function daemon(name: string, args: readonly string[]): Promise<Daemon> {
  const files = args.at(-1) === '--' ? args.slice(0, -1) : args;
  const started = program(name, files);
  const listening = /(?:at |"listening":")(https?):\/\/[^/\s]*:(\d+)\//;
  await started.until(listening);
  const [, scheme = 'https', port = ''] = listening.exec(started.log()) ?? [];
  return { ...started, port: Number(port), origin: `${scheme}://127.0.0.1:${port}` };
}

/** Starts a program that goes on until it is ended. */
export function program(name: string, args: readonly string[]): Program {
  const child = start(name, args);
  child.stdin.end();
  let log = '';
  const take = (chunk: Buffer): void => {
    log += chunk.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const closed = once(child, 'close');
  return {
    pid: child.pid as number,
    log: () => log,
    signal: (signal) => child.kill(signal),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(log)) return;
          child.stdout.off('data', look);
          child.stderr.off('data', look);
          child.off('close', fail);
          resolve();
        };
        const fail = (): void => reject(new Error(`${name} ended: ${log}`));
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        child.once('close', fail);
        look();
      }),
    ended: async () => {
      await closed;
      return child.exitCode;
    },
    end: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await closed;
      return child.exitCode;
    },
  };
}

/** The signals that a program takes at the moment at which it says that it listens. */
export async function signalsWhenListening(
  name: string,
  args: readonly string[],
): Promise<readonly string[]> {
  const watch = `
    const { write } = process.stdout;
    process.stdout.write = (text, ...rest) => {
      if (/ at https?:/.test(text)) {
        const taken = ['SIGHUP', 'SIGINT', 'SIGTERM'].filter((name) => process.listenerCount(name) > 0);
        process.stderr.write('takes ' + taken + '.');
      }
      return write.call(process.stdout, text, ...rest);
    };`;
  const preload = `--import=data:text/javascript,${encodeURIComponent(watch)}`;
  const child = start(name, args, { env: { NODE_OPTIONS: preload } });
  child.stdin.end();
  child.stdout.resume();
  let said = '';
  for await (const chunk of child.stderr) {
    said += chunk;
    const match = /takes (.*)\./.exec(said);
    if (match === null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
    return match[1]?.split(',') ?? [];
  }
  throw new Error(`${name} ended: ${said}`);
}

/** Makes a folder with these files; a path that ends with a slash makes a folder. */
export function makeFolder(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'spdylay-spec-'));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, content);
  }
  return folder;
}

/** Removes a folder. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

async function collect(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
