import { expect } from 'chai';
import {
  CLIENT,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { sessionFault, streamFault } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';
import { counters, initialWindow, receiveData, serving } from '../support/serving.ts';

describe('engine/receive/receive-credit: windows', () => {
  describe('windows', () => {
    for (const version of [SPDY3, SPDY3_1]) {
      it(`a stream may send 65536 bytes, and not one more, ${version.name} (checklist 173, 175, 178)`, () => {
        // With room in the session window.
        const lab = serving(version, { windowUpdates: 'manual' });
        if (version.sessionWindow) lab.engine.submitWindowUpdate(0, 1);
        lab.receive(lab.peer.headers(1, [['long', 'x'.repeat(10_000)]]));
        receiveData(lab, 1, 65_535);
        receiveData(lab, 1, 1);
        receiveData(lab, 1, 0);
        expect(lab.faults()).to.deep.equal([]);
        lab.settle();
        receiveData(lab, 1, 1);
        const message = 'the peer overran its window';
        expect(lab.faults()).to.deep.equal([streamFault(1, 7, message, 'ERR_SPDY_FLOW_CONTROL')]);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 FLOW_CONTROL_ERROR']);
        expect(lab.callsOf('on_data_chunk_recv')).to.deep.equal([]);
      });
    }

    it('all streams of SPDY/3.1 together may send 65536 bytes, dropped ones included (checklist 174, 178, 193)', () => {
      const lab = serving(SPDY3_1, { windowUpdates: 'manual' }, 2);
      receiveData(lab, 1, 30_000);
      receiveData(lab, 3, 30_000);
      receiveData(lab, 2, 5_536);
      expect(lab.faults()).to.have.lengthOf(1);
      receiveData(lab, 1, 0);
      receiveData(lab, 1, 1);
      expect(lab.faults()).to.deep.equal([
        sessionFault('the peer overran the session window', 'ERR_SPDY_FLOW_CONTROL'),
      ]);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 2 INVALID_STREAM', 'GOAWAY 3 status 1']);
    });

    it('there is none for the session in SPDY/3 (checklist 287)', () => {
      const lab = serving(SPDY3, { windowUpdates: 'manual' }, 3);
      for (const id of [1, 3, 5]) receiveData(lab, id, 65_536);
      expect([lab.faults(), counters(lab)]).to.deep.equal([[], [65_536, 0]]);
    });

    it('there are none at all in SPDY/2 (checklist 172)', () => {
      const lab = serving(SPDY2);
      for (let count = 0; count < 5; count++) receiveData(lab, 1, 65_536);
      lab.engine.submitSettings(0, initialWindow(1));
      receiveData(lab, 1, 65_536);
      expect([lab.faults(), counters(lab)]).to.deep.equal([[], [0, 0]]);
      expect(lab.wrote()).to.deep.equal(['SETTINGS 7=1']);
    });

    it('may be overrun by the tolerance that was configured', () => {
      for (const version of [SPDY3, SPDY3_1]) {
        const lab = serving(version, { windowUpdates: 'manual', receiveWindowTolerance: 100 });
        receiveData(lab, 1, 65_636);
        expect(lab.faults()).to.deep.equal([]);
        receiveData(lab, 1, 1);
        expect(lab.faults()[0]?.code).to.equal('ERR_SPDY_FLOW_CONTROL');
        const options = { windowUpdates: 'manual', receiveWindowTolerance: Infinity } as const;
        const open = serving(version, options);
        for (let count = 0; count < 5; count++) receiveData(open, 1, 65_536);
        expect(open.faults()).to.deep.equal([]);
      }
    });

    it('can be switched off: nothing is enforced, nothing is given back (checklist 203)', () => {
      for (const version of PROTOCOL_VERSIONS) {
        for (const windowUpdates of ['auto', 'consume'] as const) {
          const lab = serving(version, { flowControl: false, windowUpdates });
          for (let count = 0; count < 5; count++) {
            receiveData(lab, 1, 65_536);
            if (windowUpdates === 'consume') lab.engine.consume(1, 65_536);
          }
          expect([lab.faults(), lab.wrote()]).to.deep.equal([[], []]);
          expect(counters(lab)).to.deep.equal([0, 0]);
        }
      }
    });

    it('are there for pushes too (checklist 204)', () => {
      for (const version of [SPDY3, SPDY3_1]) {
        const lab = new Lab(CLIENT, version, {
          receiveWindowTolerance: 0,
          windowUpdates: 'manual',
        });
        lab.engine.submitRequest(0, HEADERS);
        lab.settle().receive(lab.peer.synStream(2, HEADERS, { associatedToStreamId: 1 }));
        if (version.sessionWindow) lab.engine.submitWindowUpdate(0, 100);
        receiveData(lab, 2, 65_536);
        expect(lab.faults()).to.deep.equal([]);
        receiveData(lab, 2, 1);
        const message = 'the peer overran its window';
        expect(lab.faults()).to.deep.equal([streamFault(2, 7, message, 'ERR_SPDY_FLOW_CONTROL')]);
      }
    });
  });

  describe('INITIAL_WINDOW_SIZE of ours', () => {
    it('raised, lets open and new streams send more, but not the session (checklist 199)', () => {
      for (const version of [SPDY3, SPDY3_1]) {
        const lab = serving(version, { windowUpdates: 'manual' });
        lab.engine.submitSettings(0, initialWindow(70_000));
        lab.receive(lab.peer.synStream(3, HEADERS));
        if (version.sessionWindow) {
          receiveData(lab, 1, 65_537);
          expect(lab.faults()).to.deep.equal([
            sessionFault('the peer overran the session window', 'ERR_SPDY_FLOW_CONTROL'),
          ]);
          continue;
        }
        for (const id of [1, 3]) receiveData(lab, id, 70_000);
        expect(lab.faults()).to.deep.equal([]);
        for (const id of [1, 3]) receiveData(lab, id, 1);
        const faults = lab.faults().map((fault) => fault?.streamId);
        expect(faults).to.deep.equal([1, 3]);
      }
    });

    it('lowered, lets the peer send what fitted before, and on new streams too (checklist 202)', () => {
      for (const windowUpdates of ['manual', 'auto'] as const) {
        const lab = serving(SPDY3, { windowUpdates });
        lab.engine.submitSettings(0, initialWindow(1_000));
        lab.receive(lab.peer.synStream(3, HEADERS));
        for (const id of [1, 3]) receiveData(lab, id, 65_536);
        expect(lab.faults()).to.deep.equal([]);
      }
    });

    it('counts from the largest value that the peer may believe in', () => {
      const lab = serving(SPDY3, { windowUpdates: 'manual', initialWindowSize: 70_000 });
      for (const value of [10, 70_000, 69_999, 80_000]) {
        lab.engine.submitSettings(0, initialWindow(value));
      }
      receiveData(lab, 1, 80_000);
      expect(lab.faults()).to.deep.equal([]);
      receiveData(lab, 1, 1);
      expect(lab.faults()).to.have.lengthOf(1);
    });

    it('changes at once what half a window is', () => {
      const lab = serving(SPDY3);
      lab.engine.submitSettings(0, initialWindow(1_000));
      lab.settle();
      receiveData(lab, 1, 499);
      expect(lab.wrote()).to.deep.equal([]);
      receiveData(lab, 1, 1);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +500']);
      lab.engine.submitSettings(0, initialWindow(0));
      lab.settle();
      receiveData(lab, 1, 1);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +1']);
      receiveData(lab, 1, 0);
      expect(lab.wrote()).to.deep.equal([]);
    });

    it('lowered, gives back what was held back for half of the old window', () => {
      const lab = serving(SPDY3, {}, 2);
      receiveData(lab, 1, 20_000);
      receiveData(lab, 3, 400);
      lab.engine.submitSettings(0, initialWindow(1_000));
      expect(lab.wrote()).to.deep.equal(['SETTINGS 7=1000', 'WINDOW_UPDATE 1 +20000']);
      expect(lab.engine.getStreamRecvDataLength(3)).to.equal(400);
    });

    it('is the option at first, but no peer is kept waiting for half of what it was not told', () => {
      const lab = serving(SPDY3, { initialWindowSize: 200_000 }, 2);
      receiveData(lab, 1, 32_767);
      expect(lab.wrote()).to.deep.equal([]);
      receiveData(lab, 1, 1);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +32768']);
      receiveData(lab, 3, 200_000);
      expect([lab.wrote(), lab.faults()]).to.deep.equal([['WINDOW_UPDATE 3 +200000'], []]);
      lab.engine.submitSettings(0, initialWindow(200_000));
      receiveData(lab, 1, 99_999);
      expect(lab.wrote()).to.deep.equal(['SETTINGS 7=200000']);
      receiveData(lab, 1, 1);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +100000']);
      const small = serving(SPDY3, { initialWindowSize: 1_000 });
      receiveData(small, 1, 500);
      expect(small.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +500']);
    });
  });

  it('has nothing to do with other settings', () => {
    const lab = serving(SPDY3, { windowUpdates: 'manual' });
    lab.engine.submitSettings(0, [
      { id: SETTINGS_MAX_CONCURRENT_STREAMS, flags: 0, value: 1 },
      { id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: 0x80000000 },
    ]);
    receiveData(lab, 1, 65_536);
    expect(lab.faults()).to.deep.equal([]);
    receiveData(lab, 1, 1);
    expect(lab.faults()).to.have.lengthOf(1);
  });
});
