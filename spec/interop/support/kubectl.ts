import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { type IPty, spawn as spawnPty } from '@lydell/node-pty';
import type { FakeApiServer } from '../../../lib/kubernetes/fake/api-server.ts';
import { peerPath } from './peers.ts';

/** A kubectl, and how it shall speak. */
export interface KubectlVariant {
  readonly name: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** It differs from the one before in what it asks for first. */
  readonly again: boolean;
}

/** What makes newer ones speak SPDY alone. */
export const SPDY_ONLY = {
  KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false',
  KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false',
};

/** Debian's kubectl (1.20, SPDY alone), and whatever is installed: by default newer ones ask for WebSocket first. */
export function kubectlVariants(): KubectlVariant[] {
  const variants: KubectlVariant[] = [
    {
      name: "Debian's kubectl",
      file: peerPath('kubectl-debian/usr/bin/kubectl'),
      env: {},
      again: false,
    },
  ];
  for (const file of installed()) {
    variants.push(
      { name: `${file} as it is`, file, env: {}, again: false },
      { name: `${file} with SPDY alone`, file, env: SPDY_ONLY, again: true },
    );
  }
  return variants;
}

/** The kubectl on PATH, and those that SPDYLAY_KUBECTL lists. */
function installed(): string[] {
  const { PATH = '', SPDYLAY_KUBECTL = '' } = process.env;
  const first = PATH.split(path.delimiter)
    .map((folder) => path.join(folder, 'kubectl'))
    .find(isExecutable);
  const listed = SPDYLAY_KUBECTL.split(path.delimiter).filter((file) => file !== '');
  return listed.length > 0 ? listed : first === undefined ? [] : [first];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a kubectl that ran to its end left behind. */
export interface KubectlResult {
  /** Null when it was ended by a signal. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A kubectl with a home of its own, so that its caches are its own, and a fake API server as its cluster. */
export class Kubectl {
  readonly home: string = mkdtempSync(path.join(tmpdir(), 'spdylay-kubectl-'));
  readonly #variant: KubectlVariant;
  readonly #running = new Set<Child>();

  private constructor(variant: KubectlVariant) {
    this.#variant = variant;
  }

  static async for(
    variant: KubectlVariant,
    server: Pick<FakeApiServer, 'writeKubeConfig'>,
  ): Promise<Kubectl> {
    const kubectl = new Kubectl(variant);
    await server.writeKubeConfig(kubectl.#config);
    return kubectl;
  }

  /** Starts it. */
  start(...args: string[]): Child {
    const child = spawn(this.#variant.file, args, {
      cwd: this.home,
      env: this.#env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {});
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    return child;
  }

  /** Starts it on a terminal of its own. */
  startOnTerminal(size: { cols: number; rows: number }, ...args: string[]): Terminal {
    return new Terminal(
      spawnPty(this.#variant.file, args, { ...size, cwd: this.home, env: this.#env }),
    );
  }

  /** Runs it to its end. */
  async run(
    args: readonly string[],
    input: string | Buffer | Readable = '',
  ): Promise<KubectlResult> {
    const child = this.start(...args);
    if (input instanceof Readable) input.pipe(child.stdin);
    else child.stdin.end(input);
    const [stdout, stderr] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      once(child, 'close'),
    ]);
    return { code: child.exitCode, stdout, stderr: stderr.toString() };
  }

  /** Forwards ports: resolves with the local ones when it listens. */
  async forward(
    pod: string,
    ...ports: number[]
  ): Promise<{ child: Child; ports: number[]; log: () => string }> {
    const child = this.start('port-forward', `pod/${pod}`, ...ports.map((port) => `:${port}`));
    let log = '';
    const local = await new Promise<number[]>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        log += chunk.toString();
        const found = [...log.matchAll(/Forwarding from 127\.0\.0\.1:(\d+) ->/g)];
        if (found.length === ports.length) resolve(found.map(([, port]) => Number(port)));
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('close', (code) => reject(new Error(`kubectl ended with ${code}: ${log}`)));
    });
    return { child, ports: local, log: () => log };
  }

  /** Ends what still runs, and removes its home. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#running].map(async (child) => {
        child.kill('SIGKILL');
        await once(child, 'close');
      }),
    );
    rmSync(this.home, { recursive: true, force: true });
  }

  get #config(): string {
    return path.join(this.home, 'config');
  }

  get #env(): Record<string, string> {
    const { PATH = '' } = process.env;
    return {
      PATH,
      TERM: 'xterm',
      HOME: this.home,
      KUBECONFIG: this.#config,
      ...this.#variant.env,
    };
  }
}

/** The terminal of somebody who uses kubectl. */
export class Terminal {
  /** Everything that it has shown. */
  screen = '';
  /** Resolves with the exit code, when everything was shown. */
  readonly ended: Promise<number>;
  readonly #pty: IPty;

  constructor(pty: IPty) {
    this.#pty = pty;
    // Without anybody else who has it open, the last words may be lost.
    const { ptsName } = pty as IPty & { readonly ptsName: string };
    const end = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY);
    pty.onData((text) => {
      this.screen += text;
    });
    this.ended = new Promise((done) => {
      pty.onExit(({ exitCode }) => {
        closeSync(end);
        done(exitCode);
      });
    });
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows);
  }

  /** Resolves when the screen has shown this. */
  shows(text: string): Promise<void> {
    return until(`'${text}' on the screen: ${this.screen}`, () => this.screen.includes(text));
  }
}

/** SHA-256 and length of what a stream brings. */
export async function digest(source: Readable): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Resolves when something has become true; rejects after a while. */
export async function until(
  what: string,
  isTrue: () => boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether nothing is left of anybody. */
export function isEmpty(server: FakeApiServer): boolean {
  const { connections, sessions, processes } = server.open;
  return connections + sessions + processes === 0;
}

async function collect(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
