import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  type SessionPair,
  settle,
} from '../../support/session-pair.ts';

/** How a peer ends what is being sent to it. */
const ENDS: Record<string, (pair: SessionPair, stream: SpdyStream) => unknown> = {
  'resets its stream': (_pair, stream) => stream.destroy(),
  'ends its session': (pair) => pair.client.destroy(),
  'loses its connection': (pair) => pair.client.socket?.destroy(),
  'takes nothing for stallTimeoutMs': () => {},
};

/** What a server does with a stream, without a listener for 'error'. Returns what ends. */
const SERVERS: Record<string, (stream: SpdyStream) => SpdyStream> = {
  'pipes into': (stream) => {
    stream.respond(RESPONSE);
    const source = new PassThrough();
    source.pipe(stream);
    source.write(Buffer.alloc(200_000));
    return stream;
  },
  'pipes it into itself': (stream) => {
    stream.respond(RESPONSE);
    return stream.pipe(stream);
  },
  'writes to': (stream) => {
    stream.respond(RESPONSE);
    stream.write(Buffer.alloc(200_000));
    return stream;
  },
};

// An exception of these would be an uncaught one, which fails the test.
describe('an error of a stream that nobody listens for throws no exception', () => {
  for (const [serves, serve] of Object.entries(SERVERS)) {
    for (const [ends, end] of Object.entries(ENDS)) {
      it(`where a server ${serves} and the peer ${ends}`, async () => {
        const pair = pairOver(memoryConnection(), SPDY3_1, { server: { stallTimeoutMs: 40 } });
        const served = once(pair.server, 'stream').then(([stream]) => serve(stream as SpdyStream));
        const stream = pair.client.request(requestHeaders('POST'));
        stream.write(Buffer.alloc(200_000));
        // Nobody reads the answer: it ends with the window shut.
        await once(stream, 'response');
        const ended = closed(await served);
        await end(pair, stream);
        await ended;
        await settle();
        await pair.end();
      });
    }
  }

  it('where a signal ends a request of ours', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const abort = new AbortController();
    const stream = pair.client.request(requestHeaders('POST'), { signal: abort.signal });
    new PassThrough().pipe(stream);
    abort.abort();
    await closed(stream);
    await settle();
    expect(stream.destroyed).to.equal(true);
    await pair.end();
  });
});
