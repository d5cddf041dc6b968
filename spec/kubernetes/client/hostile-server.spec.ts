import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { exitStatus } from '../../../lib/kubernetes/wire/status.ts';
import {
  CANCEL,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
} from '../../../lib/protocol/constants.ts';
import type { FrameFactory } from '../../support/frame-factory.ts';
import { rawControlFrame, rawDataFrame } from '../../support/frame-factory.ts';
import {
  type CommandResult,
  type RawCommand,
  type RawCommandOptions,
  rawCommand,
  rawPodConnection,
  resultOf,
} from '../../support/raw-command.ts';
import { closed, settle, until } from '../../support/session-pair.ts';

/** Streams of a command without input. */
const [ERROR, STDOUT, STDERR] = [1, 3, 5];

function replies(make: FrameFactory, ids: readonly number[] = [ERROR, STDOUT, STDERR]): Buffer {
  return Buffer.concat(ids.map((id) => make.synReply(id, [])));
}

/** The proper end of a command with exit code 3 that has printed `out`. */
function ending(make: FrameFactory): Buffer {
  return Buffer.concat([
    make.data(STDOUT, 'out'),
    make.data(STDOUT, '', DATA_FLAG_FIN),
    make.data(STDERR, '', DATA_FLAG_FIN),
    make.data(ERROR, JSON.stringify(exitStatus(3)), DATA_FLAG_FIN),
  ]);
}

/** A command whose SYN_STREAMs have arrived. */
async function start(options: RawCommandOptions = {}): Promise<RawCommand> {
  const started = rawCommand(options);
  await started.peer.frame('SYN_STREAM', options.stdin === true ? 4 : 3);
  return started;
}

/** Checks that nothing of a command is left: streams, session, connection, timers. */
async function expectGone({ command, session, peer }: RawCommand): Promise<void> {
  for (const stream of [command.stdin, command.stdout, command.stderr]) {
    if (stream !== null) await until(() => stream.destroyed);
  }
  // Behind its GOAWAY it waits for the server to close.
  peer.socket.end();
  await until(() => session.destroyed && peer.socket.destroyed);
}

/** Timers that keep the process alive, or would if they were not unreferenced. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

/** What a server may send in between without harm. */
const HARMLESS: Readonly<Record<string, (make: FrameFactory) => Uint8Array[]>> = {
  'streams of its own': (make) => [
    make.synStream(2, [['streamtype', 'stdout']]),
    make.synStream(4, [], { associated: STDOUT, flags: CTRL_FLAG_UNIDIRECTIONAL } as never),
    make.data(2, 'pushed', DATA_FLAG_FIN),
  ],
  'SETTINGS with 60 entries': (make) => [
    make.settings(Array.from({ length: 60 }, (_, id) => ({ id: id + 1, flags: 0, value: id }))),
  ],
  'SETTINGS that allow nothing': (make) => [
    make.settings([
      { id: 4, flags: 0, value: 0 },
      { id: 7, flags: 0, value: 0 },
    ]),
  ],
  'WINDOW_UPDATE without end': (make) =>
    [0, STDOUT, STDOUT, 99].map((id) => make.windowUpdate(id, 0x7fffffff)),
  'unknown control frames': () => [
    rawControlFrame({ version: 3, type: 99, payload: Buffer.from('???') }),
    rawControlFrame({ version: 3, type: 0x7fff }),
  ],
  'PING, a hundred times': (make) =>
    Array.from({ length: 100 }, (_, index) => make.ping(2 * index + 2)),
  'answers to PINGs that nobody sent': (make) => [make.ping(1), make.ping(0x7fffffff)],
  'HEADERS on its streams': (make) => [
    make.headers(STDOUT, [['x', 'y']]),
    make.headers(ERROR, [['streamtype', 'stdout']]),
  ],
  'frames for streams that were never opened': (make) => [
    make.data(99, 'lost'),
    make.data(99, '', DATA_FLAG_FIN),
    make.rstStream(101, CANCEL),
    make.synReply(103, []),
    make.headers(105, []),
  ],
};

