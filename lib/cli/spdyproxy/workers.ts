import cluster, { type Worker } from 'node:cluster';
import type { HeldSignals } from '../held-signals.ts';
import { Admin } from './admin.ts';
import type { ProgramConfig } from './config.ts';
import { measureWorkers } from './metrics.ts';
import { clearSockets } from './service.ts';
import { fixedChanges, type Teller } from './worker.ts';
import type { WorkerMessage } from './worker-messages.ts';

/** A worker that ends sooner than this is not replaced at once. */
const LEAST_LIFE_MS = 10_000;
/** How long after that, at first; twice as long each time that another one follows. */
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;

/** What keeps files of sockets to the same user. */
const PRIVATE = 0o177;

/**
 * `starting`: the first worker has not begun; the others wait for that, and its end is the end of all. `working`: who ends is replaced. `ending`: nobody
 * is, and the last one's end is the end.
 */
type State = 'starting' | 'working' | 'ending';

/** Processes that do the work until a signal ends them all. Signals reach them through here; one that ends by itself is replaced. */
export class Workers {
  readonly #load: () => Promise<ProgramConfig>;
  readonly #first: ProgramConfig;
  readonly #teller: Teller;
  #state: State = 'starting';
  /** The configuration that was read last. */
  #current: ProgramConfig;
  #adminUrl: string | null = null;
  #umask = PRIVATE;
  /** Those that there are, and whether each has begun: before that it would not hear a question, and a signal would end it. */
  readonly #alive = new Map<Worker, boolean>();
  /** Who waits for all of them to begin. */
  #waiting: (() => void)[] = [];
  /** Those that have not read the configuration again. */
  readonly #reloading = new Set<Worker>();
  /** Pauses before one is replaced. */
  readonly #pauses = new Set<NodeJS.Timeout>();
  /** How many have ended early, one after the other. */
  #early = 0;
  #failed = false;
  #over = (): void => {};

  /** @param load reads the configuration again */
  constructor(load: () => Promise<ProgramConfig>, config: ProgramConfig, teller: Teller) {
    this.#load = load;
    this.#first = config;
    this.#current = config;
    this.#teller = teller;
  }

