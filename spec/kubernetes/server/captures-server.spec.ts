import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import type { ServerCommand } from '../../../lib/kubernetes/server/command.ts';
import type { CommandHandler } from '../../../lib/kubernetes/server/command-outcome.ts';
import type { PortForwardHandler } from '../../../lib/kubernetes/server/forward-session.ts';
import {
  createStreamingServer,
  type StreamingServer,
} from '../../../lib/kubernetes/server/streaming-server.ts';
import { type KubernetesStatus, parseStatus } from '../../../lib/kubernetes/wire/status.ts';
import { type DecodedFrame, decodeFrames } from '../../support/frame-decoder.ts';
import { type KubernetesCapture, kubernetesCapture } from '../../support/kubernetes-captures.ts';
import { SPDY31 } from '../../support/raw-command.ts';
import { RawStreamingClient } from '../../support/raw-streaming-client.ts';
import { settle, until } from '../../support/session-pair.ts';
import { BYTES, type Cut, randomCut, WHOLE } from '../../support/shred.ts';

/** What a handler was told of a recorded command. */
interface SeenCommand {
  readonly kind: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | null;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: string | null;
  readonly sizes: readonly (readonly [columns: number, rows: number])[];
}

/** A recorded command: what its client asked for, and how the process behaved. */
interface RecordedCommand {
  readonly name: string;
  readonly seen: Partial<SeenCommand>;
  /** Ids of the output streams. */
  readonly stdout: number;
  readonly stderr: number | null;
  readonly exitCode: number;
  /** What of the input ends the process; without it the process reads none. */
  readonly until?: RegExp;
}

const V2 = 'clientgo-exec-exit3-v2.channel.k8s.io';
const COMMANDS: readonly RecordedCommand[] = [
  {
    name: 'kubectl1.20-exec-exit0',
    seen: { command: ['echo', 'hello'] },
    stdout: 3,
    stderr: 5,
    exitCode: 0,
  },
  {
    name: 'kubectl1.20-exec-exit3',
    seen: { command: ['sh', '-c', 'echo out; echo err >&2; exit 3'] },
    stdout: 3,
    stderr: 5,
    exitCode: 3,
  },
  {
    name: 'kubectl1.20-exec-tty',
    seen: { command: ['sh'], tty: true, stdin: 'stty size\nexit 5\n', sizes: [[100, 30]] },
    stdout: 5,
    stderr: null,
    exitCode: 5,
    until: /exit 5\n$/,
  },
  {
    name: 'kubectl1.30-attach',
    seen: { kind: 'attach', command: [], stdin: 'one\nquit\n' },
    stdout: 5,
    stderr: 7,
    exitCode: 0,
    until: /quit\n$/,
  },
  {
    name: 'kubectl1.30-exec-ping',
    seen: { command: ['sleep', '11'] },
    stdout: 3,
    stderr: 5,
    exitCode: 0,
  },
  {
    name: 'kubectl1.30-cp-down',
    seen: { command: ['tar', 'cf', '-', '/tmp/peers/go/stdin1m.bin'] },
    stdout: 3,
    stderr: 5,
    exitCode: 0,
  },
  {
    name: V2,
    seen: { command: ['sh', '-c', 'echo out;echo err>&2;exit 3'] },
    stdout: 3,
    stderr: 5,
    exitCode: 3,
  },
];

const CUTS: Readonly<Record<string, Cut>> = {
  whole: WHOLE,
  'byte by byte': BYTES,
  'cut at random': randomCut(0x5345),
  'cut at random again': randomCut(0x5346, 5),
};

const ENDINGS: Readonly<Record<string, (socket: Duplex) => void>> = {
  'ends its connection': (socket) => socket.end(),
  vanishes: (socket) => socket.destroy(),
};

let server: StreamingServer | null = null;

function serve(exec: CommandHandler, portForward: PortForwardHandler): StreamingServer {
  server = createStreamingServer({ exec, attach: exec, portForward }, { maxPendingSessions: 1000 });
  return server;
}

