import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { type KubernetesCapture, kubernetesCapture } from '../../support/kubernetes-captures.ts';
import {
  type CommandResult,
  type RawCommandOptions,
  rawCommand,
  resultOf,
  type SeenOutput,
} from '../../support/raw-command.ts';
import { until } from '../../support/session-pair.ts';
import { BYTES, type Cut, createRandom, randomCut, shred, WHOLE } from '../../support/shred.ts';

/** A recorded command: how it is asked for again, and what it came to. */
interface RecordedCommand {
  readonly name: string;
  readonly options: RawCommandOptions;
  /** Ids of its streams. */
  readonly stdout: number;
  readonly stderr: number | null;
  readonly exitCode: number | null;
  /** The beginning of the failure, where there is no exit code to tell. */
  readonly failure?: RegExp;
}

const V2 = 'v2.channel.k8s.io';

const COMMANDS: readonly RecordedCommand[] = [
  { name: 'kubectl1.20-exec-exit0', options: {}, stdout: 3, stderr: 5, exitCode: 0 },
  { name: 'kubectl1.20-exec-exit3', options: {}, stdout: 3, stderr: 5, exitCode: 3 },
  {
    name: 'kubectl1.20-exec-tty',
    options: { stdin: true, tty: true },
    stdout: 5,
    stderr: null,
    exitCode: 5,
  },
  {
    name: 'kubectl1.30-attach',
    options: { stdin: true, command: null },
    stdout: 5,
    stderr: 7,
    exitCode: null,
  },
  { name: 'kubectl1.30-exec-ping', options: {}, stdout: 3, stderr: 5, exitCode: 0 },
  { name: 'kubectl1.30-cp-down', options: {}, stdout: 3, stderr: 5, exitCode: 0 },
  {
    name: 'clientgo-exec-exit3-v2.channel.k8s.io',
    options: { protocol: V2 },
    stdout: 3,
    stderr: 5,
    exitCode: null,
    failure: /^command terminated with non-zero exit code/,
  },
];

/** Codes of the errors that tell a user that something is missing, or that a status is none. */
const TYPED = ['ERR_SPDY_CONNECTION_LOST', 'ERR_SPDY_PROTOCOL'];

const reset = (socket: Duplex): void => {
  socket.destroy();
};

/** How the server goes away behind its last byte. */
const ENDINGS: Readonly<Record<string, (socket: Duplex) => void>> = {
  'ends the connection': (socket) => socket.end(),
  'resets the connection': reset,
};

