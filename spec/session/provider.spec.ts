import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { expect } from 'chai';
import { DataProvider } from '../../lib/engine/data-provider.ts';
import { InvalidArgumentError, type StreamError } from '../../lib/errors.ts';
import {
  CANCEL,
  DATA_FLAG_FIN,
  DATA_FLAG_NONE,
  INTERNAL_ERROR,
  READ_EOF,
} from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../lib/protocol/version.ts';
import type { DataInput } from '../../lib/session/provider.ts';
import {
  memoryConnection,
  pairOver,
  RESPONSE,
  rawAgainst,
  requestHeaders,
  type SessionPair,
  settle,
  uncaughtDuring,
  until,
} from '../support/session-pair.ts';

interface Outcome {
  readonly body: string;
  readonly status: number;
  readonly error: StreamError | null;
}

/** Posts a body and resolves with what the server got and how the stream ended at the client. */
async function post(pair: SessionPair, body: DataInput | null): Promise<Outcome> {
  const pieces: Buffer[] = [];
  pair.server.on('dataChunkRecv', (_flags, _streamId, chunk) => pieces.push(chunk));
  pair.server.on('requestRecv', (streamId) => pair.server.submitResponse(streamId, RESPONSE));
  pair.client.submitRequest(0, requestHeaders('POST'), body);
  const [, status, error] = await once(pair.client, 'streamClose');
  return { body: Buffer.concat(pieces).toString(), status, error };
}

async function* later(...chunks: unknown[]): AsyncGenerator<string> {
  for (const chunk of chunks) {
    await new Promise((next) => setImmediate(next));
    if (chunk instanceof Error) throw chunk;
    yield chunk as string;
  }
}

function* now(...chunks: unknown[]): Generator<string> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield chunk as string;
  }
}