/** A handler that does what the recorded process did, and tells what it was told. */
function actor(
  recorded: RecordedCommand,
  capture: KubernetesCapture,
  tell: (seen: SeenCommand) => void,
): CommandHandler {
  return async (command) => {
    const sizes = watchSizes(command);
    const input = recorded.until === undefined ? null : await readUntil(command, recorded.until);
    const { kind, namespace, pod, container, tty } = command;
    // The last size may come behind the last input.
    if (tty) await until(() => sizes.length > 0 || command.signal.aborted);
    tell({ kind, namespace, pod, container, command: command.command, tty, stdin: input, sizes });
    const sent = recordedBodies(capture.s2c);
    if (recorded.stderr !== null) command.stderr?.write(sent.get(recorded.stderr) ?? '');
    command.stdout?.write(sent.get(recorded.stdout) ?? '');
    return recorded.exitCode;
  };
}

function watchSizes(command: ServerCommand): [number, number][] {
  const sizes: [number, number][] = [];
  if (command.size !== null) sizes.push([command.size.columns, command.size.rows]);
  command.on('resize', ({ columns, rows }) => sizes.push([columns, rows]));
  return sizes;
}

async function readUntil({ stdin }: ServerCommand, end: RegExp): Promise<string | null> {
  if (stdin === null) return null;
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (end.test(text)) break;
  }
  return text;
}

/** The bytes of each stream of one direction. */
function recordedBodies(bytes: Buffer): Map<number, Buffer> {
  const bodies = new Map<number, Buffer>();
  for (const { frame, data } of decodeFrames(SPDY31, bytes)) {
    const id = frame.streamId ?? 0;
    if (frame.type === 'DATA')
      bodies.set(id, Buffer.concat([bodies.get(id) ?? Buffer.alloc(0), data]));
  }
  return bodies;
}

/** What the client had sent before it knew the outcome. */
function opening({ c2s, timeline }: KubernetesCapture): number {
  const end = timeline.find(({ dir, type }) => dir === 'c2s' && /RST_STREAM|GOAWAY/.test(type));
  return end?.off ?? c2s.length;
}

function connect(streaming: StreamingServer, capture: KubernetesCapture): RawStreamingClient {
  return new RawStreamingClient(streaming, capture.path, [capture.protocol]);
}

