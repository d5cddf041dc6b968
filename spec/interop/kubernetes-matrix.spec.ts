import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { makeCertificate } from '../../lib/http/server/connection/certificate.ts';
import { createFakeApiServer, type FakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import { createStreamTranslator } from '../../lib/kubernetes/gateway/translator.ts';
import { REPOSITORY_ROOT } from '../support/corpus-data.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { isEmpty, until } from './support/kubectl.ts';
import {
  echoTargets,
  type MatrixClient,
  type MatrixServer,
  type MatrixSession,
  OPERATIONS,
  type Operation,
  passOn,
  type Reasons,
  TERMINAL_SCRIPT,
  writeConfig,
} from './support/matrix.ts';
import { NODE_CLIENT } from './support/matrix-client-node.ts';
import { DEBIAN_KUBECTL, newerKubectl } from './support/matrix-kubectl.ts';
import { ownClient } from './support/matrix-own.ts';
import { GO_CLIENT, PYTHON_CLIENT } from './support/matrix-programs.ts';
import { type PeerName, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';

const TRANSPORTS = ['spdy', 'websocket'] as const;
const OWN = TRANSPORTS.map(ownClient);
const NEWER = ([31, 34, 36] as const).flatMap((minor) =>
  TRANSPORTS.map((transport) => newerKubectl(minor, transport)),
);
const ALL = [DEBIAN_KUBECTL, ...NEWER, NODE_CLIENT, PYTHON_CLIENT, GO_CLIENT, ...OWN];
/** Those that are led through gateways, which are no matter of versions. */
const SOME = [newerKubectl(36, 'spdy'), newerKubectl(36, 'websocket'), NODE_CLIENT, PYTHON_CLIENT];

/** The main process of the pod `reader`. */
const READER = 'while read -r line; do echo "main: $line"; [ "$line" = two ] && exit; done';

/** A server, and who is used with it. */
interface Place {
  readonly name: string;
  readonly peers: readonly PeerName[];
  readonly clients: readonly MatrixClient[];
  readonly cannot: Reasons;
  /** Starts what stands between the clients and the fake API server; nothing for that itself. */
  start?(server: MatrixServer): Promise<{ readonly server: MatrixServer; stop(): Promise<void> }>;
}

const PLACES: readonly Place[] = [
  { name: 'our server', peers: [], clients: ALL, cannot: {} },
  ...TRANSPORTS.map((transport) => ({
    name: `our gateway, ${transport} behind`,
    peers: [],
    clients: [...OWN, ...(transport === 'spdy' ? SOME : [])],
    cannot: {},
    start: (server: MatrixServer) => startGateway(server, transport),
  })),
  {
    name: 'kubectl proxy',
    peers: ['kubectl-36'],
    clients: OWN,
    cannot: {},
    start: startProxy,
  },
  {
    name: 'our Go program on spdystream',
    peers: ['kubestream'],
    clients: OWN.slice(0, 1),
    cannot: {
      'a terminal: two sizes, Ctrl-C': 'it has no terminals; sizes have a spec of their own',
      attach: 'its main process has a spec of its own',
      'cp to the pod': 'its pods have the files of this machine',
      'cp from the pod': 'its pods have the files of this machine',
      '6 MB and exit code 9 for a reader that sleeps':
        'it closes its connections early; that nothing cut passes for whole has a spec of its own',
    },
    start: startGoProgram,
  },
];

/** The table of docs/kubernetes.md. */
function table(): string {
  const rows = PLACES.flatMap(({ name, clients, cannot }) =>
    clients.map((client) => {
      const reasons = { ...client.cannot, ...cannot };
      const texts = new Map<string, Operation[]>();
      for (const operation of OPERATIONS) {
        const reason = reasons[operation];
        if (reason !== undefined) texts.set(reason, [...(texts.get(reason) ?? []), operation]);
      }
      const notDone = [...texts].map(([reason, which]) => `${which.join(' and ')}: ${reason}`);
      return `| ${name} | ${client.name} | ${notDone.join('; ')} |`;
    }),
  );
  return ['| Server | Client | Not done, and why |', '| --- | --- | --- |', ...rows].join('\n');
}

describe('Clients and servers of Kubernetes', () => {
  it('are listed in the documentation as they are tried here', () => {
    const docs = readFileSync(new URL('docs/kubernetes.md', REPOSITORY_ROOT), 'utf8');
    expect(docs).to.include(OPERATIONS.map((operation) => `- ${operation}\n`).join(''));
    expect(docs).to.include(table());
  });

  let fake: FakeApiServer;
  let plain: FakeApiServer;
  let targets: Awaited<ReturnType<typeof echoTargets>>;
  let real: MatrixServer;

  before(async () => {
    targets = await echoTargets();
    const { echo, refused } = targets;
    const pods = [
      { name: 'p' },
      { name: 'web', ports: { [echo]: echo, [refused]: refused } },
      { name: 'reader', containers: { main: { command: ['sh', '-c', READER] } } },
      { name: 'counter', containers: { main: { command: ['wc', '-c'] } } },
    ];
    fake = await createFakeApiServer({ pods, tls: true, token: 'secret' }).listen();
    plain = await createFakeApiServer({ pods }).listen();
    real = {
      name: 'our server',
      cluster: fake.cluster,
      plain: plain.cluster,
      folder: fake.directoryOf('p'),
      ports: targets,
    };
  });

  after(async () => {
    targets?.close();
    await fake?.close();
    await plain?.close();
  });

  for (const place of PLACES) {
    describe(place.name, () => {
      let started: Awaited<ReturnType<NonNullable<Place['start']>>> | null = null;

      before(async function () {
        for (const peer of place.peers) requirePeer(this, peer);
        started = (await place.start?.(real)) ?? null;
      });

      after(() => started?.stop());

      for (const client of place.clients) {
        describe(client.name, () => {
          let session: MatrixSession | null = null;

          before(async function () {
            for (const peer of client.peers) requirePeer(this, peer);
            session = await client.open(started?.server ?? real);
          });

          after(() => session?.close());
          // Nobody leaves anything behind.
          afterEach(() => until('nothing is left', () => isEmpty(fake) && isEmpty(plain)));

          for (const operation of OPERATIONS) {
            const reason = place.cannot[operation] ?? client.cannot[operation];
            if (reason !== undefined) continue;
            it(operation, () =>
              PERFORM[operation](session as MatrixSession, started?.server ?? real, client),
            );
          }
        });
      }
    });
  }
});

const PERFORM: Readonly<
  Record<
    Operation,
    (session: MatrixSession, server: MatrixServer, client: MatrixClient) => Promise<void>
  >
> = {
  'exec with the exit codes 0, 3 and 137': async (session) => {
    const scripts = ['true', 'exit 3', 'kill -9 $$'];
    const seen = await Promise.all(
      scripts.map((script) => session.exec(['sh', '-c', `echo out; echo err >&2; ${script}`])),
    );
    expect(seen.map(({ code }) => code)).to.deep.equal([0, 3, 137]);
    expect(seen.map(({ head }) => head)).to.deep.equal(['out\n', 'out\n', 'out\n']);
    for (const { stderr } of seen) expect(stderr).to.match(/^err\n/);
  },
  '10 MB to a command and back': async (session) => {
    const { code, bytes, sha256: seen, sent } = await session.echo(10_000_000);
    expect([code, bytes, seen]).to.deep.equal([0, 10_000_000, sent]);
  },
  'a terminal: two sizes, Ctrl-C': async (session) => {
    const { screen, code } = await session.terminal(TERMINAL_SCRIPT);
    expect(screen).to.include('interrupted');
    expect(code).to.equal(42);
  },
  attach: async (session, _server, client) => {
    // That one sends bytes, and no lines.
    if (client === GO_CLIENT) expect((await session.attach('counter')).trim()).to.equal('100000');
    else expect(await session.attach('reader')).to.equal('main: one\nmain: two\n');
  },
  'cp to the pod': (session, { folder }) =>
    copied(async (tree, home) => {
      const remote = path.join(folder, path.basename(home));
      await session.copyTo(tree, path.basename(home));
      return remote;
    }),
  'cp from the pod': (session, { folder }) =>
    copied(async (tree, home) => {
      const name = path.basename(home);
      cpSync(tree, path.join(folder, name), { recursive: true });
      const local = path.join(home, 'copy');
      await session.copyFrom(name, local);
      rmSync(path.join(folder, name), { recursive: true });
      return local;
    }),
  'port-forward with 40 connections': async (session, { ports }) => {
    expect(await session.forward(ports.echo, 40, 20_000)).to.deep.equal({ ok: 40, faults: [] });
  },
  'port-forward to a port that is refused': async (session, { ports }) => {
    const { ok, faults } = await session.forward(ports.refused, 1, 10);
    expect(ok).to.equal(0);
    expect(faults.join()).to.match(/refused|failed to connect/i);
  },
  '6 MB and exit code 9 for a reader that sleeps': async (session) => {
    const script = 'head -c 6000000 /dev/zero | tr "\\0" x; exit 9';
    const seen = await session.exec(['sh', '-c', script], 700);
    expect([seen.code, seen.bytes]).to.deep.equal([9, 6_000_000]);
    expect(seen.sha256).to.equal(sha256(Buffer.alloc(6_000_000, 'x')));
  },
};

/** Makes a tree, and looks whether the folder that `copy` resolves with is the same. */
async function copied(copy: (tree: string, home: string) => Promise<string>): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), 'spdylay-matrix-'));
  try {
    const tree = path.join(home, 'tree');
    mkdirSync(path.join(tree, 'sub'), { recursive: true });
    writeFileSync(path.join(tree, 'big.bin'), pattern(1_000_001));
    writeFileSync(path.join(tree, 'sub/two words.txt'), 'words');
    const found = await copy(tree, home);
    expect(contents(found)).to.deep.equal(contents(tree));
    rmSync(found, { recursive: true });
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** Files and folders with what is in them. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const file = path.join(folder, name);
      return [name, statSync(file).isDirectory() ? 'folder' : sha256(readFileSync(file))];
    }),
  );
}

