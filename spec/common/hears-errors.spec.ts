import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import { hearsErrors } from '../../lib/common/hears-errors.ts';

describe('hearsErrors()', () => {
  it('is false where nobody listens, and leaves no listener', () => {
    const emitter = new EventEmitter();
    expect(hearsErrors(emitter)).to.equal(false);
    expect(emitter.listenerCount('error')).to.equal(0);
  });

  it('keeps a pipe that hears an error alone from throwing it', () => {
    const sink = new Writable();
    new PassThrough().pipe(sink);
    expect(hearsErrors(sink)).to.equal(true);
    expect(() => sink.emit('error', new Error('of the peer'))).not.to.throw();
  });

  it('adds one listener, however often it is asked', () => {
    const emitter = new EventEmitter().on('error', () => {});
    for (let i = 0; i < 20; i++) expect(hearsErrors(emitter)).to.equal(true);
    expect(emitter.listenerCount('error')).to.equal(2);
  });
});
