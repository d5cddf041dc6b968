import { expect } from 'chai';
import { explainTls } from '../../../lib/common/network/tls-error.ts';

function openSslError(code: string, reason: string): Error {
  const message = `801C253F807F0000:error:0A00010B:SSL routines:f:${reason}:../deps/ssl.c:350:\n`;
  return Object.assign(new Error(message), { code, library: 'SSL routines', reason });
}

describe('explainTls()', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number', 'the other side does not speak TLS'],
    ['ERR_SSL_HTTP_REQUEST', 'http request', 'the other side speaks HTTP without TLS'],
    [
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'tlsv1 alert protocol version',
      'there is no version of TLS that both sides speak',
    ],
    [
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      'unsupported protocol',
      'there is no version of TLS that both sides speak',
    ],
    [
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'tlsv13 alert certificate required',
      'the client has to show a certificate',
    ],
    [
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'tlsv1 alert unknown ca',
      "the other side does not accept this side's certificate",
    ],
  ];
  for (const [code, reason, sentence] of cases) {
    it(`says what ${code} comes from`, () => {
      const error = openSslError(code, reason);
      expect(explainTls(error)).to.equal(error);
      expect(error).to.include({ code, reason, message: `TLS: ${sentence} (${reason})` });
    });
  }

  it('shortens what it has no sentence for', () => {
    expect(explainTls(openSslError('ERR_SSL_BAD_THING', 'bad thing')).message).to.equal(
      'TLS: bad thing',
    );
  });

  it('says what a write comes to behind a handshake that has failed', () => {
    const { message } = openSslError('', 'wrong version number');
    const error = Object.assign(new Error(`write EPROTO ${message}`), { code: 'EPROTO' });
    expect(explainTls(error)).to.include({
      code: 'EPROTO',
      message: 'TLS: the other side does not speak TLS (wrong version number)',
    });
    const other = Object.assign(new Error('write EPROTO'), { code: 'EPROTO' });
    expect(explainTls(other).message).to.equal('write EPROTO');
  });

  it('leaves every other error as it is', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    expect(explainTls(reset).message).to.equal('read ECONNRESET');
    expect(explainTls(new Error('x')).message).to.equal('x');
    expect(explainTls(null)).to.equal(null);
    const key = Object.assign(new Error('x'), { code: 'ERR_OSSL', library: 'PEM', reason: 'y' });
    expect(explainTls(key).message).to.equal('x');
    const silent = { code: 'ERR_SSL_X', library: 'SSL routines' };
    expect(explainTls(Object.assign(new Error('x'), silent)).message).to.equal('x');
  });
});
