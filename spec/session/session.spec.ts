import { once } from 'node:events';
import { expect } from 'chai';
import { Engine } from '../../lib/engine/engine.ts';
import { InvalidArgumentError, UnsupportedVersionError } from '../../lib/errors.ts';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_NONE,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  DATA_FLAG_NONE,
  FLAG_SETTINGS_NONE,
  OPT_NO_AUTO_WINDOW_UPDATE,
  SERVER,
  SETTINGS_CURRENT_CWND,
} from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import { connect } from '../../lib/session/transport/connect.ts';
import { FrameFactory } from '../support/frame-factory.ts';
import {
  type Connection,
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  type SessionPair,
  settle,
  tcpConnection,
  tlsConnection,
  until,
} from '../support/session-pair.ts';
import { patternBytes } from '../support/test-provider.ts';

/** Answers every request with the bytes that it carried. */
function echo(server: Session): void {
  const bodies = new Map<number, Buffer[]>();
  server.on('dataChunkRecv', (_flags, streamId, chunk) => {
    bodies.set(streamId, [...(bodies.get(streamId) ?? []), chunk]);
  });
  server.on('requestRecv', (streamId) => {
    server.submitResponse(streamId, RESPONSE, Buffer.concat(bodies.get(streamId) ?? []));
  });
}

/** Posts a body and resolves with what comes back. */
function post(client: Session, body: Uint8Array): Promise<Buffer> {
  return new Promise((done, fail) => {
    const pieces: Buffer[] = [];
    const handle = client.submitRequest(0, requestHeaders('POST'), body);
    const onChunk = (_flags: number, streamId: number, chunk: Buffer): void => {
      if (streamId === handle.streamId) pieces.push(chunk);
    };
    client.on('dataChunkRecv', onChunk);
    client.on('streamClose', function onClose(streamId, _status, error) {
      if (streamId !== handle.streamId) return;
      client.off('dataChunkRecv', onChunk);
      client.off('streamClose', onClose);
      if (error === null) done(Buffer.concat(pieces));
      else fail(error);
    });
  });
}

const CONNECTIONS: Record<string, (protocol: string) => Promise<Connection>> = {
  TCP: () => tcpConnection(),
  TLS: (protocol) => tlsConnection(protocol),
  memory: async () => memoryConnection(),
  'memory with a high-water mark of 7 bytes': async () => memoryConnection(7),
};

