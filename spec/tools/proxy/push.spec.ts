import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import type { BackPush, FrontRequest, Reply } from '../../../lib/tools/proxy/exchange.ts';
import { resolveProxyOptions } from '../../../lib/tools/proxy/options.ts';
import { passPush } from '../../../lib/tools/proxy/push.ts';

describe('tools/proxy/push', () => {
  const { headers } = resolveProxyOptions({ backs: ['http://127.0.0.1'] });

  function pushOf(stream: PassThrough): BackPush {
    return {
      method: 'GET',
      scheme: 'http',
      authority: 'a',
      path: '/a',
      urgency: 3,
      head: { status: 200, message: '', fields: [] },
      body: { stream, length: null, trailers: () => [], confirm: (done) => done(null) },
    };
  }

  it('gives a resource up that cannot be pushed to the client', () => {
    const stream = new PassThrough();
    const reply = {
      push: () => {
        throw new Error('no push of this');
      },
    } as unknown as Reply;
    passPush(pushOf(stream), { scheme: 'http', authority: 'a' } as FrontRequest, reply, headers);
    expect(stream.destroyed).to.equal(true);
  });
});
