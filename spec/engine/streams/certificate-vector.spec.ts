import { expect } from 'chai';
import { CertificateVector } from '../../../lib/engine/streams/certificate-vector.ts';
import { CLIENT, SERVER } from '../../../lib/protocol/constants.ts';
import { SPDY2, SPDY3, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { facts } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';

const CHAIN = [Buffer.from('leaf'), Buffer.from('root')];
const OTHER = [Buffer.from('other')];
const VECTOR_SIZE = 8;

describe('engine/streams/certificate-vector', () => {
  it('has eight empty slots, counted from 1 (checklist 283)', () => {
    const vector = new CertificateVector();
    expect(vector.size).to.equal(8);
    expect(vector.get(1)).to.equal(null);
    expect([-1, 0, 9, 255].map((slot) => vector.set(slot, CHAIN))).to.deep.equal([
      false,
      false,
      false,
      false,
    ]);
    expect([1, 8].map((slot) => vector.set(slot, CHAIN))).to.deep.equal([true, true]);
    expect([0, 1, 2, 8, 9].map((slot) => vector.get(slot))).to.deep.equal([
      null,
      CHAIN,
      null,
      CHAIN,
      null,
    ]);
  });

  it('replaces what was in a slot', () => {
    const vector = new CertificateVector();
    vector.set(3, CHAIN);
    vector.set(3, OTHER);
    expect(vector.get(3)).to.equal(OTHER);
  });

  it('keeps the low slots when it shrinks and has them when it grows (checklist 284)', () => {
    const vector = new CertificateVector();
    for (let slot = 1; slot <= 8; slot++) vector.set(slot, [Buffer.from([slot])]);
    vector.resize(2);
    expect(vector.size).to.equal(2);
    expect([1, 2, 3, 8].map((slot) => vector.get(slot)?.[0]?.[0] ?? null)).to.deep.equal([
      1,
      2,
      null,
      null,
    ]);
    expect(vector.set(3, CHAIN)).to.equal(false);
    vector.resize(300);
    expect(vector.get(2)?.[0]?.[0]).to.equal(2);
    expect(vector.get(3)).to.equal(null);
    expect(vector.set(300, CHAIN)).to.equal(true);
    vector.resize(0);
    expect(vector.get(1)).to.equal(null);
  });

  describe('in a session', () => {
    it('is filled by CREDENTIAL frames, and slot 1 by the TLS handshake (checklist 283)', () => {
      const lab = new Lab(SERVER, SPDY3, { credentials: true });
      lab.engine.setClientCertificate(OTHER);
      lab.receive(lab.peer.credential(8, Buffer.from('proof'), CHAIN));
      expect(lab.engine.getClientCertificate(1)).to.equal(OTHER);
      expect(lab.engine.getClientCertificate(2)).to.equal(null);
      expect(lab.engine.getClientCertificate(8)).to.deep.equal(CHAIN);
      expect(lab.calls()).to.deep.equal(['on_ctrl_recv CREDENTIAL 8']);
      expect(lab.wrote()).to.deep.equal([]);
    });

    it('CREDENTIAL for a slot that does not exist ends the session (checklist 282)', () => {
      const lab = new Lab(SERVER, SPDY3, { credentials: true });
      lab.receive(lab.peer.credential(9, Buffer.from('proof'), CHAIN));
      expect(lab.handler.sessionErrors.map(facts)).to.deep.equal([
        {
          name: 'SessionError',
          code: 'ERR_SPDY_PROTOCOL',
          errno: -505,
          by: 'peer',
          message: 'CREDENTIAL for slot 9 of 8',
          status: 1,
        },
      ]);
      expect(lab.calls()).to.deep.equal(['on_invalid_ctrl_recv CREDENTIAL 9 PROTOCOL_ERROR']);
      expect(lab.wrote()).to.deep.equal(['GOAWAY 0 status 1']);
    });

    it('is resized by our SETTINGS, not by those of the peer (checklist 284)', () => {
      const lab = new Lab(SERVER, SPDY3, { credentials: true });
      lab.engine.setClientCertificate(OTHER);
      lab.receive(
        lab.peer.credential(2, Buffer.alloc(0), CHAIN),
        lab.peer.settings([{ id: VECTOR_SIZE, flags: 0, value: 0 }]),
      );
      expect(lab.engine.getClientCertificate(2)).to.deep.equal(CHAIN);
      lab.engine.submitSettings(0, [{ id: VECTOR_SIZE, flags: 0, value: 1 }]);
      expect(lab.engine.getClientCertificate(1)).to.equal(OTHER);
      expect(lab.engine.getClientCertificate(2)).to.equal(null);
      lab.receive(lab.peer.credential(2, Buffer.alloc(0), CHAIN));
      expect(lab.handler.sessionErrors[0]?.message).to.equal('CREDENTIAL for slot 2 of 1');
    });

    it('answers a request for an empty slot with INVALID_CREDENTIALS (checklist 285)', () => {
      const lab = new Lab(SERVER, SPDY3, { credentials: true });
      lab.engine.setClientCertificate(OTHER);
      lab.receive(
        lab.peer.synStream(1, HEADERS, { slot: 2 }),
        lab.peer.synStream(3, HEADERS, { slot: 1 }),
        lab.peer.synStream(5, HEADERS),
      );
      expect(lab.handler.streamErrors.map(facts)).to.deep.equal([
        {
          name: 'StreamError',
          code: 'ERR_SPDY_PROTOCOL',
          errno: -505,
          by: 'peer',
          message: 'stream 1: certificate slot 2 is empty',
          status: 10,
          streamId: 1,
        },
      ]);
      expect(lab.calls()).to.deep.equal([
        'on_invalid_ctrl_recv SYN_STREAM 1 INVALID_CREDENTIALS',
        'on_ctrl_recv SYN_STREAM 3',
        'on_ctrl_recv SYN_STREAM 5',
      ]);
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 INVALID_CREDENTIALS']);
    });

    it('does not exist unless it is switched on, in a SPDY/3 server (checklist 280, 281)', () => {
      for (const [side, version, credentials] of [
        [SERVER, SPDY3, false],
        [SERVER, SPDY3_1, true],
        [SERVER, SPDY2, true],
        [CLIENT, SPDY3, true],
      ] as const) {
        const lab = new Lab(side, version, { credentials });
        lab.engine.setClientCertificate(CHAIN);
        expect(lab.engine.getClientCertificate(1)).to.equal(null);
        lab.receive(
          lab.peer.credential(9, Buffer.from('proof'), CHAIN),
          lab.peer.synStream(side === SERVER ? 1 : 2, HEADERS, { slot: 3 }),
        );
        lab.engine.submitSettings(0, [{ id: VECTOR_SIZE, flags: 0, value: 1 }]);
        expect(lab.wrote()).to.deep.equal(['SETTINGS 8=1']);
        expect(lab.callsOf('on_ctrl_recv').at(-1)).to.match(/^on_ctrl_recv SYN_STREAM/);
      }
    });
  });
});
