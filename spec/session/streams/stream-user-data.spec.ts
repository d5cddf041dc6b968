import { once } from 'node:events';
import { expect } from 'chai';
import { SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  type SessionPair,
  until,
} from '../../support/session-pair.ts';

/** A pair of sessions whose server answers each body with its bytes. */
function echoingPair(): SessionPair {
  const pair = pairOver(memoryConnection(), SPDY3_1);
  pair.server.on('stream', (stream: SpdyStream) => stream.pipe(stream));
  return pair;
}

async function textOf(stream: SpdyStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe('User data of streams', () => {
  it('what setStreamUserData() keeps with the stream of a SpdyStream does not come into its way', async () => {
    const { client, server, end } = echoingPair();
    const stream = client.request(requestHeaders('POST'));
    stream.write('one, ');
    await until(() => server.state.openStreams === 1);
    for (const [session, fresh] of [
      [client, stream],
      [server, null],
    ] as const) {
      expect(session.getStreamUserData(stream.id)).to.equal(fresh);
      for (const data of ['text', 0, null]) {
        session.setStreamUserData(stream.id, data);
        expect(session.getStreamUserData(stream.id)).to.equal(data);
      }
      session.setStreamUserData(stream.id, undefined);
      expect(session.getStreamUserData(stream.id)).to.equal(null);
    }
    stream.end('two');
    expect(await textOf(stream)).to.equal('one, two');
    await end();
  });

  it('what a listener of synStream keeps is still there when the stream is a SpdyStream', async () => {
    const { client, server, end } = echoingPair();
    const found: unknown[] = [];
    server.on('synStream', ({ streamId }) => server.setStreamUserData(streamId, 'early'));
    server.on('streamClose', (id) => found.push(server.getStreamUserData(id)));
    const stream = client.request(requestHeaders('POST'));
    stream.end('body');
    expect(await textOf(stream)).to.equal('body');
    await until(() => found.length === 1);
    expect(found).to.deep.equal(['early']);
    await end();
  });

  it('a SpdyStream of another session may be kept with a stream of the same id', async () => {
    const behind = echoingPair();
    const front = pairOver(memoryConnection(), SPDY3_1);
    const other = behind.client.request(requestHeaders('POST'));
    await once(other, 'ready');
    front.server.on('requestRecv', (id) => {
      front.server.setStreamUserData(id, other);
      front.server.submitResponse(id, RESPONSE, 'answer');
    });
    // Makes the client one that has SpdyStreams.
    front.client.request(requestHeaders(), { endStream: true }).destroy();
    const handle = front.client.submitRequest(0, requestHeaders(), null, other);
    const answered = once(front.client, 'streamClose');
    await answered;
    expect([handle.streamId, other.id]).to.deep.equal([1, 1]);
    expect(other.replyHeaders).to.equal(null);
    other.end('still there');
    expect(await textOf(other)).to.equal('still there');
    await front.end();
    await behind.end();
  });
});
