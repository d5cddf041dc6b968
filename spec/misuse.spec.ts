import http from 'node:http';
import https from 'node:https';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import {
  CLIENT,
  connect,
  createServer,
  Engine,
  fetch,
  request,
  SERVER,
  Session,
  SpdyAgent,
  SpdyDispatcher,
  SpdyError,
  urlfetch,
} from '../lib/index.ts';
import {
  attach,
  copyToPod,
  createFakeApiServer,
  createStreamingServer,
  exec,
  forwardTo,
  loadKubeConfig,
  portForward,
  run,
  runProcess,
  upgradeToSpdy,
} from '../lib/kubernetes/index.ts';
import { serveFiles } from '../lib/tools/index.ts';
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

const TARGET = { cluster: { server: 'http://127.0.0.1:1' }, pod: 'p' };
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
  'connect()': [
    [
      () => connect(any({ hostnam: 'a' })),
      "connect(): there is no option 'hostnam', did you mean hostname?",
    ],
    [
      () => connect(any({ timeout: 5 })),
      "connect(): there is no option 'timeout', did you mean timeoutMs?",
    ],
    [
      () => connect(any({ rejectUnauthorised: false })),
      "connect(): there is no option 'rejectUnauthorised'",
    ],
    [
      () => connect(any({ protocol: 'spdy/3' })),
      "connect(): there is no option 'protocol', did you mean protocols?",
    ],
    [
      () => connect(any({ protocols: 'spdy/3' })),
      "protocols must be an array of ALPN names, got 'spdy/3' (string)",
    ],
    [() => connect({ protocols: [''] }), 'protocols must be an array of ALPN names, got an array'],
    [
      () => connect({ version: any(3.1) }),
      "SPDY version 3.1 is not spoken here: write 'spdy/3.1' or the number 4",
    ],
    [
      () => connect({ defaultVersion: any('spdy3') }),
      "SPDY version 'spdy3' (string) is not spoken here: write 'spdy/3' or the number 3",
    ],
    [() => connect(any('https://a')), "options must be an object, got 'https://a' (string)"],
    [
      () => connect(any({ pingRate: {} })),
      "connect(): there is no option 'pingRate', did you mean session.pingRate?",
    ],
    [
      () => connect({ maxSessionMemory: any('10') }),
      "maxSessionMemory must be an integer from 1 to 1048576, got '10' (string)",
    ],
    [() => connect({ signal: any(true) }), 'signal must be an AbortSignal, got true'],
  ],
  'createServer()': [
    [
      () => createServer(any({ allowHttp: true })),
      "createServer(): there is no option 'allowHttp', did you mean allowHttp1?",
    ],
    [
      () => createServer(any({ idleTimeout: 5 })),
      "createServer(): there is no option 'idleTimeout', did you mean idleTimeoutMs?",
    ],
    [
      () => createServer(any({ requestTimeout: 5 })),
      "createServer(): there is no option 'requestTimeout', did you mean requestTimeoutMs?",
    ],
    [
      () => createServer(any({ headersTimeout: 5 })),
      "createServer(): there is no option 'headersTimeout', did you mean headersTimeoutMs?",
    ],
    [() => createServer(any({ port: 443 })), "createServer(): there is no option 'port'"],
    [
      () => createServer(any({ maxConcurrentStreams: 5 })),
      "createServer(): there is no option 'maxConcurrentStreams', did you mean session.maxConcurrentStreams?",
    ],
    [
      () => createServer({ maxSessionMemory: 0 }),
      'maxSessionMemory must be an integer from 1 to 1048576, got 0',
    ],
    [
      () => createServer({ tls: false, allowHttp1: true, allowHTTP1: false }),
      'allowHttp1 and allowHTTP1 contradict each other',
    ],
    [
      () => createServer({ tls: false, allowHTTP1: any('no') }),
      "allowHttp1 must be true or false, got 'no' (string)",
    ],
    [
      () => createServer({ tls: false }).handle(any({}), 'spdy/3'),
      'handle() needs a Duplex, got an object',
    ],
    [
      () => createServer({ tls: false }).handle(new PassThrough(), 'spdy/3', any({ tls: true })),
      "handle(): there is no option 'tls'",
    ],
    [
      () => createServer({ versions: any('spdy/3.1') }),
      "versions must be an array of SPDY versions, got 'spdy/3.1' (string)",
    ],
    [
      () => createServer({ versions: [any(3.1)] }),
      "SPDY version 3.1 is not spoken here: write 'spdy/3.1' or the number 4",
    ],
    [
      () => createServer({ defaultVersion: any('3') }),
      "SPDY version '3' (string) is not spoken here: write 'spdy/3' or the number 3",
    ],
    [
      () => createServer({ idleTimeoutMs: any('5') }),
      "idleTimeoutMs must be an integer from 0 to 2147483647, got '5' (string)",
    ],
    [
      () => createServer({ maxHeaderSize: -1 }),
      'maxHeaderSize must be an integer from 0 to 4194304, got -1',
    ],
    [
      () => createServer({ proxyProtocol: { allow: [] } }),
      'proxyProtocol needs a certificate, or tls: false',
    ],
    [
      () => createServer({ session: any({ idleTimeout: 1 }) }),
      "session: there is no option 'idleTimeout', did you mean idleTimeoutMs?",
    ],
    [
      () => createServer({ session: { sessionWindowSize: 1 } }),
      'sessionWindowSize must be an integer from 65536 to 2147483647, got 1',
    ],
    [
      () => createServer({ session: { maxDataSize: 0 } }),
      'maxDataSize must be an integer from 1 to 16777215, got 0',
    ],
    [() => createServer({ session: any(5) }), 'session must be an object, got 5'],
    [() => createServer(any('options')), "options must be an object, got 'options' (string)"],
  ],
  SpdyAgent: [
    [
      () => new SpdyAgent(any({ maxSocket: 1 })),
      "new SpdyAgent(): there is no option 'maxSocket', did you mean maxSockets?",
    ],
    [
      () => new SpdyAgent(any({ idleTimeout: 1 })),
      "new SpdyAgent(): there is no option 'idleTimeout', did you mean idleTimeoutMs?",
    ],
    [
      () => new SpdyAgent(any({ maxFreeSockets: 1 })),
      "new SpdyAgent(): there is no option 'maxFreeSockets', did you mean maxSockets?",
    ],
    [
      () => new SpdyAgent(any({ headerCompression: 'none' })),
      "new SpdyAgent(): there is no option 'headerCompression', did you mean session.headerCompression?",
    ],
    [
      () => new SpdyAgent({ keepAlive: any('no') }),
      "keepAlive must be true or false, got 'no' (string)",
    ],
    [
      () => new SpdyAgent({ strictContentLength: any(1) }),
      'strictContentLength must be true or false, got 1',
    ],
    [
      () => new SpdyAgent({ protocols: any('h2') }),
      "protocols must be an array of ALPN names, got 'h2' (string)",
    ],
    [
      () => new SpdyAgent({ version: any('3.1') }),
      "SPDY version '3.1' (string) is not spoken here: write 'spdy/3.1' or the number 4",
    ],
    [
      () => new SpdyAgent({ maxRetries: any('1') }),
      "maxRetries must be an integer from 0 to 2147483647, got '1' (string)",
    ],
    [
      () => new SpdyAgent({ proxy: any({ uri: 'http://p' }) }),
      "proxy: there is no option 'uri', did you mean url?",
    ],
    [
      () => new SpdyAgent({ tls: any({ minVerison: 'TLSv1.3' }) }),
      "tls: there is no option 'minVerison', did you mean minVersion?",
    ],
    [() => new SpdyAgent({ tls: any(true) }), 'tls must be an object, got true'],
    [
      () => new SpdyAgent({ proxy: { url: 'https://p', tls: any({ minVerison: 'TLSv1.3' }) } }),
      "tls: there is no option 'minVerison', did you mean minVersion?",
    ],
    [
      () => request('https://a/', { tls: any({ minVerison: 'TLSv1.3' }) }),
      "tls: there is no option 'minVerison', did you mean minVersion?",
    ],
    [
      () => connect({ tls: any({ crt: 'x' }) }),
      "tls: there is no option 'crt', did you mean cert?",
    ],
    [
      () => new SpdyAgent({ session: any({ flowcontrol: false }) }),
      "session: there is no option 'flowcontrol', did you mean flowControl?",
    ],
    [
      () => new SpdyAgent({ session: { settings: any({ initialWindow: 1 }) } }),
      'settings: initialWindow must be one of uploadBandwidth, downloadBandwidth, roundTripTime, maxConcurrentStreams, currentCwnd, downloadRetransRate, initialWindowSize, clientCertificateVectorSize, with a number',
    ],
    [
      () => new SpdyDispatcher(any({ sesion: {} })),
      "new SpdyAgent(): there is no option 'sesion', did you mean session?",
    ],
  ],
  requests: [
    [
      () => request(any({ hostnme: 'a' })),
      "request(): there is no option 'hostnme', did you mean hostname?",
    ],
    [
      () => request('https://a/', any({ header: {} })),
      "request(): there is no option 'header', did you mean headers?",
    ],
    [
      () => request('https://a/', any({ timeout: '5' })),
      "timeout must be a number from 0, got '5' (string)",
    ],
    [
      () => request('https://a/', any({ timeoutMs: 5 })),
      "request(): there is no option 'timeoutMs', did you mean timeout?",
    ],
    [() => request('https://a/', any({ method: 5 })), 'method must be a string, got 5'],
    [() => request('https://a/', any({ path: {} })), 'path must be a string, got an object'],
    [() => request(any({ hostname: 5 })), 'hostname must be a string, got 5'],
    [() => request(any({ lookup: '::1' })), "lookup must be a function, got '::1' (string)"],
    [
      () => request('https://a/', { priority: 9 }),
      'priority must be an integer from 0 to 7, got 9',
    ],
    [
      () => request('https://a/', { priority: any('high') }),
      "priority must be an integer from 0 to 7, got 'high' (string)",
    ],
    [
      () => request('https://a/', { signal: any({}) }),
      'signal must be an AbortSignal, got an object',
    ],
    [
      () => new SpdyDispatcher().dispatch({ path: '/', method: 'GET' }, any(null)),
      'handler must be an object, got null',
    ],
    [
      () => new SpdyDispatcher().request(any(undefined)),
      'options must be an object, got undefined',
    ],
    [
      () => request('https://a/', { agent: any(new http.Agent()) }),
      'agent must be a SpdyAgent, got an object (Agent)',
    ],
    [
      () => request('https://a/', { agent: any(new (class SpdyAgent {})()) }),
      'agent must be a SpdyAgent, got an object (SpdyAgent) of another copy of this package',
    ],
    [
      () => request('https://a/', { agent: any(Object.create(null)) }),
      'agent must be a SpdyAgent, got an object',
    ],
    [
      () => new SpdyDispatcher(any(new http.Agent())),
      'agent must be a SpdyAgent, got an object (Agent)',
    ],
    [() => request('https://a/', { agent: any(false) }), 'agent must be a SpdyAgent, got false'],
    [() => request('https://a/', { port: 99999 }), 'port must be from 1 to 65535, got 99999'],
    [() => request('ftp://a/'), "protocol must be http: or https:, got 'ftp:' (string)"],
    [
      () => fetch('https://a/', { agent: any(new https.Agent()) }),
      'agent must be a SpdyAgent, got an object (Agent)',
    ],
    [
      () => fetch('https://a/', any({ agnet: null })),
      "fetch(): there is no option 'agnet', did you mean agent?",
    ],
    [
      () => fetch('https://a/', any({ header: {} })),
      "fetch(): there is no option 'header', did you mean headers?",
    ],
    [
      () => fetch('https://a/', any({ dispatcher: {} })),
      "fetch(): there is no option 'dispatcher'",
    ],
    [() => fetch('https://a/', any(null)), 'options must be an object, got null'],
    [
      () => urlfetch('https://a/', {}, any({ header: {} })),
      "urlfetch(): there is no option 'header', did you mean headers?",
    ],
    [
      () => urlfetch('https://a/', any({ onHeaders() {} })),
      "handler of urlfetch(): there is no method 'onHeaders', did you mean onHeader?",
    ],
  ],
  'serveFiles()': [
    [
      () => serveFiles(any({ root: '.', spaa: true })),
      "serveFiles(): there is no option 'spaa', did you mean spa?",
    ],
    [
      () => serveFiles({ root: '.', listing: any('yes') }),
      "listing must be true or false, got 'yes' (string)",
    ],
  ],
  kubernetes: [
    [
      () => exec(any({ ...TARGET, contaner: 'c', command: ['x'] })),
      "exec(): there is no option 'contaner', did you mean container?",
    ],
    [
      () => exec(any({ ...TARGET, command: 'ls -l' })),
      'command must be an array of strings, and not empty',
    ],
    [() => exec(any({ ...TARGET, cmd: ['ls'] })), "exec(): there is no option 'cmd'"],
    [
      () => exec(any({ ...TARGET, command: ['x'], cluster: { sever: 'https://a' } })),
      "cluster: there is no option 'sever', did you mean server?",
    ],
    [
      () =>
        exec(
          any({ ...TARGET, command: ['x'], cluster: { server: 'https://a', skipTlsVerify: true } }),
        ),
      "cluster: there is no option 'skipTlsVerify'",
    ],
    [() => attach(any({ ...TARGET, command: ['x'] })), "attach(): there is no option 'command'"],
    [
      () => run(any({ ...TARGET, command: ['x'], stdin: true })),
      "run(): there is no option 'stdin'",
    ],
    [() => portForward(any({ ...TARGET, port: 80 })), "portForward(): there is no option 'port'"],
    [
      () => portForward(any({ ...TARGET, reconnect: { attemps: 1 } })),
      "reconnect: there is no option 'attemps', did you mean attempts?",
    ],
    [
      () => copyToPod(any({ ...TARGET, source: 'a', to: 'b' })),
      "copy: there is no option 'source'",
    ],
    [
      () => upgradeToSpdy(any({ cluster: { server: 'http://a' }, path: '/', protocol: [] })),
      "upgradeToSpdy(): there is no option 'protocol', did you mean protocols?",
    ],
    [
      () => runProcess(any({ command: ['true'] }), any({ directory: '/' })),
      "runProcess(): there is no option 'directory'",
    ],
    [
      () => runProcess(any({ command: ['true'] }), any({ whenGone: 'stop' })),
      "whenGone must be one of kill, leave, got 'stop' (string)",
    ],
    [
      () => forwardTo(any({ hots: 'a' })),
      "forwardTo(): there is no option 'hots', did you mean host?",
    ],
    [() => forwardTo({ port: 0 }), 'port must be an integer from 1 to 65535, got 0'],
    [() => loadKubeConfig(any({ file: 'x' })), "loadKubeConfig(): there is no option 'file'"],
    [
      () => createStreamingServer(any({ execute: () => 0 })),
      "handlers: there is no option 'execute'",
    ],
    [
      () => createStreamingServer({}, { session: any({ keepAliv: {} }) }),
      "session: there is no option 'keepAliv', did you mean keepAlive?",
    ],
    [
      () => createStreamingServer({}, any({ idleTimeout: 5 })),
      "createStreamingServer(): there is no option 'idleTimeout', did you mean idleTimeoutMs?",
    ],
    [
      () => createFakeApiServer(any({ pod: [] })),
      "createFakeApiServer(): there is no option 'pod', did you mean pods?",
    ],
    [
      () => createFakeApiServer({ pods: [any({ name: 'a', image: 'b' })] }),
      "pod: there is no option 'image'",
    ],
    [() => createFakeApiServer({ fault: any({ delay: 5 }) }), "fault: there is no option 'delay'"],
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
