import { expect } from 'chai';
import type { StreamError } from '../../../lib/errors.ts';
import { CANCEL, INTERNAL_ERROR } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { SessionOptions } from '../../../lib/session/session-options.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  closed,
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  type SessionPair,
} from '../../support/session-pair.ts';

/** What a client has of an exchange when it is over. */
interface Outcome {
  readonly body: string;
  /** Whether the end of the answer came. */
  readonly ended: boolean;
  /** Status of the RST_STREAM, 0 if none came. */
  readonly status: number;
}

/** Uploads something and lets `answer` answer while the upload goes on. */
async function exchange(
  answer: (stream: SpdyStream) => void,
  version = SPDY3_1,
  options: { readonly client?: SessionOptions; readonly server?: SessionOptions } = {},
): Promise<{ outcome: Outcome; pair: SessionPair }> {
  const pair = pairOver(memoryConnection(), version, options);
  pair.server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.once('data', () => answer(stream));
  });
  const stream = pair.client.request(requestHeaders('POST'));
  let body = '';
  let ended = false;
  let status = 0;
  stream.on('data', (chunk) => {
    body += String(chunk);
  });
  stream.on('end', () => {
    ended = true;
    // The server wants nothing more of the upload.
    stream.end();
  });
  stream.on('error', (error) => {
    ({ status } = error as StreamError);
  });
  stream.write('something');
  await closed(stream);
  return { outcome: { body, ended, status }, pair };
}

describe('session/streams/writable-half: destroy()', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: a whole answer that was written before it arrives`, async () => {
      const { outcome, pair } = await exchange((stream) => {
        stream.respond(RESPONSE);
        stream.end('too large');
        stream.destroy();
      }, version);
      expect(outcome).to.deep.equal({ body: 'too large', ended: true, status: 0 });
      await pair.end();
    });
  }

  it('an answer without a body arrives as well', async () => {
    const { outcome, pair } = await exchange((stream) => {
      stream.respond(RESPONSE, { endStream: true });
      stream.destroy();
    });
    expect(outcome).to.deep.equal({ body: '', ended: true, status: 0 });
    await pair.end();
  });

  it('so do small and large writes of one turn, however many bytes they are', async () => {
    const { outcome, pair } = await exchange((stream) => {
      stream.respond(RESPONSE);
      stream.write('head ');
      for (let i = 0; i < 4; i++) stream.write('b'.repeat(30_000));
      stream.end();
      stream.destroy();
    });
    const { body, ...rest } = outcome;
    expect(body).to.have.length(120_005);
    expect(rest).to.deep.equal({ ended: true, status: 0 });
    await pair.end();
  });

  it('so do several writes in one turn, and trailers', async () => {
    const { outcome, pair } = await exchange((stream) => {
      stream.respond(RESPONSE);
      stream.write('too ');
      stream.write('large, ');
      stream.write('really');
      stream.sendTrailers([['x', '1']]);
      stream.destroy();
    });
    expect(outcome).to.deep.equal({ body: 'too large, really', ended: true, status: 0 });
    await pair.end();
  });

  it('what was not ended is followed by RST_STREAM with the status of the error', async () => {
    const { outcome, pair } = await exchange((stream) => {
      stream.respond(RESPONSE);
      stream.write('half');
      stream.write(' of it');
      stream.destroy(new Error('the file could not be read'));
    });
    expect(outcome).to.deep.equal({ body: 'half of it', ended: false, status: INTERNAL_ERROR });
    await pair.end();
  });

  it('writes are answered once, those that the peer never lets out with an error', async () => {
    const answers: string[] = [];
    const { outcome, pair } = await exchange(
      (stream) => {
        stream.respond(RESPONSE);
        stream.write(Buffer.alloc(60_000), () => answers.push('first'));
        stream.write(Buffer.alloc(60_000), (error) => answers.push(error?.message ?? 'second'));
        stream.destroy();
      },
      SPDY3_1,
      { client: { windowUpdates: 'manual' }, server: { lingerTimeoutMs: 50 } },
    );
    expect(outcome.status).to.equal(CANCEL);
    expect(outcome.body).to.have.length.of.at.least(60_000);
    expect(answers).to.have.length(2);
    await pair.end();
  });

  it('a request of ours that is cancelled does not wait for windows', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, {
      client: { lingerTimeoutMs: 0 },
      server: { windowUpdates: 'consume' },
    });
    const ends: Promise<void>[] = [];
    pair.server.on('stream', (stream) => {
      stream.on('error', () => {});
      // Not read: its window stays shut.
      ends.push(closed(stream));
    });
    const stream = pair.client.request(requestHeaders('POST'));
    let failure: Error | null | undefined;
    stream.write(Buffer.alloc(200_000), (error) => {
      failure = error;
    });
    pair.server.once('dataRecv', () => stream.destroy());
    await closed(stream);
    await Promise.all(ends);
    expect(failure).to.be.an('error');
    await pair.end();
  });
});
