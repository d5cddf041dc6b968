import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { LoadClient } from './load-client.ts';
import type { LoadPlan } from './plan.ts';
import type { Recorder } from './results/recorder.ts';

/** The clients of one thread: begins them, and ends when they have. */
export class LoadShare {
  readonly #plan: LoadPlan;
  readonly #quotas: readonly number[];
  readonly #recorder: Recorder;
  readonly #clients: LoadClient[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #begun = 0;
  #running: number;
  /** Periods of the connection rate that have begun. */
  #periods = 0;
  #resolve: (ms: number) => void = () => {};
  #over = false;

  /** `quotas`: requests of each client. */
  constructor(plan: LoadPlan, quotas: readonly number[], recorder: Recorder) {
    this.#plan = plan;
    this.#quotas = quotas;
    this.#recorder = recorder;
    this.#running = quotas.length;
    recorder.counting = false;
  }

  /** Resolves when all clients have ended, or `stop()` was called: with the milliseconds in which requests were counted. */
  run(): Promise<number> {
    const { warmUpMs, durationMs } = this.#plan;
    if (this.#over) return Promise.resolve(0);
    this.#begun = performance.now();
    if (warmUpMs === 0) this.#recorder.begin(this.#begun);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (warmUpMs > 0) this.#after(warmUpMs, () => this.#count());
      else if (durationMs > 0) this.#after(durationMs, () => this.stop());
      this.#startSome();
    });
  }

  /** Ends all clients; before `run()`, none begins. */
  stop(): void {
    if (this.#over) return;
    for (const client of this.#clients) client.stop();
    this.#end();
  }

  /** Begins as many as the rate says, and the next ones later. */
  #startSome(): void {
    const { connectionRate, ratePeriodMs, workers } = this.#plan;
    const share = connectionRate / workers;
    this.#periods++;
    const wanted = connectionRate === 0 ? this.#quotas.length : Math.ceil(share * this.#periods);
    while (this.#clients.length < Math.min(wanted, this.#quotas.length)) {
      const quota = this.#quotas[this.#clients.length] as number;
      const readRate = this.#clients.length < this.#plan.slowClients ? this.#plan.readRate : 0;
      const part = { quota, readRate };
      const client = new LoadClient(this.#plan, part, this.#recorder, () => this.#clientOver());
      this.#clients.push(client);
      client.start();
    }
    if (this.#clients.length < this.#quotas.length)
      this.#after(ratePeriodMs, () => this.#startSome());
  }

  /** The warm-up is over. */
  #count(): void {
    this.#begun = performance.now();
    this.#recorder.reset(this.#begun);
    for (const client of this.#clients) client.restart();
    this.#after(this.#plan.durationMs, () => this.stop());
  }

  #clientOver(): void {
    this.#running--;
    if (this.#running === 0) this.#end();
  }

  #after(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#resolve(performance.now() - this.#begun);
  }
}
