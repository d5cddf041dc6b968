import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { resolveProxyOptions } from '../../../../lib/tools/proxy/options.ts';
import type { BackPush, FrontRequest, Reply } from '../../../../lib/tools/proxy/relay/exchange.ts';
import { passPush } from '../../../../lib/tools/proxy/relay/push.ts';

describe('tools/proxy/relay/push', () => {
  const { headers } = resolveProxyOptions({ backs: ['http://127.0.0.1'] });

  const request = { scheme: 'http', authority: 'a' } as FrontRequest;

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
    passPush(pushOf(stream), request, reply, headers, 0);
    expect(stream.destroyed).to.equal(true);
  });

  it('gives a resource up on both sides of which the client takes nothing', async () => {
    const stream = new PassThrough();
    const resets: Error[] = [];
    const sink = {
      write: () => false,
      onDrain: () => {},
      reset: (cause: Error) => resets.push(cause),
    };
    passPush(pushOf(stream), request, { push: () => sink } as unknown as Reply, headers, 5);
    stream.write('a');
    // The timer keeps no process alive.
    const alive = setInterval(() => {}, 1000);
    await once(stream, 'close');
    clearInterval(alive);
    expect(resets.map(({ message }) => message)).to.deep.equal(['nothing moved for 5 ms']);
  });
});
