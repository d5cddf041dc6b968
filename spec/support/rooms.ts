/** The rooms of lib/ and the walls between them: what spec/architecture.spec.ts keeps and docs/architecture.md prints. */

/** A folder of lib/, or a single file. */
export interface Room {
  /** What is in it, for docs/architecture.md. */
  readonly holds: string;
  /** The other rooms that it may import. */
  readonly below: readonly string[];
  /** It knows nothing of the outside: no module of Node, no clock, no event, no Promise. */
  readonly pure?: true;
  /** The files that other rooms may import; without it all of them. */
  readonly door?: readonly string[];
}

/** What every room above the engine may use. */
const GROUND = ['errors', 'protocol', 'common'];
const KUBERNETES = [...GROUND, 'kubernetes/wire', 'kubernetes'];

/** By path below lib/, without extension; a file belongs to the longest path that it begins with. From the bottom to the top. */
export const ROOMS: Readonly<Record<string, Room>> = {
  errors: { holds: 'the error classes, their codes and numbers', below: [], pure: true },
  protocol: { holds: 'numbers, names and shapes of frames: facts only', below: [], pure: true },
  common: {
    holds: 'small things that several rooms share: deadlines, tables by id, checks',
    below: ['errors', 'protocol'],
  },
  compression: {
    holds: 'header blocks to bytes and back; the only room that names pako',
    below: GROUND,
    pure: true,
  },
  framing: { holds: 'bytes to frames and back', below: GROUND, pure: true },
  engine: {
    holds: 'what SPDY means: streams, windows, priorities, settings; without I/O',
    below: [...GROUND, 'compression', 'framing'],
    pure: true,
  },
  session: {
    holds: 'the Duplex shells: `Session` and `SpdyStream`; events, timers, transports',
    below: [...GROUND, 'framing', 'engine'],
    door: ['public'],
  },
  http: {
    holds: 'what client and server share: header fields, heads of messages',
    below: [...GROUND, 'session'],
  },
  'http/client': {
    holds: '`request()`, `SpdyAgent`, `fetch()`, `SpdyDispatcher`',
    below: [...GROUND, 'session', 'http'],
  },
  'http/server': {
    holds: '`createServer()`, requests, responses, pushes, upgrades',
    below: [...GROUND, 'session', 'http'],
  },
  'kubernetes/wire': {
    holds: 'what both sides speak: protocol names, `Status`, WebSocket frames',
    below: [...GROUND, 'session'],
  },
  kubernetes: { holds: 'its errors', below: [...GROUND, 'kubernetes/wire'] },
  'kubernetes/kubeconfig': {
    holds: 'clusters, users and credentials from files',
    below: KUBERNETES,
  },
  'kubernetes/client': {
    holds: '`exec()`, `attach()`, `run()`, `portForward()`',
    below: [...KUBERNETES, 'session', 'kubernetes/kubeconfig'],
  },
  'kubernetes/copy': {
    holds: '`copyToPod()`, `copyFromPod()`',
    below: [...KUBERNETES, 'kubernetes/kubeconfig', 'kubernetes/client'],
  },
  'kubernetes/server': {
    holds: '`createStreamingServer()` and handlers for it',
    below: [...KUBERNETES, 'session', 'http/server'],
  },
  'kubernetes/gateway': {
    holds: '`createStreamTranslator()`: clients in front, servers behind, over either transport',
    below: [
      ...KUBERNETES,
      'session',
      'kubernetes/kubeconfig',
      'kubernetes/client',
      'kubernetes/server',
    ],
  },
  'kubernetes/fake/objects': {
    holds: 'objects of the API, where they are kept, selectors',
    below: GROUND,
  },
  'kubernetes/fake/custom': {
    holds: 'definitions of custom resources, and their schemas',
    below: [...GROUND, 'kubernetes/fake/objects'],
  },
  'kubernetes/fake/requests': {
    holds: 'what was asked for, and answers that say no',
    below: [...KUBERNETES, 'kubernetes/fake/objects'],
  },
  'kubernetes/fake/shapes': {
    holds: 'what fields there are, in JSON and protobuf',
    below: [
      ...GROUND,
      'kubernetes/fake/objects',
      'kubernetes/fake/custom',
      'kubernetes/fake/requests',
    ],
  },
  'kubernetes/fake/faults': {
    holds: 'what goes wrong on purpose',
    below: [...GROUND, 'kubernetes/fake/objects', 'kubernetes/fake/requests'],
  },
  'kubernetes/fake/pods': {
    holds: 'pods that run, their logs, services in front of them',
    below: [...KUBERNETES, 'kubernetes/server', 'kubernetes/fake/objects'],
  },
  'kubernetes/fake/access': {
    holds: 'who may do what',
    below: [
      ...GROUND,
      'kubernetes/fake/objects',
      'kubernetes/fake/requests',
      'kubernetes/fake/shapes',
    ],
  },
  'kubernetes/fake/reads': {
    holds: 'lists, tables, watches, logs, discovery',
    below: [
      ...GROUND,
      'kubernetes/fake/objects',
      'kubernetes/fake/custom',
      'kubernetes/fake/requests',
      'kubernetes/fake/shapes',
      'kubernetes/fake/pods',
      'kubernetes/fake/access',
    ],
  },
  'kubernetes/fake/writes': {
    holds: 'bodies, what they make of objects, patches',
    below: [
      ...GROUND,
      'kubernetes/fake/objects',
      'kubernetes/fake/custom',
      'kubernetes/fake/requests',
      'kubernetes/fake/shapes',
      'kubernetes/fake/pods',
      'kubernetes/fake/access',
      'kubernetes/fake/reads',
    ],
  },
  'kubernetes/fake': {
    holds: '`createFakeApiServer()`: an API server for tests',
    below: [
      ...KUBERNETES,
      'kubernetes/kubeconfig',
      'kubernetes/server',
      'http/server',
      'kubernetes/fake/objects',
      'kubernetes/fake/custom',
      'kubernetes/fake/requests',
      'kubernetes/fake/shapes',
      'kubernetes/fake/access',
      'kubernetes/fake/faults',
      'kubernetes/fake/pods',
      'kubernetes/fake/reads',
      'kubernetes/fake/writes',
    ],
  },
  'tools/files': {
    holds: '`serveFiles()`: a handler for the files of a folder',
    below: [...GROUND, 'http/server'],
  },
  'tools/page': { holds: 'pages of HTML that load nothing', below: GROUND },
  'tools/dump': {
    holds: '`readDump()`, `Tap`: the frames in captures, traces and connections',
    below: [...GROUND, 'framing', 'engine', 'session', 'http/server', 'tools/page'],
  },
  'tools/load': {
    holds: '`runLoad()`: many requests, and how long they take',
    below: [...GROUND, 'engine', 'http', 'tools/page'],
  },
  'tools/proxy': {
    holds: '`createProxy()`: fronts, backs, and what goes between them',
    below: [...GROUND, 'http/client', 'http/server'],
  },
  'tools/conformance': {
    holds: '`testServer()`, `testClient()`: what SPDY demands, seen from outside',
    below: [...GROUND, 'framing', 'engine', 'session'],
  },
  'tools/index': {
    holds: 'the entry `spdylay/tools`: what programs do, to be called',
    below: ['tools/files', 'tools/conformance', 'tools/dump', 'tools/load', 'tools/proxy'],
  },
  cli: {
    holds: 'what programs share: arguments, terminal, log of frames',
    below: [...GROUND, 'session'],
  },
  'cli/spdycat': {
    holds: 'the client',
    below: [...GROUND, 'session', 'http', 'http/client', 'cli'],
  },
  'cli/spdyd': {
    holds: 'the file server',
    below: [...GROUND, 'session', 'http', 'http/server', 'tools/files', 'cli'],
  },
  'cli/spdyproxy': {
    holds: 'the proxy',
    below: [...GROUND, 'http/server', 'tools/index', 'cli'],
  },
  'cli/spdyspec': {
    holds: 'what a server or client does as SPDY demands',
    below: [...GROUND, 'http/server', 'tools/index', 'cli'],
  },
  'cli/spdydump': {
    holds: 'what went over a connection',
    below: [...GROUND, 'tools/index', 'cli'],
  },
  'cli/spdyload': {
    holds: 'the load generator',
    below: [...GROUND, 'tools/index', 'cli'],
  },
  'cli/spdy-kube-fake': {
    holds: 'the fake API server',
    below: [...GROUND, 'kubernetes/fake', 'kubernetes/fake/faults', 'kubernetes/fake/pods', 'cli'],
  },
  'kubernetes/client-index': {
    holds: 'the entry `spdylay/kubernetes/client`',
    below: [
      'common',
      'kubernetes',
      'kubernetes/wire',
      'kubernetes/kubeconfig',
      'kubernetes/client',
      'kubernetes/copy',
    ],
  },
  'kubernetes/index': {
    holds: 'the entry `spdylay/kubernetes`',
    below: [
      'kubernetes/client-index',
      'kubernetes/server',
      'kubernetes/gateway',
      'kubernetes/fake',
      'kubernetes/fake/access',
      'kubernetes/fake/faults',
      'kubernetes/fake/objects',
      'kubernetes/fake/pods',
      'kubernetes/fake/requests',
    ],
  },
  index: {
    holds: 'the entry `spdylay`',
    below: [...GROUND, 'framing', 'engine', 'session', 'http/client', 'http/server'],
  },
};

/** The room of a file, given as `engine/engine.ts`; null if it is in none. */
export function roomOf(path: string): string | null {
  const parts = path.replace(/\.ts$/, '').split('/');
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts.slice(0, length).join('/');
    if (name in ROOMS) return name;
  }
  return null;
}

/** Whether a room is an entry of the package: these look behind every door. */
export function isEntry(room: string): boolean {
  return /(?:^|[/-])index$/.test(room);
}