describe('session/session', () => {
  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      for (const [name, connect] of Object.entries(CONNECTIONS)) {
        it(`carries requests with bodies both ways over ${name}`, async () => {
          const pair = pairOver(await connect(version.name), version);
          echo(pair.server);
          const bodies = [0, 1, 1000, 100_000].map((length) => patternBytes(length));
          const answers = await Promise.all(bodies.map((body) => post(pair.client, body)));
          for (const [i, answer] of answers.entries()) {
            expect(answer.equals(bodies[i] as Buffer), `body ${i}`).to.equal(true);
          }
          await pair.client.close();
          await pair.end();
        });
      }

      it('works with bare socket.pipe(session).pipe(socket)', async () => {
        const connection = await tcpConnection();
        const client = new Session(CLIENT, version.name);
        const server = new Session(SERVER, version.name);
        connection.client.pipe(client).pipe(connection.client);
        connection.server.pipe(server).pipe(connection.server);
        echo(server);
        const body = patternBytes(200_000);
        expect((await post(client, body)).equals(body)).to.equal(true);
        expect(client.socket).to.equal(connection.client);
        await client.close();
        await until(() => server.closed && connection.client.closed && connection.server.closed);
      });
    });
  }

  it('sends behind the running callback, or at once with flush()', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    await settle();
    const { client } = pair;
    const before = client.statistics.framesSent;
    client.submitPing();
    expect(client.statistics.framesSent).to.equal(before);
    client.flush();
    expect(client.statistics.framesSent).to.equal(before + 1);
    client.destroy();
    client.flush();
    await pair.end();
  });

  it('refuses a side, a version and options that are none', () => {
    expect(() => new Session(3 as never, 4)).to.throw(InvalidArgumentError, 'side');
    expect(() => new Session(CLIENT, 9 as never)).to.throw(UnsupportedVersionError, '9');
    expect(() => new Session(CLIENT, 'http/1.1' as never)).to.throw(UnsupportedVersionError);
    for (const options of [
      { closeTimeoutMs: -1 },
      { lingerTimeoutMs: 1.5 },
      { idleTimeoutMs: 2 ** 31 },
      { highWaterMark: 0 },
      { inboundHighWaterMark: 0 },
      { sessionWindowSize: 65535 },
      { keepAlive: { intervalMs: 0, timeoutMs: 1 } },
      { settingsTiming: 'later' as never },
      { settings: { nonsense: 1 } as never },
      { settings: [{ id: 9, flags: 0, value: 1 }] },
      {
        settings: [
          { id: 1, flags: 0, value: 1 },
          { id: 1, flags: 0, value: 2 },
        ],
      },
      { maxDataSize: 0 },
      { settingsStore: { load: () => [], save() {}, clear() {} } },
    ]) {
      expect(() => new Session(CLIENT, 4, options), JSON.stringify(options)).to.throw(
        InvalidArgumentError,
      );
    }
  });

  it('passes the bytes of all submits of one tick on in one piece', async () => {
    const session = new Session(CLIENT, 'spdy/3.1', { settingsTiming: 'never' });
    const pieces: Buffer[] = [];
    session.on('data', (chunk) => pieces.push(chunk));
    await settle();
    for (let i = 0; i < 10; i++) session.submitRequest(0, requestHeaders());
    Promise.resolve()
      .then(() => session.submitPing())
      .catch(() => {});
    await settle();
    expect(pieces.length).to.equal(1);
    expect(session.statistics.framesSent).to.equal(11);
    session.destroy();
  });

  it('processes what is written to it in order: with callbacks, corked, by listeners of its own', async () => {
    const session = new Session(SERVER, SPDY3_1.id);
    session.resume();
    const ping = (id: number): Buffer => Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, id]);
    const ids: number[] = [];
    let called = 0;
    session.on('ping', (frame) => {
      ids.push(frame.id);
      if (frame.id === 1) {
        session.write(ping(3));
        session.write(ping(5), () => called++);
        session.write(ping(7));
      }
    });
    expect(session.write(ping(1))).to.equal(true);
    expect(ids).to.deep.equal([1]);
    await until(() => ids.length === 4 && called === 1);
    expect(ids).to.deep.equal([1, 3, 5, 7]);
    session.cork();
    session.write(ping(9));
    session.write(ping(11).toString('latin1'), 'latin1');
    expect(ids).to.have.length(4);
    session.uncork();
    session.write(ping(13));
    await until(() => ids.length === 7);
    expect(ids.slice(4)).to.deep.equal([9, 11, 13]);
    session.destroy();
  });

  it('processes the rest of what was written when a listener ends it in between', async () => {
    const session = new Session(SERVER, SPDY3_1.id);
    session.resume();
    const make = new FrameFactory(SPDY3_1);
    const seen: string[] = [];
    session.once('ping', () => session.end());
    session.on('dataChunkRecv', (_flags, _streamId, data) => seen.push(String(data)));
    session.on('streamClose', () => seen.push('closed'));
    const closed = once(session, 'close');
    session.write(
      Buffer.concat([
        make.synStream(1, requestHeaders()),
        make.ping(1),
        make.data(1, Buffer.from('x')),
      ]),
    );
    expect(seen).to.deep.equal(['x']);
    await closed;
    expect(seen).to.deep.equal(['x', 'closed']);
  });

  it('returns false from a write behind which it is destroyed, as every Duplex', async () => {
    const session = new Session(SERVER, SPDY3_1.id);
    session.once('ping', () => session.destroy());
    const over = once(session, 'close');
    expect(session.write(Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]))).to.equal(false);
    await over;
  });

  it('emits nothing before somebody reads', async () => {
    const session = new Session(CLIENT, 'spdy/3');
    const sent: number[] = [];
    session.on('ctrlSend', ({ type }) => sent.push(type));
    session.submitPing();
    await settle();
    expect(sent).to.deep.equal([]);
    expect(session.state.outboundQueueSize).to.equal(2);
    session.resume();
    await settle();
    expect(sent).to.deep.equal([6, 4]);
    session.destroy();
  });

  describe("Spdylay's methods", () => {
    let pair: SessionPair;
    let client: Session;
    let server: Session;

    beforeEach(async () => {
      pair = pairOver(memoryConnection(), SPDY3_1);
      ({ client, server } = pair);
      await settle();
    });
    afterEach(() => pair.end());

    it('opens, answers, pushes, adds headers and data', async () => {
      const seen: string[] = [];
      client.on('synReply', ({ streamId }) => seen.push(`reply ${streamId}`));
      client.on('headers', ({ streamId }) => seen.push(`headers ${streamId}`));
      client.on('synStream', ({ streamId, associatedToStreamId }) =>
        seen.push(`push ${streamId} for ${associatedToStreamId}`),
      );
      client.on('dataRecv', (flags, streamId, length) =>
        seen.push(`data ${streamId} ${length} ${flags}`),
      );
      client.on('streamClose', (streamId, status) => seen.push(`close ${streamId} ${status}`));
      server.on('requestRecv', (streamId) => {
        const flags = CTRL_FLAG_UNIDIRECTIONAL;
        server.submitSynStream(flags, streamId, 0, [[':path', '/pushed']], 'pushed');
        server.submitSynReply(CTRL_FLAG_NONE, streamId, RESPONSE);
        server.submitHeaders(CTRL_FLAG_NONE, streamId, [['x-more', '1']]);
        server.submitData(streamId, DATA_FLAG_NONE, 'first');
        server.submitData(streamId, DATA_FLAG_FIN, 'second');
      });
      server.on('ctrlSend', (frame) => {
        if (frame.type === 1) server.submitData(frame.streamId, DATA_FLAG_FIN, 'pushed');
      });
      const handle = client.submitRequest(1, requestHeaders());
      expect(handle.streamId).to.equal(0);
      await until(() => seen.filter((entry) => entry.startsWith('close')).length === 2);
      expect(handle.streamId).to.equal(1);
      expect(seen).to.have.members([
        'reply 1',
        'headers 1',
        'push 2 for 1',
        'data 1 5 0',
        'data 1 6 1',
        'close 1 0',
        'data 2 6 1',
        'close 2 0',
      ]);
    });

    it('opens streams with submitSynStream and cancels by handle or id', async () => {
      const closes: string[] = [];
      client.on('streamClose', (streamId, status) => closes.push(`${streamId} ${status}`));
      const early = client.submitSynStream(CTRL_FLAG_NONE, 0, 0, requestHeaders());
      client.cancel(early, CANCEL);
      expect(closes).to.deep.equal([`0 ${CANCEL}`]);
      const handle = client.submitSynStream(CTRL_FLAG_FIN, 0, 0, requestHeaders());
      const other = client.submitSynStream(CTRL_FLAG_NONE, 0, 0, requestHeaders());
      await settle();
      client.cancel(handle, CANCEL);
      client.submitRstStream(other.streamId, CANCEL);
      await until(() => server.statistics.streamsClosed === 2);
      expect(closes).to.have.members([`0 ${CANCEL}`, `1 ${CANCEL}`, `3 ${CANCEL}`]);
    });

    it('keeps user data, with or without a source that it has to close', async () => {
      const plain = client.submitRequest(0, requestHeaders(), null, 'plain');
      const sourced = client.submitRequest(
        0,
        requestHeaders(),
        (async function* () {})(),
        'sourced',
      );
      const none = client.submitRequest(0, requestHeaders(), (async function* () {})());
      await settle();
      expect(client.getStreamUserData(plain.streamId)).to.equal('plain');
      expect(client.getStreamUserData(sourced.streamId)).to.equal('sourced');
      expect(client.getStreamUserData(none.streamId)).to.equal(null);
      expect(client.getStreamUserData(99)).to.equal(null);
      client.setStreamUserData(plain.streamId, 1);
      client.setStreamUserData(sourced.streamId, 2);
      client.setStreamUserData(none.streamId, undefined);
      expect(client.getStreamUserData(plain.streamId)).to.equal(1);
      expect(client.getStreamUserData(sourced.streamId)).to.equal(2);
      expect(client.getStreamUserData(none.streamId)).to.equal(null);
      expect(() => client.setStreamUserData(99, 1)).to.throw(InvalidArgumentError);
    });

    it('gives the user data of a stream out while its end is reported', async () => {
      const ends: unknown[] = [];
      client.on('streamClose', (streamId) => ends.push(client.getStreamUserData(streamId)));
      client.cancel(client.submitRequest(0, requestHeaders(), 'body', 'never sent'), CANCEL);
      client.submitRequest(0, requestHeaders(), null, 'sent');
      server.on('requestRecv', (streamId) => server.submitResponse(streamId, RESPONSE));
      await until(() => ends.length === 2);
      expect(ends).to.deep.equal(['never sent', 'sent']);
    });

    it('answers and changes what Spdylay answers and changes', async () => {
      expect(client.getPriLowest()).to.equal(7);
      expect(client.getOutboundQueueSize()).to.equal(0);
      expect(client.getStreamRecvDataLength(1)).to.equal(-1);
      expect(client.getRecvDataLength()).to.equal(0);
      expect(client.wantRead()).to.equal(true);
      expect(client.wantWrite()).to.equal(false);
      expect(server.getClientCertificate(1)).to.equal(null);
      server.setClientCertificate([Buffer.of(1)]);
      server.setOption(OPT_NO_AUTO_WINDOW_UPDATE, 1);
      client.setNextStreamId(101);
      const settings: unknown[] = [];
      server.on('settings', ({ entries }) => settings.push(entries));
      client.submitSettings(FLAG_SETTINGS_NONE, { currentCwnd: 7 });
      client.submitSettings(FLAG_SETTINGS_NONE, [{ id: 1, flags: 0, value: 8 }]);
      client.submitWindowUpdate(0, 1000);
      expect(client.submitPing()).to.equal(1);
      expect(client.wantWrite()).to.equal(true);
      const handle = client.submitRequest(0, requestHeaders(), 'x');
      await until(() => server.getStreamRecvDataLength(101) === 0);
      expect(handle.streamId).to.equal(101);
      expect(server.getRecvDataLength()).to.equal(1);
      expect(settings).to.deep.equal([
        [{ id: SETTINGS_CURRENT_CWND, flags: 0, value: 7 }],
        [{ id: 1, flags: 0, value: 8 }],
      ]);
    });

    it('sends CREDENTIAL in SPDY/3', async () => {
      const own = pairOver(memoryConnection(), SPDY3, { server: { credentials: true } });
      const slots: number[] = [];
      own.server.on('credential', ({ slot }) => slots.push(slot));
      own.client.submitCredential(2, Buffer.of(1), [Buffer.of(2)]);
      await until(() => slots.length === 1);
      expect(slots).to.deep.equal([2]);
      expect(own.server.getClientCertificate(2)).to.have.length(1);
      await own.end();
    });
  });

  it('tells its state and counts', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    pair.client.userData = 'mine';
    echo(pair.server);
    await post(pair.client, patternBytes(1000));
    pair.client.submitRequest(
      0,
      requestHeaders(),
      (async function* () {
        await new Promise(() => {});
      })(),
    );
    await settle();
    expect(pair.client.state).to.deep.equal({
      side: CLIENT,
      version: 'spdy/3.1',
      phase: 'open',
      goawaySent: false,
      goawayReceived: false,
      openStreams: 1,
      waitingStreams: 0,
      maxStreams: 100,
      sendWindow: 64_536,
      receiveWindow: 64_536,
      outboundQueueSize: 0,
      outboundBytes: 0,
      receivedBytes: 1000,
      unconsumedBytes: 0,
      heldBytes: 0,
      headerMemory: 0,
      inputHeld: false,
      outputHeld: false,
      pendingPings: 0,
      transportError: null,
    });
    const { statistics } = pair.client;
    expect(statistics.dataSent).to.equal(1000);
    expect(statistics.dataReceived).to.equal(1000);
    expect(statistics.streamsOpened).to.equal(2);
    expect(statistics.roundTripMs).to.equal(null);
    expect(pair.server.state.side).to.equal(SERVER);
    void pair.client.close();
    expect(pair.client.state.phase).to.equal('closing');
    await pair.end();
    expect(pair.client.state.phase).to.equal('closed');
  });
});

