/** The peer did something else. */
export class Mismatch extends Error {
  /** What it had to do. */
  readonly expected: string;
  /** What it did. */
  readonly received: string;

  constructor(expected: string, received: string) {
    super(`expected ${expected}, got ${received}`);
    this.expected = expected;
    this.received = received;
  }
}

/** It cannot be told with this peer; the message says why. */
export class Skip extends Error {}
