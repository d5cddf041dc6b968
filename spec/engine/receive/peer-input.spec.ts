import { expect } from 'chai';
import { Engine } from '../../../lib/engine/engine.ts';
import type { SessionError } from '../../../lib/errors.ts';
import { CLIENT, SERVER, type Side } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion, SPDY3 } from '../../../lib/protocol/version.ts';

interface Failing {
  readonly engine: Engine;
  readonly errors: SessionError[];
}

function failing(side: Side, { id }: ProtocolVersion): Failing {
  const errors: SessionError[] = [];
  const engine = new Engine(side, id, {}, { onSessionError: (error) => errors.push(error) });
  return { engine, errors };
}

const told = (errors: readonly SessionError[]): unknown =>
  errors.map(({ code, by, message }) => [code, by, message]);

describe('engine/receive/peer-input', () => {
  for (const version of PROTOCOL_VERSIONS) {
    for (const side of [CLIENT, SERVER] as const) {
      it(`says what a peer speaks that speaks no SPDY: ${version.name}, side ${side}`, () => {
        const openings: readonly (readonly [string, string])[] = [
          ['HTTP/1.1 400 Bad Request\r\n\r\n', 'HTTP/1.1: HTTP/1.1 400 Bad Request'],
          ['GET / HTTP/1.1\r\n', 'HTTP/1.1: GET / HTTP/1.1'],
          ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HTTP/2: PRI * HTTP/2.0'],
          ['\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64', 'HTTP/2, not SPDY'],
          ['\x15\x03\x01\0\x02\x02\x46', 'TLS, not SPDY'],
          ['SSH-2.0-x\r\n', 'SSH: SSH-2.0-x'],
          ['220 a ESMTP\r\n', 'SMTP or FTP: 220 a ESMTP'],
        ];
        for (const [opening, text] of openings) {
          const { engine, errors } = failing(side, version);
          engine.receive(Buffer.from(opening, 'latin1'));
          expect(told(errors)).to.deep.equal([
            ['ERR_SPDY_NOT_SPDY', 'peer', `the peer speaks ${text}`],
          ]);
          expect(engine.failed).to.equal(true);
        }
      });
    }
  }

  it('knows it by the first eight bytes, however they come', () => {
    const { engine, errors } = failing(SERVER, SPDY3);
    for (const byte of Buffer.from('PRI * HTTP/2.0')) engine.receive(Buffer.of(byte));
    expect(told(errors)).to.deep.equal([
      ['ERR_SPDY_NOT_SPDY', 'peer', 'the peer speaks HTTP/2: PRI * HT'],
    ]);
  });

  it('leaves alone what comes behind a frame, and DATA that is like nothing', () => {
    const ping = Buffer.from('8003000600000004', 'hex');
    const { engine, errors } = failing(SERVER, SPDY3);
    for (const byte of ping) engine.receive(Buffer.of(byte));
    engine.receive(Buffer.from('0000000147455420', 'hex'));
    const data = failing(SERVER, SPDY3);
    data.engine.receive(Buffer.from('0000', 'hex'));
    data.engine.receive(Buffer.from('0007010000050102030405', 'hex'));
    data.engine.receive(Buffer.from('GET / HTTP/1.1\r\n'));
    expect([...errors, ...data.errors]).to.deep.equal([]);
  });

  it('leaves alone the DATA of a stream that is open, whatever its number spells', () => {
    const { engine, errors } = failing(CLIENT, SPDY3);
    engine.setNextStreamId(Buffer.from('SSH-').readUInt32BE());
    engine.submitRequest(0, []);
    engine.pull();
    engine.receive(Buffer.from('SSH-\0\0\0\0'));
    expect(errors).to.deep.equal([]);
  });
});
