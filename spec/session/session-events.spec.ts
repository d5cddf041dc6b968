import { expect } from 'chai';
import type { SessionError, StreamError } from '../../lib/errors.ts';
import { CLIENT, PING, PROTOCOL_ERROR, SERVER } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import type { SessionEvents } from '../../lib/session/session-events.ts';
import type { SpdyStream } from '../../lib/session/streams/stream.ts';
import { rawControlFrame } from '../support/frame-factory.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  rawAgainst,
  requestHeaders,
  settle,
  uncaughtDuring,
  until,
} from '../support/session-pair.ts';

/** Writes down the names of all events but those of the Duplex. */
function record(session: Session): string[] {
  const names: string[] = [];
  const events: (keyof SessionEvents)[] = [
    'ctrlRecv',
    'invalidCtrlRecv',
    'dataChunkRecv',
    'dataRecv',
    'beforeCtrlSend',
    'ctrlSend',
    'ctrlNotSend',
    'dataSend',
    'streamClose',
    'requestRecv',
    'ctrlRecvParseError',
    'unknownCtrlRecv',
    'streamError',
    'synStream',
    'synReply',
    'rstStream',
    'settings',
    'ping',
    'goaway',
    'headers',
    'windowUpdate',
    'credential',
  ];
  for (const event of events) session.on(event, () => names.push(event));
  return names;
}

