import { expect } from 'chai';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  SERVER,
} from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { TestProvider } from '../../support/test-provider.ts';
import { HEADERS, Lab } from '../support/lab.ts';
import { receiveData, serving } from '../support/serving.ts';

const FIN = { flags: CTRL_FLAG_FIN };

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/send/send: ${version.name}`, () => {
    const client = (options = {}): Lab => new Lab(CLIENT, version, options);

    it('puts PING before SETTINGS, RST_STREAM and WINDOW_UPDATE, these before streams by priority (checklist 278)', () => {
      const lab = new Lab(SERVER, version);
      for (const [id, priority] of [
        [1, version.lowestPriority],
        [3, 0],
        [5, 1],
      ] as const) {
        lab.receive(lab.peer.synStream(id, HEADERS, { priority }));
      }
      for (const id of [1, 3]) lab.engine.submitResponse(id, HEADERS);
      if (version.streamWindows) lab.engine.submitWindowUpdate(1, 5);
      lab.engine.submitRstStream(5, CANCEL);
      lab.engine.submitSettings(0, []);
      lab.engine.submitPing();
      expect(lab.wrote()).to.deep.equal([
        'PING 2',
        'SETTINGS',
        ...(version.streamWindows ? ['WINDOW_UPDATE 1 +5'] : []),
        'RST_STREAM 5 CANCEL',
        'SYN_REPLY 3 FIN',
        'SYN_REPLY 1 FIN',
      ]);
    });

    describe('SYN_STREAM', () => {
      it('gets its id when it leaves, the most urgent one first (checklist 41, 47)', () => {
        for (const [side, ids] of [
          [CLIENT, [1, 3, 5]],
          [SERVER, [2, 4, 6]],
        ] as const) {
          const lab = new Lab(side, version);
          const handles = [2, 0, 1].map((priority) =>
            lab.engine.submitRequest(priority, HEADERS, null, `priority ${priority}`),
          );
          expect(handles.map(({ streamId }) => streamId)).to.deep.equal([0, 0, 0]);
          const seen: unknown[] = [];
          lab.handler.beforeCtrlSend = (frame) => {
            const { streamId } = frame as { streamId: number };
            seen.push([streamId, lab.engine.getStreamUserData(streamId)]);
          };
          expect(lab.wrote()).to.deep.equal(ids.map((id) => `SYN_STREAM ${id} FIN`));
          expect(seen).to.deep.equal([
            [ids[0], 'priority 0'],
            [ids[1], 'priority 1'],
            [ids[2], 'priority 2'],
          ]);
          expect(handles.map(({ streamId }) => streamId)).to.deep.equal([ids[2], ids[0], ids[1]]);
          expect(lab.engine.statistics.streamsOpened).to.equal(3);
        }
      });

      it('overtakes the body of a less urgent request, not of a more urgent one (checklist 279)', () => {
        const lab = client({ maxDataSize: 4 });
        lab.engine.submitRequest(1, HEADERS, new TestProvider({ bytes: 12 }));
        let first = true;
        lab.handler.afterEach = ({ cb }) => {
          if (cb !== 'on_data_send' || !first) return;
          first = false;
          lab.engine.submitRequest(2, HEADERS);
          lab.engine.submitRequest(0, HEADERS);
        };
        expect(lab.wrote()).to.deep.equal([
          'SYN_STREAM 1',
          'DATA 1 4',
          'SYN_STREAM 3 FIN',
          'DATA 1 4',
          'DATA 1 4 FIN',
          'SYN_STREAM 5 FIN',
        ]);
      });

      it('with FIN has no data behind it, without FIN it may have HEADERS and DATA before any reply (checklist 57, 60)', () => {
        const lab = client();
        lab.engine.submitSynStream(CTRL_FLAG_FIN, 0, 0, HEADERS);
        lab.engine.submitSynStream(0, 0, 0, HEADERS);
        lab.settle();
        for (const id of [1, 3]) {
          lab.engine.submitHeaders(0, id, HEADERS);
          lab.engine.submitData(id, DATA_FLAG_FIN, new TestProvider({ bytes: 4 }));
        }
        expect(lab.wrote()).to.deep.equal(['HEADERS 3', 'DATA 3 4 FIN']);
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal(['on_ctrl_not_send HEADERS 1 -512']);
        lab.receive(lab.peer.synReply(1, HEADERS, FIN), lab.peer.synReply(3, HEADERS, FIN));
        expect([lab.endOf(1), lab.endOf(3)]).to.deep.equal([null, null]);
      });

      it('with UNIDIRECTIONAL is ours alone; with FIN too it is over when it was written (checklist 58, 59)', () => {
        const lab = client();
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 0, 0, HEADERS);
        lab.engine.submitSynStream(3, 0, 0, HEADERS);
        expect(lab.wrote()).to.deep.equal([
          'SYN_STREAM 1 UNIDIRECTIONAL',
          'SYN_STREAM 3 FIN UNIDIRECTIONAL',
        ]);
        expect([lab.endOf(1), lab.endOf(3)]).to.deep.equal([undefined, null]);
        lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 1 }));
        lab.wrote();
        expect(lab.endOf(1)).to.equal(null);
      });

      it('carries no flags but these two, no association of a client, and its slot in SPDY/3 only (checklist 12, 56, 256, 257)', () => {
        const lab = client();
        lab.engine.submitSynStream(0xff, 7, 0, HEADERS, null, version === SPDY3 ? 9 : 0);
        const [written] = lab.frames();
        expect(written?.frame).to.include({
          flags: 3,
          associatedToStreamId: 0,
          slot: version === SPDY3 ? 9 : 0,
        });
        const server = serving(version);
        server.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        expect(server.frames()[0]?.frame.slot).to.equal(0);
      });

      it('that is reset while it is reported is followed by RST_STREAM', () => {
        const lab = client();
        lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 4 }));
        lab.handler.afterEach = ({ cb }) => {
          if (cb === 'before_ctrl_send') lab.engine.submitRstStream(1, CANCEL);
        };
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1', 'RST_STREAM 1 CANCEL']);
        expect(lab.endOf(1)).to.include({ code: 'ERR_SPDY_STREAM_CLOSING', by: 'local' });
      });
    });

    describe('a push', () => {
      it('needs a stream that we have not finished (checklist 246)', () => {
        const lab = serving(version, {}, 4);
        lab.engine.submitResponse(3, HEADERS);
        lab.settle();
        lab.engine.submitRstStream(5, CANCEL);
        for (const id of [1, 3, 5, 9]) {
          lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, id, 0, HEADERS, `for ${id}`);
        }
        const dropped: unknown[] = [];
        const onStreamClose = lab.handler.onStreamClose.bind(lab.handler);
        lab.handler.onStreamClose = (streamId, status, error) => {
          onStreamClose(streamId, status, error);
          if (streamId === 0) dropped.push(lab.engine.getStreamUserData(0), lab.endOf(0)?.message);
        };
        expect(lab.wrote()).to.deep.equal([
          'RST_STREAM 5 CANCEL',
          'SYN_STREAM 2 for 1 UNIDIRECTIONAL',
        ]);
        const text = (id: number): string =>
          `stream ${id}, with which a stream is to be associated, is not open`;
        expect(dropped).to.deep.equal([3, 5, 9].flatMap((id) => [`for ${id}`, text(id)]));
        expect(lab.endOf(0)).to.deep.equal({
          name: 'StreamError',
          code: 'ERR_SPDY_STREAM_CLOSED',
          errno: -510,
          by: 'local',
          message: text(9),
          status: 3,
          streamId: 0,
        });
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal(
          [3, 5, 9].map((id) => `on_ctrl_not_send SYN_STREAM 0 for ${id} UNIDIRECTIONAL -510`),
        );
        // Those that did not leave took no ids.
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 4 for 1 UNIDIRECTIONAL']);
      });

      it('leaves before what its request has to send, however urgent that is, and then has its own priority', () => {
        const lab = new Lab(SERVER, version, { maxDataSize: 4 });
        lab.receive(
          lab.peer.synStream(1, HEADERS, { priority: 1 }),
          lab.peer.synStream(3, HEADERS, { priority: 0 }),
        );
        const lowest = version.lowestPriority;
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, lowest, HEADERS);
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 99, lowest, HEADERS);
        for (const id of [1, 3]) {
          lab.engine.submitResponse(id, HEADERS, new TestProvider({ bytes: 8 }));
        }
        lab.handler.afterEach = ({ cb, frame }) => {
          if (cb !== 'on_ctrl_send' || frame?.type !== 'SYN_STREAM') return;
          expect(frame.priority).to.equal(lowest);
          lab.engine.submitData(2, DATA_FLAG_FIN, new TestProvider({ bytes: 4 }));
        };
        expect(lab.wrote()).to.deep.equal([
          'SYN_REPLY 3',
          'DATA 3 4',
          'DATA 3 4 FIN',
          'SYN_STREAM 2 for 1 UNIDIRECTIONAL',
          'SYN_REPLY 1',
          'DATA 1 4',
          'DATA 1 4 FIN',
          'DATA 2 4 FIN',
        ]);
      });

      it('that is more urgent than its request keeps its own priority', () => {
        const lab = new Lab(SERVER, version);
        lab.receive(lab.peer.synStream(1, HEADERS, { priority: 2 }));
        lab.receive(lab.peer.synStream(3, HEADERS, { priority: 1 }));
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        for (const id of [1, 3]) lab.engine.submitResponse(id, HEADERS);
        expect(lab.wrote()).to.deep.equal([
          'SYN_STREAM 2 for 1 UNIDIRECTIONAL',
          'SYN_REPLY 3 FIN',
          'SYN_REPLY 1 FIN',
        ]);
      });

      it('may outlive its request, and needs no flag to be unidirectional (checklist 247, 248)', () => {
        const lab = serving(version);
        lab.engine.submitSynStream(0, 1, 0, HEADERS);
        lab.settle();
        lab.engine.submitResponse(1, HEADERS);
        lab.wrote();
        receiveData(lab, 1, 0, DATA_FLAG_FIN);
        expect(lab.endOf(1)).to.equal(null);
        lab.engine.submitHeaders(0, 2, HEADERS);
        lab.engine.submitData(2, DATA_FLAG_FIN, new TestProvider({ bytes: 4 }));
        expect(lab.wrote()).to.deep.equal(['HEADERS 2', 'DATA 2 4 FIN']);
        expect(lab.endOf(2)).to.equal(null);
      });
    });

    describe('SYN_REPLY and HEADERS', () => {
      it('SYN_REPLY leaves once, before anything else of ours on the stream (checklist 39, 80)', () => {
        const lab = serving(version);
        lab.engine.submitHeaders(0, 1, HEADERS);
        lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 4 }));
        lab.engine.submitSynReply(0, 1, HEADERS);
        lab.engine.submitSynReply(0, 1, HEADERS);
        lab.engine.submitHeaders(0, 1, HEADERS);
        expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1', 'HEADERS 1']);
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal([
          'on_ctrl_not_send HEADERS 1 -514',
          'on_ctrl_not_send SYN_REPLY 1 -514',
        ]);
      });

      it('SYN_REPLY is not for our own streams, nor after FIN, nor for streams that are not open', () => {
        const lab = client();
        lab.engine.submitRequest(0, HEADERS);
        lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 1, deferAt: [0] }));
        lab.settle();
        for (const id of [1, 3, 2, 9]) lab.engine.submitSynReply(0, id, HEADERS);
        expect(lab.engine.wantWrite()).to.equal(true);
        expect(lab.wrote()).to.deep.equal([]);
        expect(lab.calls().sort()).to.deep.equal([
          'on_ctrl_not_send SYN_REPLY 1 -512',
          'on_ctrl_not_send SYN_REPLY 2 -510',
          'on_ctrl_not_send SYN_REPLY 3 -513',
          'on_ctrl_not_send SYN_REPLY 9 -510',
        ]);
      });

      it('HEADERS leave on our own stream before it is answered, and keep their place among DATA (checklist 60, 84)', () => {
        const lab = client();
        lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 4, deferAt: [0] }));
        lab.settle();
        lab.engine.submitHeaders(0, 1, HEADERS);
        expect(lab.wrote()).to.deep.equal(['HEADERS 1']);
        lab.engine.resumeData(1);
        lab.engine.submitHeaders(CTRL_FLAG_FIN, 1, HEADERS);
        expect(lab.wrote()).to.deep.equal(['DATA 1 4 FIN']);
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal([
          'on_ctrl_not_send HEADERS 1 FIN -512',
        ]);
      });

      it('with FIN end our half; what is queued behind is refused (checklist 39, 77, 85)', () => {
        const lab = serving(version, {}, 2);
        lab.engine.submitSynReply(CTRL_FLAG_FIN, 1, HEADERS);
        lab.engine.submitHeaders(0, 1, HEADERS);
        lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 4 }));
        lab.engine.submitSynReply(0, 3, HEADERS);
        lab.engine.submitHeaders(CTRL_FLAG_FIN, 3, HEADERS);
        lab.engine.submitHeaders(0, 3, HEADERS);
        expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1 FIN', 'SYN_REPLY 3', 'HEADERS 3 FIN']);
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal([
          'on_ctrl_not_send HEADERS 1 -512',
          'on_ctrl_not_send HEADERS 3 -512',
        ]);
        for (const id of [1, 3]) receiveData(lab, id, 0, DATA_FLAG_FIN);
        expect([lab.endOf(1), lab.endOf(3)]).to.deep.equal([null, null]);
      });

      it('that close a stream leave nothing behind: what is queued is refused with it', () => {
        const lab = new Lab(SERVER, version);
        lab.receive(lab.peer.synStream(1, HEADERS, FIN)).settle();
        lab.engine.submitResponse(1, HEADERS);
        lab.engine.submitHeaders(0, 1, HEADERS);
        lab.wrote();
        expect(lab.calls()).to.deep.equal([
          'before_ctrl_send SYN_REPLY 1 FIN',
          'on_ctrl_send SYN_REPLY 1 FIN',
          'on_ctrl_not_send HEADERS 1 -510',
          'on_stream_close 1 OK',
        ]);
      });

      it('that are reset or closed while they are reported have no further effect', () => {
        for (const end of ['submitRstStream', 'transportEnd'] as const) {
          const lab = serving(version);
          lab.engine.submitSynReply(CTRL_FLAG_FIN, 1, HEADERS);
          lab.handler.afterEach = ({ cb }) => {
            if (cb !== 'on_ctrl_send') return;
            if (end === 'transportEnd') lab.engine.transportEnd();
            else lab.engine.submitRstStream(1, CANCEL);
          };
          lab.engine.pull();
          expect(lab.callsOf('on_stream_close')).to.deep.equal([
            `on_stream_close 1 ${end === 'transportEnd' ? 'INTERNAL_ERROR' : 'CANCEL'}`,
          ]);
        }
      });
    });

    describe('what is written', () => {
      it('is reported before and after, with its final length; a dropped frame is not', () => {
        const lab = client();
        lab.engine.submitRequest(0, HEADERS);
        const reports: unknown[] = [];
        lab.handler.beforeCtrlSend = (frame) => reports.push(['before', frame.type]);
        lab.handler.onCtrlSend = (frame) => reports.push(['after', frame.type, frame.length]);
        const [written] = lab.frames();
        expect(reports).to.deep.equal([
          ['before', 1],
          ['after', 1, (written?.bytes.length ?? 0) - 8],
        ]);
        expect(lab.engine.statistics.framesSent).to.equal(1);
      });

      it('is reported before and after whatever it is, and counted', () => {
        const lab = serving(version, {}, 2);
        lab.engine.submitPing();
        lab.receive(lab.peer.ping(1));
        lab.engine.submitSettings(0, []);
        lab.engine.submitRstStream(3, CANCEL);
        if (version.streamWindows) lab.engine.submitWindowUpdate(1, 5);
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        lab.engine.submitGoaway();
        lab.engine.submitSynReply(0, 1, HEADERS);
        lab.engine.submitHeaders(CTRL_FLAG_FIN, 1, HEADERS);
        lab.handler.take();
        const written = lab.wrote();
        expect(written).to.deep.equal([
          'PING 2',
          'PING 1',
          'SETTINGS',
          'RST_STREAM 3 CANCEL',
          ...(version.streamWindows ? ['WINDOW_UPDATE 1 +5'] : []),
          'SYN_STREAM 2 for 1 UNIDIRECTIONAL',
          'GOAWAY 3',
          'SYN_REPLY 1',
          'HEADERS 1 FIN',
        ]);
        expect(lab.callsOf('before_ctrl_send', 'on_ctrl_send')).to.deep.equal(
          written.flatMap((text) => [`before_ctrl_send ${text}`, `on_ctrl_send ${text}`]),
        );
        expect(lab.engine.statistics.framesSent).to.equal(written.length);
      });

      it('keeps its order when frames before it are dropped', () => {
        const lab = serving(version, {}, 2);
        lab.engine.submitHeaders(0, 9, HEADERS);
        lab.engine.submitRstStream(3, CANCEL);
        lab.engine.submitGoaway();
        lab.engine.submitGoaway();
        lab.engine.submitResponse(1, HEADERS);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 3 CANCEL', 'GOAWAY 3', 'SYN_REPLY 1 FIN']);
      });

      it('is not counted in the queue while it is being written', () => {
        const lab = serving(version);
        const gate = lab.useGate();
        const sizes: number[] = [];
        const step = (submit: () => unknown): void => {
          submit();
          sizes.push(lab.engine.getOutboundQueueSize());
          gate.pass(3);
          sizes.push(lab.engine.getOutboundQueueSize());
          gate.pass();
        };
        step(() => lab.engine.submitPing());
        step(() => lab.engine.submitSettings(0, []));
        step(() => lab.engine.submitRstStream(3, CANCEL));
        step(() => lab.engine.submitSynStream(0, 0, 0, HEADERS));
        step(() => lab.engine.submitSynReply(0, 1, HEADERS));
        step(() => lab.engine.submitHeaders(0, 1, HEADERS));
        step(() => lab.engine.submitGoaway());
        expect(sizes).to.deep.equal([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
      });

      it('goes on while other frames are queued behind GOAWAY', () => {
        const lab = client();
        lab.engine.submitGoaway();
        lab.handler.afterEach = ({ cb, frame }) => {
          if (cb === 'on_ctrl_send' && frame?.type === 'GOAWAY') lab.engine.submitPing();
        };
        expect(lab.wrote()).to.deep.equal(['GOAWAY 0', 'PING 1']);
      });
    });

    it('CREDENTIAL leaves as it was given, from SPDY/3 clients', () => {
      if (version !== SPDY3) return;
      const lab = client();
      const [proof, leaf, root] = ['proof', 'leaf', 'root'].map((text) => Buffer.from(text));
      lab.engine.submitCredential(3, proof as Buffer, [leaf as Buffer, root as Buffer]);
      const [written] = lab.frames();
      expect(written?.frame).to.deep.include({
        slot: 3,
        proofHex: proof?.toString('hex'),
        certificatesHex: [leaf?.toString('hex'), root?.toString('hex')],
        length: 6 + 5 + 4 + 4 + 4 + 4,
      });
      expect(lab.callsOf('on_ctrl_send')).to.deep.equal(['on_ctrl_send CREDENTIAL 3']);
    });
  });
}

describe('engine/send/send: versions', () => {
  it('SPDY/3 and SPDY/3.1 write the same bytes (checklist 3, 287)', () => {
    const [spdy2, spdy3, spdy31] = [SPDY2, SPDY3, SPDY3_1].map((version) => {
      const { engine } = new Lab(CLIENT, version);
      engine.submitSettings(0, [{ id: 4, flags: 0, value: 5 }]);
      engine.submitPing();
      engine.submitRequest(1, HEADERS, new TestProvider({ bytes: 10 }));
      engine.submitGoaway();
      return engine.pull()?.toString('hex');
    });
    expect(spdy31).to.equal(spdy3);
    expect(spdy2).not.to.equal(spdy3);
  });
});
