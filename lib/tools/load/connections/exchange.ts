/** A request that is under way. */
export class Exchange {
  /** Of the answer; 0 as long as there is none. */
  status = 0;
  /** Whether its end was told. */
  over = false;
  /** When it was to be sent: a reading of `performance.now()`. */
  readonly due: number;
  readonly counted: boolean;

  constructor(due: number, counted: boolean) {
    this.due = due;
    this.counted = counted;
  }
}
