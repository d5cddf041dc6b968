import type { LoadProgress } from '../../tools/index.ts';

/** Where progress is shown: standard error. */
export interface ProgressScreen {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;

/** One line on a terminal that says how far a run is; elsewhere nothing. */
export class ProgressLine {
  readonly #screen: ProgressScreen;
  readonly #enabled: boolean;
  #shown = false;

  constructor(screen: ProgressScreen) {
    this.#screen = screen;
    this.#enabled = screen.isTTY === true;
  }

  /** Shows how far it is. */
  show({ share, done }: LoadProgress): void {
    if (!this.#enabled) return;
    this.#shown = true;
    const bar = '='.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    this.#screen.write(`\r${percent} [${bar}] ${done} requests\x1b[K`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.#screen.write('\r\x1b[K');
    this.#shown = false;
  }
}
