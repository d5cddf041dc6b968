import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { ServerCommand } from '../../../lib/kubernetes/server/command.ts';
import type { ForwardedConnection } from '../../../lib/kubernetes/server/forward-session.ts';
import type { StreamingHandlers } from '../../../lib/kubernetes/server/handlers.ts';
import type { StreamingServerOptions } from '../../../lib/kubernetes/server/options.ts';
import { runProcess } from '../../../lib/kubernetes/server/run-process.ts';
import {
  createStreamingServer,
  type StreamingServer,
} from '../../../lib/kubernetes/server/streaming-server.ts';
import { CANCEL, CTRL_FLAG_FIN, DATA_FLAG_FIN } from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { rawControlFrame, rawDataFrame } from '../../support/frame-factory.ts';
import { RawStreamingClient } from '../../support/raw-streaming-client.ts';
import { settle, until } from '../../support/session-pair.ts';
import { createRandom } from '../../support/shred.ts';

const EXEC = '/api/v1/namespaces/n/pods/p/exec?command=x&stdin=true&stdout=true&stderr=true';
const TTY = '/api/v1/namespaces/n/pods/p/exec?command=x&stdout=true&tty=true';
const FORWARD = '/api/v1/namespaces/n/pods/p/portforward';
const PORTS = ['portforward.k8s.io'];
/** In the order of kubectl: ids 1, 3, 5, 7. */
const TYPES = ['error', 'stdin', 'stdout', 'stderr'];

let server: StreamingServer | null = null;
/** What went wrong in handlers. */
let failures: unknown[] = [];

function serve(handlers: StreamingHandlers, options: StreamingServerOptions = {}): StreamingServer {
  server = createStreamingServer(handlers, options);
  server.on('handlerError', (error) => failures.push(error));
  return server;
}

/** A handler that lives as long as its client. */
async function stay({ signal }: { readonly signal: AbortSignal }): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function openAll({ make }: RawStreamingClient, types: readonly string[] = TYPES): Buffer {
  return Buffer.concat(
    types.map((type, index) => make.synStream(2 * index + 1, [['streamtype', type]])),
  );
}

function portStream(type: string, port: string, id?: string): HeaderList {
  const pairs: [string, string][] = [
    ['streamtype', type],
    ['port', port],
  ];
  if (id !== undefined) pairs.push(['requestid', id]);
  return pairs;
}

/** Ids of the frames of a type that came. */
function idsOf(client: RawStreamingClient, type: string): (number | undefined)[] {
  return client.frames
    .filter(({ frame }) => frame.type === type)
    .map(({ frame }) => frame.streamId);
}

/** The client leaves, and nothing of it is left. */
async function leave(client: RawStreamingClient): Promise<void> {
  client.socket.end();
  await until(() => client.over && server?.sessions === 0);
}

