import { expect } from 'chai';
import {
  CANCEL,
  DATA_FLAG_COMPRESS,
  DATA_FLAG_FIN,
  INTERNAL_ERROR,
  PROTO_SPDY3,
  PROTO_SPDY3_1,
  PROTOCOL_ERROR,
  RST_STREAM,
  SERVER,
  SETTINGS_INITIAL_WINDOW_SIZE,
} from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../lib/protocol/version.ts';
import { createEnd, type EngineEnd, EnginePair } from '../support/engine-pair.ts';
import { FrameFactory, rawControlFrame, uint32 } from '../support/frame-factory.ts';
import { TestProvider } from '../support/test-provider.ts';

const HEADERS = [['name', 'value']] as const;

function written(end: EngineEnd): string[] {
  return end.written.map(({ frame }) => `${frame.type} ${frame.streamId ?? ''}`.trim());
}

describe('scenarios: late frames', () => {
  it('credit that waits when FIN arrives is not sent for the stream, but for the session (checklist 191, 192)', () => {
    for (const version of [PROTO_SPDY3, PROTO_SPDY3_1] as const) {
      const pair = new EnginePair(version);
      pair.client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 50_000 }));
      pair.deliver(pair.client);
      pair.deliver(pair.server);
      const expected = version === PROTO_SPDY3_1 ? ['WINDOW_UPDATE 0'] : [];
      expect(written(pair.server)).to.deep.equal(expected);
    }
  });

  it('a stream that is being reset gets no second RST_STREAM, whatever arrives for it (checklist 105)', () => {
    for (const version of PROTOCOL_VERSIONS) {
      const { id, wire, streamWindows } = version;
      const { engine, handler } = createEnd(SERVER, id);
      const peer = new FrameFactory(version);
      engine.receive(peer.synStream(1, HEADERS));
      if (streamWindows) engine.receive(peer.windowUpdate(1, 0x7fff0000 - 65_536));
      engine.submitRstStream(1, CANCEL);
      const late = [
        peer.data(1, 'late'),
        peer.data(1, '', DATA_FLAG_FIN),
        peer.data(1, 'compressed', DATA_FLAG_COMPRESS),
        peer.headers(1, HEADERS),
        peer.headers(1, [['Upper Case', '']]),
        peer.synReply(1, HEADERS),
        peer.synStream(1, HEADERS),
        ...(streamWindows ? [peer.windowUpdate(1, 0), peer.windowUpdate(1, 0x7fffffff)] : []),
        peer.settings([{ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: 0x7fffffff }]),
      ];
      handler.take();
      for (const bytes of late) engine.receive(bytes);
      expect(handler.streamErrors).to.deep.equal([]);
      expect(handler.take().map(({ frame }) => frame?.type)).to.deep.equal(['SETTINGS']);
      expect(engine.pull()?.toString('hex')).to.equal(
        rawControlFrame({ version: wire, type: RST_STREAM, payload: uint32(1, CANCEL) }).toString(
          'hex',
        ),
      );
      for (const bytes of late.slice(0, 3)) engine.receive(bytes);
      expect(engine.wantWrite()).to.equal(false);
    }
  });

  it('no RST_STREAM of ours follows when that of the peer was faster (checklist 98, 101)', () => {
    const { engine, handler } = createEnd(SERVER, PROTO_SPDY3_1);
    const peer = new FrameFactory(SPDY3_1);
    engine.receive(peer.synStream(1, HEADERS));
    engine.submitRstStream(1, INTERNAL_ERROR);
    engine.receive(peer.rstStream(1, CANCEL));
    expect(engine.pull()).to.equal(null);
    expect(handler.closed.get(1)).to.include({ status: CANCEL, by: 'peer' });
  });

  it('a SYN_STREAM with a bad header block uses its id up like any other (checklist 44-46)', () => {
    for (const version of PROTOCOL_VERSIONS) {
      const bad = [['Upper', 'case']] as const;
      const cases = [
        { ids: [5, 5], statuses: [PROTOCOL_ERROR, PROTOCOL_ERROR], failed: false },
        { ids: [5, 3], statuses: [PROTOCOL_ERROR], failed: true },
        { ids: [2], statuses: [], failed: true },
        { ids: [0], statuses: [], failed: true },
      ];
      for (const { ids, statuses, failed } of cases) {
        const { engine, handler } = createEnd(SERVER, version.id);
        const peer = new FrameFactory(version);
        ids.forEach((id, index) => {
          engine.receive(peer.synStream(id, index === 1 ? HEADERS : bad));
        });
        expect(handler.streamErrors.map(({ status }) => status)).to.deep.equal(statuses);
        expect(engine.failed, String(ids)).to.equal(failed);
      }
    }
  });
});
