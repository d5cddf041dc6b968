import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { RemoteFailureError } from '../../../lib/kubernetes/errors.ts';
import type {
  CommandHandler,
  KubernetesStatus,
  ServerCommand,
} from '../../../lib/kubernetes/index.ts';
import {
  bytesOn,
  execPath,
  framesOf,
  isAccepted,
  isFinished,
  openStreams,
  type RawClient,
  type RawRequest,
  rawClient,
  resetsOf,
  type ServedStreams,
  serveStreams,
  streamType,
  textOn,
} from '../../support/kubernetes-peer.ts';
import { closed, settle, until } from '../../support/session-pair.ts';

const OUTPUTS = 'command=a&stdout=1&stderr=1';
const ALL = `${OUTPUTS}&stdin=1`;

describe('Kubernetes server: exec and attach', () => {
  let served: ServedStreams | null = null;
  const clients: RawClient[] = [];

  /** A server with this handler, and a raw client in front of it. */
  async function start(
    handler: CommandHandler,
    query = OUTPUTS,
    request: RawRequest = {},
    options = {},
  ): Promise<RawClient> {
    served = await serveStreams({ exec: handler, attach: handler }, options);
    return again(query, request);
  }

  async function again(query: string, request: RawRequest = {}): Promise<RawClient> {
    const client = await rawClient((served as ServedStreams).port, execPath(query), request);
    clients.push(client);
    return client;
  }

  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await served?.stop();
    served = null;
  });

  describe('streams', () => {
    it('are accepted at once with an empty SYN_REPLY, and nothing is sent before', async () => {
      const { peer } = await start(() => 0);
      await settle();
      expect(peer.frames).to.deep.equal([]);
      peer.send(peer.make.synStream(1, streamType('error')));
      const { frame, headers } = await peer.frame('SYN_REPLY');
      expect(frame).to.include({ streamId: 1, flags: 0 });
      expect(headers).to.deep.equal([]);
      expect(peer.names).to.deep.equal(['SYN_REPLY']);
    });

    it('may come in any order; the command starts with the last of them', async () => {
      let started = 0;
      const { peer } = await start(({ stdin, stdout, stderr }) => {
        started += 1;
        expect([stdin, stdout, stderr]).to.not.include(null);
        return 0;
      }, ALL);
      const { make } = peer;
      peer.send(make.synStream(1, streamType('stdin')), make.synStream(3, streamType('stderr')));
      peer.send(make.synStream(5, streamType('error')));
      await until(() => isAccepted(peer, 5));
      expect(started).to.equal(0);
      peer.send(make.synStream(7, streamType('stdout')));
      expect(JSON.parse(await textOn(peer, 5))).to.include({ status: 'Success' });
      expect(started).to.equal(1);
    });

    it('may come with the HTTP request and all input in one write', async () => {
      const { peer } = await start(
        ({ stdin, stdout }) => pipeline(stdin as Readable, stdout as NodeJS.WritableStream),
        ALL,
        {
          pipelined: (make) => [
            make.synStream(1, streamType('error')),
            make.synStream(3, streamType('stdin')),
            make.data(3, 'all of '),
            make.synStream(5, streamType('stdout')),
            make.synStream(7, streamType('stderr')),
            make.data(3, 'it', 1),
          ],
        },
      );
      expect(await textOn(peer, 5)).to.equal('all of it');
      expect(await textOn(peer, 1)).to.equal('{"metadata":{},"status":"Success"}');
      expect(await textOn(peer, 7)).to.equal('');
    });

    it('may come byte by byte', async () => {
      const { peer, socket } = await start(({ stdout }) => {
        stdout?.write('out');
      }, 'command=a&stdout=1');
      const bytes = Buffer.concat([
        peer.make.synStream(1, streamType('error')),
        peer.make.synStream(3, streamType('stdout')),
      ]);
      socket.setNoDelay(true);
      for (const byte of bytes) {
        socket.write(Buffer.of(byte));
        await new Promise((next) => setImmediate(next));
      }
      expect(await textOn(peer, 3)).to.equal('out');
    });

    it('of other types are accepted and ignored, with what comes on them', async () => {
      const { peer } = await start(() => 0, 'command=a&stdout=1');
      const { make } = peer;
      peer.send(make.synStream(1, streamType('smell')), make.synStream(3, []));
      peer.send(make.synStream(5, streamType('stdin')), make.synStream(7, streamType('resize')));
      for (let i = 0; i < 50; i++) peer.send(make.data(5, Buffer.alloc(32768)));
      peer.send(make.synStream(9, streamType('error')), make.synStream(11, streamType('stdout')));
      expect(await textOn(peer, 9)).to.include('Success');
      expect([1, 3, 5, 7].filter((id) => isAccepted(peer, id))).to.deep.equal([1, 3, 5, 7]);
      expect(peer.names).to.not.include('RST_STREAM');
    });

    it('of a type that is there are refused', async () => {
      const { peer } = await start(() => 0);
      const { make } = peer;
      peer.send(make.synStream(1, streamType('error')), make.synStream(3, streamType('error')));
      await peer.frame('RST_STREAM');
      expect(resetsOf(peer, 3)).to.deep.equal([5]);
      expect(isAccepted(peer, 3)).to.equal(false);
      peer.send(make.synStream(5, streamType('stdout')), make.synStream(7, streamType('stderr')));
      expect(await textOn(peer, 1)).to.include('Success');
    });

    it('are at most 32', async () => {
      const { peer } = await start(() => 0);
      for (let id = 1; id <= 65; id += 2) peer.send(peer.make.synStream(id, streamType('x')));
      await peer.frame('RST_STREAM');
      expect(resetsOf(peer, 65)).to.deep.equal([3]);
    });

    it('that do not come in time: the client gets RST_STREAM and GOAWAY, and nothing runs', async () => {
      let called = false;
      const handler = (): void => {
        called = true;
      };
      const { peer, socket } = await start(
        handler,
        OUTPUTS,
        { pipelined: (make) => framesOf(make, 'error', 'stdout') },
        { streamCreationTimeoutMs: 20 },
      );
      await peer.frame('GOAWAY');
      expect([...resetsOf(peer, 1), ...resetsOf(peer, 3)]).to.deep.equal([5, 5]);
      expect(peer.frames.at(-1)?.frame).to.include({ lastGoodStreamId: 3, status: 0 });
      await closed(socket);
      expect(called).to.equal(false);
    });
  });

  describe('the handler', () => {
    it('is told what the client wants', async () => {
      let seen: ServerCommand | null = null;
      const { peer } = await start((command) => {
        seen = command;
      }, 'command=ls&command=-l&stdout=1');
      openStreams(peer, 'error', 'stdout');
      await textOn(peer, 1);
      const command = seen as unknown as ServerCommand;
      expect(command).to.include({ kind: 'exec', namespace: 'ns', pod: 'p1', container: 'c1' });
      expect(command).to.include({ uid: null, tty: false, stdin: null, stderr: null, size: null });
      expect(command.command).to.deep.equal(['ls', '-l']);
      expect(command.protocol).to.equal('v4.channel.k8s.io');
      expect(command.request.headers).to.include({ upgrade: 'SPDY/3.1' });
      expect(command.signal.aborted).to.equal(false);
    });

    it('knows the size of the terminal that came with the streams, and hears of others', async () => {
      const sizes: unknown[] = [];
      const { peer } = await start(async (command) => {
        sizes.push(command.size);
        const [size] = await once(command, 'resize');
        sizes.push(size, command.size);
      }, 'command=a&stdout=1&tty=1');
      const { make } = peer;
      peer.send(
        make.synStream(1, streamType('error')),
        make.synStream(3, streamType('resize')),
        make.data(3, '{"Width":100,"Height":30}\n'),
        make.synStream(5, streamType('stdout')),
      );
      await until(() => sizes.length > 0);
      peer.send(make.data(3, '{"Width":90,"Hei'), make.data(3, 'ght":20}'));
      await textOn(peer, 1);
      const last = { columns: 90, rows: 20 };
      expect(sizes).to.deep.equal([{ columns: 100, rows: 30 }, last, last]);
    });

    it('gets the end of stdin by FIN and by RST_STREAM, not by the end of the client', async () => {
      const ends: string[] = [];
      const handler: CommandHandler = async ({ stdin }) => {
        try {
          let text = '';
          for await (const chunk of stdin as Readable) text += String(chunk);
          ends.push(text);
        } catch (error) {
          ends.push((error as NodeJS.ErrnoException).code as string);
        }
      };
      const query = 'command=a&stdin=1';
      const fin = await start(handler, query);
      openStreams(fin.peer, 'error', 'stdin');
      fin.peer.send(fin.peer.make.data(3, 'by FIN', 1), fin.peer.make.data(3, 'too late'));
      await textOn(fin.peer, 1);
      const rst = await again(query);
      openStreams(rst.peer, 'error', 'stdin');
      rst.peer.send(rst.peer.make.data(3, 'by RST'));
      await settle();
      rst.peer.send(rst.peer.make.rstStream(3, 5), rst.peer.make.data(3, 'too late'));
      await textOn(rst.peer, 1);
      const gone = await again(query);
      openStreams(gone.peer, 'error', 'stdin');
      await until(() => isAccepted(gone.peer, 3));
      gone.socket.destroy();
      await until(() => ends.length === 3);
      expect(ends).to.deep.equal(['by FIN', 'by RST', 'ERR_STREAM_PREMATURE_CLOSE']);
    });

    it('need not read stdin: what is left of it does not hold the status', async () => {
      const { peer } = await start(() => 3, ALL);
      openStreams(peer, 'error', 'stdin', 'stdout', 'stderr');
      for (let i = 0; i < 100; i++) peer.send(peer.make.data(3, Buffer.alloc(32768)));
      peer.send(peer.make.ping(1));
      expect(JSON.parse(await textOn(peer, 1))).to.deep.equal({
        metadata: {},
        status: 'Failure',
        message: 'command terminated with non-zero exit code: exit status 3',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '3' }] },
      });
      await peer.frame('PING');
      await until(() => isFinished(peer, 3));
    });

    it('is held by a slow client', async () => {
      const total = 64 << 20;
      let sent = 0;
      const { peer, socket } = await start(
        ({ stdout }) =>
          pipeline(
            Readable.from(
              (function* () {
                for (; sent < total; sent += 65536) yield Buffer.alloc(65536, 'x');
              })(),
            ),
            stdout as NodeJS.WritableStream,
          ),
        'command=a&stdout=1',
      );
      openStreams(peer, 'error', 'stdout');
      await until(() => sent > 0);
      socket.pause();
      for (let before = -1; before !== sent; await settle(100)) before = sent;
      expect(sent).to.be.lessThan(total / 2);
      socket.resume();
      await until(() => isFinished(peer, 1));
      expect(bytesOn(peer, 3).length).to.equal(total);
    });

    it('hears that the client is gone: GOAWAY, the end and the loss of the connection', async () => {
      const signals: AbortSignal[] = [];
      const handler: CommandHandler = ({ signal }) => {
        signals.push(signal);
        return new Promise((done) => signal.addEventListener('abort', () => done(0)));
      };
      const leave: ((client: RawClient) => void)[] = [
        ({ peer }) => peer.send(peer.make.goaway(0)),
        ({ socket }) => socket.end(),
        ({ socket }) => socket.resetAndDestroy(),
      ];
      await start(handler);
      for (const [i, go] of leave.entries()) {
        const client = await again(OUTPUTS);
        openStreams(client.peer, 'error', 'stdout', 'stderr');
        await until(() => signals.length === i + 1);
        go(client);
        await closed(client.socket);
        await until(() => signals[i]?.aborted === true);
      }
      clients[0]?.socket.destroy();
      await until(() => served?.streaming.sessions === 0);
      expect(served?.errors).to.deep.equal([]);
    });

    it('may write to a client that is gone, or that wants no more', async () => {
      const written: number[] = [];
      const { peer, socket } = await start(async ({ stdout, stderr, signal }) => {
        await new Promise((done) => stdout?.once('close', done));
        stdout?.write('nobody');
        stderr?.write('somebody');
        if (!signal.aborted) await once(signal, 'abort');
        stderr?.write('nobody');
        written.push(1);
      });
      openStreams(peer, 'error', 'stdout', 'stderr');
      peer.send(peer.make.rstStream(3, 5));
      await until(() => bytesOn(peer, 5).toString() === 'somebody');
      socket.destroy();
      await until(() => written.length === 1 && served?.streaming.sessions === 0);
      expect(served?.errors).to.deep.equal([]);
    });

    it('may write behind its end, or destroy its streams with an error, without harm', async () => {
      const { peer } = await start(({ stdout, stderr }) => {
        stdout?.end('whole');
        stdout?.write('too late');
        stderr?.destroy(new Error('on purpose'));
      });
      openStreams(peer, 'error', 'stdout', 'stderr');
      await until(() => [1, 3, 5].every((id) => isFinished(peer, id)));
      expect(bytesOn(peer, 1).toString()).to.include('Success');
    });

    it('may destroy its streams: the client gets FIN', async () => {
      const { peer } = await start(({ stdout, stderr }) => {
        stdout?.write('lost');
        stdout?.destroy();
        stderr?.cork();
        stderr?.write('a');
        stderr?.write('b');
        stderr?.uncork();
      });
      openStreams(peer, 'error', 'stdout', 'stderr');
      expect(await textOn(peer, 5)).to.equal('ab');
      await until(() => isFinished(peer, 3) && isFinished(peer, 1));
      expect(peer.names).to.not.include('RST_STREAM');
    });

    it('fails: the client is told, and the application', async () => {
      await start(({ command }) => {
        if (command[0] === 'status') {
          throw new RemoteFailureError('no', { status: 'Failure', message: 'no', code: 404 });
        }
        if (command[0] === 'code') return 256;
        if (command[0] === 'text') throw 'a text';
        throw new Error('it is broken');
      });
      const statusOf = async (word: string): Promise<unknown> => {
        const { peer } = await again(`command=${word}&stdout=1`);
        openStreams(peer, 'error', 'stdout');
        return JSON.parse(await textOn(peer, 1));
      };
      expect(await statusOf('a')).to.deep.equal({
        metadata: {},
        status: 'Failure',
        message: 'Internal error occurred: it is broken',
        reason: 'InternalError',
        details: { causes: [{ message: 'it is broken' }] },
        code: 500,
      });
      expect(await statusOf('status')).to.deep.equal({
        status: 'Failure',
        message: 'no',
        code: 404,
      });
      expect(await statusOf('code')).to.have.property('code', 500);
      expect(await statusOf('text')).to.have.property('message', 'Internal error occurred: a text');
      expect(served?.errors).to.have.length(4);
    });

    it('fails with more words than clients take: they get the first of them, and the exit code', async () => {
      const long = '\u0001\u{1f600}'.repeat(1e6);
      await start(({ command }) => {
        if (command[0] === 'text') throw new Error(long);
        throw new RemoteFailureError('no', {
          status: 'Failure',
          message: long,
          reason: 'NonZeroExitCode',
          code: 500,
          details: {
            causes: [{ message: long }, { reason: 'ExitCode', message: '7' }, { reason: long }],
          },
        });
      });
      for (const [word, begin, more] of [
        ['text', 'Internal error occurred: \u0001', { reason: 'InternalError', code: 500 }],
        [
          'status',
          '\u0001',
          {
            ...{ reason: 'NonZeroExitCode', code: 500 },
            details: { causes: [{ reason: 'ExitCode', message: '7' }] },
          },
        ],
      ] as const) {
        const { peer } = await again(`command=${word}&stdout=1`);
        openStreams(peer, 'error', 'stdout');
        const text = await textOn(peer, 1);
        expect(Buffer.byteLength(text)).to.be.within(8192, 65536);
        const { message, ...rest } = JSON.parse(text) as KubernetesStatus;
        expect(rest).to.deep.equal({ metadata: {}, status: 'Failure', ...more });
        expect(message?.startsWith(begin)).to.equal(true);
        expect(message?.endsWith('...')).to.equal(true);
      }
    });
  });

  describe('the end', () => {
    it('is FIN on the outputs, the status and FIN, and no GOAWAY while the client stays', async () => {
      const { peer, socket } = await start(({ stdout, stderr }) => {
        stdout?.write('out');
        stderr?.write('err');
      }, ALL);
      openStreams(peer, 'error', 'stdin', 'stdout', 'stderr');
      await until(() => isFinished(peer, 1) && isFinished(peer, 3));
      expect(await textOn(peer, 5)).to.equal('out');
      expect(await textOn(peer, 7)).to.equal('err');
      const order = peer.frames
        .filter(({ frame }) => frame.type === 'DATA' && frame.flags === 1)
        .map(({ frame }) => frame.streamId);
      expect(new Set(order.slice(0, 2))).to.deep.equal(new Set([5, 7]));
      expect(order.slice(2)).to.deep.equal([1, 3]);
      peer.send(peer.make.ping(1));
      await peer.frame('PING');
      peer.send(peer.make.data(3, '', 1), peer.make.ping(3));
      await peer.frame('PING', 2);
      expect(peer.names).to.not.include.members(['GOAWAY']);
      expect(peer.names).to.not.include.members(['RST_STREAM']);
      // As kubectl leaves.
      for (const id of [1, 5, 7]) peer.send(peer.make.rstStream(id, 5));
      peer.send(peer.make.goaway(0));
      await closed(socket);
      expect(peer.names.at(-1)).to.equal('GOAWAY');
    });

    it('comes by GOAWAY when the client does not leave', async () => {
      const { peer, socket } = await start(() => 0, OUTPUTS, {}, { endTimeoutMs: 20 });
      openStreams(peer, 'error', 'stdout', 'stderr');
      await peer.frame('GOAWAY');
      expect(isFinished(peer, 1)).to.equal(true);
      await closed(socket);
    });

    it('takes no byte from a client that reads late, and pings meanwhile', async () => {
      // It fits into the buffers of the connection.
      const output = Buffer.alloc(100_000, 'x');
      const handler: CommandHandler = ({ stdout }) => void stdout?.write(output);
      served = await serveStreams({ exec: handler }, { endTimeoutMs: 20 });
      const upgraded = once(served.server, 'upgrade');
      const { peer, socket } = await again('command=a&stdout=1');
      const [, serverSocket] = await upgraded;
      socket.pause();
      openStreams(peer, 'error', 'stdout');
      await once(serverSocket, 'finish');
      peer.send(peer.make.ping(1), peer.make.ping(3));
      await settle();
      socket.resume();
      await peer.frame('GOAWAY');
      expect(bytesOn(peer, 3)).to.deep.equal(output);
      expect(bytesOn(peer, 1).toString()).to.include('Success');
    });

    it('waits for ever with endTimeoutMs: 0', async () => {
      const { peer } = await start(() => 0, OUTPUTS, {}, { endTimeoutMs: 0 });
      openStreams(peer, 'error', 'stdout', 'stderr');
      await textOn(peer, 1);
      peer.send(peer.make.ping(1));
      await peer.frame('PING');
      expect(peer.names).to.not.include('GOAWAY');
    });

    it('of attach is success, whatever the handler returns', async () => {
      served = await serveStreams({ attach: () => 3 });
      const path = execPath('stdout=1', 'attach');
      const { peer, socket } = await rawClient(served.port, path);
      openStreams(peer, 'error', 'stdout');
      expect(await textOn(peer, 1)).to.equal('{"metadata":{},"status":"Success"}');
      socket.destroy();
    });
  });

  describe('older protocols', () => {
    const handler: CommandHandler = ({ stdout, command }) => {
      stdout?.write('out');
      return command[0] === 'bad' ? 3 : 0;
    };

    for (const protocol of ['v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']) {
      it(`${protocol}: text for a failure, none for success`, async () => {
        await start(handler);
        const request = { protocols: [protocol] };
        const good = await again('command=good&stdout=1', request);
        expect(good.head).to.match(new RegExp(`x-stream-protocol-version: ${protocol}\r?$`, 'im'));
        openStreams(good.peer, 'error', 'stdout');
        expect(await textOn(good.peer, 3)).to.equal('out');
        expect(await textOn(good.peer, 1)).to.equal('');
        const bad = await again('command=bad&stdout=1', request);
        openStreams(bad.peer, 'error', 'stdout');
        expect(await textOn(bad.peer, 1)).to.include('exit status 3');
      });
    }

    it('v1: the failure comes before the end of the output, with which the client is done', async () => {
      const request = { protocols: ['channel.k8s.io'] };
      const { peer } = await start(() => 3, 'command=bad&stdout=1', request);
      openStreams(peer, 'error', 'stdout');
      await until(() => isFinished(peer, 3));
      expect(bytesOn(peer, 1).toString()).to.include('exit status 3');
    });

    it('below v3 a terminal has no resize stream', async () => {
      const request = { protocols: ['v2.channel.k8s.io'] };
      const { peer } = await start(handler, 'command=a&stdout=1&tty=1', request);
      openStreams(peer, 'error', 'stdout');
      expect(await textOn(peer, 3)).to.equal('out');
    });
  });
});
