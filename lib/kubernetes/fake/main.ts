import { PassThrough, Writable } from 'node:stream';
import { ServerCommand } from '../server/command.ts';
import { runProcess } from '../server/run-process.ts';
import type { ResolvedContainer } from './pod-options.ts';

/** A main process that runs, with the clients that are attached to it. */
interface Run {
  readonly command: ServerCommand;
  readonly stdin: PassThrough;
  readonly stdout: Broadcast;
  readonly stderr: Broadcast;
  readonly end: AbortController;
  /** Resolves when it has ended, and all its output was taken. */
  readonly ended: Promise<void>;
}

/**
 * The main process of a container of a fake API server. The first attach starts it, the next ones join: each sees what is written from
 * then on. Its stdin ends with that of the first client that has one (`stdinOnce`). The attach after its end starts it anew.
 */
export class FakeMain {
  readonly #container: ResolvedContainer;
  #run: Run | null = null;

  constructor(container: ResolvedContainer) {
    this.#container = container;
  }

  get running(): boolean {
    return this.#run !== null;
  }

  /** Joins a client to the process; resolves when the process has ended or the client has gone. */
  async attach(client: ServerCommand): Promise<void> {
    this.#run ??= this.#start(client);
    const run = this.#run;
    const { stdin, signal } = client;
    const resize = (): void => {
      if (client.size !== null) run.command.resized(client.size);
    };
    resize();
    client.on('resize', resize);
    run.stdout.add(client.stdout);
    run.stderr.add(client.stderr);
    // What the process does not want any more must not hold up the connection.
    const discard = (): void => void stdin?.destroy();
    run.stdin.once('close', discard);
    stdin?.pipe(run.stdin);
    stdin?.once('close', () => run.stdin.end());
    await Promise.race([run.ended, aborted(signal)]);
    client.off('resize', resize);
    run.stdin.off('close', discard);
    stdin?.unpipe(run.stdin);
    run.stdout.delete(client.stdout);
    run.stderr.delete(client.stderr);
  }

  /** Ends the process. */
  async close(): Promise<void> {
    this.#run?.end.abort();
    await this.#run?.ended;
  }

  #start(client: ServerCommand): Run {
    const { command: words, tty, directory, env } = this.#container;
    const { namespace, pod, uid, request, protocol, size } = client;
    const stdin = new PassThrough();
    // The process may end before it has read everything.
    stdin.on('error', () => {});
    const stdout = new Broadcast();
    const stderr = new Broadcast();
    const end = new AbortController();
    const command = new ServerCommand({
      asked: {
        ...{ kind: 'exec', namespace, pod, uid, container: client.container, command: words },
        ...{ stdin: true, stdout: true, stderr: !tty, tty },
      },
      ...{ request, protocol, stdin, stdout, stderr: tty ? null : stderr, size },
      signal: end.signal,
    });
    const cwd = directory as string;
    const ended = runProcess(command, { cwd, env: { ...process.env, ...env } })
      .then(() => Promise.all([stdout.flush(), stderr.flush()]))
      .finally(() => {
        this.#run = null;
      })
      .then(() => {});
    return { command, stdin, stdout, stderr, end, ended };
  }
}

/** Writes to everybody who wants it; the slowest sets the pace. */
class Broadcast extends Writable {
  readonly #targets = new Set<Writable>();

  add(target: Writable | null): void {
    if (target !== null) this.#targets.add(target);
  }

  delete(target: Writable | null): void {
    if (target !== null) this.#targets.delete(target);
  }

  /** Resolves when everything was taken. */
  flush(): Promise<void> {
    return new Promise((done) => this.end(() => done()));
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    // One that has gone calls back with an error, which is no concern of the others.
    const writes = [...this.#targets].map(
      (target) => new Promise<void>((taken) => target.write(chunk, () => taken())),
    );
    void Promise.all(writes).then(() => done());
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}