describe('session/provider', () => {
  let pair: SessionPair;
  beforeEach(() => {
    pair = pairOver(memoryConnection(), SPDY3_1);
  });
  afterEach(() => pair.end());

  const text = 'some text, longer than nothing: \u00e4\u20ac';
  const bodies: Record<string, () => DataInput> = {
    'a DataProvider': () =>
      new DataProvider(Buffer.from(text), (_id, length, control, source) => {
        expect(length).to.equal(32768);
        control.flags = READ_EOF;
        return source;
      }),
    'a Buffer': () => Buffer.from(text),
    'a Uint8Array': () => new TextEncoder().encode(text),
    'a string': () => text,
    'a Readable': () => Readable.from(Buffer.from(text)),
    'a Readable of strings': () => Readable.from([text.slice(0, 5), text.slice(5)]),
    'a Readable with an encoding': () =>
      new PassThrough({ encoding: 'utf8' }).end(Buffer.from(text)),
    'a Readable in hex': () => new PassThrough({ encoding: 'hex' }).end(Buffer.from(text)),
    'an async iterable': () => later(text.slice(0, 5), '', text.slice(5)),
    'an iterable': () => now(text.slice(0, 5), '', Buffer.from(text.slice(5))),
    'an array': () => [text.slice(0, 5), text.slice(5)],
    'a web stream': () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from(text));
          controller.close();
        },
      }) as unknown as AsyncIterable<Uint8Array>,
  };
  for (const [name, make] of Object.entries(bodies)) {
    it(`takes ${name}`, async () => {
      expect(await post(pair, make())).to.deep.equal({ body: text, status: 0, error: null });
    });
  }

  for (const [name, make] of Object.entries<() => DataInput | null>({
    'an empty Buffer': () => Buffer.alloc(0),
    'an empty string': () => '',
    'an empty Readable': () => new PassThrough().end(),
    'an empty async iterable': () => later(),
    'an empty array': () => [],
    'no provider': () => null,
    'an object without a read function': () => ({ readCb: undefined }) as unknown as DataInput,
  })) {
    it(`ends the stream with ${name}`, async () => {
      expect(await post(pair, make())).to.deep.equal({ body: '', status: 0, error: null });
    });
  }

  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: carries large bodies of every kind, cut to size`, async () => {
      const big = Buffer.alloc(300_000, 'abcdefg');
      const makers: (() => DataInput)[] = [
        () => big,
        () => Readable.from([big]),
        () => new PassThrough({ highWaterMark: 1000 }).end(big),
        () => later(big),
        () => now(big),
      ];
      for (const make of makers) {
        const own = pairOver(memoryConnection(), version);
        const { body, error } = await post(own, make());
        expect(error).to.equal(null);
        expect(body === big.toString()).to.equal(true);
        await own.end();
      }
    });
  }

  it('refuses anything else', () => {
    for (const wrong of [5, true, {}, () => {}, Symbol('s')]) {
      expect(() => pair.client.submitRequest(0, requestHeaders(), wrong as never)).to.throw(
        InvalidArgumentError,
        'data provider',
      );
    }
    expect(() => pair.client.submitData(1, DATA_FLAG_FIN, null as never)).to.throw(
      InvalidArgumentError,
    );
  });

  it('finishes the last frame of bytes that are there at once', async () => {
    const flags: [number, number][] = [];
    pair.client.on('dataSend', (flag, _streamId, length) => flags.push([flag, length]));
    await post(pair, Buffer.alloc(40_000));
    expect(flags).to.deep.equal([
      [0, 32768],
      [1, 7232],
    ]);
  });

  it('lets the empty last frame pass without a window', async () => {
    const { session, peer } = await rawAgainst(1, SPDY3_1);
    peer.send(peer.make.settings([{ id: 7, flags: 0, value: 0 }]));
    await until(() => session.statistics.framesReceived === 1);
    for (const body of ['', [] as string[], new PassThrough().end()]) {
      session.submitRequest(0, requestHeaders('POST'), body);
    }
    const ended = new PassThrough();
    ended.end();
    ended.resume();
    await once(ended, 'end');
    session.submitRequest(0, requestHeaders('POST'), ended);
    await peer.frame('DATA', 2);
    const streams = peer.frames.flatMap(({ frame }) =>
      frame.type === 'DATA' ? frame.streamId : [],
    );
    expect(streams).to.deep.equal([1, 7]);
    session.destroy();
  });

  describe('a source that fails resets its stream with INTERNAL_ERROR, and the session goes on:', () => {
    const failures: Record<string, () => DataInput> = {
      'a Readable with an error': () => Readable.from(later('x', new Error('broken'))),
      'a Readable that failed before': () => {
        const readable = new PassThrough();
        readable.on('error', () => {});
        readable.destroy(new Error('broken'));
        return readable;
      },
      'an async iterable that throws': () => later('x', new Error('broken')),
      'an iterable that throws': () => now('x', new Error('broken')),
      'an iterable whose next() throws': () => ({
        [Symbol.asyncIterator]: () => ({
          next(): never {
            throw new Error('broken');
          },
        }),
      }),
      'an iterable that throws no Error': () =>
        (function* (): Generator<string> {
          yield 'x';
          throw 'broken';
        })(),
    };
    for (const [name, make] of Object.entries(failures)) {
      it(name, async () => {
        const { status, error } = await post(pair, make());
        expect(status).to.equal(INTERNAL_ERROR);
        expect(error?.code).to.equal('ERR_SPDY_TEMPORAL_CALLBACK_FAILURE');
        expect(error?.message).to.include('broken');
        expect(pair.client.state.phase).to.equal('open');
      });
    }

    for (const [name, make] of Object.entries<() => DataInput>({
      'a Readable that is destroyed': () => {
        const readable = new PassThrough();
        setImmediate(() => readable.destroy());
        return readable;
      },
      'a Readable that was destroyed before': () => new PassThrough().destroy(),
      'chunks that are no bytes': () => later(5),
      'chunks that are null': () => [null] as never,
      'a Readable of objects': () => Readable.from([{}]),
    })) {
      it(name, async () => {
        const { status, error } = await post(pair, make());
        expect(status).to.equal(INTERNAL_ERROR);
        expect(error?.code).to.equal('ERR_SPDY_TEMPORAL_CALLBACK_FAILURE');
      });
    }
  });

  it('destroys the session when a data provider fails for the session', async () => {
    const errors: { code?: string; cause?: unknown }[] = [];
    pair.client.on('error', (error) => errors.push(error));
    const cause = new Error('not temporal');
    const body = new DataProvider(null, () => {
      throw cause;
    });
    const { error } = await post(pair, body);
    expect(error?.code).to.equal('ERR_SPDY_SESSION_CLOSED');
    await until(() => errors.length === 1);
    expect([errors[0]?.code, errors[0]?.cause]).to.deep.equal(['ERR_SPDY_CALLBACK_FAILURE', cause]);
  });

  describe('a stream that ends early', () => {
    it('destroys its Readable, of a request and of a response', async () => {
      const request = new PassThrough();
      const response = new PassThrough();
      pair.server.on('synStream', ({ streamId }) =>
        pair.server.submitResponse(streamId, RESPONSE, response),
      );
      const handle = pair.client.submitRequest(0, requestHeaders('POST'), request);
      await once(pair.client, 'synReply');
      pair.client.submitRstStream(handle.streamId, CANCEL);
      await until(() => request.destroyed && response.destroyed);
      request.emit('error', new Error('late'));
    });

    it('returns its iterator', async () => {
      let returned = 0;
      const source = (): AsyncIterable<string> => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => {}),
          return: () => {
            returned++;
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      });
      pair.server.on('synStream', ({ streamId }) => {
        pair.server.submitSynReply(0, streamId, RESPONSE);
        pair.server.submitData(streamId, DATA_FLAG_NONE, source());
        pair.server.submitData(streamId, DATA_FLAG_FIN, source());
      });
      const handle = pair.client.submitRequest(0, requestHeaders('POST'), source());
      await once(pair.client, 'synReply');
      pair.client.cancel(handle, CANCEL);
      await until(() => returned === 3);
    });

    it('closes the sources of requests that are never sent and of streams that do not exist', async () => {
      const sources = Array.from({ length: 5 }, () => new PassThrough());
      pair.client.cancel(pair.client.submitRequest(0, requestHeaders(), sources[0]), CANCEL);
      pair.client.submitResponse(99, RESPONSE, sources[1]);
      pair.client.submitData(99, DATA_FLAG_FIN, sources[2] as PassThrough);
      expect(() => pair.client.submitRequest(99, requestHeaders(), sources[3])).to.throw(
        InvalidArgumentError,
      );
      pair.client.submitRequest(0, requestHeaders(), sources[4]);
      pair.client.destroy();
      await until(() => sources.every((source) => source.destroyed));
      pair.client.submitResponse(99, RESPONSE, 'bytes need no closing');
    });

    it('drops what comes too late', async () => {
      let give: (result: IteratorResult<string>) => void = () => {};
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: () =>
            new Promise<IteratorResult<string>>((done) => {
              give = done;
            }),
        }),
      };
      const handle = pair.client.submitRequest(0, requestHeaders('POST'), source);
      await once(pair.server, 'synStream');
      pair.client.cancel(handle, CANCEL);
      await once(pair.client, 'streamClose');
      give({ done: false, value: 'late' });
      await settle();
      expect(pair.client.statistics.dataSent).to.equal(0);
    });

    it('leaves a source alone that has ended', async () => {
      let returned = 0;
      const source = {
        [Symbol.iterator]: () => ({
          next: () => ({ done: true as const, value: undefined }),
          return: () => {
            returned++;
            return { done: true as const, value: undefined };
          },
        }),
      };
      await post(pair, source);
      expect(returned).to.equal(0);
    });

    it('raises what return() throws as an uncaught exception', async () => {
      const caught = await uncaughtDuring(async () => {
        for (const fail of [
          (): never => {
            throw new Error('at once');
          },
          () => Promise.reject(new Error('later')),
        ]) {
          const source = {
            [Symbol.asyncIterator]: () => ({
              next: () => new Promise<IteratorResult<string>>(() => {}),
              return: fail,
            }),
          };
          const handle = pair.client.submitRequest(0, requestHeaders('POST'), source);
          await settle();
          pair.client.cancel(handle, CANCEL);
          await settle();
        }
      });
      expect(caught.map((error) => (error as Error).message)).to.deep.equal(['at once', 'later']);
    });
  });

  it('sends what a source has after a pause, however often it pauses', async () => {
    const source = new PassThrough();
    const result = post(pair, source);
    for (let i = 0; i < 5; i++) {
      await settle();
      source.write(`${i}`);
    }
    await settle();
    source.end();
    expect((await result).body).to.equal('01234');
  });

  it('sends the data of several providers one behind the other', async () => {
    const pieces: string[] = [];
    pair.client.on('dataChunkRecv', (_flags, _streamId, chunk) => pieces.push(chunk.toString()));
    pair.server.on('requestRecv', (streamId) => {
      pair.server.submitSynReply(0, streamId, RESPONSE);
      pair.server.submitData(streamId, DATA_FLAG_NONE, later('a', 'b'));
      pair.server.submitData(streamId, DATA_FLAG_NONE, 'c');
      pair.server.submitData(streamId, DATA_FLAG_FIN, Readable.from(['d']));
    });
    pair.client.submitRequest(0, requestHeaders());
    await once(pair.client, 'streamClose');
    expect(pieces.join('')).to.equal('abcd');
  });
});