describe('session: arguments that are none', () => {
  const none = null as never;
  const client = (options = {}): Session => new Session(CLIENT, 'spdy/3', options);
  const calls: [string, () => unknown, RegExp][] = [
    ['options of a Session', () => client(none), /^options must be an object, got null$/],
    ['options of an Engine', () => new Engine(CLIENT, 3, none), /^options must be an object/],
    ['a clock', () => client({ now: 5 as never }), /^now must be a function, got 5$/],
    ['attach()', () => client().attach(none), /^attach\(\) needs a Duplex, got null$/],
    ['options of request()', () => client().request([], none), /^options must be an object/],
    [
      'a signal of request()',
      () => client().request([], { signal: 5 as never }),
      /^signal must be an AbortSignal, got 5$/,
    ],
    ['submitSettings()', () => client().submitSettings(0, none), /^settings must be an object/],
    [
      'submitCredential()',
      () => client().submitCredential(1, none, none),
      /CREDENTIAL|proof|certificates/,
    ],
    ['receive()', () => new Engine(CLIENT, 3).receive('abc' as never), /Uint8Array\), got string$/],
  ];
  for (const [name, call, message] of calls) {
    it(`are refused at the call: ${name}`, () => {
      expect(call).to.throw(InvalidArgumentError, message);
    });
  }

  it('are refused by connect()', async () => {
    for (const options of [undefined, { tls: false, port: 1, signal: 1 }]) {
      const error = await connect(options as never).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(InvalidArgumentError);
    }
  });
});