describe('What a recorded client of Kubernetes sent', () => {
  afterEach(async () => {
    await server?.close();
    server = null;
  });

  for (const recorded of COMMANDS) {
    describe(recorded.name, () => {
      const capture = kubernetesCapture(recorded.name);
      const sent = recordedBodies(capture.s2c);
      const start = opening(capture);

      for (const [name, cut] of Object.entries(CUTS)) {
        it(`is the same command, and has an answer of the same meaning, ${name}`, async () => {
          const seen: SeenCommand[] = [];
          const streaming = serve(
            actor(recorded, capture, (one) => seen.push(one)),
            () => {},
          );
          const client = connect(streaming, capture);
          await client.send(capture.c2s.subarray(0, start), cut);
          await until(() => client.finished(1));
          await client.send(capture.c2s.subarray(start), cut);
          client.socket.end();
          await until(() => streaming.sessions === 0);

          expect(seen).to.deep.equal([
            {
              kind: 'exec',
              namespace: 'default',
              pod: 'p1',
              container: 'c1',
              tty: false,
              stdin: null,
              sizes: [],
              ...recorded.seen,
            },
          ]);
          const line = `\r\nx-stream-protocol-version: ${capture.protocol}\r\n`;
          expect(client.head.toLowerCase()).to.contain(line);
          for (const id of [recorded.stdout, recorded.stderr]) {
            if (id === null) continue;
            const body = client.body(id);
            expect(body.equals(sent.get(id) ?? Buffer.alloc(0)), `stream ${id}`).to.equal(true);
            expect(client.finished(id)).to.equal(true);
          }
          expectSameStatus(client.body(1), sent.get(1) as Buffer);
          expect(replies(client.frames)).to.deep.equal(replies(decodeFrames(SPDY31, capture.s2c)));
          expect(pings(client.frames)).to.deep.equal(pings(decodeFrames(SPDY31, capture.c2s)));
        });
      }

      for (const [name, ending] of Object.entries(ENDINGS)) {
        it(`leaves nothing behind when the client ${name} after any byte`, async () => {
          let started = 0;
          let over = 0;
          const streaming = serve(
            async (command) => {
              started += 1;
              command.stdin?.resume();
              command.stdout?.write('x');
              if (!command.signal.aborted) await once(command.signal, 'abort');
              over += 1;
            },
            () => {},
          );
          const attempt = async (length: number): Promise<void> => {
            const client = connect(streaming, capture);
            await client.send(capture.c2s.subarray(0, length));
            // What was sent has been read before the end comes.
            await settle(5);
            ending(client.socket);
            await until(() => client.over);
          };
          await Promise.all(Array.from({ length: start + 1 }, (_, length) => attempt(length)));
          await until(() => streaming.sessions === 0);
          expect(started).to.be.above(0);
          expect(over).to.equal(started);
        });
      }
    });
  }

  const HTTP = 'kubectl1.20-portforward-http';
  const REFUSED = 'kubectl1.20-portforward-refused';
  for (const name of [HTTP, REFUSED]) {
    describe(name, () => {
      const capture = kubernetesCapture(name);
      const sent = recordedBodies(capture.s2c);
      const asked = recordedBodies(capture.c2s).get(3) as Buffer;

      for (const [how, cut] of Object.entries(CUTS)) {
        it(`is the same connection, and has an answer of the same meaning, ${how}`, async () => {
          const seen: { port: number; pod: string; bytes: string }[] = [];
          const streaming = serve(
            () => {},
            async ({ port, pod, stream }) => {
              if (name === REFUSED) throw new Error('connection refused');
              let bytes = '';
              for await (const chunk of stream) {
                bytes += String(chunk);
                if (bytes.length === asked.length) break;
              }
              seen.push({ port, pod, bytes });
            },
          );
          const client = connect(streaming, capture);
          await client.send(capture.c2s, cut);
          await until(() => client.finished(1));
          client.socket.end();
          await until(() => streaming.sessions === 0);
          expect(replies(client.frames)).to.deep.equal([1, 3]);
          if (name === HTTP) {
            expect(seen).to.deep.equal([{ port: 9461, pod: 'p1', bytes: String(asked) }]);
            expect(client.body(1).length).to.equal(0);
          } else {
            const words = /^error forwarding port 9 to pod p1, uid : /;
            expect(String(sent.get(1))).to.match(words);
            expect(String(client.body(1))).to.match(words);
            expect(client.body(3).length).to.equal(0);
            expect(client.finished(3)).to.equal(true);
          }
        });
      }

      for (const [how, ending] of Object.entries(ENDINGS)) {
        it(`leaves nothing behind when the client ${how} after any byte`, async () => {
          let started = 0;
          let over = 0;
          const streaming = serve(
            () => {},
            async ({ stream, signal }) => {
              started += 1;
              stream.on('error', () => {});
              stream.resume();
              if (!signal.aborted) await once(signal, 'abort');
              over += 1;
            },
          );
          const attempt = async (length: number): Promise<void> => {
            const client = connect(streaming, capture);
            await client.send(capture.c2s.subarray(0, length));
            await settle(5);
            ending(client.socket);
            await until(() => client.over);
          };
          const { length } = capture.c2s;
          await Promise.all(Array.from({ length: length + 1 }, (_, bytes) => attempt(bytes)));
          await until(() => streaming.sessions === 0);
          expect(started).to.be.above(0);
          expect(over).to.equal(started);
        });
      }
    });
  }
});

/** Ids of the streams that were accepted; in any order (several are on their way at once). */
function replies(frames: readonly DecodedFrame[]): (number | undefined)[] {
  return frames
    .filter(({ frame }) => frame.type === 'SYN_REPLY')
    .map(({ frame }) => frame.streamId)
    .sort();
}

function pings(frames: readonly DecodedFrame[]): string[] {
  return frames
    .filter(({ frame }) => frame.type === 'PING')
    .map(({ bytes }) => bytes.toString('hex'));
}

/** The same outcome; the words may differ. */
function expectSameStatus(ours: Buffer, theirs: Buffer): void {
  const [one, other] = [ours, theirs].map((text) => parseStatus(String(text)));
  if (other === null || other === undefined) {
    // Text, of a protocol without JSON.
    expect(String(ours)).to.match(/^command terminated with non-zero exit code/);
    expect(String(theirs)).to.match(/^command terminated with non-zero exit code/);
    return;
  }
  expect(meaning(one as KubernetesStatus)).to.deep.equal(meaning(other));
}

function meaning({ status, reason, details }: KubernetesStatus): unknown {
  return { status, reason, causes: details?.causes };
}
