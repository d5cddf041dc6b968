import { clearInterval, setInterval } from 'node:timers';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { LocalCrew } from './crew.ts';
import { loadHistograms } from './results/series.ts';
import type { WorkerCommand, WorkerMessage, WorkerOrder } from './worker-crew.ts';

/** How often it is told how many requests have ended. */
const INTERVAL_MS = 100;

const port = parentPort as MessagePort;
const { plan, quotas } = workerData as WorkerOrder;
const crew = new LocalCrew(plan, quotas, await loadHistograms());
const tell = (message: WorkerMessage): void => port.postMessage(message);

port.on('message', (command: WorkerCommand) => {
  if (command === 'go') void work();
  else crew.stop();
});
tell('ready');

async function work(): Promise<void> {
  const timer = setInterval(() => tell(crew.done), INTERVAL_MS);
  const [record] = await crew.run();
  clearInterval(timer);
  if (record !== undefined) tell(record);
}