/** Gives a client what the recorded server sent, and says what the client made of it. */
async function replay(
  { options }: RecordedCommand,
  bytes: Buffer,
  cut: Cut,
  ending: (socket: Duplex) => void = (socket) => socket.end(),
): Promise<CommandResult> {
  const { command, session, peer } = rawCommand(options);
  await until(() => peer.frames.length > 0);
  const result = resultOf(command);
  for (const piece of shred(bytes, cut)) {
    if (!peer.socket.destroyed && !peer.socket.write(piece)) await drained(peer.socket);
  }
  // Everything that was sent has been heard before a reset.
  await until(() => session.destroyed || peer.socket.writableLength === 0);
  ending(peer.socket);
  return result;
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resume) => {
    const done = (): void => {
      socket.removeListener('drain', done);
      socket.removeListener('close', done);
      resume();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

/** Checks an output of which everything was there. */
function expectWhole(
  output: SeenOutput | null,
  capture: KubernetesCapture,
  id: number | null,
): void {
  if (id === null) {
    expect(output).to.equal(null);
    return;
  }
  const { bytes = 0, sha256 } = capture.bodies.s2c[id] ?? {};
  expect(output?.ended).to.equal(true);
  expect(output?.bytes.length).to.equal(bytes);
  if (bytes > 0) expect(digest(output?.bytes as Buffer)).to.equal(sha256);
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function expectRecorded(
  result: CommandResult,
  recorded: RecordedCommand,
  capture: KubernetesCapture,
): void {
  if (recorded.failure === undefined) {
    expect(result.error).to.equal(null);
    expect(result.exitCode).to.equal(recorded.exitCode);
  } else {
    expect(result.error?.code).to.equal('ERR_SPDY_REMOTE_FAILURE');
    expect(result.error?.message).to.match(recorded.failure);
  }
  expectWhole(result.stdout, capture, recorded.stdout);
  expectWhole(result.stderr, capture, recorded.stderr);
}

describe('What a recorded server of Kubernetes sent', () => {
  for (const recorded of COMMANDS) {
    describe(recorded.name, () => {
      const capture = kubernetesCapture(recorded.name);
      const long = capture.s2c.length > 10_000;
      const cuts: Record<string, Cut> = {
        whole: WHOLE,
        'cut at random': randomCut(0x6b34, long ? 9000 : 24),
        'cut at random again': randomCut(0x6b35, long ? 700 : 5),
      };
      // A piece of a large file byte by byte shows nothing new.
      if (!long) cuts['byte by byte'] = BYTES;
      for (const [name, cut] of Object.entries(cuts)) {
        it(`comes to the same, ${name}`, async () => {
          expectRecorded(await replay(recorded, capture.s2c, cut), recorded, capture);
        });
      }

      for (const [name, ending] of Object.entries(ENDINGS)) {
        it(`is never more than it was when the server ${name} anywhere within`, async () => {
          const attempt = async (length: number): Promise<boolean> => {
            const bytes = capture.s2c.subarray(0, length);
            const result = await replay(recorded, bytes, WHOLE, ending);
            const where = `after ${length} bytes`;
            expectHonest(result, recorded, capture, where);
            const complete = isComplete(result, recorded);
            // Real servers may be gone before the last frame is: what was told is told.
            if (length >= told) expect(complete, where).to.equal(true);
            return complete;
          };
          const told = endOfStatus(capture);
          const lengths = long || ending === reset ? someLengths(capture) : allLengths(capture);
          expect(await Promise.all(lengths.map(attempt))).to.include(true);
        });
      }
    });
  }
});

function isComplete(result: CommandResult, { failure }: RecordedCommand): boolean {
  return failure === undefined ? result.error === null : failure.test(result.error?.message ?? '');
}

/** Either what was recorded, with all output, or an error that says what kind it is; and no byte that was not sent. */
function expectHonest(
  result: CommandResult,
  recorded: RecordedCommand,
  capture: KubernetesCapture,
  where: string,
): void {
  if (result.error === null) {
    expect(recorded.failure, where).to.equal(undefined);
    expectRecorded(result, recorded, capture);
    return;
  }
  const codes = recorded.failure === undefined ? TYPED : [...TYPED, 'ERR_SPDY_REMOTE_FAILURE'];
  expect(result.error.code, where).to.be.oneOf(codes);
  for (const [output, id] of [
    [result.stdout, recorded.stdout],
    [result.stderr, recorded.stderr],
  ] as const) {
    if (output === null || id === null) continue;
    const { bytes = 0 } = capture.bodies.s2c[id] ?? {};
    expect(output.bytes.length, where).to.be.at.most(bytes);
    // Whoever only reads it must not take a part of it for the whole.
    if (output.ended) expectWhole(output, capture, id);
  }
}

/** How many bytes it takes until the status has been told whole. */
function endOfStatus({ s2c, timeline }: KubernetesCapture): number {
  const end = timeline.find(({ dir, type }) => dir === 's2c' && type === 'RST_STREAM');
  return end?.off ?? s2c.length;
}

/** Every byte. */
function allLengths({ s2c }: KubernetesCapture): number[] {
  return Array.from({ length: s2c.length }, (_, length) => length);
}

/** Around each border of a frame near the beginning and the end, and a few others. */
function someLengths({ s2c, timeline }: KubernetesCapture): number[] {
  const random = createRandom(0x6b36);
  const borders = timeline
    .filter(({ dir, off }) => dir === 's2c' && (off < 70_000 || off > s2c.length - 40_000))
    .flatMap(({ off }) => [off - 1, off, off + 1, off + 8]);
  const others = Array.from({ length: 10 }, () => random.integer(0, s2c.length - 1));
  return [...borders, ...others].filter((length) => length >= 0);
}
