import { EventEmitter, once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { onRejection } from '../../lib/common/rejections.ts';
import { SPDY3_1 } from '../../lib/protocol/version.ts';
import { memoryConnection, pairOver, RESPONSE, requestHeaders } from '../support/session-pair.ts';

describe('onRejection()', () => {
  beforeEach(() => {
    EventEmitter.captureRejections = true;
  });

  afterEach(() => {
    EventEmitter.captureRejections = false;
  });

  it('is told the emitter, the error, the event and its arguments', async () => {
    class Emitter extends EventEmitter {}
    const told = new Promise<unknown[]>((done) => {
      onRejection(Emitter, (...args) => done(args));
    });
    const emitter = new Emitter();
    const error = new Error('of the listener');
    emitter.on('event', () => Promise.reject(error));
    emitter.emit('event', 1, 2);
    expect(await told).to.deep.equal([emitter, error, 'event', [1, 2]]);
  });

  it("a session: a listener for 'stream' ends its stream alone", async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const told: string[] = [];
    pair.server.once('stream', async (stream) => {
      stream.on('error', ({ message }) => told.push(message));
      throw new Error('of the listener');
    });
    const rejected = pair.client.request(requestHeaders('POST'));
    const [error] = await once(rejected, 'error');
    expect(error).to.have.property('code', 'ERR_SPDY_STREAM_RESET');
    pair.server.once('stream', (stream) => {
      stream.respond(RESPONSE);
      stream.end('served');
    });
    expect(await text(pair.client.request(requestHeaders('POST')))).to.equal('served');
    expect(told).to.deep.equal(['of the listener']);
    await pair.end();
  });

  it('a session: any other ends the session with the error', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    pair.server.once('settings', async () => {
      throw new Error('of the listener');
    });
    const [error] = await once(pair.server, 'error');
    expect(error).to.have.property('message', 'of the listener');
    pair.client.destroy();
  });
});