describe('A hostile client of Kubernetes', () => {
  afterEach(async () => {
    await server?.close();
    server = null;
    failures = [];
  });

  /** What does not make a command other than it would be. */
  const harmless: Readonly<Record<string, (client: RawStreamingClient) => Uint8Array[]>> = {
    'stream types that nobody knows': ({ make }) => [
      make.synStream(101, [['streamtype', 'stdin2']]),
      make.synStream(103, [['streamtype', '']]),
      make.synStream(105, []),
      make.data(103, 'x', DATA_FLAG_FIN),
    ],
    'types that are there already': ({ make }) => [
      make.synStream(101, [['streamtype', 'stdin']]),
      make.data(101, 'not this'),
      make.synStream(103, [['streamtype', 'error']], { flags: CTRL_FLAG_FIN }),
    ],
    'streams that are finished with their SYN_STREAM': ({ make }) => [
      make.synStream(101, [['streamtype', 'resize']], { flags: CTRL_FLAG_FIN }),
    ],
    'bytes on the outputs': ({ make }) => [
      make.data(5, 'x'.repeat(30_000)),
      make.data(7, 'x'.repeat(30_000), DATA_FLAG_FIN),
      make.data(1, '{"status":"Success"}', DATA_FLAG_FIN),
    ],
    'frames behind FIN and RST_STREAM': ({ make }) => [
      make.data(7, '', DATA_FLAG_FIN),
      make.data(7, 'more', DATA_FLAG_FIN),
      make.rstStream(9, CANCEL),
      make.data(9, 'never opened'),
      make.rstStream(0x7fffffff, CANCEL),
    ],
    'SETTINGS, WINDOW_UPDATE and PING': ({ make }) => [
      make.settings([{ id: 7, flags: 0, value: 0 }]),
      make.windowUpdate(0, 0x7fffffff),
      make.windowUpdate(0, 0x7fffffff),
      make.windowUpdate(5, 0x7fffffff),
      ...Array.from({ length: 100 }, (_, index) => make.ping(2 * index + 1)),
    ],
    'more headers than there is use for': ({ make }) => [
      make.synStream(
        101,
        Array.from({ length: 20_000 }, (_, index) => [`h${index}`, 'v'] as const),
      ),
    ],
    'unknown control frames': () => [rawControlFrame({ version: 3, type: 77 })],
    'HEADERS and SYN_REPLY': ({ make }) => [
      make.headers(3, [['streamtype', 'stdout']]),
      make.synReply(3, []),
    ],
  };
  for (const [name, frames] of Object.entries(harmless)) {
    it(`does no harm with ${name}`, async () => {
      serve({
        exec: async ({ stdin, stdout }) => {
          stdout?.write(`heard ${stdin === null ? 'nothing' : await text(stdin)}`);
          return 3;
        },
      });
      const client = new RawStreamingClient(server as StreamingServer, EXEC);
      await client.send(openAll(client));
      await client.send(Buffer.concat(frames(client)));
      await client.send(client.make.data(3, 'input', DATA_FLAG_FIN));
      await until(() => client.over || client.finished(1));
      expect(String(client.body(1))).to.contain('"message":"3"');
      if (name !== 'HEADERS and SYN_REPLY') expect(String(client.body(5))).to.equal('heard input');
      expect(failures).to.deep.equal([]);
      await leave(client);
    });
  }

  it('may reset any stream at any moment: the command ends or goes on, and nothing stays', async () => {
    const seen = { started: 0, ended: 0 };
    serve({
      exec: async (command) => {
        seen.started += 1;
        await converse(command);
        seen.ended += 1;
      },
    });
    for (let victim = 1; victim <= 7; victim += 2) {
      for (let moment = 0; moment < 6; moment++) {
        const client = new RawStreamingClient(server as StreamingServer, EXEC);
        const { make } = client;
        const reset = make.rstStream(victim, CANCEL);
        const steps = [
          ...TYPES.map((type, index) => make.synStream(2 * index + 1, [['streamtype', type]])),
          make.data(3, 'input'),
          make.data(3, '', DATA_FLAG_FIN),
        ];
        for (const [index, step] of steps.entries()) {
          await client.send(step);
          if (index === moment) await client.send(reset);
          await settle(2);
        }
        await leave(client);
      }
    }
    expect(seen.started).to.be.above(12);
    expect(seen.ended).to.equal(seen.started);
    expect(failures).to.deep.equal([]);
  });

  /** What ends the session: nobody is told a success, and nothing stays. */
  const fatal: Readonly<Record<string, (client: RawStreamingClient) => Uint8Array[]>> = {
    'DATA on stream 0': () => [rawDataFrame(0, Buffer.from('x'))],
    'a header block that does not inflate': () => [
      rawControlFrame({
        version: 3,
        type: 1,
        payload: Buffer.from('0000006500000000000000ffffffffffff', 'hex'),
      }),
    ],
    'a header block that inflates without end': ({ make }) => [
      make.synStream(101, [['streamtype', 'x'.repeat(10 << 20)]]),
    ],
    'stream ids that go back': ({ make }) => [make.synStream(101, []), make.synStream(99, [])],
    'SETTINGS that counts more than it holds': ({ make }) => [
      make.settings([{ id: 1, flags: 0, value: 1 }], { count: 0xffffff }),
    ],
    'a control frame larger than anything': () => [
      rawControlFrame({ version: 3, type: 1, payload: Buffer.alloc(100), length: 0xffffff }),
      Buffer.alloc(300_000),
    ],
    'PING without end': ({ make }) =>
      Array.from({ length: 20_000 }, (_, index) => make.ping(2 * index + 1)),
    GOAWAY: ({ make }) => [make.goaway(0)],
  };
  for (const [name, frames] of Object.entries(fatal)) {
    it(`is sent away for ${name}`, async () => {
      let ended = 0;
      serve({
        exec: async (command) => {
          command.stdin?.resume();
          await stay(command);
          ended += 1;
        },
      });
      const client = new RawStreamingClient(server as StreamingServer, EXEC);
      await client.send(openAll(client));
      await until(() => idsOf(client, 'SYN_REPLY').length === 4);
      await client.send(Buffer.concat(frames(client)));
      await until(() => client.over);
      client.socket.end();
      await until(() => ended === 1 && server?.sessions === 0);
      expect(String(client.body(1))).to.not.contain('Success');
    });
  }

  it('cannot make a command that does not read keep more than a little', async () => {
    let command: ServerCommand | null = null;
    serve({
      exec: async (started) => {
        command = started;
        await stay(started);
      },
    });
    const client = new RawStreamingClient(server as StreamingServer, EXEC);
    await client.send(openAll(client));
    await until(() => command !== null);
    expect(await flood(client, client.make.data(3, Buffer.alloc(32_768)))).to.be.below(4 << 20);
    client.socket.destroy();
    await until(() => server?.sessions === 0);
  });

  it('cannot make the reader of terminal sizes keep anything', async () => {
    const sizes: string[] = [];
    serve({
      exec: async (command) => {
        command.on('resize', ({ columns, rows }) => sizes.push(`${columns}x${rows}`));
        await stay(command);
      },
    });
    const client = new RawStreamingClient(server as StreamingServer, TTY);
    const { make } = client;
    await client.send(openAll(client, ['error', 'stdout', 'resize']));
    await until(() => idsOf(client, 'SYN_REPLY').length === 3);
    await settle();
    for (const piece of [
      '{"Width":1e9,"Height":5}{"Width":-1,"Height":5}{"Width":"80","Height":"24"}',
      '{"Width":80}{"Height":24}{}null 5 }}}}{"Width":[80],"Height":{"a":24}}\n',
      `${'{'.repeat(100_000)}\n`,
      `{"x":"${'y'.repeat(3_000_000)}`,
      '"}\n{"Width":81,"Height":25}\n',
    ]) {
      for (let at = 0; at < piece.length; at += 30_000)
        await client.send(make.data(5, piece.slice(at, at + 30_000)));
    }
    await until(() => sizes.length > 0);
    expect(sizes).to.deep.equal(['81x25']);
    await leave(client);
  });

  it('ends no process of others, and none of its own outlives it', async () => {
    const done: number[] = [];
    serve({
      exec: async (command) => {
        const code = await runProcess(command, { file: 'cat', args: [], killTimeoutMs: 1000 });
        done.push(code);
        return code;
      },
    });
    const clients = ['end', 'destroy'].map(
      () => new RawStreamingClient(server as StreamingServer, EXEC),
    );
    for (const client of clients) {
      await client.send(openAll(client));
      await client.send(client.make.data(3, 'echo'));
      await until(() => String(client.body(5)) === 'echo');
    }
    clients[0]?.socket.end();
    await until(() => done.length === 1);
    await clients[1]?.send(clients[1].make.data(3, ' again', DATA_FLAG_FIN));
    await until(() => clients[1]?.finished(1) === true);
    expect(String(clients[1]?.body(5))).to.equal('echo again');
    clients[1]?.socket.destroy();
    await until(() => server?.sessions === 0);
    expect(process.getActiveResourcesInfo()).to.not.contain('ProcessWrap');
  });

  describe('of port forwarding', () => {
    for (const port of [
      '',
      '0',
      '65536',
      '70000',
      '1e3',
      '0x50',
      ' 80',
      '80 ',
      '+80',
      '-1',
      '9'.repeat(1000),
    ]) {
      it(`has no port ${JSON.stringify(port.slice(0, 20))}`, async () => {
        serve({ portForward: ({ port: reached }) => void failures.push(reached) });
        const client = new RawStreamingClient(server as StreamingServer, FORWARD, PORTS);
        const { make } = client;
        const encoded = Buffer.from(port).toString('latin1');
        await client.send(make.synStream(1, portStream('error', encoded, '0')));
        await client.send(make.synStream(3, portStream('data', encoded, '0')));
        await until(
          () =>
            idsOf(client, 'RST_STREAM').length === 2 ||
            idsOf(client, 'SYN_REPLY').length > 0 ||
            client.over,
        );
        expect(idsOf(client, 'SYN_REPLY')).to.deep.equal([]);
        await leave(client);
        expect(failures).to.deep.equal([]);
      });
    }

    it('may number its connections as it likes', async () => {
      const seen: ForwardedConnection[] = [];
      serve({
        portForward: async (connection) => {
          seen.push(connection);
          connection.stream.resume();
          await once(connection.stream, 'end');
        },
      });
      const client = new RawStreamingClient(server as StreamingServer, FORWARD, PORTS);
      const { make } = client;
      const names = [
        '-1',
        '99999999999999999999',
        '__proto__',
        'constructor',
        'x'.repeat(5000),
        '0',
        '00',
        ' ',
      ];
      let id = 1;
      for (const name of names) {
        for (const type of ['error', 'data']) {
          await client.send(make.synStream(id, portStream(type, '80', name)));
          id += 2;
        }
      }
      await until(() => seen.length === names.length);
      for (let data = 3; data < id; data += 4)
        await client.send(make.data(data, '', DATA_FLAG_FIN));
      await until(() => client.finished(id - 2) && client.finished(id - 4));
      // The same one again.
      await client.send(make.synStream(id, portStream('error', '80', '0')));
      await client.send(make.synStream(id + 2, portStream('data', '80', '0')));
      await until(() => seen.length === names.length + 1);
      await leave(client);
      expect(failures).to.deep.equal([]);
    });

    it('cannot have more halves of connections, or connections, than there may be', async () => {
      let running = 0;
      let most = 0;
      serve(
        {
          portForward: async (connection) => {
            running += 1;
            most = Math.max(most, running);
            await stay(connection);
            running -= 1;
          },
        },
        { maxConnections: 50 },
      );
      const client = new RawStreamingClient(server as StreamingServer, FORWARD, PORTS);
      const { make } = client;
      for (let index = 0; index < 1000; index++)
        await client.send(make.synStream(2 * index + 1, portStream('error', '80', String(index))));
      await until(
        () =>
          client.over ||
          idsOf(client, 'SYN_REPLY').length + idsOf(client, 'RST_STREAM').length >= 1000,
      );
      expect(idsOf(client, 'SYN_REPLY').length).to.be.at.most(100);
      expect(most).to.equal(0);
      await leave(client);
    });

    it('cannot run more handlers than connections are allowed by resetting them', async () => {
      let running = 0;
      let most = 0;
      let started = 0;
      serve(
        {
          // Slow to notice.
          portForward: async (connection) => {
            started += 1;
            running += 1;
            most = Math.max(most, running);
            await stay(connection);
            await settle(50);
            running -= 1;
          },
        },
        { maxConnections: 50 },
      );
      const client = new RawStreamingClient(server as StreamingServer, FORWARD, PORTS);
      const { make } = client;
      for (let index = 0; index < 1500 && !client.over; index++) {
        const id = 4 * index + 1;
        await client.send(
          Buffer.concat([
            make.synStream(id, portStream('error', '80', String(index))),
            make.synStream(id + 2, portStream('data', '80', String(index))),
            make.rstStream(id, CANCEL),
            make.rstStream(id + 2, CANCEL),
          ]),
        );
      }
      client.socket.end();
      await until(() => server?.sessions === 0);
      expect(running).to.equal(0);
      expect(started).to.be.above(0);
      expect(most).to.be.at.most(50);
    });

    it('may give up thousands of connections, as many as it is allowed', async () => {
      const handler = async (connection: ForwardedConnection): Promise<void> => {
        connection.stream.resume();
        await stay(connection);
      };
      const giveUp = async (client: RawStreamingClient, index: number): Promise<void> => {
        const { make } = client;
        const id = 4 * index + 1;
        const pair = ['error', 'data'].map((type, one) =>
          make.synStream(id + 2 * one, portStream(type, '80', String(index))),
        );
        await client.send(
          Buffer.concat([...pair, make.rstStream(id, CANCEL), make.rstStream(id + 2, CANCEL)]),
        );
      };
      serve({ portForward: handler });
      const good = new RawStreamingClient(server as StreamingServer, FORWARD, PORTS);
      for (let index = 0; index < 3000; index++) await giveUp(good, index);
      expect(good.over).to.equal(false);
      await leave(good);
      const streamResetRate = { burst: 1000, perSecond: 0 };
      serve({ portForward: handler }, { session: { streamResetRate } });
      const flooding = new RawStreamingClient(server as StreamingServer, FORWARD, PORTS);
      for (let index = 0; index < 600 && !flooding.over; index++) await giveUp(flooding, index);
      await until(() => flooding.over);
      await leave(flooding);
    });

    it('may end both directions at once: its handler hears when it leaves', async () => {
      let told = false;
      serve({
        portForward: async ({ stream, signal }) => {
          stream.resume();
          stream.end();
          await stay({ signal });
          told = true;
        },
      });
      const client = new RawStreamingClient(server as StreamingServer, FORWARD, PORTS);
      const { make } = client;
      await client.send(make.synStream(1, portStream('error', '80', '0')));
      await client.send(make.synStream(3, portStream('data', '80', '0'), { flags: CTRL_FLAG_FIN }));
      await until(() => client.finished(3));
      await settle();
      expect(told).to.equal(false);
      await leave(client);
      expect(told).to.equal(true);
    });

    it('cannot make a connection that is not read keep more than a little', async () => {
      let started = false;
      serve({
        portForward: async (connection) => {
          started = true;
          await stay(connection);
        },
      });
      const client = new RawStreamingClient(server as StreamingServer, FORWARD, PORTS);
      const { make } = client;
      await client.send(make.synStream(1, portStream('error', '80', '0')));
      await client.send(make.synStream(3, portStream('data', '80', '0')));
      await until(() => started);
      expect(await flood(client, make.data(3, Buffer.alloc(32_768)))).to.be.below(4 << 20);
      client.socket.destroy();
      await until(() => server?.sessions === 0);
    });
  });

  it('finds no moment of noise that throws, hangs or leaks', async () => {
    serve({
      // Its input is cut off when the client goes.
      exec: (command) => converse(command).catch(() => 1),
      portForward: async ({ stream, signal }) => {
        stream.pipe(stream);
        await stay({ signal });
      },
    });
    const random = createRandom(0x6e6f);
    for (let round = 0; round < 60; round++) {
      const ports = round % 2 === 1;
      const client = ports
        ? new RawStreamingClient(server as StreamingServer, FORWARD, PORTS)
        : new RawStreamingClient(server as StreamingServer, EXEC);
      const { make } = client;
      const types = ports ? ['error', 'data', 'data', 'x'] : [...TYPES, 'resize'];
      for (let step = 0; step < 40 && !client.over; step++) {
        const id = 2 * random.integer(0, 8) + 1;
        const type = types[random.integer(0, types.length - 1)] as string;
        const headers = ports
          ? portStream(type, String(random.integer(0, 80)), String(random.integer(0, 3)))
          : ([['streamtype', type]] as const);
        const frames = [
          () => make.synStream(2 * step + 1, headers, { flags: random.integer(0, 3) }),
          () => make.synStream(2 * step + 1, headers),
          () => make.data(id, 'x'.repeat(random.integer(0, 2000)), random.integer(0, 1)),
          () => make.rstStream(id, random.integer(1, 11)),
          () => make.windowUpdate(id, random.integer(1, 0x7fffffff)),
          () => make.headers(id, headers),
          () => make.ping(2 * step + 1),
        ];
        await client.send((frames[random.integer(0, frames.length - 1)] as () => Buffer)());
        if (random.integer(0, 3) === 0) await settle(1);
      }
      if (random.integer(0, 1) === 0) client.socket.end();
      else client.socket.destroy();
    }
    await until(() => server?.sessions === 0);
    expect(failures).to.deep.equal([]);
  });

  it('gets nowhere with half an upgrade, and with a request that is too large', async () => {
    let started = 0;
    serve({
      exec: () => {
        started += 1;
      },
    });
    const web = http.createServer({ headersTimeout: 50, connectionsCheckingInterval: 20 });
    (server as StreamingServer).attach(web);
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { port } = web.address() as AddressInfo;
    const answers = await Promise.all(
      [
        `POST ${EXEC} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n`,
        `POST ${EXEC} HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
        `POST ${EXEC}&command=${'y'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      ].map(async (request) => {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('error', () => {});
        socket.write(request);
        return text(socket).catch(() => '');
      }),
    );
    for (const answer of answers) expect(answer).to.match(/^(HTTP\/1\.1 4|$)/);
    expect([started, server?.sessions]).to.deep.equal([0, 0]);
    web.closeAllConnections();
    web.close();
    await once(web, 'close');
  });
});

/** Reads everything, and writes it back. */
async function converse({ stdin, stdout, stderr, signal }: ServerCommand): Promise<number> {
  stderr?.write('hello');
  if (stdin === null) await stay({ signal });
  else for await (const chunk of stdin) stdout?.write(chunk);
  return 0;
}

/** Sends a frame again and again, as long as it is taken; returns how many bytes that were. */
async function flood(client: RawStreamingClient, frame: Buffer): Promise<number> {
  let sent = 0;
  for (let idle = 0; idle < 20 && sent < 64 << 20; ) {
    if (client.socket.writableNeedDrain) {
      idle += 1;
      await settle(1);
    } else {
      idle = 0;
      client.socket.write(frame);
      sent += frame.length;
    }
  }
  return sent;
}