  /** Starts them, and resolves with the exit status of the program when all have ended. Rejects when the admin port cannot be opened. */
  async run(signals: HeldSignals): Promise<number> {
    const admin = await this.#openAdmin();
    await clearSockets(this.#first, null);
    const over = new Promise<void>((resolve) => {
      this.#over = resolve;
    });
    // This process listens for its workers whenever they ask, and makes no other files.
    this.#umask = process.umask();
    this.#start();
    let reloads = Promise.resolve();
    signals.on('SIGHUP', () => {
      // One after the other: the last one counts.
      reloads = reloads.then(() => this.#reload());
    });
    signals.on('SIGUSR1', () => void this.#allBegun().then(() => this.#pass('SIGUSR1')));
    signals.on('SIGTERM', () => this.#end());
    signals.on('SIGINT', () => this.#end());
    await over;
    admin?.close();
    return this.#failed ? 1 : 0;
  }

  async #openAdmin(): Promise<Admin | null> {
    const { admin } = this.#first;
    if (admin === null) return null;
    const opened = await Admin.open(admin, {
      metrics: await measureWorkers(() => this.#allBegun()),
      trouble: () => (this.#state === 'ending' ? 'draining' : null),
    });
    this.#adminUrl = `http://${admin.host}:${opened.port}/`;
    return opened;
  }

  #start(): void {
    const begun = performance.now();
    process.umask(this.#umask);
    try {
      this.#watch(cluster.fork(), begun);
    } catch (error) {
      this.#teller.complain(`a worker cannot start: ${(error as Error).message}`);
      this.#missing('a worker', codeOf(error as Error), begun);
    } finally {
      process.umask(PRIVATE);
    }
  }

  #watch(worker: Worker, begun: number): void {
    this.#alive.set(worker, false);
    worker.on('message', (message: WorkerMessage) => this.#told(worker, message));
    worker.once('exit', (status, signal) => {
      this.#exited(worker, String(signal ?? status), begun);
    });
    worker.on('error', (error) => {
      // Else it is about a message to one that has ended, whose end is told by 'exit'.
      if (worker.process.pid !== undefined) return;
      this.#teller.complain(`worker ${worker.id} cannot start: ${error.message}`);
      this.#exited(worker, codeOf(error), begun);
    });
  }

  #told(worker: Worker, message: WorkerMessage): void {
    if (message.told === 'complain') {
      this.#teller.complain(`worker ${worker.id}: ${message.text}`);
    } else if (message.told === 'reloaded') {
      this.#reloaded(worker);
    } else if (message.told === 'listening' && this.#alive.has(worker)) {
      // What one has told may come behind its end.
      this.#alive.set(worker, true);
      this.#look();
      if (this.#state !== 'starting') return;
      this.#state = 'working';
      this.#teller.listening(message.urls, message.backs, this.#adminUrl);
      // What keeps the first one from listening is told once, and is no reason to try again for ever.
      for (let i = 1; i < this.#first.workers; i++) this.#start();
    }
  }

  #exited(worker: Worker, how: string, begun: number): void {
    this.#alive.delete(worker);
    this.#look();
    this.#reloaded(worker);
    this.#missing(`worker ${worker.id}`, how, begun);
  }

  /** One has ended, or could not start. */
  #missing(who: string, how: string, begun: number): void {
    if (this.#state === 'starting') {
      this.#failed = true;
      this.#state = 'ending';
    }
    if (this.#state === 'ending') {
      if (this.#alive.size === 0) this.#over();
      return;
    }
    this.#early = performance.now() - begun < LEAST_LIFE_MS ? this.#early + 1 : 0;
    const delay = restartDelay(this.#early);
    const soon = delay === 0 ? '' : ` in ${delay / 1000} s`;
    this.#teller.complain(`${who} has ended (${how}), another one takes its place${soon}`);
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      this.#start();
    }, delay);
    this.#pauses.add(pause);
  }

  /** Ends all: the second time at once. */
  #end(): void {
    this.#state = 'ending';
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#pass('SIGTERM');
    if (this.#alive.size === 0) this.#over();
  }

  async #reload(): Promise<void> {
    if (this.#state === 'ending') return;
    let next: ProgramConfig;
    try {
      next = await this.#load();
    } catch (error) {
      this.#teller.complain(`not reloaded: ${(error as Error).message}`);
      return;
    }
    for (const complaint of fixedChanges(this.#first, next)) this.#teller.complain(complaint);
    await clearSockets(next, this.#current);
    this.#current = next;
    await this.#allBegun();
    if (this.#ending()) return;
    // Those that take the place of others read it by themselves.
    if (this.#alive.size === 0) this.#teller.reloaded();
    for (const worker of this.#alive.keys()) this.#reloading.add(worker);
    this.#pass('SIGHUP');
  }

  /** A worker has read the configuration again, or never will. */
  #reloaded(worker: Worker): void {
    if (this.#reloading.delete(worker) && this.#reloading.size === 0) this.#teller.reloaded();
  }

  #ending(): boolean {
    return this.#state === 'ending';
  }

  #pass(signal: NodeJS.Signals): void {
    for (const worker of this.#alive.keys()) worker.process.kill(signal);
  }

  /** Resolves when all that there are have begun. */
  #allBegun(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#look();
    });
  }

  /** Workers have begun or ended: who waits for all may go on. */
  #look(): void {
    for (const begun of this.#alive.values()) if (!begun) return;
    for (const go of this.#waiting.splice(0)) go();
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

/** How long nobody takes the place of a worker, in milliseconds, when so many have ended early one after the other. */
export function restartDelay(early: number): number {
  return early === 0 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (early - 1));
}
