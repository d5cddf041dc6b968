import { expect } from 'chai';
import { Deadline } from '../../../../lib/common/deadline.ts';
import { SpdyError } from '../../../../lib/errors.ts';
import { Liveness, type SharedConnection } from '../../../../lib/tools/proxy/back/liveness.ts';

const TIMEOUT_MS = 5;
const LATE = new SpdyError('ERR_SPDY_TIMEOUT', 'no answer');
const GONE = new Error('the client has gone');

/** A connection that says what it was asked for. */
class Recorded implements SharedConnection {
  heard: number | null = 10;
  readonly calls: string[] = [];

  retire(): void {
    this.calls.push('retire');
  }

  ping(): void {
    this.calls.push('ping');
  }

  end(error: Error): void {
    this.calls.push(`end: ${error.message}`);
  }
}

/** Resolves when all deadlines of that length are over that run by now. */
const later = (): Promise<void> =>
  new Promise((resolve) => {
    new Deadline().start(TIMEOUT_MS, resolve);
    // Deadlines keep no process alive.
    const timer = setInterval(() => {}, 1000);
    new Deadline().start(TIMEOUT_MS, () => clearInterval(timer));
  });

describe('tools/proxy/back/liveness', () => {
  let connection: Recorded;
  let liveness: Liveness;

  beforeEach(() => {
    connection = new Recorded();
    liveness = new Liveness(connection, TIMEOUT_MS);
  });

  afterEach(() => liveness.stop());

  const ended = `end: no answer to PING within ${TIMEOUT_MS} ms`;

  it('retires a connection that was silent when a request was late, and ends it without an answer to PING', async () => {
    liveness.gaveUp(liveness.mark(), LATE);
    expect(connection.calls).to.deep.equal(['retire', 'ping']);
    await later();
    expect(connection.calls).to.deep.equal(['retire', 'ping', ended]);
  });

  it('ends none that has answered', async () => {
    liveness.gaveUp(liveness.mark(), LATE);
    connection.heard = 27;
    await later();
    expect(connection.calls).to.deep.equal(['retire', 'ping']);
  });

  it('ends none that has ended', async () => {
    liveness.gaveUp(liveness.mark(), LATE);
    liveness.stop();
    await later();
    expect(connection.calls).to.deep.equal(['retire', 'ping']);
  });

  it('keeps one that has brought something else meanwhile, but asks it', async () => {
    const mark = liveness.mark();
    connection.heard = 11;
    liveness.gaveUp(mark, LATE);
    expect(connection.calls).to.deep.equal(['ping']);
    await later();
    expect(connection.calls).to.deep.equal(['ping', ended]);
  });

  it('takes what has come on a connection that was not there yet for an answer', () => {
    connection.heard = null;
    const mark = liveness.mark();
    connection.heard = 9;
    liveness.gaveUp(mark, LATE);
    expect(connection.calls).to.deep.equal(['ping']);
  });

  it('asks only once at a time', async () => {
    liveness.gaveUp(liveness.mark(), LATE);
    liveness.gaveUp(liveness.mark(), LATE);
    expect(connection.calls).to.deep.equal(['retire', 'ping', 'retire']);
  });

  it('asks one whose client has lost its patience, and not for one that has just asked', () => {
    liveness.gaveUp(liveness.mark(), GONE);
    expect(connection.calls).to.deep.equal([]);
    liveness.gaveUp({ at: performance.now() - 1000, heard: 10 }, GONE);
    expect(connection.calls).to.deep.equal(['ping']);
  });

  it('has no opinion of one that is not there', () => {
    connection.heard = null;
    liveness.gaveUp(liveness.mark(), LATE);
    expect(connection.calls).to.deep.equal([]);
  });

  it('waits for ever where a connection may take for ever', () => {
    const patient = new Liveness(connection, 0);
    patient.gaveUp(patient.mark(), LATE);
    expect(connection.calls).to.deep.equal(['retire']);
  });
});