async function startGateway(
  server: MatrixServer,
  transport: 'spdy' | 'websocket',
): ReturnType<NonNullable<Place['start']>> {
  const { cluster } = server;
  const translator = createStreamTranslator(() => ({ cluster, transport }));
  const tls = makeCertificate(['localhost', '127.0.0.1']);
  const front = https.createServer(tls);
  translator.attach(front);
  passOn(front, cluster);
  await once(front.listen(0, '127.0.0.1'), 'listening');
  const { port } = front.address() as AddressInfo;
  const own = { server: `https://127.0.0.1:${port}`, ca: tls.cert, token: 'of a client' };
  const stop = async (): Promise<void> => {
    await translator.close();
    front.close();
    front.closeAllConnections();
  };
  return { server: { ...server, cluster: own }, stop };
}

async function startProxy(server: MatrixServer): ReturnType<NonNullable<Place['start']>> {
  const home = mkdtempSync(path.join(tmpdir(), 'spdylay-proxy-'));
  const config = path.join(home, 'config');
  writeConfig(config, server.cluster);
  const options = ['--kubeconfig', config, '--port', '0', '--disable-filter'];
  const proxy = new PeerProcess([peerPath('kubectl-36/kubectl'), 'proxy', ...options]);
  const port = (await proxy.printed(/Starting to serve on 127\.0\.0\.1:(\d+)/))[1];
  const stop = async (): Promise<void> => {
    await proxy.stop();
    rmSync(home, { recursive: true });
  };
  return { server: { ...server, cluster: { server: `http://127.0.0.1:${port}` } }, stop };
}

async function startGoProgram(server: MatrixServer): ReturnType<NonNullable<Place['start']>> {
  const peer = new PeerProcess([peerPath('kubestream'), 'server']);
  const port = (await peer.printed(/plain=(\d+)/))[1];
  const cluster = { server: `http://127.0.0.1:${port}` };
  return { server: { ...server, cluster }, stop: () => peer.stop() };
}