describe('session/session-events', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: reports an exchange as Spdylay does`, async () => {
      const quiet = { settingsTiming: 'never' } as const;
      const pair = pairOver(memoryConnection(), version, { client: quiet, server: quiet });
      const client = record(pair.client);
      const server = record(pair.server);
      pair.server.on('requestRecv', (id) => pair.server.submitResponse(id, RESPONSE, 'body'));
      pair.client.submitRequest(0, requestHeaders('POST'), 'x');
      await until(() => client.includes('streamClose') && server.includes('streamClose'));
      expect(server).to.deep.equal([
        'ctrlRecv',
        'synStream',
        'dataChunkRecv',
        'dataRecv',
        'requestRecv',
        'beforeCtrlSend',
        'ctrlSend',
        'dataSend',
        'streamClose',
      ]);
      expect(client).to.deep.equal([
        'beforeCtrlSend',
        'ctrlSend',
        'dataSend',
        'ctrlRecv',
        'synReply',
        'dataChunkRecv',
        'dataRecv',
        'streamClose',
      ]);
      await pair.end();
    });
  }

  it('has an event for every type of received frame', async () => {
    const options = { settingsTiming: 'never', credentials: true } as const;
    const { session, peer } = await rawAgainst(SERVER, SPDY3, options);
    const { make } = peer;
    const names = record(session);
    peer.send(
      make.settings([{ id: 1, flags: 0, value: 1 }]),
      make.synStream(1, requestHeaders()),
      make.headers(1, [['a', 'b']]),
      make.windowUpdate(1, 100),
      make.credential(1, Buffer.of(1), [Buffer.of(1)]),
      make.ping(1),
      make.rstStream(1, 5),
      rawControlFrame({ version: 3, type: 77 }),
      make.goaway(0),
    );
    await until(() => names.includes('goaway'));
    expect(names.filter((name) => name !== 'ctrlRecv')).to.include.members([
      'settings',
      'synStream',
      'headers',
      'windowUpdate',
      'credential',
      'ping',
      'rstStream',
      'streamClose',
      'unknownCtrlRecv',
      'goaway',
    ]);
    expect(names.filter((name) => name === 'ctrlRecv')).to.have.length(8);
    session.destroy();
    await closed(session);
  });

  it('reports faults of one stream by streamError, which needs no listener, and goes on', async () => {
    const { session, peer } = await rawAgainst(SERVER, SPDY3_1);
    peer.send(peer.make.synStream(1, [['UPPER', 'case']]), peer.make.headers(9, [['a', 'b']]));
    await peer.frame('RST_STREAM', 2);
    const errors: StreamError[] = [];
    const invalid: number[] = [];
    session.on('streamError', (error) => errors.push(error));
    session.on('invalidCtrlRecv', (_frame, status) => invalid.push(status));
    peer.send(peer.make.synStream(3, [['UPPER', 'case']]));
    await peer.frame('RST_STREAM', 3);
    expect(errors.map(({ code, streamId }) => [code, streamId])).to.deep.equal([
      ['ERR_SPDY_INVALID_HEADER_BLOCK', 3],
    ]);
    expect(invalid).to.deep.equal([PROTOCOL_ERROR]);
    expect(session.state.phase).to.equal('open');
    session.destroy();
  });

  it('raises what listeners throw as uncaught exceptions, all of them, and goes on', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    pair.server.on('synStream', ({ streamId }) => {
      throw new Error(`synStream ${streamId}`);
    });
    pair.server.on('requestRecv', (streamId) => {
      pair.server.submitResponse(streamId, RESPONSE);
      throw new Error(`requestRecv ${streamId}`);
    });
    pair.client.on('ctrlSend', (frame) => {
      if (frame.type === 1) throw new Error(`ctrlSend ${frame.streamId}`);
    });
    const ended: number[] = [];
    pair.client.on('streamClose', (streamId) => ended.push(streamId));
    const caught = await uncaughtDuring(async () => {
      await settle();
      pair.client.submitRequest(0, requestHeaders());
      pair.client.submitRequest(0, requestHeaders());
      await until(() => ended.length === 2);
    });
    expect(caught.map((error) => (error as Error).message)).to.have.members([
      'synStream 1',
      'requestRecv 1',
      'synStream 3',
      'requestRecv 3',
      'ctrlSend 1',
      'ctrlSend 3',
    ]);
    await pair.end();
  });

  it("is not wedged by a 'data' listener that throws", async () => {
    const session = new Session(CLIENT, 'spdy/3.1');
    let bytes = 0;
    session.on('data', (chunk) => {
      bytes += chunk.length;
      throw new Error('data');
    });
    const caught = await uncaughtDuring(async () => {
      await settle();
      session.submitPing();
      await settle();
      session.submitPing();
      await settle();
    });
    expect(caught.length).to.be.greaterThan(1);
    expect(bytes).to.equal(20 + 12 + 12);
    session.destroy();
  });

  describe('calls out of listeners', () => {
    it('takes every submit call from inside an event', async () => {
      const pair = pairOver(memoryConnection(), SPDY3_1);
      let pings = 0;
      pair.server.on('synStream', () => pair.server.submitPing());
      pair.server.on('ctrlSend', ({ type }) => {
        if (type === 6 && pings++ < 3) pair.server.submitPing();
      });
      pair.client.submitRequest(0, requestHeaders());
      await until(() => pair.client.statistics.framesReceived >= 5);
      expect(pings).to.be.greaterThan(3);
      await pair.end();
    });

    it('takes destroy() from inside an event, and reports nothing after the ends of the streams', async () => {
      const { session, peer } = await rawAgainst(SERVER, SPDY3_1);
      const seen: string[] = [];
      session.on('synStream', ({ streamId }) => {
        seen.push(`open ${streamId}`);
        session.destroy();
      });
      session.on('requestRecv', () => seen.push('request'));
      session.on('streamClose', (streamId, _status, error) =>
        seen.push(`end ${streamId} ${error?.code}`),
      );
      const flags = { flags: 1 };
      peer.send(
        peer.make.synStream(1, requestHeaders(), flags),
        peer.make.synStream(3, requestHeaders(), flags),
      );
      await closed(session);
      await closed(peer.socket);
      expect(seen).to.deep.equal(['open 1', 'end 1 ERR_SPDY_SESSION_CLOSED']);
      expect(peer.names.at(-1)).to.equal('GOAWAY');
    });

    it('takes write() and end() of a session from inside its own events', async () => {
      const session = new Session(SERVER, 'spdy/3.1');
      const other = new Session(CLIENT, 'spdy/3.1');
      const bytes: Buffer[] = [];
      other.on('data', (chunk) => bytes.push(chunk));
      other.submitPing();
      await settle();
      const pings: number[] = [];
      session.on('ping', ({ id }) => pings.push(id));
      let once = true;
      session.on('ctrlSend', () => {
        if (!once) return;
        once = false;
        session.write(Buffer.concat(bytes));
        session.end();
      });
      session.resume();
      await closed(session);
      expect(pings).to.deep.equal([1]);
      other.destroy();
    });
  });

  describe('a session error', () => {
    for (const version of PROTOCOL_VERSIONS) {
      it(`${version.name}: emits 'error' once, after the GOAWAY was written (checklist 111, 115, 116)`, async () => {
        const { session, peer, socket } = await rawAgainst(SERVER, version);
        const ends: (string | undefined)[] = [];
        session.on('streamClose', (_id, _status, error) => ends.push(error?.code));
        const parseErrors: number[] = [];
        session.on('ctrlRecvParseError', (_type, _head, _payload, errno) =>
          parseErrors.push(errno),
        );
        peer.send(
          peer.make.synStream(1, requestHeaders()),
          peer.make.synStream(3, requestHeaders()),
        );
        await until(() => session.state.openStreams === 2);
        const errors: SessionError[] = [];
        session.on('error', (error) => errors.push(error as SessionError));
        peer.send(rawControlFrame({ version: version.wire, type: 6, length: 3 }));
        const { frame } = await peer.frame('GOAWAY');
        await closed(session);
        expect(errors.map(({ code, by, status }) => [code, by, status])).to.deep.equal([
          ['ERR_SPDY_INVALID_FRAME', 'peer', 1],
        ]);
        expect(frame.lastGoodStreamId).to.equal(3);
        expect(ends).to.deep.equal(['ERR_SPDY_INVALID_FRAME', 'ERR_SPDY_INVALID_FRAME']);
        expect(parseErrors).to.deep.equal([-506]);
        peer.socket.end();
        await closed(socket);
      });
    }

    it('does not throw out of write()', () => {
      const session = new Session(SERVER, 'spdy/3.1');
      session.on('error', () => {});
      session.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
      expect(session.state.phase).to.equal('failed');
      session.destroy();
    });

    it('is raised as an uncaught exception when nobody listens', async () => {
      const caught = await uncaughtDuring(async () => {
        const { session, peer } = await rawAgainst(SERVER, SPDY3_1);
        peer.send(Buffer.from('\x80\x03\x00\x06\x00\x00\x00\x09', 'latin1'));
        await until(() => session.destroyed);
        peer.socket.end();
      });
      expect(caught.map((error) => (error as SessionError).code)).to.deep.equal([
        'ERR_SPDY_INVALID_FRAME',
      ]);
    });

    it('gives a peer that does not read a limited time', async () => {
      const session = new Session(SERVER, 'spdy/3.1', { lingerTimeoutMs: 20 });
      const errors: Error[] = [];
      session.on('error', (error) => errors.push(error));
      session.write(Buffer.from('\x80\x03\x00\x06\x00\x00\x00\x09', 'latin1'));
      await closed(session);
      expect((errors[0] as SessionError).code).to.equal('ERR_SPDY_INVALID_FRAME');
    });

    it('can be asked for with failSession()', async () => {
      const { session, peer } = await rawAgainst(SERVER, SPDY3_1);
      const errors: SessionError[] = [];
      session.on('error', (error) => errors.push(error as SessionError));
      session.failSession(2);
      const { frame } = await peer.frame('GOAWAY');
      await closed(session);
      expect(frame.status).to.equal(2);
      expect(errors.map(({ code, by }) => [code, by])).to.deep.equal([
        ['ERR_SPDY_SESSION_CLOSED', 'local'],
      ]);
      peer.socket.end();
    });
  });

  for (const end of ['destroy', 'failSession'] as const) {
    it(`offers no stream that a listener has ended by ${end}()`, async () => {
      const pair = pairOver(memoryConnection(), SPDY3_1);
      pair.server.on('error', () => {});
      let offered = 0;
      pair.server.once('synStream', () =>
        end === 'destroy' ? pair.server.destroy() : pair.server.failSession(2),
      );
      pair.server.on('stream', () => offered++);
      pair.client.request(requestHeaders());
      await closed(pair.server);
      expect(offered).to.equal(0);
      await pair.end();
    });
  }

  it('takes no SpdyStream for its own that is the user data of a request', async () => {
    const front = pairOver(memoryConnection(), SPDY3_1);
    const back = pairOver(memoryConnection(), SPDY3_1);
    let pushed = '';
    back.server.on('dataChunkRecv', (_flags, streamId, chunk) => {
      if (streamId === 3) pushed += String(chunk);
    });
    // From now on that session looks after SpdyStreams.
    back.client.request(requestHeaders());
    await until(() => back.server.state.openStreams === 1);
    let relayed: SpdyStream | null = null;
    front.server.on('stream', (stream) => {
      relayed = stream;
      back.client.submitRequest(0, requestHeaders(), 'relayed', stream);
      stream.end('own');
    });
    const stream = front.client.request(requestHeaders());
    let answer = '';
    for await (const chunk of stream) answer += String(chunk);
    await until(() => pushed === 'relayed');
    expect(answer).to.equal('own');
    expect((relayed as SpdyStream | null)?.id).to.equal(1);
    await front.end();
    await back.end();
  });

  it("emits 'error' although the peer's bytes end right behind its mistake", async () => {
    const session = new Session(SERVER, SPDY3_1.id);
    const seen: string[] = [];
    session.on('error', (error) => seen.push((error as SessionError).code));
    const gone = new Promise<void>((resolve) => session.once('close', () => resolve()));
    session.resume();
    session.end(rawControlFrame({ version: 3, type: PING, payload: Buffer.alloc(3) }));
    await gone;
    expect(seen).to.deep.equal(['ERR_SPDY_INVALID_FRAME']);
  });

  it("lets a listener for 'data' name strings behind setEncoding()", async () => {
    const { client, server, end } = pairOver(memoryConnection(), SPDY3_1);
    server.on('stream', (stream) => stream.end('zwölf'));
    const stream = client.request(requestHeaders(), { endStream: true });
    let text = '';
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    await closed(stream);
    expect(text).to.equal('zwölf');
    await end();
  });
});
