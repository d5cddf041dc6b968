import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { ServerCommand } from '../../server/command.ts';
import { runProcess } from '../../server/run-process.ts';
import type { FakeLog } from './log.ts';
import type { ResolvedContainer } from './pod-options.ts';

/** A main process that runs, with the clients that are attached to it. */
interface Run {
  readonly command: ServerCommand;
  readonly stdin: PassThrough;
  readonly stdout: Broadcast;
  readonly stderr: Broadcast;
  readonly end: AbortController;
  /** Resolves with its exit code when it has ended, and all its output was taken. */
  readonly ended: Promise<number>;
}

/** Whom a main process is begun for: a client, or nobody yet. */
type Beginner = Pick<ServerCommand, 'namespace' | 'pod' | 'uid' | 'container' | 'size'> &
  Pick<ServerCommand, 'request' | 'protocol'>;

/**
 * The main process of a container of a fake API server. The first attach starts it unless it runs already, the next ones join: each sees what is
 * written from then on. Its stdin ends with that of the first client that has one (`stdinOnce`). The attach after its end starts it
 * anew. What it writes is its log.
 */
export class FakeMain {
  readonly #container: ResolvedContainer;
  #run: Run | null = null;
  /** Whether it has run before. */
  #before = false;

  constructor(container: ResolvedContainer) {
    this.#container = container;
  }

  get running(): boolean {
    return this.#run !== null;
  }

  /** Whether it has run, and does not any more. */
  get ended(): boolean {
    return this.#before && this.#run === null;
  }

  /** Starts it for nobody; resolves with its exit code when it has ended. */
  start(namespace: string, pod: string): Promise<number> {
    const request = new IncomingMessage(new Socket());
    const container = this.#container.name;
    const beginner = { namespace, pod, uid: null, container, size: null, request } as const;
    this.#run ??= this.#start({ ...beginner, protocol: 'v4.channel.k8s.io' });
    if (!this.#container.stdin) this.#run.stdin.end();
    return this.#run.ended;
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

  #start(client: Beginner): Run {
    const { logs } = this.#container;
    if (this.#before) logs.renew();
    this.#before = true;
    const { command: words, tty, directory, env } = this.#container;
    const { namespace, pod, uid, request, protocol, size } = client;
    const stdin = new PassThrough();
    // The process may end before it has read everything.
    stdin.on('error', () => {});
    const stdout = new Broadcast();
    const stderr = new Broadcast();
    for (const output of [stdout, stderr]) output.add(new LogWriter(logs.current));
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
      // Such as a folder that has been removed.
      .catch(() => CANNOT_RUN)
      .then(async (code) => {
        await Promise.all([stdout.flush(), stderr.flush()]);
        logs.current.end();
        this.#run = null;
        return code;
      });
    return { command, stdin, stdout, stderr, end, ended };
  }
}

/** What a client is told of a main process that cannot be run. */
const CANNOT_RUN = 128;

/** Writes to a log. */
class LogWriter extends Writable {
  readonly #log: FakeLog;

  constructor(log: FakeLog) {
    super();
    this.#log = log;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#log.append(chunk);
    done();
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
