import { expect } from 'chai';
import { StreamError } from '../../../../lib/errors.ts';
import { errorFor } from '../../../../lib/http/client/dispatch/errors.ts';
import { INTERNAL_ERROR } from '../../../../lib/protocol/constants.ts';
import { transportClosed } from '../../../../lib/session/end-reasons.ts';

function system(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('http/client/dispatch/errors', () => {
  for (const code of ['ECONNRESET', 'EPIPE', 'ETIMEDOUT']) {
    it(`a connection that is lost by ${code} is an error of the socket, as retries want it`, () => {
      const error = transportClosed(system(code));
      expect(errorFor(error)).to.include({ code: 'UND_ERR_SOCKET', cause: error });
    });
  }

  it('so is a stream that the server has reset, but nothing of our own', () => {
    const cause = system('ECONNRESET');
    const made = (by: 'peer' | 'local'): StreamError =>
      new StreamError('ERR_SPDY_STREAM_RESET', 'reset', 1, INTERNAL_ERROR, by, { cause });
    expect(errorFor(made('peer'))).to.include({ code: 'UND_ERR_SOCKET' });
    for (const error of [made('local'), system('ECONNRESET')])
      expect(errorFor(error)).to.equal(error);
  });
});
