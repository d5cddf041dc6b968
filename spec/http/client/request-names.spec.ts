import { expect } from 'chai';
import { planRequest } from '../../../lib/http/client/options.ts';

describe('http/client/request-names', () => {
  const plan = (options: object): unknown => planRequest('https://a/', options as never).tls;

  it('takes options of TLS beside the others; those of `tls` win', () => {
    expect(plan({ ca: 'x', rejectUnauthorized: false })).to.deep.equal({
      ca: 'x',
      rejectUnauthorized: false,
    });
    expect(plan({ ca: 'x', tls: { ca: 'y' } })).to.deep.equal({ ca: 'y' });
    expect(plan({})).to.equal(undefined);
  });

  it('takes what libraries hand down, and what is like none of its own', () => {
    const handed = { agents: {}, maxRedirects: 5, beforeRedirect: null, nativeProtocols: {} };
    expect(plan(handed)).to.equal(undefined);
    expect(plan(handed)).to.equal(undefined);
    expect(plan({ hostt: undefined })).to.equal(undefined);
  });

  it('refuses what says how to connect, also after one that was null', () => {
    const none = { socketPath: null, lookup: undefined, family: 0 };
    expect(plan(none)).to.equal(undefined);
    const wanted = { socketPath: '/s', lookup: () => {}, createConnection: () => {}, family: 6 };
    for (const [name, value] of Object.entries({ ...wanted, localAddress: '127.0.0.1' })) {
      expect(() => plan({ [name]: value })).to.throw(
        `request(): ${name} leads nowhere here, use createConnection of the SpdyAgent`,
      );
    }
  });
});
