import cluster, { type Worker } from 'node:cluster';
import type { HeldSignals } from '../held-signals.ts';
import { Admin } from './admin.ts';
import type { ProgramConfig } from './config.ts';
import { measureWorkers } from './metrics.ts';
import { clearSockets } from './service.ts';
import { fixedChanges, type Teller } from './worker.ts';

/** A worker that ends sooner than this is not replaced at once. */
const LEAST_LIFE_MS = 10_000;
/** How long after that, at first; twice as long each time that another one follows. */
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;

/** What keeps files of sockets to the same user. */
const PRIVATE = 0o177;

/** What a worker tells its cluster. */
type Message =
  | { readonly told: 'listening'; readonly urls: string[]; readonly backs: string[] }
  | { readonly told: 'complain'; readonly text: string }
  | { readonly told: 'reloaded' };

/** Which workers have begun. One that has not would not hear a question, and a signal would end it. */
class Readiness {
  readonly #begun = new Set<string>();
  #waiting: (() => void)[] = [];

  /** A worker has begun. */
  add(worker: Worker): void {
    this.#begun.add(String(worker.id));
    this.look();
  }

  /** Workers have begun or ended: who waits for all may go on. */
  look(): void {
    if (!Object.keys(cluster.workers ?? {}).every((id) => this.#begun.has(id))) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves when all that there are have begun. */
  all(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.look();
    });
  }
}

/** Lets workers do the work until a signal ends them all. Signals reach them through here; one that ends by itself is replaced. */
export async function lead(
  load: () => Promise<ProgramConfig>,
  config: ProgramConfig,
  teller: Teller,
  signals: HeldSignals,
): Promise<number> {
  const ready = new Readiness();
  const admin =
    config.admin === null
      ? null
      : await Admin.open(config.admin, {
          metrics: await measureWorkers(() => ready.all()),
          trouble: () => (ending ? 'draining' : null),
        });
  const adminUrl = admin === null ? null : `http://${config.admin?.host}:${admin.port}/`;
  let ending = false;
  let current = config;
  let failed = false;
  let told = false;
  /** Those that have not read the configuration again. */
  const reloading = new Set<number>();
  /** Pauses before a worker is replaced. */
  const pauses = new Set<NodeJS.Timeout>();
  /** Workers that have ended early, one after the other. */
  let early = 0;
  const settled = (worker: Worker): void => {
    if (reloading.delete(worker.id) && reloading.size === 0) teller.reloaded();
  };
  const listen = (worker: Worker): void => {
    worker.on('message', (message: Message) => {
      if (message.told === 'listening') {
        ready.add(worker);
        if (told) return;
        told = true;
        teller.listening(message.urls, message.backs, adminUrl);
        // What keeps the first one from listening is told once, and is no reason to try again for ever.
        for (let i = 1; i < config.workers && !ending; i++) start();
      } else if (message.told === 'complain') {
        teller.complain(`worker ${worker.id}: ${message.text}`);
      } else settled(worker);
    });
  };
  const start = (): void => {
    const begun = performance.now();
    process.umask(umask);
    const worker = cluster.fork();
    process.umask(PRIVATE);
    listen(worker);
    worker.once('exit', (status, signal) => {
      ready.look();
      settled(worker);
      if (ending) return;
      if (!told) {
        failed = true;
        ending = true;
        return;
      }
      early = performance.now() - begun < LEAST_LIFE_MS ? early + 1 : 0;
      const delay = restartDelay(early);
      const soon = delay === 0 ? '' : ` in ${delay / 1000} s`;
      teller.complain(
        `worker ${worker.id} has ended (${signal ?? status}), another one takes its place${soon}`,
      );
      const pause = setTimeout(() => {
        pauses.delete(pause);
        start();
      }, delay);
      pauses.add(pause);
    });
  };
  const pass = (signal: NodeJS.Signals): void => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
  };
  const reload = async (): Promise<void> => {
    if (ending) return;
    let next: ProgramConfig;
    try {
      next = await load();
    } catch (error) {
      teller.complain(`not reloaded: ${(error as Error).message}`);
      return;
    }
    for (const complaint of fixedChanges(config, next)) teller.complain(complaint);
    await clearSockets(next, current);
    current = next;
    await ready.all();
    if (ending) return;
    for (const worker of Object.values(cluster.workers ?? {})) {
      if (worker !== undefined) reloading.add(worker.id);
    }
    pass('SIGHUP');
  };
  await clearSockets(config, null);
  // This process listens for its workers whenever they ask, and makes no other files.
  const umask = process.umask();
  start();
  let reloads = Promise.resolve();
  signals.on('SIGHUP', () => {
    // One after the other: the last one counts.
    reloads = reloads.then(reload);
  });
  signals.on('SIGUSR1', () => void ready.all().then(() => pass('SIGUSR1')));
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      ending = true;
      for (const pause of pauses) clearTimeout(pause);
      pass('SIGTERM');
      if (Object.keys(cluster.workers ?? {}).length === 0) resolve();
    };
    cluster.on('exit', () => {
      if (ending && Object.keys(cluster.workers ?? {}).length === 0) resolve();
    });
    signals.on('SIGTERM', stop);
    signals.on('SIGINT', stop);
  });
  admin?.close();
  return failed ? 1 : 0;
}

/** How long nobody takes the place of a worker, in milliseconds, when so many have ended early one after the other. */
export function restartDelay(early: number): number {
  return early === 0 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (early - 1));
}

/** Tells the cluster what a worker has to tell. */
export const tellLeader: Teller = {
  listening: (urls, backs) => process.send?.({ told: 'listening', urls, backs }),
  complain: (text) => process.send?.({ told: 'complain', text }),
  reloaded: () => process.send?.({ told: 'reloaded' }),
};
