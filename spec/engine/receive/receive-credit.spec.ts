import { expect } from 'chai';
import {
  CTRL_FLAG_FIN,
  DATA_FLAG_FIN,
  OPT_NO_AUTO_WINDOW_UPDATE,
  OPT_NO_AUTO_WINDOW_UPDATE2,
} from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { failureOf, invalidArgument } from '../support/facts.ts';
import { HEADERS, type Lab } from '../support/lab.ts';
import { counters, receiveData, serving } from '../support/serving.ts';

describe('engine/receive/receive-credit', () => {
  describe('credit on receipt', () => {
    it('is given at half a window, with all that was received', () => {
      for (const version of [SPDY3, SPDY3_1]) {
        const lab = serving(version);
        receiveData(lab, 1, 32_767);
        expect([lab.wrote(), counters(lab)]).to.deep.equal([
          [],
          [32_767, version.sessionWindow ? 32_767 : 0],
        ]);
        receiveData(lab, 1, 1);
        const session = version.sessionWindow ? ['WINDOW_UPDATE 0 +32768'] : [];
        expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +32768', ...session]);
        expect(counters(lab)).to.deep.equal([0, 0]);
        receiveData(lab, 1, 40_000);
        expect(lab.wrote()[0]).to.equal('WINDOW_UPDATE 1 +40000');
      }
    });

    it('lets a peer send for ever that keeps to it (checklist 178)', () => {
      const lab = serving(SPDY3_1);
      let [session, stream] = [65_536, 65_536];
      for (let round = 0; round < 50; round++) {
        const length = Math.min(session, stream, 20_000);
        expect(length).to.be.above(0);
        receiveData(lab, 1, length);
        session -= length;
        stream -= length;
        for (const { frame } of lab.frames()) {
          if (frame.streamId === 0) session += frame.deltaWindowSize ?? 0;
          else stream += frame.deltaWindowSize ?? 0;
        }
      }
      expect(lab.faults()).to.deep.equal([]);
    });

    it('is not given to a stream with the last piece of its last frame, but to the session (checklist 191, 192)', () => {
      for (const version of [SPDY3, SPDY3_1]) {
        const lab = serving(version);
        const bytes = lab.peer.data(1, Buffer.alloc(40_000), DATA_FLAG_FIN);
        lab.receive(bytes.subarray(0, 108));
        expect(counters(lab)[0]).to.equal(100);
        lab.receive(bytes.subarray(108));
        expect(lab.wrote()).to.deep.equal(version.sessionWindow ? ['WINDOW_UPDATE 0 +40000'] : []);
        expect(counters(lab)).to.deep.equal([100, 0]);
      }
    });

    it('that waits is one WINDOW_UPDATE for a stream and one for the session', () => {
      const lab = serving(SPDY3_1, {}, 2);
      receiveData(lab, 1, 32_768);
      receiveData(lab, 1, 32_768);
      expect(lab.engine.getOutboundQueueSize()).to.equal(2);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +65536', 'WINDOW_UPDATE 0 +65536']);
      receiveData(lab, 3, 32_768);
      receiveData(lab, 1, 32_768);
      expect(lab.wrote()).to.deep.equal([
        'WINDOW_UPDATE 3 +32768',
        'WINDOW_UPDATE 0 +65536',
        'WINDOW_UPDATE 1 +32768',
      ]);
    });

    it('that has begun to leave is not changed any more', () => {
      const lab = serving(SPDY3_1);
      receiveData(lab, 1, 32_768);
      const gate = lab.useGate();
      gate.pass(8);
      receiveData(lab, 1, 32_768);
      expect(lab.wrote()).to.deep.equal([
        'WINDOW_UPDATE 1 +32768',
        'WINDOW_UPDATE 0 +65536',
        'WINDOW_UPDATE 1 +32768',
      ]);
    });

    it('of a stream that is being reset, has ended or was finished does not leave (checklist 101, 191)', () => {
      for (const [bytes, expected] of [
        [(lab: Lab) => lab.peer.rstStream(1, 5), []],
        [(lab: Lab) => lab.peer.data(1, '', DATA_FLAG_FIN), []],
        [(lab: Lab) => lab.peer.synReply(1, HEADERS), ['RST_STREAM 1 PROTOCOL_ERROR']],
      ] as const) {
        const lab = serving(SPDY3);
        receiveData(lab, 1, 32_768);
        lab.receive(bytes(lab));
        lab.handler.take();
        expect(lab.wrote()).to.deep.equal(expected);
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal([]);
      }
    });

    it('for dropped bytes goes back to the session at once (checklist 193)', () => {
      const lab = serving(SPDY3_1);
      for (const id of [2, 2, 2]) receiveData(lab, id, 16_384);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 2 INVALID_STREAM', 'WINDOW_UPDATE 0 +32768']);
      expect(counters(lab)).to.deep.equal([0, 16_384]);
      lab.receive(lab.peer.data(1, Buffer.alloc(16_384), 2));
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 PROTOCOL_ERROR', 'WINDOW_UPDATE 0 +32768']);
    });
  });

  describe('credit by consume()', () => {
    it('follows what the application has consumed (checklist 190)', () => {
      const lab = serving(SPDY3_1, { windowUpdates: 'consume' });
      receiveData(lab, 1, 40_000);
      lab.engine.consume(1, 32_767);
      expect([lab.wrote(), counters(lab)]).to.deep.equal([[], [40_000, 40_000]]);
      lab.engine.consume(1, 1);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +32768', 'WINDOW_UPDATE 0 +32768']);
      expect([counters(lab), lab.engine.unconsumedBytes]).to.deep.equal([[7_232, 7_232], 7_232]);
      lab.engine.consume(1, 7_232);
      expect([lab.wrote(), lab.engine.unconsumedBytes]).to.deep.equal([[], 0]);
      receiveData(lab, 1, 25_536);
      lab.engine.consume(1, 25_536);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +32768', 'WINDOW_UPDATE 0 +32768']);
    });

    it('is never more than what was received', () => {
      const lab = serving(SPDY3_1, { windowUpdates: 'consume' });
      receiveData(lab, 1, 40_000);
      lab.engine.consume(1, 1_000_000);
      lab.engine.consume(1, 1_000_000);
      lab.engine.consume(7, 1_000_000);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +40000', 'WINDOW_UPDATE 0 +40000']);
      expect([counters(lab), lab.engine.unconsumedBytes]).to.deep.equal([[0, 0], 0]);
    });

    it('goes on for the session after the stream has ended well (checklist 192)', () => {
      const lab = serving(SPDY3_1, { windowUpdates: 'consume' });
      receiveData(lab, 1, 40_000, DATA_FLAG_FIN);
      lab.engine.submitResponse(1, HEADERS);
      lab.settle();
      expect([lab.endOf(1), lab.engine.unconsumedBytes]).to.deep.equal([null, 40_000]);
      for (const bytes of [30_000, 1_000_000, 5]) lab.engine.consume(1, bytes);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 0 +40000']);
      expect(lab.engine.unconsumedBytes).to.equal(0);
    });

    it('goes back to the session for what a reset stream has left (checklist 194)', () => {
      for (const reset of ['peer', 'local'] as const) {
        const lab = serving(SPDY3_1, { windowUpdates: 'consume' });
        receiveData(lab, 1, 40_000);
        if (reset === 'peer') lab.receive(lab.peer.rstStream(1, 5));
        else lab.engine.submitRstStream(1, 5);
        const frames = reset === 'peer' ? [] : ['RST_STREAM 1 CANCEL'];
        expect(lab.wrote()).to.deep.equal([...frames, 'WINDOW_UPDATE 0 +40000']);
        lab.engine.consume(1, 40_000);
        expect([lab.wrote(), counters(lab)]).to.deep.equal([[], [-1, 0]]);
        expect(lab.engine.unconsumedBytes).to.equal(0);
      }
    });

    it('is given once for what was consumed before and after RST_STREAM was queued (checklist 194)', () => {
      const lab = serving(SPDY3_1, { windowUpdates: 'consume' });
      receiveData(lab, 1, 40_000);
      lab.engine.submitRstStream(1, 5);
      lab.engine.consume(1, 35_000);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 CANCEL', 'WINDOW_UPDATE 0 +35000']);
      expect(lab.engine.getRecvDataLength()).to.equal(5_000);
      receiveData(lab, 2, 27_768);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 2 INVALID_STREAM', 'WINDOW_UPDATE 0 +32768']);
    });

    it('is given on the stream up to its last frame only (checklist 191)', () => {
      const lab = serving(SPDY3, { windowUpdates: 'consume' });
      receiveData(lab, 1, 40_000);
      receiveData(lab, 1, 100, DATA_FLAG_FIN);
      lab.engine.consume(1, 40_100);
      expect(lab.wrote()).to.deep.equal([]);
    });

    it('needs the option, a stream and a length', () => {
      for (const version of PROTOCOL_VERSIONS) {
        const auto = serving(version);
        expect(failureOf(() => auto.engine.consume(1, 1))).to.deep.equal({
          name: 'InvalidStateError',
          code: 'ERR_SPDY_INVALID_STATE',
          errno: -519,
          by: 'local',
          message: "consume() needs the option windowUpdates: 'consume'",
        });
        expect(failureOf(() => auto.engine.consume(0, 1))).to.deep.equal(
          invalidArgument('streamId must be an integer from 1 to 2147483647, got 0'),
        );
        const lab = serving(version, { windowUpdates: 'consume' });
        expect(failureOf(() => lab.engine.consume(1, -1))).to.deep.equal(
          invalidArgument('length must be an integer from 0 to 9007199254740991, got -1'),
        );
        lab.engine.consume(1, 5);
        expect(lab.wrote()).to.deep.equal([]);
      }
    });

    it('counts in SPDY/2 without giving anything', () => {
      const lab = serving(SPDY2, { windowUpdates: 'consume' });
      receiveData(lab, 1, 100_000);
      expect(lab.engine.unconsumedBytes).to.equal(100_000);
      lab.engine.consume(1, 60_000);
      expect([lab.engine.unconsumedBytes, lab.wrote()]).to.deep.equal([40_000, []]);
    });
  });

  describe('credit by submitWindowUpdate()', () => {
    it('is the only one in manual mode, and lowers the counters', () => {
      const lab = serving(SPDY3_1, { windowUpdates: 'manual' });
      receiveData(lab, 1, 40_000);
      receiveData(lab, 2, 10_000);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 2 INVALID_STREAM']);
      expect(counters(lab)).to.deep.equal([40_000, 50_000]);
      lab.engine.submitWindowUpdate(1, 30_000);
      lab.engine.submitWindowUpdate(0, 60_000);
      expect(counters(lab)).to.deep.equal([10_000, 0]);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +30000', 'WINDOW_UPDATE 0 +60000']);
      // 25536 + 30000 on the stream, 15536 + 60000 on the session.
      receiveData(lab, 1, 55_536);
      expect(lab.faults()).to.have.lengthOf(1);
      receiveData(lab, 1, 1);
      expect(lab.faults()[0]).to.include({ name: 'StreamError', code: 'ERR_SPDY_FLOW_CONTROL' });
    });

    it('counts against what consume() has not given yet, on the stream and on the session', () => {
      const lab = serving(SPDY3_1, { windowUpdates: 'consume' });
      receiveData(lab, 1, 30_000);
      lab.engine.consume(1, 30_000);
      for (const id of [1, 0]) lab.engine.submitWindowUpdate(id, 20_000);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +20000', 'WINDOW_UPDATE 0 +20000']);
      receiveData(lab, 1, 22_767);
      lab.engine.consume(1, 22_767);
      expect([lab.wrote(), counters(lab)]).to.deep.equal([[], [32_767, 32_767]]);
      receiveData(lab, 1, 1);
      lab.engine.consume(1, 1);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +32768', 'WINDOW_UPDATE 0 +32768']);
    });

    it('enlarges the session window, whose half is then waited for', () => {
      const lab = serving(SPDY3_1, {}, 4);
      lab.engine.submitWindowUpdate(0, 934_464);
      lab.settle();
      let received = 0;
      const updates: string[] = [];
      for (let round = 0; round < 20; round++) {
        for (const id of [1, 3, 5, 7]) {
          receiveData(lab, id, 10_000);
          received += 10_000;
          const session = lab.wrote().filter((text) => text.startsWith('WINDOW_UPDATE 0'));
          updates.push(...session.map((text) => `${text} after ${received}`));
        }
      }
      expect(updates).to.deep.equal(['WINDOW_UPDATE 0 +500000 after 500000']);
      expect(lab.faults()).to.deep.equal([]);
    });

    it('needs a window of the version and a stream that is open', () => {
      const range = (what: string, got: number): unknown => invalidArgument(`${what}, got ${got}`);
      for (const version of PROTOCOL_VERSIONS) {
        const lab = serving(version);
        const submit = (id: number, delta: number): unknown =>
          failureOf(() => lab.engine.submitWindowUpdate(id, delta));
        for (const delta of [0, -1, 0x80000000, 0.5]) {
          expect(submit(1, delta)).to.deep.equal(
            range('delta must be an integer from 1 to 2147483647', delta),
          );
        }
        expect(submit(-1, 1)).to.deep.equal(
          range('streamId must be an integer from 0 to 2147483647', -1),
        );
        if (!version.streamWindows) {
          expect(submit(1, 1)).to.deep.equal(invalidArgument('spdy/2 has no WINDOW_UPDATE'));
        } else {
          expect(submit(1, 1)).to.equal(null);
          expect(submit(3, 1)).to.deep.equal({
            name: 'StreamClosedError',
            code: 'ERR_SPDY_STREAM_CLOSED',
            errno: -510,
            by: 'local',
            message: 'stream 3 is not open',
          });
        }
        const session = version.sessionWindow
          ? null
          : invalidArgument(`${version.name} has no session window`);
        expect(submit(0, 1)).to.deep.equal(session);
        lab.engine.transportEnd();
        expect(submit(0, 1)).to.deep.equal(session);
        expect(lab.wrote()).to.deep.equal([]);
      }
    });

    it('leaves for a stream that the peer has finished, as it was asked for, but not for one that is reset', () => {
      const lab = serving(SPDY3);
      lab.receive(lab.peer.data(1, '', DATA_FLAG_FIN));
      lab.engine.submitWindowUpdate(1, 5);
      expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +5']);
      lab.engine.submitRstStream(1, 5);
      lab.engine.submitWindowUpdate(1, 5);
      lab.handler.take();
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 CANCEL']);
      expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal([]);
    });
  });

  it('changes its way when the option does, and loses nothing', () => {
    const lab = serving(SPDY3_1);
    receiveData(lab, 1, 20_000);
    lab.engine.setOption(OPT_NO_AUTO_WINDOW_UPDATE2, 1);
    receiveData(lab, 1, 20_000);
    expect(lab.wrote()).to.deep.equal([]);
    lab.engine.consume(1, 12_768);
    expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +32768', 'WINDOW_UPDATE 0 +32768']);
    lab.engine.consume(1, 7_232);
    lab.engine.setOption(OPT_NO_AUTO_WINDOW_UPDATE2, 0);
    receiveData(lab, 1, 25_536);
    expect(lab.wrote()).to.deep.equal(['WINDOW_UPDATE 1 +32768', 'WINDOW_UPDATE 0 +32768']);
    lab.engine.setOption(OPT_NO_AUTO_WINDOW_UPDATE, 1);
    receiveData(lab, 1, 40_000);
    expect(lab.wrote()).to.deep.equal([]);
    expect(failureOf(() => lab.engine.consume(1, 1))?.errno).to.equal(-519);
  });

  it('keeps no credit for a stream that is gone, and queues none once the session has ended', () => {
    const lab = serving(SPDY3_1, { windowUpdates: 'consume' });
    receiveData(lab, 1, 40_000, DATA_FLAG_FIN);
    lab.engine.submitResponse(1, HEADERS);
    lab.settle().engine.transportEnd();
    lab.engine.consume(1, 40_000);
    expect([lab.engine.unconsumedBytes, lab.engine.getOutboundQueueSize()]).to.deep.equal([0, 0]);
    lab.receive(lab.peer.synStream(3, HEADERS, { flags: CTRL_FLAG_FIN }));
    expect(lab.engine.getStreamRecvDataLength(3)).to.equal(-1);
  });
});
