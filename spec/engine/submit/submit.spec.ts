import { expect } from 'chai';
import { shown } from '../../../lib/common/check.ts';
import type { DataSource } from '../../../lib/engine/data-provider.ts';
import { Engine } from '../../../lib/engine/engine.ts';
import type { StreamHandle } from '../../../lib/engine/streams/stream-record.ts';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  PROTO_SPDY2,
  PROTO_SPDY3,
  PROTO_SPDY3_1,
  SERVER,
} from '../../../lib/protocol/constants.ts';
import type { HeaderList, SynStreamFrame } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { TestProvider } from '../../support/test-provider.ts';
import { type Facts, failureOf, invalidArgument } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';
import { serving } from '../support/serving.ts';

const NO_IDS: Facts = {
  name: 'InvalidStateError',
  code: 'ERR_SPDY_STREAM_ID_NOT_AVAILABLE',
  errno: -509,
  by: 'local',
  message: 'all stream ids of this side are used up: a new session is needed',
};

function range(name: string, min: number, max: number, got: unknown): Facts {
  return invalidArgument(`${name} must be an integer from ${min} to ${max}, got ${shown(got)}`);
}

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/submit/submit: ${version.name}`, () => {
    const client = (options = {}): Lab => new Lab(CLIENT, version, options);

    describe('a request', () => {
      it('needs a priority of the version (checklist 54)', () => {
        const lab = client();
        const lowest = version.lowestPriority;
        for (const wrong of [-1, lowest + 1, 0.5, '0', undefined]) {
          const failures = [
            failureOf(() => lab.engine.submitRequest(wrong as number, HEADERS)),
            failureOf(() => lab.engine.submitSynStream(0, 0, wrong as number, HEADERS)),
          ];
          const expected = range('priority', 0, lowest, wrong);
          expect(failures).to.deep.equal([expected, expected]);
        }
        expect(lab.engine.getPriLowest()).to.equal(lowest);
        lab.engine.submitRequest(lowest, HEADERS);
        const [written] = lab.frames();
        expect(written?.frame.priority).to.equal(lowest);
      });

      it('needs a slot and an association that exist', () => {
        const lab = client();
        const submit = (associated: number, slot: number): Facts | null =>
          failureOf(() => lab.engine.submitSynStream(0, associated, 0, HEADERS, null, slot));
        if (version === SPDY3) expect(submit(0, 256)).to.deep.equal(range('slot', 0, 255, 256));
        else expect(submit(0, 1)).to.deep.equal(invalidArgument('slot must be 0, got 1'));
        expect(submit(-1, 0)).to.deep.equal(range('associatedToStreamId', 0, 0x7fffffff, -1));
        expect(submit(0x80000000, 0)).to.deep.equal(
          range('associatedToStreamId', 0, 0x7fffffff, 0x80000000),
        );
        expect(lab.wrote()).to.deep.equal([]);
      });

      it('needs headers that may be sent; else nothing is queued and no id is taken', () => {
        const lab = client();
        const wrong: HeaderList = [['', 'value']];
        const message = "headers[0]: expected a name, got ''";
        const calls: (() => unknown)[] = [
          () => lab.engine.submitRequest(0, wrong),
          () => lab.engine.submitSynStream(0, 0, 0, wrong),
          () => lab.engine.submitResponse(1, wrong),
          () => lab.engine.submitSynReply(0, 1, wrong),
          () => lab.engine.submitHeaders(0, 1, wrong),
        ];
        for (const call of calls) expect(failureOf(call)).to.deep.equal(invalidArgument(message));
        expect(lab.engine.getOutboundQueueSize()).to.equal(0);
        lab.engine.submitRequest(0, HEADERS);
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1 FIN']);
      });

      it('carries FIN without a provider, also with an object that cannot read', () => {
        const lab = client();
        const nothing: unknown[] = [undefined, null, {}, { readCb: 5 }];
        for (const provider of nothing) {
          lab.engine.submitRequest(0, HEADERS, provider as DataSource);
        }
        lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 1, deferAt: [0] }));
        expect(lab.wrote()).to.deep.equal([
          'SYN_STREAM 1 FIN',
          'SYN_STREAM 3 FIN',
          'SYN_STREAM 5 FIN',
          'SYN_STREAM 7 FIN',
          'SYN_STREAM 9',
        ]);
        const server = serving(version, {}, 2);
        server.engine.submitResponse(1, HEADERS, {} as DataSource);
        server.engine.submitResponse(3, HEADERS, new TestProvider({ bytes: 1 }));
        expect(server.wrote()).to.deep.equal(['SYN_REPLY 1 FIN', 'SYN_REPLY 3', 'DATA 3 1 FIN']);
      });

      it('keeps its headers as they were when it was made, and shows them under the names of SPDY/3', () => {
        const lab = client();
        const headers: [string, string][] = [
          [':method', 'GET'],
          ['X-Name', 'a'],
          ['x-name', 'b'],
        ];
        lab.engine.submitRequest(0, headers);
        headers.length = 0;
        const [written] = lab.frames();
        const plain = version === SPDY2 ? 'method' : ':method';
        expect(written?.headers).to.deep.equal([
          [plain, 'GET'],
          ['x-name', 'a\0b'],
        ]);
        expect(lab.handler.named('on_ctrl_send')[0]?.frame?.headers?.[0]).to.deep.equal([
          ':method',
          'GET',
        ]);
      });

      it('keeps user data, which is null unless given', () => {
        const lab = client();
        const mine = { mine: true };
        lab.engine.submitRequest(0, HEADERS, null, mine);
        lab.engine.submitRequest(0, HEADERS);
        lab.engine.submitSynStream(0, 0, 0, HEADERS, undefined);
        lab.settle();
        const data = [1, 3, 5, 7].map((id) => lab.engine.getStreamUserData(id));
        expect(data).to.deep.equal([mine, null, null, null]);
        expect(data[0]).to.equal(mine);
      });

      it('fails when the ids are used up, also by those that wait (checklist 48)', () => {
        for (const [side, last] of [
          [CLIENT, 0x7fffffff],
          [SERVER, 0x7ffffffe],
        ] as const) {
          const lab = new Lab(side, version);
          lab.engine.setNextStreamId(last - 2);
          lab.engine.submitRequest(0, HEADERS);
          lab.engine.submitRequest(0, HEADERS);
          expect(failureOf(() => lab.engine.submitRequest(0, HEADERS))).to.deep.equal(NO_IDS);
          expect(lab.wrote()).to.deep.equal([
            `SYN_STREAM ${last - 2} FIN`,
            `SYN_STREAM ${last} FIN`,
          ]);
          expect(failureOf(() => lab.engine.submitSynStream(0, 0, 0, HEADERS))).to.deep.equal(
            NO_IDS,
          );
        }
      });

      it('leaves with an id of our choice, of our parity and not lower than it would be', () => {
        const lab = client();
        const set = (id: number): Facts | null => failureOf(() => lab.engine.setNextStreamId(id));
        expect(set(4)).to.deep.equal(invalidArgument('stream id 4 belongs to the peer'));
        expect(set(7)).to.equal(null);
        expect(set(5)).to.deep.equal(range('next stream id', 7, 0x7fffffff, 5));
        expect(set(0x80000001)).to.deep.equal(range('next stream id', 7, 0x7fffffff, 0x80000001));
        lab.engine.submitRequest(0, HEADERS);
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 7 FIN']);
      });

      it('that waits has an id as well: there must be enough of them (checklist 48)', () => {
        const lab = client();
        for (let count = 0; count < 3; count++) lab.engine.submitRequest(0, HEADERS);
        const set = (id: number): Facts | null => failureOf(() => lab.engine.setNextStreamId(id));
        expect(set(0x7fffffff)).to.deep.equal(range('next stream id', 1, 0x7ffffffb, 0x7fffffff));
        expect(set(0x7ffffffb)).to.equal(null);
        expect(lab.wrote()).to.deep.equal(
          [0x7ffffffb, 0x7ffffffd, 0x7fffffff].map((id) => `SYN_STREAM ${id} FIN`),
        );
      });
    });

    describe('submitRstStream()', () => {
      it('needs a stream and a status that may be sent (checklist 95, 100)', () => {
        const lab = serving(version);
        const reset = (id: number, status: number): Facts | null =>
          failureOf(() => lab.engine.submitRstStream(id, status));
        expect(reset(0, 1)).to.deep.equal(range('streamId', 1, 0x7fffffff, 0));
        expect(reset(0x80000000, 1)).to.deep.equal(range('streamId', 1, 0x7fffffff, 0x80000000));
        expect(reset(1, 0)).to.deep.equal(range('status', 1, 0xffffffff, 0));
        expect(reset(1, 2 ** 32)).to.deep.equal(range('status', 1, 0xffffffff, 2 ** 32));
        const text = 'stream 2 was never opened: a request that waits is ended by cancel()';
        expect(reset(2, 1)).to.deep.equal(invalidArgument(text));
        expect(lab.wrote()).to.deep.equal([]);
      });

      it('ends the stream at once for us; its end is reported when the frame was written (checklist 94, 103)', () => {
        const lab = serving(version);
        lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 4 }));
        lab.engine.submitRstStream(1, CANCEL);
        expect(lab.calls()).to.deep.equal(['on_ctrl_not_send SYN_REPLY 1 -511']);
        // A second one is not queued, nor is anything else.
        lab.engine.submitRstStream(1, 1);
        lab.engine.submitHeaders(0, 1, HEADERS);
        expect(lab.frames().map(({ frame }) => [frame.type, frame.flags])).to.deep.equal([
          ['RST_STREAM', 0],
        ]);
        expect(lab.calls()).to.deep.equal([
          'before_ctrl_send RST_STREAM 1 CANCEL',
          'on_ctrl_send RST_STREAM 1 CANCEL',
          'on_stream_close 1 CANCEL',
          'on_ctrl_not_send HEADERS 1 -510',
        ]);
        expect(lab.endOf(1)).to.deep.equal({
          name: 'StreamError',
          code: 'ERR_SPDY_STREAM_CLOSING',
          errno: -511,
          by: 'local',
          message: 'stream 1 was reset by this side',
          status: 5,
          streamId: 1,
        });
      });

      it('does nothing for a stream that has ended, or in a session that has (checklist 98, 101)', () => {
        const lab = serving(version, {}, 3);
        lab.receive(lab.peer.headers(1, HEADERS, { flags: CTRL_FLAG_FIN }));
        lab.engine.submitResponse(1, HEADERS);
        lab.engine.submitRstStream(3, CANCEL);
        lab.settle().receive(lab.peer.rstStream(5, CANCEL));
        for (const id of [1, 3, 5]) lab.engine.submitRstStream(id, CANCEL);
        expect(lab.wrote()).to.deep.equal([]);
        lab.engine.transportEnd();
        lab.engine.submitRstStream(99, CANCEL);
        expect(lab.engine.getOutboundQueueSize()).to.equal(0);
      });

      it('refuses in advance a stream that the peer has not opened', () => {
        const lab = serving(version);
        lab.engine.submitRstStream(9, CANCEL);
        lab.receive(lab.peer.data(9, 'data'));
        expect([lab.wrote(), lab.faults()]).to.deep.equal([['RST_STREAM 9 CANCEL'], []]);
        expect(lab.callsOf('on_stream_close')).to.deep.equal([]);
      });
    });

    describe('cancel()', () => {
      it('ends a request that waits without a trace', () => {
        const lab = client();
        const handle = lab.engine.submitRequest(0, HEADERS, null, 'mine');
        lab.engine.submitRequest(0, [['name', 'second']]);
        lab.engine.cancel(handle, CANCEL);
        const [end] = lab.handler.named('on_stream_close');
        expect(end?.userData).to.equal('mine');
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_not_send SYN_STREAM 0 FIN -511',
          'on_stream_close 0 CANCEL',
        ]);
        expect(lab.endOf(0)).to.deep.equal({
          name: 'StreamError',
          code: 'ERR_SPDY_STREAM_CLOSING',
          errno: -511,
          by: 'local',
          message: 'the stream was cancelled before it was opened',
          status: 5,
          streamId: 0,
        });
        lab.engine.cancel(handle, CANCEL);
        const frames = lab.frames();
        expect(frames.map(({ frame }) => frame.streamId)).to.deep.equal([1]);
        expect(frames[0]?.headers).to.deep.equal([['name', 'second']]);
        expect(lab.callsOf('on_stream_close')).to.deep.equal([]);
      });

      it('resets a stream that was opened, once, and none that has ended', () => {
        const lab = client();
        const handles = [1, 3].map(() => lab.engine.submitRequest(0, HEADERS));
        lab.settle().receive(lab.peer.rstStream(3, CANCEL));
        for (const handle of handles) lab.engine.cancel(handle, 6);
        lab.engine.cancel(handles[0] as StreamHandle, 6);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 INTERNAL_ERROR']);
        lab.engine.cancel(handles[0] as StreamHandle, 6);
        expect(lab.wrote()).to.deep.equal([]);
      });

      it('lets a SYN_STREAM that is half written finish', () => {
        const lab = client();
        const handle = lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 4 }));
        lab.useGate().pass(3);
        lab.engine.cancel(handle, CANCEL);
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1', 'RST_STREAM 1 CANCEL']);
      });

      it('needs a handle of a request and a status', () => {
        const lab = client();
        const handle = lab.engine.submitRequest(0, HEADERS);
        const message = 'cancel takes what submitRequest or submitSynStream returned';
        for (const wrong of [1, null, { streamId: 1 }]) {
          expect(failureOf(() => lab.engine.cancel(wrong as StreamHandle, 5))).to.deep.equal(
            invalidArgument(message),
          );
        }
        expect(failureOf(() => lab.engine.cancel(handle, 0))).to.deep.equal(
          range('status', 1, 0xffffffff, 0),
        );
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1 FIN']);
      });
    });

    it('headers can be checked in advance', () => {
      const lab = serving(version);
      expect(failureOf(() => lab.engine.checkHeaders([['', 'value']]))).to.deep.equal(
        invalidArgument("headers[0]: expected a name, got ''"),
      );
      lab.engine.checkHeaders(HEADERS);
      expect([lab.wrote(), lab.engine.getOutboundQueueSize()]).to.deep.equal([[], 0]);
    });

    it('ids of streams are checked everywhere', () => {
      const lab = serving(version);
      const provider = new TestProvider({});
      const calls: ((id: number) => unknown)[] = [
        (id) => lab.engine.submitResponse(id, HEADERS),
        (id) => lab.engine.submitSynReply(0, id, HEADERS),
        (id) => lab.engine.submitHeaders(0, id, HEADERS),
        (id) => lab.engine.submitData(id, 0, provider),
      ];
      for (const call of calls) {
        for (const id of [0, -1, 0x80000000, 1.5]) {
          expect(failureOf(() => call(id))).to.deep.equal(range('streamId', 1, 0x7fffffff, id));
        }
      }
      expect(lab.engine.getOutboundQueueSize()).to.equal(0);
    });

    it('frames for a session that has ended are refused at once', () => {
      const lab = serving(version);
      lab.engine.transportEnd();
      lab.handler.take();
      lab.engine.submitResponse(1, HEADERS);
      lab.engine.submitHeaders(CTRL_FLAG_FIN, 1, HEADERS);
      lab.engine.submitData(1, 0, new TestProvider({ bytes: 1 }));
      expect(lab.calls()).to.deep.equal([
        'on_ctrl_not_send SYN_REPLY 1 FIN -510',
        'on_ctrl_not_send HEADERS 1 FIN -510',
      ]);
      expect([lab.engine.getOutboundQueueSize(), lab.engine.wantWrite()]).to.deep.equal([0, false]);
    });

    it('CREDENTIAL is for SPDY/3 clients (checklist 281)', () => {
      const chain = [Buffer.from('leaf')];
      for (const side of [CLIENT, SERVER] as const) {
        const { engine } = new Lab(side, version);
        const submit = (slot: number, certificates: readonly Uint8Array[]): Facts | null =>
          failureOf(() => engine.submitCredential(slot, Buffer.alloc(3), certificates));
        if (side === CLIENT && version === SPDY3) {
          expect(submit(0, chain)).to.deep.equal(range('slot', 1, 65535, 0));
          expect(submit(65536, chain)).to.deep.equal(range('slot', 1, 65535, 65536));
          expect(submit(1, [])).to.deep.equal(
            invalidArgument('CREDENTIAL needs at least one certificate'),
          );
          const bytes = 'CREDENTIAL needs a proof and certificates as Uint8Arrays';
          for (const wrong of [null, 'leaf', ['leaf'], [null]]) {
            const certificates = wrong as unknown as Uint8Array[];
            expect(submit(1, certificates)).to.deep.equal(invalidArgument(bytes));
          }
          const noProof = 'proof' as unknown as Uint8Array;
          expect(failureOf(() => engine.submitCredential(1, noProof, chain))).to.deep.equal(
            invalidArgument(bytes),
          );
          const large = Buffer.alloc(0xffffff - 6 - 3 - 4 + 1);
          expect(submit(1, [large])).to.deep.equal({
            name: 'InvalidArgumentError',
            code: 'ERR_SPDY_FRAME_TOO_LARGE',
            errno: -522,
            by: 'local',
            message: 'CREDENTIAL is too large: 16777216 bytes',
          });
          expect(submit(1, [large.subarray(1)])).to.equal(null);
          expect(engine.getOutboundQueueSize()).to.equal(1);
          engine.transportEnd();
          expect([submit(1, chain), engine.getOutboundQueueSize()]).to.deep.equal([null, 0]);
        } else {
          expect(submit(1, chain)).to.deep.equal({
            name: 'InvalidStateError',
            code: 'ERR_SPDY_INVALID_STATE',
            errno: -519,
            by: 'local',
            message: 'CREDENTIAL is sent by SPDY/3 clients only',
          });
        }
      }
    });
  });
}

describe('engine/submit/submit', () => {
  it('a push is UNIDIRECTIONAL, whatever flags were given; a request is what it was asked for', () => {
    for (const version of PROTOCOL_VERSIONS) {
      for (const flags of [0, CTRL_FLAG_FIN]) {
        const lab = serving(version);
        lab.engine.submitSynStream(flags, 1, 0, HEADERS);
        lab.engine.submitSynStream(flags, 0, 0, HEADERS);
        const sent = lab.frames().map(({ frame }) => frame.flags);
        expect(sent).to.deep.equal([flags | CTRL_FLAG_UNIDIRECTIONAL, flags]);
      }
    }
  });

  it('headers that might not fit into a frame are refused before they are compressed (checklist 9)', () => {
    const lab = new Lab(CLIENT, SPDY3_1);
    const headers: HeaderList = [['name', 'x'.repeat(16_270_000)]];
    expect(failureOf(() => lab.engine.submitRequest(0, headers))).to.deep.equal({
      name: 'InvalidArgumentError',
      code: 'ERR_SPDY_FRAME_TOO_LARGE',
      errno: -522,
      by: 'local',
      message: 'the headers do not fit into a frame: 16270016 bytes',
    });
    lab.engine.submitRequest(0, HEADERS);
    expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1 FIN']);
  });

  it('large headers that fit into a frame are sent', () => {
    const lab = new Lab(CLIENT, SPDY3_1);
    lab.engine.submitRequest(0, [['name', 'x'.repeat(2_000_000)]]);
    expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1 FIN']);
  });

  it('values are checked in each call, whatever stood at their place before', () => {
    for (const version of [PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1] as const) {
      const pairs: number[] = [];
      const engine = new Engine(CLIENT, version, undefined, {
        onCtrlSend: (frame) => pairs.push((frame as SynStreamFrame).headers.length),
      });
      const request = (...values: string[]): unknown =>
        engine.submitRequest(0, [
          [':method', 'GET'],
          ...values.map((value) => ['x', value] as const),
        ]);
      for (let i = 0; i < 3; i++) {
        request('good');
        request('good');
        for (const bad of ['bad\n', '\0bad', '\u0100'])
          expect(() => request(bad)).to.throw(InvalidArgumentError);
        request('one\0two');
        request('good', 'one', 'two');
        engine.rest();
      }
      engine.pull();
      expect(pairs).to.deep.equal(Array.from({ length: 3 }, () => [2, 2, 3, 4]).flat());
    }
  });
});