describe('A hostile server of Kubernetes', () => {
  for (const [name, frames] of Object.entries(HARMLESS)) {
    it(`does no harm with ${name}`, async () => {
      const raw = await start();
      const { peer, command } = raw;
      const result = resultOf(command);
      peer.send(replies(peer.make), ...frames(peer.make), ending(peer.make));
      expectGood(await result);
      await expectGone(raw);
    });
  }

  it('does no harm with replies that have headers', async () => {
    const raw = await start();
    const { make } = raw.peer;
    const result = resultOf(raw.command);
    const headers = [
      [':status', '500'],
      ['streamtype', 'stderr'],
    ] as const;
    raw.peer.send(...[ERROR, STDOUT, STDERR].map((id) => make.synReply(id, headers)));
    raw.peer.send(ending(make));
    expectGood(await result);
  });

  it('does no harm with frames behind FIN and RST_STREAM', async () => {
    const raw = await start();
    const { make } = raw.peer;
    const result = resultOf(raw.command);
    raw.peer.send(
      replies(make),
      make.data(STDERR, '', DATA_FLAG_FIN),
      make.data(STDERR, 'more'),
      make.rstStream(STDERR, CANCEL),
      make.data(STDERR, 'more', DATA_FLAG_FIN),
      ending(make),
    );
    const { exitCode, stdout, stderr } = await result;
    expect([exitCode, String(stdout?.bytes), String(stderr?.bytes)]).to.deep.equal([3, 'out', '']);
  });

  it('tells the status byte by byte, or under the name of v5', async () => {
    const raw = await start({ protocol: 'v5.channel.k8s.io' });
    const { make } = raw.peer;
    const result = resultOf(raw.command);
    raw.peer.send(
      replies(make),
      make.data(STDOUT, 'out', DATA_FLAG_FIN),
      make.data(STDERR, '', DATA_FLAG_FIN),
      ...[...JSON.stringify(exitStatus(3))].map((byte) => make.data(ERROR, byte)),
      make.rstStream(ERROR, CANCEL),
    );
    expectGood(await result);
  });

  /** What ends a command with an error; whether the output had come to its end by then. */
  const harmful: Readonly<Record<string, (make: FrameFactory) => Uint8Array[]>> = {
    'RST_STREAM instead of a reply': (make) => [make.rstStream(STDOUT, CANCEL)],
    'RST_STREAM for the error stream before its reply': (make) => [make.rstStream(ERROR, CANCEL)],
    'a second reply': (make) => [replies(make), make.synReply(STDOUT, []), make.goaway(0)],
    'GOAWAY at once': (make) => [make.goaway(0)],
    'GOAWAY in the middle': (make) => [replies(make), make.data(STDOUT, 'half'), make.goaway(5)],
    'an error stream without end': (make) => [
      replies(make),
      ...Array.from({ length: 40 }, () => make.data(ERROR, 'x'.repeat(16_000))),
    ],
    'a status that is none': (make) => [
      replies(make),
      make.data(STDOUT, '', DATA_FLAG_FIN),
      make.data(STDERR, '', DATA_FLAG_FIN),
      make.data(ERROR, '{"status":"Success"', DATA_FLAG_FIN),
    ],
    'a status of two': (make) => [
      replies(make),
      make.data(STDOUT, '', DATA_FLAG_FIN),
      make.data(STDERR, '', DATA_FLAG_FIN),
      make.data(ERROR, JSON.stringify(exitStatus(0)).repeat(2), DATA_FLAG_FIN),
    ],
    'a stream id of its own that is ours': (make) => [make.synStream(7, []), make.goaway(0)],
    'a header block that does not inflate': () => [
      rawControlFrame({ version: 3, type: 2, payload: Buffer.from('00000001ffffffffffff', 'hex') }),
    ],
    'a SETTINGS that counts more than it holds': (make) => [
      make.settings([{ id: 1, flags: 0, value: 1 }], { count: 0xffffff }),
    ],
    'a SETTINGS of 100 entries': (make) => [
      make.settings(Array.from({ length: 100 }, (_, id) => ({ id: id + 1, flags: 0, value: id }))),
    ],
    'another version': () => [rawControlFrame({ version: 2, type: 1, payload: Buffer.alloc(10) })],
    'a frame that is larger than anything': () => [
      rawControlFrame({ version: 3, type: 8, payload: Buffer.alloc(100), length: 0xffffff }),
      Buffer.alloc(200_000),
    ],
    'DATA on stream 0': () => [rawDataFrame(0, Buffer.from('x'))],
    'HTTP instead of frames': () => [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    'half a frame': (make) => [replies(make), make.data(STDOUT, 'half a frame').subarray(0, 12)],
    'a PING without end': (make) =>
      Array.from({ length: 20_000 }, (_, index) => make.ping(2 * index + 2)),
  };
  for (const [name, frames] of Object.entries(harmful)) {
    it(`ends a command with an error by ${name}`, async () => {
      await settle(2);
      const before = timers();
      const raw = await start();
      const { peer, command } = raw;
      const result = resultOf(command);
      peer.send(...frames(peer.make));
      await settle();
      peer.socket.end();
      const { error, exitCode, stdout } = await result;
      expect(exitCode).to.equal(undefined);
      expect(error?.code).to.match(/^ERR_SPDY_(?!INVALID|INTERNAL)/);
      expect(error?.message.length).to.be.below(2000);
      if (!/^a status/.test(name)) expect(stdout?.ended).to.equal(false);
      await expectGone(raw);
      expect(timers()).to.be.at.most(before);
    });
  }

  it('is told apart from a bad connection by the cause', async () => {
    const raw = await start();
    const result = resultOf(raw.command);
    raw.peer.send(rawDataFrame(0, Buffer.from('x')));
    expect((await result).error?.cause).to.have.property('code', 'ERR_SPDY_PROTOCOL');
    await expectGone(raw);
  });

  it('cannot make an unread command keep more than a little', async () => {
    const raw = await start();
    const { peer, command } = raw;
    peer.send(replies(peer.make));
    const piece = peer.make.data(STDOUT, Buffer.alloc(32_768));
    let sent = 0;
    // As much as the client takes without anybody reading.
    for (let idle = 0; idle < 20; ) {
      if (peer.socket.writableNeedDrain) {
        idle += 1;
        await settle(1);
        continue;
      }
      idle = 0;
      peer.socket.write(piece);
      sent += 32_768;
      if (sent > 64 << 20) break;
    }
    expect(sent).to.be.below(4 << 20);
    command.stderr?.resume();
    const output = buffer(command.stdout as Readable);
    await until(() => !peer.socket.writableNeedDrain);
    peer.send(ending(peer.make));
    expect((await output).length).to.equal(sent + 3);
    expect(await command.exited).to.deep.equal({ exitCode: 3 });
  });

  it('does not end the input of a command by what it sends there', async () => {
    const raw = await start({ stdin: true });
    const { peer, command } = raw;
    const result = resultOf(command);
    peer.send(replies(peer.make, [1, 3, 5, 7]));
    peer.send(...Array.from({ length: 100 }, () => peer.make.data(3, 'x'.repeat(30_000))));
    command.stdin?.end('input');
    await until(() => peer.frames.some(({ data }) => String(data) === 'input'));
    peer.send(
      peer.make.data(5, 'out', DATA_FLAG_FIN),
      peer.make.data(7, '', DATA_FLAG_FIN),
      peer.make.data(1, JSON.stringify(exitStatus(3)), DATA_FLAG_FIN),
    );
    expectGood(await result);
    await expectGone(raw);
  });

  describe('of port forwarding', () => {
    const cases: Readonly<Record<string, (make: FrameFactory) => Uint8Array[]>> = {
      'no reply but GOAWAY': (make) => [make.goaway(0)],
      'RST_STREAM of the data stream': (make) => [replies(make, [1, 3]), make.rstStream(3, CANCEL)],
      'RST_STREAM instead of a reply': (make) => [make.synReply(1, []), make.rstStream(3, CANCEL)],
      'words without end': (make) => [
        replies(make, [1, 3]),
        ...Array.from({ length: 40 }, () => make.data(1, 'x'.repeat(16_000))),
      ],
      'words that are no text': (make) => [
        replies(make, [1, 3]),
        make.data(1, Buffer.from([0x1b, 0x5b, 0x32, 0x4a, 0xff, 0xfe, 0]), DATA_FLAG_FIN),
      ],
      'half a frame': (make) => [replies(make, [1, 3]), make.data(3, 'half').subarray(0, 10)],
      garbage: () => [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    };
    for (const [name, frames] of Object.entries(cases)) {
      it(`ends a connection with an error by ${name}`, async () => {
        await settle(2);
        const before = timers();
        const { connection, session, peer } = rawPodConnection(80);
        await peer.frame('SYN_STREAM', 2);
        let ended = false;
        connection.on('end', () => {
          ended = true;
        });
        connection.resume();
        peer.send(...frames(peer.make));
        await settle();
        peer.socket.end();
        if (!connection.closed) await closed(connection);
        expect(ended).to.equal(false);
        const error = connection.errored as Error & { code?: string };
        expect(error.code).to.match(/^ERR_SPDY_(CONNECTION_LOST|REMOTE_FAILURE|STREAM_RESET)$/);
        expect(error.message).to.match(/^[^\p{Cc}]{1,2000}$/u);
        await until(() => session.destroyed);
        expect(timers()).to.be.at.most(before);
      });
    }

    it('does no harm with frames that make no sense', async () => {
      const { connection, peer } = rawPodConnection(80);
      const { make } = peer;
      await peer.frame('SYN_STREAM', 2);
      const output = buffer(connection);
      peer.send(
        ...(HARMLESS['frames for streams that were never opened'] as (m: FrameFactory) => Buffer[])(
          make,
        ),
        replies(make, [1, 3]),
        make.settings([{ id: 7, flags: 0, value: 0 }]),
        make.headers(3, [['a', 'b']]),
        make.data(3, 'answer', DATA_FLAG_FIN),
        make.data(3, 'more'),
        make.data(1, '', DATA_FLAG_FIN),
        make.data(1, 'late words'),
      );
      expect(String(await output)).to.equal('answer');
      connection.destroy();
    });
  });
});

function expectGood({ exitCode, error, stdout, stderr }: CommandResult): void {
  expect(error).to.equal(null);
  expect(exitCode).to.equal(3);
  expect([String(stdout?.bytes), stdout?.ended]).to.deep.equal(['out', true]);
  expect([String(stderr?.bytes), stderr?.ended]).to.deep.equal(['', true]);
}
