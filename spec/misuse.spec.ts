import { expect } from 'chai';
import { CLIENT, Engine, SERVER, Session, SpdyError } from '../lib/index.ts';
import { memoryConnection } from './support/session-pair.ts';

/** A call that cannot be meant, and what it is told. */
type Misuse = readonly [call: () => unknown, message: string];

/** Nothing is checked by the compiler here: users of plain JavaScript have no compiler. */
const any = (value: unknown): never => value as never;

const engine = (options: object, handler: object = {}): Engine =>
  new Engine(CLIENT, 4, any(options), any(handler));
const session = (options: object): Session => new Session(CLIENT, 'spdy/3.1', any(options));
const attachTwice = (): unknown => {
  const { client, server } = memoryConnection();
  const attached = session({}).attach(client);
  try {
    return attached.attach(server);
  } finally {
    attached.destroy();
  }
};

const VERSIONS = 'spdy/3.1, spdy/3, spdy/2 (numbers 4, 3, 2)';

const MISUSES: Readonly<Record<string, readonly Misuse[]>> = {
  Engine: [
    [
      () => engine({ maxConcurentStreams: 1 }),
      "new Engine(): there is no option 'maxConcurentStreams', did you mean maxConcurrentStreams?",
    ],
    [
      () => engine({ maxDataSize: '5' }),
      "maxDataSize must be an integer from 1 to 16777215, got '5' (string)",
    ],
    [() => engine({ flowControl: 'no' }), "flowControl must be true or false, got 'no' (string)"],
    [
      () => engine({ windowUpdates: 'manuel' }),
      "windowUpdates must be one of auto, manual, consume, got 'manuel' (string)",
    ],
    [() => engine({ idleTimeoutMs: 1 }), "new Engine(): there is no option 'idleTimeoutMs'"],
    [
      () => engine({ pingRate: { burst: 1 } }),
      'pingRate must be { burst, perSecond } with numbers of at least 0',
    ],
    [
      () => engine({ pingRate: { burst: 1, perSecond: 1, perMinute: 2 } }),
      "pingRate: there is no option 'perMinute'",
    ],
    [() => engine({ now: 5 }), 'now must be a function, got 5'],
    [
      () => engine({}, { onCtrlRcv() {} }),
      "handler of the Engine: there is no callback 'onCtrlRcv', did you mean onCtrlRecv?",
    ],
    [
      () => engine({}, { sendcb() {}, recieveCb() {} }),
      "handler of the Engine: there is no callback 'recieveCb', did you mean recvCb?",
    ],
    [
      () => engine({}, { beforeControlSend() {} }),
      "handler of the Engine: there is no callback 'beforeControlSend', did you mean beforeCtrlSend?",
    ],
    [
      () => new Engine(any('client'), 4),
      "side must be CLIENT (1) or SERVER (2), got 'client' (string)",
    ],
    [
      () => new Engine(CLIENT, any(3.1)),
      'version must be PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1 or the name of one, got 3.1',
    ],
    [() => new Engine(CLIENT, 4, any(null)), 'options must be an object, got null'],
  ],
  Session: [
    [
      () => new Session(SERVER, any(3.1)),
      "SPDY version 3.1 is not spoken here: write 'spdy/3.1' or the number 4",
    ],
    [
      () => new Session(SERVER, any('3.1')),
      "SPDY version '3.1' (string) is not spoken here: write 'spdy/3.1' or the number 4",
    ],
    [
      () => new Session(SERVER, any('3')),
      "SPDY version '3' (string) is not spoken here: write 'spdy/3' or the number 3",
    ],
    [
      () => new Session(SERVER, any('SPDY/2')),
      "SPDY version 'SPDY/2' (string) is not spoken here: write 'spdy/2' or the number 2",
    ],
    [
      () => new Session(SERVER, any('h2')),
      `SPDY version 'h2' (string) is not spoken here: only ${VERSIONS}`,
    ],
    [
      () => new Session(SERVER, any(false)),
      `SPDY version false is not spoken here: only ${VERSIONS}`,
    ],
    [() => new Session(any(0), 'spdy/3'), 'side must be CLIENT (1) or SERVER (2), got 0'],
    [
      () => session({ idleTimeout: 5 }),
      "new Session(): there is no option 'idleTimeout', did you mean idleTimeoutMs?",
    ],
    [
      () => session({ keepalive: {} }),
      "new Session(): there is no option 'keepalive', did you mean keepAlive?",
    ],
    [() => session({ keepAlive: true }), 'keepAlive must be an object, got true'],
    [
      () => session({ keepAlive: { interval: 5, timeoutMs: 5 } }),
      "keepAlive: there is no option 'interval', did you mean intervalMs?",
    ],
    [
      () => session({ keepAlive: { intervalMs: '5', timeoutMs: 5 } }),
      "keepAlive.intervalMs must be an integer from 1 to 2147483647, got '5' (string)",
    ],
    [() => session({ tls: true }), "new Session(): there is no option 'tls'"],
    [
      () => session({ signal: new AbortController() }),
      'signal must be an AbortSignal, got an object (AbortController)',
    ],
    [
      () => session({ settingsTiming: 'late' }),
      "settingsTiming must be one of start, afterFirstFrame, never, got 'late' (string)",
    ],
    [
      () => session({ settings: { maxStreams: 1 } }),
      'settings: maxStreams must be one of uploadBandwidth, downloadBandwidth, roundTripTime, maxConcurrentStreams, currentCwnd, downloadRetransRate, initialWindowSize, clientCertificateVectorSize, with a number',
    ],
    [
      () => session({}).request([], any({ prority: 1 })),
      "request(): there is no option 'prority', did you mean priority?",
    ],
    [
      () => session({}).request([], any({ endstream: true })),
      "request(): there is no option 'endstream', did you mean endStream?",
    ],
    [
      () => session({}).request([], { priority: any('0') }),
      "priority must be an integer from 0 to 7, got '0' (string)",
    ],
    [() => session({}).request(any('GET /')), 'headers: expected an array of pairs, got "GET /"'],
    [() => session({}).attach(any({})), 'attach() needs a Duplex, got an object'],
    [attachTwice, 'attach(): the session is attached to a transport already'],
  ],
};

describe('misuse', () => {
  for (const [entry, misuses] of Object.entries(MISUSES)) {
    for (const [call, message] of misuses) {
      it(`of ${entry} is told: ${message}`, async () => {
        let told: unknown = null;
        try {
          await call();
        } catch (error) {
          told = error;
        }
        expect(told).to.be.instanceOf(SpdyError);
        expect((told as SpdyError).message).to.equal(message);
      });
    }
  }
});
