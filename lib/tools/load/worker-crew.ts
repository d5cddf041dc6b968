import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LoadCrew, ShareRecord } from './crew.ts';
import type { LoadPlan } from './plan.ts';

/** What a worker is given at its start. */
export interface WorkerOrder {
  readonly plan: LoadPlan;
  readonly quotas: readonly number[];
}

/** What a worker is told. */
export type WorkerCommand = 'go' | 'stop';

/** What a worker tells: that it has loaded everything, how many requests have ended, or all. */
export type WorkerMessage = 'ready' | number | ShareRecord;

/** Does the work in threads, which begin together. */
export class WorkerCrew implements LoadCrew {
  readonly #workers: readonly Worker[];
  readonly #done: number[];
  #stopped = false;

  constructor(plan: LoadPlan) {
    const { workers, quotas } = plan;
    // Beside this file; in the package beside the one that this is part of. In a bundle that is CommonJS nothing has a URL.
    const program = new URL('./worker.js', import.meta.url);
    this.#done = new Array<number>(workers).fill(0);
    this.#workers = Array.from({ length: workers }, (_, index) => {
      const own = quotas.filter((_, client) => client % workers === index);
      // The slow ones are the first ones: each worker has its part of them.
      const slowClients = Math.ceil(Math.max(0, plan.slowClients - index) / workers);
      const workerData: WorkerOrder = { plan: { ...plan, slowClients, quotas: [] }, quotas: own };
      return new Worker(program, { workerData });
    });
  }

  get done(): number {
    return this.#done.reduce((sum, done) => sum + done, 0);
  }

  async run(): Promise<readonly ShareRecord[]> {
    try {
      // 'error' of one rejects.
      await Promise.all(this.#workers.map((worker) => once(worker, 'message')));
      const results = this.#workers.map((worker, index) => this.#resultOf(worker, index));
      this.#tell('go');
      if (this.#stopped) this.#tell('stop');
      return await Promise.all(results);
    } finally {
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#tell('stop');
  }

  #tell(command: WorkerCommand): void {
    for (const worker of this.#workers) worker.postMessage(command);
  }

  #resultOf(worker: Worker, index: number): Promise<ShareRecord> {
    return new Promise((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (typeof message === 'number') this.#done[index] = message;
        else if (message !== 'ready') resolve(message);
      });
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
    });
  }
}
