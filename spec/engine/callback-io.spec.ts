import { expect } from 'chai';
import { askForBytes } from '../../lib/engine/callback-io.ts';
import type { EngineHandler } from '../../lib/engine/engine-handler.ts';
import { CallbackFailureError, EOFError } from '../../lib/errors.ts';
import { CLIENT, ERR_WOULDBLOCK, SERVER } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../lib/protocol/version.ts';
import { rawControlFrame } from '../support/frame-factory.ts';
import { type Facts, failureOf, thrownBy } from './support/facts.ts';
import { HEADERS, Lab } from './support/lab.ts';

function callbackFailure(message: string): Facts {
  return {
    name: 'CallbackFailureError',
    code: 'ERR_SPDY_CALLBACK_FAILURE',
    errno: -902,
    by: 'local',
    message,
  };
}

function useRecvCb(lab: Lab, recvCb: NonNullable<EngineHandler['recvCb']>): void {
  (lab.handler as EngineHandler).recvCb = recvCb;
}

function useSendCb(lab: Lab, sendCb: (data: Buffer) => unknown): void {
  (lab.handler as EngineHandler).sendCb = sendCb as (data: Buffer) => number;
}

describe('engine/callback-io', () => {
  describe('recvCb', () => {
    it('is asked for 16384 bytes', () => {
      let asked = 0;
      const bytes = Buffer.alloc(16384);
      const recvCb = (length: number): Buffer => {
        asked = length;
        return bytes;
      };
      expect(askForBytes({ recvCb })).to.equal(bytes);
      expect(asked).to.equal(16384);
    });

    it('has nothing now when it returns no bytes, null, undefined or ERR_WOULDBLOCK', () => {
      for (const nothing of [Buffer.alloc(0), null, undefined, ERR_WOULDBLOCK]) {
        expect(askForBytes({ recvCb: () => nothing })).to.equal(null);
      }
    });

    it('has to be there', () => {
      const lab = new Lab(SERVER, SPDY3_1);
      expect(failureOf(() => lab.engine.recv())).to.deep.equal(
        callbackFailure('recv() without data needs a recvCb'),
      );
    });

    it('may throw EOFError and CallbackFailureError, which come through as they are', () => {
      for (const error of [new EOFError(), new CallbackFailureError('the cable is out')]) {
        const recvCb = (): never => {
          throw error;
        };
        expect(thrownBy(() => askForBytes({ recvCb }))).to.equal(error);
      }
    });

    it('fails with anything else that it throws', () => {
      const cause = new Error('out of luck');
      const recvCb = (): never => {
        throw cause;
      };
      const error = thrownBy(() => askForBytes({ recvCb }));
      expect(failureOf(() => askForBytes({ recvCb }))).to.deep.equal(
        callbackFailure('recvCb failed'),
      );
      expect((error as Error).cause).to.equal(cause);
    });

    it('fails with a result that is none', () => {
      for (const [result, text] of [
        [7, 'recvCb returned 7'],
        [-505, 'recvCb returned -505'],
        ['bytes', 'recvCb returned bytes'],
        [Buffer.alloc(16385), 'recvCb returned 16385 bytes when asked for 16384'],
      ] as const) {
        const recvCb = (): number => result as number;
        expect(failureOf(() => askForBytes({ recvCb }))).to.deep.equal(callbackFailure(text));
      }
    });
  });

  describe('recv()', () => {
    for (const version of PROTOCOL_VERSIONS) {
      it(`reads until there is nothing more, in ${version.name} (checklist 5, 6)`, () => {
        const lab = new Lab(SERVER, version);
        const bytes = Buffer.concat([lab.peer.synStream(1, HEADERS), lab.peer.ping(1)]);
        const pieces = [bytes.subarray(0, 5), bytes.subarray(5, 30), bytes.subarray(30)];
        useRecvCb(lab, () => new Uint8Array(pieces.shift() ?? []));
        lab.engine.recv();
        expect(lab.calls()).to.deep.equal(['on_ctrl_recv SYN_STREAM 1', 'on_ctrl_recv PING 1']);
      });
    }

    it('takes bytes like receive() when it is given some, and asks nobody', () => {
      const lab = new Lab(SERVER, SPDY3_1);
      useRecvCb(lab, () => {
        throw new Error('asked');
      });
      lab.engine.recv(lab.peer.ping(1));
      expect(lab.calls()).to.deep.equal(['on_ctrl_recv PING 1']);
      lab.engine.recv(Buffer.alloc(0));
      expect(lab.engine.statistics.bytesReceived).to.equal(12);
    });

    it('throws what stops it; what was read before counts (checklist 20)', () => {
      const lab = new Lab(SERVER, SPDY3_1);
      const bytes = lab.peer.ping(1);
      let rest: Buffer | null = bytes;
      const eof = new EOFError('the end');
      useRecvCb(lab, () => {
        if (rest === null) throw eof;
        const piece = rest;
        rest = null;
        return piece;
      });
      expect(thrownBy(() => lab.engine.recv())).to.equal(eof);
      expect(lab.wrote()).to.deep.equal(['PING 1']);
    });

    it('stops at an exception of a notification, and goes on when it is called again', () => {
      const lab = new Lab(SERVER, SPDY3_1);
      const pieces = [lab.peer.ping(1), lab.peer.ping(3)];
      useRecvCb(lab, () => pieces.shift());
      let failing = true;
      lab.handler.afterEach = () => {
        if (failing) throw new Error('not now');
      };
      expect(() => lab.engine.recv()).to.throw('not now');
      failing = false;
      lab.engine.recv();
      expect(lab.calls()).to.deep.equal(['on_ctrl_recv PING 1', 'on_ctrl_recv PING 3']);
    });
  });

  describe('sendCb', () => {
    it('gets one frame at a time, and the rest of it at the exact byte', () => {
      for (const version of PROTOCOL_VERSIONS) {
        const lab = new Lab(CLIENT, version);
        const gate = lab.useGate();
        lab.engine.submitPing();
        lab.engine.submitPing();
        expect(gate.pass(5)).to.deep.equal([]);
        expect(gate.pass(6)).to.deep.equal([]);
        expect(lab.callsOf('on_ctrl_send')).to.deep.equal([]);
        expect(lab.engine.getOutboundQueueSize()).to.equal(1);
        expect(gate.pass(2)).to.have.lengthOf(1);
        expect(lab.callsOf('on_ctrl_send')).to.deep.equal(['on_ctrl_send PING 1']);
        expect(gate.pass()).to.have.lengthOf(1);
        expect(gate.offers).to.deep.equal([
          [12, 5],
          [7, 0],
          [7, 6],
          [1, 0],
          [1, 1],
          [12, 1],
          [11, 0],
          [11, 11],
        ]);
        expect(lab.engine.wantWrite()).to.equal(false);
      }
    });

    it('takes none now when it returns 0, null, undefined or ERR_WOULDBLOCK', () => {
      for (const nothing of [0, null, undefined, ERR_WOULDBLOCK]) {
        const lab = new Lab(CLIENT, SPDY3_1);
        lab.engine.submitPing();
        let calls = 0;
        useSendCb(lab, () => {
          calls++;
          return nothing;
        });
        lab.engine.send();
        expect([calls, lab.engine.wantWrite()]).to.deep.equal([1, true]);
        useSendCb(lab, (data) => data.length);
        lab.engine.send();
        expect(lab.engine.wantWrite()).to.equal(false);
        expect(lab.engine.statistics.bytesSent).to.equal(12);
      }
    });

    it('takes everything if there is none', () => {
      const lab = new Lab(CLIENT, SPDY3_1);
      lab.engine.submitPing();
      lab.engine.send();
      expect(lab.calls()).to.deep.equal(['before_ctrl_send PING 1', 'on_ctrl_send PING 1']);
      expect(lab.engine.statistics.bytesSent).to.equal(12);
    });

    it('fails with what it throws, and with a result that is none; the frame stays', () => {
      const cause = new Error('broken pipe');
      const own = new CallbackFailureError('my own words');
      const failing: [result: () => unknown, error: Facts][] = [
        [
          () => {
            throw cause;
          },
          callbackFailure('sendCb failed'),
        ],
        [
          () => {
            throw own;
          },
          callbackFailure('my own words'),
        ],
        [() => 13, callbackFailure('sendCb returned 13 for 12 bytes')],
        [() => -505, callbackFailure('sendCb returned -505 for 12 bytes')],
        [() => 1.5, callbackFailure('sendCb returned 1.5 for 12 bytes')],
        [() => 'all', callbackFailure('sendCb returned all for 12 bytes')],
      ];
      for (const [result, error] of failing) {
        const lab = new Lab(CLIENT, SPDY3_1);
        lab.engine.submitPing();
        useSendCb(lab, result);
        expect(failureOf(() => lab.engine.send())).to.deep.equal(error);
        expect(lab.engine.wantWrite()).to.equal(true);
        const gate = lab.useGate();
        expect(gate.pass().map(({ frame }) => frame.id)).to.deep.equal([1]);
        expect(lab.calls()).to.deep.equal(['before_ctrl_send PING 1', 'on_ctrl_send PING 1']);
      }
      const lab = new Lab(CLIENT, SPDY3_1);
      lab.engine.submitPing();
      useSendCb(lab, () => {
        throw cause;
      });
      expect((thrownBy(() => lab.engine.send()) as Error).cause).to.equal(cause);
    });

    it('is not given again what it took before it failed', () => {
      const lab = new Lab(CLIENT, SPDY3_1);
      lab.engine.submitPing();
      const taken: Buffer[] = [];
      useSendCb(lab, (data) => {
        if (taken.length === 1) throw new Error('gone');
        taken.push(data.subarray(0, 5));
        return 5;
      });
      expect(() => lab.engine.send()).to.throw(CallbackFailureError);
      expect(lab.engine.statistics.bytesSent).to.equal(5);
      useSendCb(lab, (data) => {
        taken.push(data);
        return data.length;
      });
      lab.engine.send();
      const expected = rawControlFrame({ version: 3, type: 6, payload: Buffer.from([0, 0, 0, 1]) });
      expect(Buffer.concat(taken).toString('hex')).to.equal(expected.toString('hex'));
      expect(lab.engine.statistics.bytesSent).to.equal(12);
    });

    it('may call the engine without getting exceptions of notifications', () => {
      const lab = new Lab(CLIENT, SPDY3_1);
      lab.engine.submitPing();
      lab.engine.submitRequest(0, HEADERS);
      lab.handler.afterEach = ({ cb }) => {
        if (cb === 'on_ctrl_send') throw new Error('of the notification');
      };
      let calls = 0;
      useSendCb(lab, (data) => {
        if (calls++ === 1) lab.engine.submitHeaders(0, 1, HEADERS);
        return data.length;
      });
      expect(() => lab.engine.send()).to.throw('of the notification');
      expect(lab.callsOf('on_ctrl_send')).to.deep.equal([
        'on_ctrl_send PING 1',
        'on_ctrl_send SYN_STREAM 1 FIN',
      ]);
      expect(calls).to.equal(2);
    });
  });
});
