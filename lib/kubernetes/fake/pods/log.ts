/** Most bytes of a log that are kept. */
const MAX_KEPT = 1024 * 1024;

/** A line, or what there is of it. */
interface Line {
  readonly time: number;
  bytes: Buffer;
}

/** Which lines of a log are wanted, and how. */
export interface LogSelection {
  /** Milliseconds since 1970; what was written before is left out. */
  readonly since: number;
  /** Most lines of what there is; null for all. */
  readonly tailLines: number | null;
  /** Whether the time of each line stands before it. */
  readonly timestamps: boolean;
}

/** Hears what is written; `end` when there will be no more. */
export interface LogFollower {
  write(bytes: Buffer): void;
  end(): void;
}

const NEWLINE = 10;

/** What a container has written from its start to its end; of too much the last mebibyte. */
export class FakeLog {
  readonly #followers = new Map<LogFollower, LogSelection>();
  #lines: Line[] = [];
  #kept = 0;
  #ended = false;

  /** Whether the container has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What the container writes. */
  append(text: string | Buffer, time: number = Date.now()): void {
    let rest = Buffer.from(text);
    while (rest.length > 0) {
      const end = rest.indexOf(NEWLINE) + 1 || rest.length;
      this.#add(rest.subarray(0, end), time);
      rest = rest.subarray(end);
    }
  }

  /** Lines that are there. */
  read({ since, tailLines, timestamps }: LogSelection): Buffer {
    const lines = this.#lines.filter(({ time }) => time >= since);
    const last = tailLines === null ? lines : lines.slice(Math.max(0, lines.length - tailLines));
    return Buffer.concat(
      last.flatMap(({ time, bytes }) => (timestamps ? [stamp(time), bytes] : [bytes])),
    );
  }

  /** Tells somebody what comes from now on, until what is returned is called. */
  follow(follower: LogFollower, selection: LogSelection): () => void {
    if (this.#ended) follower.end();
    else this.#followers.set(follower, selection);
    return () => this.#followers.delete(follower);
  }

  /** The container has ended. */
  end(): void {
    this.#ended = true;
    for (const follower of [...this.#followers.keys()]) follower.end();
    this.#followers.clear();
  }

  #add(bytes: Buffer, time: number): void {
    const last = this.#lines.at(-1);
    const isRest = last !== undefined && last.bytes.at(-1) !== NEWLINE;
    if (isRest) last.bytes = Buffer.concat([last.bytes, bytes]);
    else this.#lines.push({ time, bytes });
    this.#kept += bytes.length;
    for (const [follower, { timestamps }] of this.#followers)
      follower.write(timestamps && !isRest ? Buffer.concat([stamp(time), bytes]) : bytes);
    if (this.#kept > MAX_KEPT) this.#drop();
  }

  /** Makes room for a while, not for each line. */
  #drop(): void {
    let dropped = 0;
    while (this.#kept > MAX_KEPT / 2 && dropped < this.#lines.length) {
      this.#kept -= (this.#lines[dropped] as Line).bytes.length;
      dropped += 1;
    }
    this.#lines = this.#lines.slice(dropped);
  }
}

function stamp(time: number): Buffer {
  return Buffer.from(`${new Date(time).toISOString().replace('Z', '000000Z')} `);
}

/** The logs of a container: of this run, and of the one before. */
export class ContainerLogs {
  #current = new FakeLog();
  #previous: FakeLog | null = null;

  /** Texts are what was written already; a previous run has ended. */
  constructor(text = '', previous: string | null = null) {
    this.#current.append(text);
    if (previous === null) return;
    this.#previous = new FakeLog();
    this.#previous.append(previous);
    this.#previous.end();
  }

  get current(): FakeLog {
    return this.#current;
  }

  /** Null when there was no run before. */
  get previous(): FakeLog | null {
    return this.#previous;
  }

  /** The container runs once more. */
  renew(): void {
    this.#previous = this.#current;
    this.#previous.end();
    this.#current = new FakeLog();
  }
}
