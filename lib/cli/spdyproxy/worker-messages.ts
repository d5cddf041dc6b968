import type { Teller } from './worker.ts';

/** What a worker tells the process that leads it. Packages may send it other messages. */
export type WorkerMessage =
  | { readonly told: 'listening'; readonly urls: string[]; readonly backs: string[] }
  | { readonly told: 'complain'; readonly text: string }
  | { readonly told: 'reloaded' };

/** Tells that process what a worker has to tell. */
export const tellLeader: Teller = {
  listening: (urls, backs) => tell({ told: 'listening', urls: [...urls], backs: [...backs] }),
  complain: (text) => tell({ told: 'complain', text }),
  reloaded: () => tell({ told: 'reloaded' }),
};

function tell(message: WorkerMessage): void {
  process.send?.(message);
}
