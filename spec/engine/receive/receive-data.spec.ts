import { expect } from 'chai';
import {
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_COMPRESS,
  DATA_FLAG_FIN,
  SERVER,
} from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { rawDataFrame } from '../../support/frame-factory.ts';
import { sessionFault, streamFault } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/receive/receive-data: ${version.name}`, () => {
    /** A server with the open request 1. */
    function serving(options = {}): Lab {
      const lab = new Lab(SERVER, version, options);
      return lab.receive(lab.peer.synStream(1, HEADERS)).settle();
    }

    it('delivers payload as views of what was received, then the frame, then its FIN (checklist 24)', () => {
      const lab = serving();
      const chunks: Buffer[] = [];
      lab.handler.onDataChunkRecv = (flags, streamId, data) => {
        chunks.push(data);
        lab.handler.callbacks.push({ cb: 'chunk', flags, streamId, length: data.length });
      };
      const bytes = lab.peer.data(1, '0123456789', DATA_FLAG_FIN);
      const pieces = [bytes.subarray(0, 11), bytes.subarray(11, 12), bytes.subarray(12)];
      lab.receive(...pieces);
      expect(lab.calls()).to.deep.equal([
        'chunk 1 3 FIN',
        'chunk 1 1 FIN',
        'chunk 1 6 FIN',
        'on_data_recv 1 10 FIN',
        'on_request_recv 1',
      ]);
      expect(Buffer.concat(chunks).toString()).to.equal('0123456789');
      expect(chunks.every(({ buffer }) => buffer === bytes.buffer)).to.equal(true);
    });

    it('reports an empty frame, which without FIN does nothing else (checklist 22, 23)', () => {
      const lab = serving();
      lab.receive(lab.peer.data(1, ''), lab.peer.data(1, 'data'), lab.peer.data(1, '', 1));
      expect(lab.calls()).to.deep.equal([
        'on_data_recv 1 0',
        'on_data_chunk_recv 1 4',
        'on_data_recv 1 4',
        'on_data_recv 1 0 FIN',
        'on_request_recv 1',
      ]);
      expect([lab.wrote(), lab.faults()]).to.deep.equal([[], []]);
    });

    it('takes flags without a meaning as none (checklist 13)', () => {
      const lab = serving();
      lab.receive(lab.peer.data(1, 'data', 0xfc));
      expect(lab.calls()).to.deep.equal(['on_data_chunk_recv 1 4', 'on_data_recv 1 4']);
    });

    it('reports no request for a response (checklist 23)', () => {
      const lab = new Lab(CLIENT, version);
      lab.engine.submitRequest(0, HEADERS);
      lab.settle().receive(lab.peer.synReply(1, HEADERS), lab.peer.data(1, 'body', 1));
      expect(lab.calls()).to.deep.equal([
        'on_ctrl_recv SYN_REPLY 1',
        'on_data_chunk_recv 1 4 FIN',
        'on_data_recv 1 4 FIN',
        'on_stream_close 1 OK',
      ]);
    });

    it('for stream 0 ends the session (checklist 25)', () => {
      for (const payload of ['', 'data']) {
        const lab = serving();
        lab.receive(lab.peer.data(0, payload));
        expect(lab.faults()).to.deep.equal([sessionFault('DATA for stream 0')]);
        expect(lab.calls()).to.deep.equal(['on_stream_close 1 INTERNAL_ERROR']);
        expect(lab.wrote()).to.deep.equal([lab.goaway(1, 1)]);
      }
    });

    it('never delivers what is flagged as compressed (checklist 35)', () => {
      const lab = serving();
      lab.receive(lab.peer.data(1, 'data', DATA_FLAG_COMPRESS | DATA_FLAG_FIN));
      expect(lab.faults()).to.deep.equal([streamFault(1, 1, 'compressed DATA is not supported')]);
      expect(lab.calls()).to.deep.equal([]);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 PROTOCOL_ERROR']);
    });

    it('drops the rest of a frame whose stream was reset while it came (checklist 34, 103)', () => {
      const lab = serving();
      lab.handler.afterEach = ({ cb }) => {
        if (cb === 'on_data_chunk_recv') lab.engine.submitRstStream(1, 5);
      };
      const bytes = lab.peer.data(1, 'x'.repeat(100), DATA_FLAG_FIN);
      lab.receive(bytes.subarray(0, 50), bytes.subarray(50, 60), bytes.subarray(60));
      expect(lab.calls()).to.deep.equal(['on_data_chunk_recv 1 42 FIN']);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 CANCEL']);
      lab.receive(lab.peer.synStream(3, HEADERS));
      expect(lab.callsOf('on_ctrl_recv')).to.deep.equal(['on_ctrl_recv SYN_STREAM 3']);
    });

    it('finishes nothing that its report has ended', () => {
      const lab = serving();
      lab.handler.afterEach = ({ cb }) => {
        if (cb === 'on_data_recv') lab.engine.transportEnd();
      };
      lab.receive(Buffer.concat([lab.peer.data(1, '', DATA_FLAG_FIN), lab.peer.ping(1)]));
      expect(lab.calls()).to.deep.equal([
        'on_data_recv 1 0 FIN',
        'on_stream_close 1 INTERNAL_ERROR',
      ]);
    });

    it('ends the session with too many empty frames, FIN apart', () => {
      let now = 0;
      const lab = serving({ emptyDataRate: { burst: 2, perSecond: 1 }, now: () => now });
      lab.receive(lab.peer.synStream(3, HEADERS));
      for (let count = 0; count < 3; count++) lab.receive(lab.peer.data(1, 'x'));
      lab.receive(lab.peer.data(1, ''), lab.peer.data(1, ''), lab.peer.data(3, '', 1));
      now = 1000;
      lab.receive(lab.peer.data(1, ''));
      expect(lab.faults()).to.deep.equal([]);
      lab.receive(lab.peer.data(1, ''));
      const message = 'the peer sends empty DATA frames too fast';
      expect(lab.faults()).to.deep.equal([sessionFault(message, 'ERR_SPDY_TOO_MANY_EMPTY_FRAMES')]);
      expect(lab.wrote()).to.deep.equal([lab.goaway(3, 1)]);
    });

    it('stops a stream with which more would be buffered than is allowed', () => {
      const lab = serving({ windowUpdates: 'consume', maxUnconsumedBytes: 10 });
      lab.receive(lab.peer.synStream(3, HEADERS));
      lab.receive(lab.peer.data(1, '123456'), lab.peer.data(3, '1234')).settle();
      expect(lab.engine.unconsumedBytes).to.equal(10);
      lab.receive(lab.peer.data(3, 'x'));
      const message = 'more than 10 received bytes are not consumed';
      expect(lab.faults()).to.deep.equal([
        streamFault(3, 7, message, 'ERR_SPDY_TOO_MUCH_BUFFERED'),
      ]);
      expect(lab.calls()).to.deep.equal([]);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 3 FLOW_CONTROL_ERROR']);
      expect(lab.engine.unconsumedBytes).to.equal(6);
      lab.engine.consume(1, 6);
      lab.receive(lab.peer.data(1, '0123456789'));
      expect(lab.faults()).to.deep.equal([]);
    });

    it('on a push of ours from its receiver is answered, and not delivered (checklist 37)', () => {
      const lab = serving();
      lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
      lab.settle().receive(lab.peer.data(2, 'data'));
      const status = version.extendedStatus ? 'STREAM_ALREADY_CLOSED' : 'PROTOCOL_ERROR';
      expect(lab.wrote()).to.deep.equal([`RST_STREAM 2 ${status}`]);
      expect(lab.callsOf('on_data_chunk_recv', 'on_data_recv')).to.deep.equal([]);
      expect(lab.endOf(1)).to.equal(undefined);
    });

    it('counts payload and frames, dropped ones included', () => {
      const lab = serving();
      lab.receive(lab.peer.data(1, 'data'), lab.peer.data(9, 'dropped'), lab.peer.data(1, ''));
      const { bytesReceived, dataReceived, framesReceived } = lab.engine.statistics;
      expect([dataReceived, framesReceived]).to.deep.equal([11, 4]);
      expect(bytesReceived).to.be.above(3 * 8 + 11 + 18);
      lab.receive(lab.peer.synStream(3, HEADERS, { flags: CTRL_FLAG_FIN }));
      expect(lab.engine.statistics.framesReceived).to.equal(5);
    });
  });
}

describe('engine/receive/receive-data', () => {
  it('takes the announced length from the windows when the frame begins (checklist 178)', () => {
    const lab = new Lab(SERVER, SPDY3_1, { windowUpdates: 'manual' });
    lab.receive(lab.peer.synStream(1, HEADERS), rawDataFrame(1, '', 0, 65_537));
    expect(lab.faults()).to.deep.equal([
      sessionFault('the peer overran the session window', 'ERR_SPDY_FLOW_CONTROL'),
    ]);
  });
});
