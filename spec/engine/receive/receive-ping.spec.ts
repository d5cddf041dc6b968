import { expect } from 'chai';
import { CLIENT, GOAWAY_OK, SERVER } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import { TestProvider } from '../../support/test-provider.ts';
import { failureOf, sessionFault } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/receive/receive-control, PING: ${version.name}`, () => {
    it('of the peer is echoed with its id and without flags (checklist 149, 153)', () => {
      for (const [side, ids] of [
        [SERVER, [1, 3, 1, 0x7fffffff, 0xffffffff]],
        [CLIENT, [2, 0xfffffffe, 0]],
      ] as const) {
        const lab = new Lab(side, version);
        for (const id of ids) lab.receive(lab.peer.ping(id, { flags: 0xff }));
        expect(lab.callsOf('on_ctrl_recv')).to.deep.equal(
          ids.map((id) => `on_ctrl_recv PING ${id}`),
        );
        const written = lab.frames().map(({ frame }) => [frame.type, frame.id, frame.flags]);
        expect(written).to.deep.equal(ids.map((id) => ['PING', id, 0]));
      }
    });

    it('of the peer is echoed ahead of everything that waits (checklist 150)', () => {
      const lab = new Lab(SERVER, version, { maxDataSize: 10 });
      lab.receive(lab.peer.synStream(1, HEADERS));
      lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 20 }));
      lab.engine.submitSettings(0, []);
      lab.engine.submitRstStream(2 + 1, 5);
      lab.engine.submitGoaway(GOAWAY_OK);
      lab.receive(lab.peer.ping(1));
      expect(lab.wrote()).to.deep.equal([
        'PING 1',
        'SETTINGS',
        'RST_STREAM 3 CANCEL',
        'GOAWAY 1',
        'SYN_REPLY 1',
        'DATA 1 10',
        'DATA 1 10 FIN',
      ]);
    });

    it('slips in between the DATA frames of one write (checklist 150)', () => {
      const lab = new Lab(SERVER, version, { maxDataSize: 10 });
      lab.receive(lab.peer.synStream(1, HEADERS));
      lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 30 }));
      lab.handler.afterEach = ({ cb }) => {
        if (cb === 'on_data_send') lab.engine.submitPing();
      };
      expect(lab.wrote().slice(1)).to.deep.equal([
        'DATA 1 10',
        'PING 2',
        'DATA 1 10',
        'PING 4',
        'DATA 1 10 FIN',
        'PING 6',
      ]);
    });

    it('of our parity is the answer to one of ours, once; any other one is ignored (checklist 151, 152)', () => {
      const lab = new Lab(CLIENT, version);
      expect([lab.engine.submitPing(), lab.engine.submitPing()]).to.deep.equal([1, 3]);
      lab.receive(lab.peer.ping(1));
      expect(lab.calls(), 'before it was written').to.deep.equal([]);
      lab.settle();
      for (const id of [3, 3, 5, 0xffffffff, 1, 1]) lab.receive(lab.peer.ping(id));
      expect(lab.calls()).to.deep.equal(['on_ctrl_recv PING 3', 'on_ctrl_recv PING 1']);
      expect([lab.wrote(), lab.faults()]).to.deep.equal([[], []]);
      const server = new Lab(SERVER, version);
      server.receive(server.peer.ping(0), server.peer.ping(2));
      expect([server.calls(), server.wrote()]).to.deep.equal([[], []]);
    });

    it('is exchanged after GOAWAY as before', () => {
      const lab = new Lab(CLIENT, version);
      lab.engine.submitGoaway(GOAWAY_OK);
      lab.receive(lab.peer.goaway(0)).settle();
      lab.engine.submitPing();
      lab.receive(lab.peer.ping(2));
      expect(lab.wrote()).to.deep.equal(['PING 1', 'PING 2']);
    });

    it('may not wait for an answer in any number', () => {
      const lab = new Lab(CLIENT, version, { maxOutstandingPings: 2 });
      const full = {
        name: 'InvalidStateError',
        code: 'ERR_SPDY_TOO_MANY_PINGS',
        errno: -505,
        by: 'local',
        message: '2 PINGs are already waiting for an answer',
      };
      lab.engine.submitPing();
      lab.engine.submitPing();
      expect(
        failureOf(() => lab.engine.submitPing()),
        'queued',
      ).to.deep.equal(full);
      lab.settle();
      expect(
        failureOf(() => lab.engine.submitPing()),
        'written',
      ).to.deep.equal(full);
      lab.receive(lab.peer.ping(3));
      expect(lab.engine.submitPing()).to.equal(5);
      expect(failureOf(() => lab.engine.submitPing())).to.deep.equal(full);
    });

    it('ends the session when the answers pile up, because the peer does not read (checklist 155)', () => {
      const lab = new Lab(SERVER, version, { maxQueuedReplies: 3 });
      lab.receive(lab.peer.ping(1), lab.peer.data(1, 'data'), lab.peer.ping(3));
      expect(lab.faults()).to.have.lengthOf(1);
      lab.receive(lab.peer.ping(5));
      const message = 'more than 3 replies wait for the peer to read';
      expect(lab.faults()).to.deep.equal([sessionFault(message, 'ERR_SPDY_TOO_MANY_REPLIES')]);
      // PINGs are not worth a last word.
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 INVALID_STREAM', lab.goaway(0, 1)]);
    });

    it('and RST_STREAM of ours may go on without end if the peer reads them (checklist 155)', () => {
      const lab = new Lab(SERVER, version, { maxQueuedReplies: 2 });
      for (let id = 1; id < 40; id += 2) {
        lab.receive(lab.peer.ping(id), lab.peer.data(id, 'data'));
        expect(lab.frames()).to.have.lengthOf(2);
      }
      lab.receive(lab.peer.ping(1), lab.peer.data(101, 'data'), lab.peer.data(103, 'data'));
      expect(lab.faults().at(-1)?.code).to.equal('ERR_SPDY_TOO_MANY_REPLIES');
    });

    it('ends the session when it comes too often (checklist 155)', () => {
      let now = 0;
      const rate = { burst: 2, perSecond: 1 };
      const lab = new Lab(SERVER, version, { pingRate: rate, now: () => now });
      for (now of [0, 0, 1000]) lab.receive(lab.peer.ping(1)).settle();
      expect(lab.faults()).to.deep.equal([]);
      lab.receive(lab.peer.ping(1));
      const message = 'the peer sends PING too fast';
      expect(lab.faults()).to.deep.equal([sessionFault(message, 'ERR_SPDY_TOO_MANY_PINGS')]);
      expect(lab.calls()).to.deep.equal([]);
    });

    it('is named by a client with odd ids, by a server with even ones (checklist 148)', () => {
      for (const [side, ids] of [
        [CLIENT, [1, 3, 5]],
        [SERVER, [2, 4, 6]],
      ] as const) {
        const lab = new Lab(side, version);
        expect(ids.map(() => lab.engine.submitPing())).to.deep.equal(ids);
        expect(lab.wrote()).to.deep.equal(ids.map((id) => `PING ${id}`));
        lab.engine.transportEnd();
        expect(lab.engine.submitPing()).to.equal(ids[2] + 2);
        expect(lab.engine.getOutboundQueueSize()).to.equal(0);
      }
    });
  });
}
