import { expect } from 'chai';
import {
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  HEADERS as HEADERS_TYPE,
  PING,
  RST_STREAM,
  SERVER,
  SYN_REPLY,
  SYN_STREAM,
} from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, SPDY2 } from '../../../lib/protocol/version.ts';
import { rawControlFrame, uint32 } from '../../support/frame-factory.ts';
import { bytesProvider } from '../../support/test-provider.ts';
import { sessionFault, streamFault } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';

const FIN = { flags: CTRL_FLAG_FIN };
const BAD_NAME: HeaderList = [['Upper-Case', 'value']];

for (const version of PROTOCOL_VERSIONS) {
  const statusInVersion = (status: number): number => (version === SPDY2 ? 1 : status);
  const server = (options = {}): Lab => new Lab(SERVER, version, options);
  const client = (options = {}): Lab => new Lab(CLIENT, version, options);

  describe(`engine/receive/receive-control: ${version.name}`, () => {
    describe('SYN_STREAM', () => {
      it('opens streams of any rising ids of the peer (checklist 42, 49)', () => {
        const lab = server();
        lab.receive(...[7, 9, 1001, 0x7fffffff].map((id) => lab.peer.synStream(id, HEADERS)));
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_STREAM 7',
          'on_ctrl_recv SYN_STREAM 9',
          'on_ctrl_recv SYN_STREAM 1001',
          'on_ctrl_recv SYN_STREAM 2147483647',
        ]);
        expect(lab.engine.statistics.streamsAccepted).to.equal(4);
        const other = client();
        for (let count = 0; count < 3; count++) other.engine.submitRequest(0, HEADERS);
        other.settle().receive(other.peer.synStream(2, HEADERS, { associatedToStreamId: 1 }));
        expect(other.calls()).to.deep.equal(['on_ctrl_recv SYN_STREAM 2 for 1']);
      });

      it('ends the session with an id that is 0, of this side, or lower than before (checklist 43-45)', () => {
        for (const [side, id, what] of [
          [SERVER, 0, 'is none'],
          [CLIENT, 0, 'is none'],
          [SERVER, 4, 'belongs to this side'],
          [CLIENT, 3, 'belongs to this side'],
          [SERVER, 3, 'is lower than one before'],
          [CLIENT, 2, 'is lower than one before'],
        ] as const) {
          const lab = new Lab(side, version);
          const first = side === SERVER ? 5 : 4;
          lab.receive(lab.peer.synStream(first, HEADERS), lab.peer.synStream(id, HEADERS));
          const message = `SYN_STREAM with stream id ${id}, which ${what}`;
          expect(lab.faults()).to.deep.equal([sessionFault(message)]);
          expect(lab.calls().slice(1)).to.deep.equal([
            `on_invalid_ctrl_recv SYN_STREAM ${id} PROTOCOL_ERROR`,
            `on_stream_close ${first} INTERNAL_ERROR`,
          ]);
          expect(lab.wrote()).to.deep.equal([lab.goaway(first, 1)]);
        }
      });

      it('with the last id once more is PROTOCOL_ERROR on an open stream (checklist 46)', () => {
        const lab = server();
        lab.receive(lab.peer.synStream(1, HEADERS), lab.peer.synStream(3, HEADERS)).settle();
        lab.receive(lab.peer.synStream(3, HEADERS));
        const fault = streamFault(3, 1, 'a second SYN_STREAM');
        expect(lab.faults()).to.deep.equal([fault]);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 3 PROTOCOL_ERROR']);
        expect(lab.calls()).to.deep.equal([
          'on_invalid_ctrl_recv SYN_STREAM 3 PROTOCOL_ERROR',
          'before_ctrl_send RST_STREAM 3 PROTOCOL_ERROR',
          'on_ctrl_send RST_STREAM 3 PROTOCOL_ERROR',
          'on_stream_close 3 PROTOCOL_ERROR',
        ]);
        expect(lab.endOf(3)).to.deep.equal(fault);
        expect(lab.endOf(1)).to.equal(undefined);
      });

      it('with the last id once more is PROTOCOL_ERROR on a closed stream (checklist 46)', () => {
        const lab = server();
        lab.receive(lab.peer.synStream(1, HEADERS, FIN));
        lab.engine.submitResponse(1, HEADERS);
        lab.settle().receive(lab.peer.synStream(1, HEADERS));
        expect(lab.faults()).to.deep.equal([streamFault(1, 1, 'a second SYN_STREAM')]);
        expect(lab.calls()).to.deep.equal(['on_invalid_ctrl_recv SYN_STREAM 1 PROTOCOL_ERROR']);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 PROTOCOL_ERROR']);
      });

      it('with FIN ends the half of the peer (checklist 57)', () => {
        const lab = server();
        lab.receive(lab.peer.synStream(1, HEADERS, FIN), lab.peer.synStream(3, HEADERS));
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_STREAM 1 FIN',
          'on_request_recv 1',
          'on_ctrl_recv SYN_STREAM 3',
        ]);
        for (const id of [1, 3]) lab.engine.submitResponse(id, HEADERS);
        expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1 FIN', 'SYN_REPLY 3 FIN']);
        expect([lab.endOf(1), lab.endOf(3)]).to.deep.equal([null, undefined]);
        lab.receive(lab.peer.data(3, '', CTRL_FLAG_FIN));
        expect(lab.endOf(3)).to.equal(null);
      });

      it('with UNIDIRECTIONAL leaves us nothing to say (checklist 38, 58, 78)', () => {
        const lab = server();
        lab.receive(lab.peer.synStream(1, HEADERS, { flags: CTRL_FLAG_UNIDIRECTIONAL })).settle();
        lab.engine.submitResponse(1, HEADERS, bytesProvider(Buffer.from('body')));
        lab.engine.submitHeaders(0, 1, HEADERS);
        lab.engine.submitData(1, 0, bytesProvider(Buffer.from('body')));
        expect(lab.wrote()).to.deep.equal([]);
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_not_send SYN_REPLY 1 -512',
          'on_ctrl_not_send HEADERS 1 -512',
        ]);
        lab.receive(lab.peer.data(1, 'data', CTRL_FLAG_FIN));
        expect(lab.calls()).to.deep.equal([
          'on_data_chunk_recv 1 4 FIN',
          'on_data_recv 1 4 FIN',
          'on_request_recv 1',
          'on_stream_close 1 OK',
        ]);
      });

      it('with both flags is over at once (checklist 59)', () => {
        const lab = server();
        lab.receive(lab.peer.synStream(1, HEADERS, { flags: 3 }));
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_STREAM 1 FIN UNIDIRECTIONAL',
          'on_request_recv 1',
          'on_stream_close 1 OK',
        ]);
        expect(lab.endOf(1)).to.equal(null);
        expect(lab.wrote()).to.deep.equal([]);
      });

      it('that pushes is unidirectional, flag or not (checklist 248)', () => {
        const lab = client();
        lab.engine.submitRequest(0, HEADERS);
        lab.settle();
        lab.receive(lab.peer.synStream(2, HEADERS, { associatedToStreamId: 1, flags: 1 }));
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_STREAM 2 for 1 FIN',
          'on_request_recv 2',
          'on_stream_close 2 OK',
        ]);
        // At a server, an association means nothing.
        const other = server();
        other.receive(other.peer.synStream(1, HEADERS, { associatedToStreamId: 2 }));
        other.engine.submitResponse(1, HEADERS);
        expect(other.wrote()).to.deep.equal(['SYN_REPLY 1 FIN']);
        expect(other.endOf(1)).to.equal(undefined);
      });

      it('above our limit is refused, and what follows it is dropped (checklist 61-64)', () => {
        const lab = server({ maxConcurrentStreams: 2 });
        lab.receive(...[1, 3, 5].map((id) => lab.peer.synStream(id, [[`name${id}`, 'v']])));
        expect(lab.faults()).to.deep.equal([
          streamFault(5, 3, 'more than 2 streams', 'ERR_SPDY_TOO_MANY_STREAMS'),
        ]);
        lab.receive(lab.peer.data(5, 'data'), lab.peer.headers(5, HEADERS));
        lab.receive(lab.peer.headers(1, [['name1', 'v']]));
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_STREAM 1',
          'on_ctrl_recv SYN_STREAM 3',
          'on_invalid_ctrl_recv SYN_STREAM 5 REFUSED_STREAM',
          'on_ctrl_recv HEADERS 1',
        ]);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 5 REFUSED_STREAM']);
        // A refused stream does not count, one that has ended neither.
        lab.receive(lab.peer.rstStream(3, 5), lab.peer.synStream(7, HEADERS));
        expect(lab.faults()).to.deep.equal([]);
        expect(lab.engine.statistics.streamsAccepted).to.equal(3);
      });

      it('counts a stream that is being reset until its RST_STREAM was written', () => {
        const lab = server({ maxConcurrentStreams: 1 });
        lab.receive(lab.peer.synStream(1, HEADERS));
        lab.engine.submitRstStream(1, 5);
        lab.receive(lab.peer.synStream(3, HEADERS));
        expect(lab.faults()).to.have.lengthOf(1);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 3 REFUSED_STREAM', 'RST_STREAM 1 CANCEL']);
        lab.receive(lab.peer.synStream(5, HEADERS));
        expect(lab.faults()).to.deep.equal([]);
      });

      it('of a push is refused by a client that wants none (checklist 254, 255)', () => {
        const lab = client({ maxConcurrentStreams: 0 });
        lab.engine.submitRequest(0, HEADERS);
        lab.settle().receive(lab.peer.synStream(2, HEADERS, { associatedToStreamId: 1 }));
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 2 REFUSED_STREAM']);
        lab.receive(lab.peer.synReply(1, HEADERS, FIN));
        expect(lab.endOf(1)).to.equal(null);
      });
    });

    describe('SYN_REPLY and HEADERS', () => {
      it('SYN_REPLY with FIN ends the half of the peer (checklist 77)', () => {
        const lab = client();
        lab.engine.submitRequest(0, HEADERS);
        lab.engine.submitRequest(0, HEADERS, { readCb: () => null });
        lab
          .settle()
          .receive(lab.peer.synReply(1, HEADERS, FIN), lab.peer.synReply(3, HEADERS, FIN));
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_REPLY 1 FIN',
          'on_stream_close 1 OK',
          'on_ctrl_recv SYN_REPLY 3 FIN',
        ]);
        expect([lab.endOf(1), lab.endOf(3)]).to.deep.equal([null, undefined]);
      });

      it('HEADERS come in order with DATA, and with FIN they end the half of the peer (checklist 84, 85)', () => {
        const lab = server();
        lab.receive(
          lab.peer.synStream(1, HEADERS),
          lab.peer.headers(1, HEADERS),
          lab.peer.data(1, 'data'),
          lab.peer.headers(1, HEADERS, FIN),
        );
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_STREAM 1',
          'on_ctrl_recv HEADERS 1',
          'on_data_chunk_recv 1 4',
          'on_data_recv 1 4',
          'on_ctrl_recv HEADERS 1 FIN',
          'on_request_recv 1',
        ]);
        lab.engine.submitResponse(1, HEADERS);
        lab.frames();
        expect(lab.endOf(1)).to.equal(null);
      });

      it('without headers are fine (checklist 51, 91)', () => {
        const lab = client();
        lab.engine.submitRequest(0, []);
        lab.settle();
        lab.receive(lab.peer.synReply(1, []), lab.peer.headers(1, []));
        expect(lab.calls()).to.deep.equal(['on_ctrl_recv SYN_REPLY 1', 'on_ctrl_recv HEADERS 1']);
      });

      it('for stream 0 end the session (checklist 79, 92)', () => {
        for (const type of [SYN_REPLY, HEADERS_TYPE]) {
          const lab = client();
          const name = type === SYN_REPLY ? 'SYN_REPLY' : 'HEADERS';
          const { peer } = lab;
          lab.receive(type === SYN_REPLY ? peer.synReply(0, HEADERS) : peer.headers(0, HEADERS));
          expect(lab.faults()).to.deep.equal([sessionFault('a frame with headers for stream 0')]);
          expect(lab.calls()).to.deep.equal([`on_invalid_ctrl_recv ${name} 0 PROTOCOL_ERROR`]);
          expect(lab.wrote()).to.deep.equal([lab.goaway(0, 1)]);
        }
      });

      it('end nothing that the application has ended from inside of the report', () => {
        for (const end of ['submitRstStream', 'transportEnd'] as const) {
          const lab = server();
          lab.receive(lab.peer.synStream(1, HEADERS)).settle();
          lab.handler.afterEach = ({ cb }) => {
            if (cb !== 'on_ctrl_recv') return;
            if (end === 'transportEnd') lab.engine.transportEnd();
            else lab.engine.submitRstStream(1, 5);
          };
          lab.receive(lab.peer.headers(1, HEADERS, FIN));
          expect(lab.callsOf('on_request_recv')).to.deep.equal([]);
          expect(lab.wrote()).to.deep.equal(end === 'transportEnd' ? [] : ['RST_STREAM 1 CANCEL']);
        }
      });
    });

    describe('bad header blocks', () => {
      const faults = [
        {
          name: 'content',
          block: (): HeaderList => BAD_NAME,
          status: 1,
          code: 'ERR_SPDY_INVALID_HEADER_BLOCK',
          message: 'the header block has a forbidden name or value',
        },
        {
          name: 'structure',
          block: (lab: Lab) => lab.peer.headerBlock(HEADERS, 2),
          status: 1,
          code: 'ERR_SPDY_INVALID_HEADER_BLOCK',
          message: 'the header block is damaged',
        },
        {
          name: 'size',
          block: (): HeaderList => [['long', 'x'.repeat(200)]],
          status: statusInVersion(11),
          code: 'ERR_SPDY_FRAME_TOO_LARGE',
          message: 'the header block is above the limit',
        },
      ] as const;

      for (const { name, block, status, code, message } of faults) {
        it(`${name}: an error of the stream, and the next block is read (checklist 65, 66, 104, 224, 238)`, () => {
          const lab = server({ maxHeaderListSize: 100 });
          const end = status === 11 ? 'FRAME_TOO_LARGE' : 'PROTOCOL_ERROR';
          lab.receive(lab.peer.synStream(1, HEADERS), lab.peer.synStream(3, HEADERS)).settle();
          lab.receive(lab.peer.headers(1, block(lab)), lab.peer.synStream(5, block(lab)));
          const expected = [1, 5].map((id) => streamFault(id, status, message, code));
          expect(lab.faults()).to.deep.equal(expected);
          expect(lab.engine.statistics.framesReceived).to.equal(4);
          expect(lab.calls()).to.deep.equal([
            `on_invalid_ctrl_recv HEADERS 1 ${end}`,
            `on_invalid_ctrl_recv SYN_STREAM 5 ${end}`,
          ]);
          expect(lab.wrote()).to.deep.equal([`RST_STREAM 1 ${end}`, `RST_STREAM 5 ${end}`]);
          expect(lab.endOf(1)).to.deep.equal(expected[0]);
          expect(lab.endOf(3)).to.equal(undefined);
          // What was sent behind them is dropped; bad or not, and without another RST_STREAM.
          lab.settle().receive(lab.peer.data(5, 'data'), lab.peer.headers(5, block(lab)));
          lab.receive(lab.peer.headers(1, HEADERS), lab.peer.synStream(7, HEADERS));
          expect(lab.calls()).to.deep.equal(['on_ctrl_recv SYN_STREAM 7']);
          expect(lab.wrote()).to.deep.equal([]);
        });
      }

      it('end the session if they are not inflated to their end (checklist 108)', () => {
        const lab = server({ maxHeaderListSize: 100, maxInflatedBlockSize: 1000 });
        lab.receive(lab.peer.synStream(1, [['long', 'x'.repeat(2000)]]));
        const [fault, ...others] = lab.faults();
        expect(fault).to.include({
          name: 'SessionError',
          code: 'ERR_SPDY_FRAME_TOO_LARGE',
          errno: -522,
        });
        expect(fault?.message).to.match(/\b1000\b/);
        expect(others).to.deep.equal([]);
        expect(lab.calls()).to.deep.equal(['on_ctrl_recv_parse_error SYN_STREAM -522']);
        expect(lab.wrote()).to.deep.equal([lab.goaway(0, 1)]);
      });

      it('for stream 0 end the session (checklist 43, 79, 92)', () => {
        const lab = server();
        lab.receive(lab.peer.synStream(0, BAD_NAME));
        expect(lab.faults()).to.deep.equal([sessionFault('a frame with headers for stream 0')]);
        expect(lab.calls()).to.deep.equal(['on_invalid_ctrl_recv SYN_STREAM 0 PROTOCOL_ERROR']);
      });

      it('use the id of a SYN_STREAM up, which is judged like any other (checklist 44-46)', () => {
        const used = server();
        used.receive(used.peer.synStream(5, BAD_NAME), used.peer.synStream(5, HEADERS));
        expect(used.faults()[1]).to.deep.equal(streamFault(5, 1, 'a second SYN_STREAM'));
        expect(used.engine.statistics.streamsAccepted).to.equal(0);
        for (const [id, what] of [
          [4, 'belongs to this side'],
          [3, 'is lower than one before'],
        ] as const) {
          const lab = server();
          lab.receive(lab.peer.synStream(5, BAD_NAME), lab.peer.synStream(id, BAD_NAME));
          const message = `SYN_STREAM with stream id ${id}, which ${what}`;
          expect(lab.faults()[1]).to.deep.equal(sessionFault(message));
          expect(lab.wrote()).to.deep.equal(['RST_STREAM 5 PROTOCOL_ERROR', lab.goaway(5, 1)]);
        }
      });

      it('are ignored behind our GOAWAY like good ones (checklist 162)', () => {
        const lab = server();
        lab.engine.submitGoaway();
        lab.settle();
        lab.receive(lab.peer.synStream(1, BAD_NAME), lab.peer.headers(1, BAD_NAME));
        lab.receive(lab.peer.headers(1, HEADERS));
        expect([lab.calls(), lab.wrote(), lab.faults()]).to.deep.equal([[], [], []]);
        // A stream that was never ours to ignore is answered.
        lab.receive(lab.peer.headers(2, BAD_NAME));
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 2 PROTOCOL_ERROR']);
      });
    });

    describe('frames that do not belong here', () => {
      it('of another version are overlooked in SPDY/2 and end SPDY/3 (checklist 15, 16)', () => {
        for (const [type, payload] of [
          [PING, uint32(1)],
          [RST_STREAM, uint32(1, 5)],
        ] as const) {
          const lab = server();
          lab.receive(lab.peer.synStream(1, HEADERS)).settle();
          const wire = 5 - version.wire;
          lab.receive(rawControlFrame({ version: wire, type, payload }));
          if (version === SPDY2) {
            expect([lab.faults(), lab.calls(), lab.wrote()]).to.deep.equal([[], [], []]);
          } else {
            const message = `a frame of version 2 in a ${version.name} session`;
            expect(lab.faults()).to.deep.equal([
              sessionFault(message, 'ERR_SPDY_UNSUPPORTED_VERSION'),
            ]);
            expect(lab.callsOf('on_ctrl_recv_parse_error')).to.deep.equal([
              `on_ctrl_recv_parse_error ${type === PING ? 'PING' : 'RST_STREAM'} -503`,
            ]);
            expect(lab.wrote()).to.deep.equal(['GOAWAY 1 status 1']);
          }
        }
      });

      it('with headers and of another version end the session, SYN_STREAM behind RST_STREAM (checklist 17, 18)', () => {
        for (const [type, name] of [
          [SYN_STREAM, 'SYN_STREAM'],
          [SYN_REPLY, 'SYN_REPLY'],
          [HEADERS_TYPE, 'HEADERS'],
        ] as const) {
          const lab = server();
          const payload = Buffer.concat([uint32(7, 0, 0, 0), Buffer.alloc(10)]);
          lab.receive(rawControlFrame({ version: 4, type, payload }));
          const message = `a frame of version 4 in a ${version.name} session`;
          const code = 'ERR_SPDY_UNSUPPORTED_VERSION';
          const faults = [sessionFault(message, code)];
          if (type === SYN_STREAM) faults.unshift(streamFault(7, 4, message, code));
          expect(lab.faults()).to.deep.equal(faults);
          expect(lab.calls()).to.deep.equal([`on_ctrl_recv_parse_error ${name} -503`]);
          const reset = type === SYN_STREAM ? ['RST_STREAM 7 UNSUPPORTED_VERSION'] : [];
          expect(lab.wrote()).to.deep.equal([...reset, lab.goaway(0, 1)]);
        }
      });

      it('end the session once, even if they do so in two ways', () => {
        const lab = server({ streamResetRate: { burst: 0, perSecond: 0 }, now: () => 0 });
        const payload = Buffer.concat([uint32(7, 0, 0, 0), Buffer.alloc(10)]);
        lab.receive(rawControlFrame({ version: 4, type: SYN_STREAM, payload }));
        const message = 'the peer makes streams fail too fast';
        expect(lab.faults()).to.deep.equal([sessionFault(message, 'ERR_SPDY_TOO_MANY_RESETS')]);
        expect(lab.wrote()).to.deep.equal([lab.goaway(0, 1)]);
      });

      it('of unknown types are reported and skipped (checklist 10, 156, 157)', () => {
        const lab = server();
        const payload = Buffer.from('payload');
        const unknown = rawControlFrame({ version: version.wire, type: 99, flags: 5, payload });
        const noop = lab.peer.noop();
        lab.receive(unknown, noop, lab.peer.ping(1));
        const reported = lab.handler.callbacks
          .filter(({ cb }) => cb === 'on_unknown_ctrl_recv')
          .map(({ headHex, payloadHex }) => `${headHex}${payloadHex}`);
        const expected = [unknown, ...(version === SPDY2 ? [] : [noop])];
        expect(reported).to.deep.equal(expected.map((bytes) => bytes.toString('hex')));
        expect(lab.wrote()).to.deep.equal(['PING 1']);
      });

      it('that are none end the session (checklist 21, 114, 147)', () => {
        const lab = server();
        const bad = rawControlFrame({ version: version.wire, type: PING, payload: uint32(1, 2) });
        lab.receive(Buffer.concat([lab.peer.synStream(1, HEADERS), bad, lab.peer.ping(1)]));
        const message = 'a control frame of type 6 cannot have 8 payload bytes';
        const fault = sessionFault(message, 'ERR_SPDY_INVALID_FRAME');
        expect(lab.faults()).to.deep.equal([fault]);
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_STREAM 1',
          'on_ctrl_recv_parse_error PING -506',
          'on_stream_close 1 INTERNAL_ERROR',
        ]);
        expect(lab.endOf(1)).to.deep.equal(fault);
        lab.receive(lab.peer.ping(3));
        expect(lab.wrote()).to.deep.equal([lab.goaway(1, 1)]);
        expect(lab.engine.statistics.framesReceived).to.equal(1);

        const other = server();
        const rubbish = Buffer.from('this was never compressed');
        const block = Buffer.concat([uint32(1, 0), Buffer.from([0, 0]), rubbish]);
        other.receive(rawControlFrame({ version: version.wire, type: SYN_STREAM, payload: block }));
        expect(other.faults()[0]).to.include({ code: 'ERR_SPDY_ZLIB', errno: -502, by: 'peer' });
        expect(other.calls()).to.deep.equal(['on_ctrl_recv_parse_error SYN_STREAM -502']);
        expect(other.wrote()).to.deep.equal([other.goaway(0, 1)]);
      });
    });

    describe('lenient with streams that are not open', () => {
      it('drops what it would answer otherwise', () => {
        const lab = server({ lenientStreams: true });
        lab.receive(lab.peer.synStream(1, HEADERS, FIN));
        lab.engine.submitResponse(1, HEADERS);
        lab.settle();
        for (const id of [1, 2, 3]) {
          lab.receive(
            lab.peer.synReply(id, HEADERS),
            lab.peer.headers(id, HEADERS),
            lab.peer.headers(id, BAD_NAME),
            lab.peer.data(id, 'data'),
          );
        }
        expect([lab.faults(), lab.calls(), lab.wrote()]).to.deep.equal([[], [], []]);
      });

      it('drops what comes behind the end of a stream that we have not finished', () => {
        const lab = server({ lenientStreams: true });
        lab.receive(lab.peer.synStream(1, HEADERS, FIN));
        lab.calls();
        lab.receive(lab.peer.headers(1, HEADERS), lab.peer.data(1, 'data'));
        expect([lab.faults(), lab.calls(), lab.wrote()]).to.deep.equal([[], [], []]);
      });

      it('drops what comes behind FIN', () => {
        const lab = server({ lenientStreams: true });
        lab.receive(lab.peer.synStream(1, HEADERS, FIN)).settle();
        lab.receive(
          lab.peer.synReply(1, HEADERS),
          lab.peer.headers(1, HEADERS),
          lab.peer.headers(1, BAD_NAME),
          lab.peer.data(1, 'data', CTRL_FLAG_FIN),
        );
        expect([lab.faults(), lab.calls(), lab.wrote()]).to.deep.equal([[], [], []]);
        lab.engine.submitResponse(1, HEADERS);
        lab.frames();
        expect(lab.endOf(1)).to.equal(null);
      });

      it('is strict with what comes too early, and with SYN_STREAM', () => {
        const lab = server({ lenientStreams: true });
        lab.receive(lab.peer.synStream(1, HEADERS), lab.peer.synReply(1, HEADERS));
        lab.receive(lab.peer.synStream(3, BAD_NAME));
        expect(lab.wrote()).to.deep.equal([
          'RST_STREAM 1 PROTOCOL_ERROR',
          'RST_STREAM 3 PROTOCOL_ERROR',
        ]);
      });
    });
  });
}
