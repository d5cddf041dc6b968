import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { CANCEL } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
} from '../../support/session-pair.ts';

/** Ways to read what a peer sends, all of them by iteration. */
const READINGS: Record<string, (stream: SpdyStream) => Promise<string>> = {
  'for await': async (stream) => {
    let body = '';
    for await (const chunk of stream) body += chunk;
    return body;
  },
  'text()': text,
  'toArray()': async (stream) => (await stream.toArray()).join(''),
};

describe('SpdyStream: iteration', () => {
  for (const version of PROTOCOL_VERSIONS) {
    for (const [how, read] of Object.entries(READINGS)) {
      it(`${version.name}: a stream of the peer that was read to its end by ${how} can be answered`, async () => {
        const pair = pairOver(memoryConnection(), version);
        pair.server.on('stream', async (stream) => {
          const body = await read(stream);
          stream.respond(RESPONSE);
          stream.end(`${body}, answered`);
        });
        const stream = pair.client.request(requestHeaders('POST'));
        stream.end('a question');
        expect(await text(stream)).to.equal('a question, answered');
        await pair.end();
      });
    }
  }

  it('one that is left before its end is reset with CANCEL', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    pair.server.on('stream', async (stream) => {
      for await (const _ of stream) break;
    });
    const stream = pair.client.request(requestHeaders('POST'));
    stream.write('a question');
    await closed(stream);
    expect(stream.rstStatus).to.equal(CANCEL);
    await pair.end();
  });

  it('so is one where the loop throws, and the exception is that of the loop', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const stream = pair.client.request(requestHeaders('POST'));
    stream.write('a question');
    const [accepted] = (await once(pair.server, 'stream')) as [SpdyStream];
    const thrown = await (async () => {
      for await (const _ of accepted) throw new Error('of the loop');
    })().catch((error: unknown) => error);
    expect(thrown).to.have.property('message', 'of the loop');
    await closed(stream);
    expect(stream.rstStatus).to.equal(CANCEL);
    await pair.end();
  });

  it('goes where the prototypes of the language are frozen', async () => {
    const generator = Object.getPrototypeOf(async function* () {}.prototype);
    const { value, ...others } = Object.getOwnPropertyDescriptor(generator, 'return') ?? {};
    Object.defineProperty(generator, 'return', { ...others, value, writable: false });
    try {
      const pair = pairOver(memoryConnection(), SPDY3_1);
      pair.server.on('stream', (stream) => stream.end('an answer'));
      const stream = pair.client.request(requestHeaders('GET'), { endStream: true });
      expect(await text(stream)).to.equal('an answer');
      await pair.end();
    } finally {
      Object.defineProperty(generator, 'return', { ...others, value });
    }
  });

  it('one that the peer resets throws the error of that', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const stream = pair.client.request(requestHeaders('POST'));
    stream.write('a question');
    const [accepted] = (await once(pair.server, 'stream')) as [SpdyStream];
    accepted.once('data', () => stream.destroy());
    const thrown = await text(accepted).catch((error: unknown) => error);
    expect(thrown).to.have.property('code', 'ERR_SPDY_STREAM_RESET');
    await pair.end();
  });

  it('a request of ours whose answer was read to its end is given up', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    pair.server.on('stream', (stream) => {
      stream.respond(RESPONSE);
      stream.end('an answer');
    });
    const stream = pair.client.request(requestHeaders('POST'));
    const [accepted] = (await Promise.all([once(pair.server, 'stream'), text(stream)]))[0] as [
      SpdyStream,
    ];
    await closed(stream);
    await closed(accepted.resume());
    expect(pair.server.state.openStreams).to.equal(0);
    await pair.end();
  });
});
