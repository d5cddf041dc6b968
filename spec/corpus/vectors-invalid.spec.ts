import { expect } from 'chai';
import type { EngineOptions } from '../../lib/engine/options.ts';
import { PROTO_SPDY2, SERVER } from '../../lib/protocol/constants.ts';
import { createEnd } from '../support/engine-pair.ts';
import { FrameDecoder } from '../support/frame-decoder.ts';
import { NativeDeflater } from '../support/native-zlib.ts';
import { CUTS } from '../support/shred.ts';
import { tryVector } from './vector-trial.ts';
import { bytesOf, type Expectation, type InvalidVector, loadVectors } from './vectors.ts';

const { invalid } = loadVectors();

/** What the core does with bytes that only HTTP objects to: streams without any HTTP name must work. */
const CORE_BEHAVIOUR: Readonly<Record<string, { why: string; expect: Expectation }>> = {
  'v2-bad-push-assoc0': {
    why: 'A16: a server may open streams of its own (spdystream does)',
    expect: { class: 'accepted', frame: 'SYN_STREAM', streamId: 2 },
  },
  'v3-bad-push-assoc0': {
    why: 'A16, as in SPDY/2',
    expect: { class: 'accepted', frame: 'SYN_STREAM', streamId: 2 },
  },
  'v2-bad-push-closed-assoc': {
    why: 'semantics 491: the answer to a bad association belongs to HTTP',
    expect: { class: 'accepted', frame: 'SYN_STREAM', streamId: 2, unidirectional: true },
  },
  'v3-bad-push-unknown-assoc': {
    why: 'as in SPDY/2',
    expect: { class: 'accepted', frame: 'SYN_STREAM', streamId: 2, unidirectional: true },
  },
  'v2-push-without-unidirectional': {
    why: 'A18: an association makes it a push',
    expect: { class: 'accepted', frame: 'SYN_STREAM', streamId: 2, unidirectional: true },
  },
  'v3-push-without-unidirectional': {
    why: 'A18, as in SPDY/2',
    expect: { class: 'accepted', frame: 'SYN_STREAM', streamId: 2, unidirectional: true },
  },
  'v2-bad-client-unidirectional': {
    why: 'A19: fine without HTTP',
    expect: { class: 'accepted', frame: 'SYN_STREAM', streamId: 1 },
  },
  'v3-bad-client-assoc': {
    why: 'A19: an association from a client has no meaning, and does no harm',
    expect: { class: 'accepted', frame: 'SYN_STREAM', streamId: 1 },
  },
};

/** Vectors that need other options than the default ones to give the recommended result. */
const OPTIONS: Readonly<Record<string, EngineOptions>> = {
  // Switched off, CREDENTIAL is skipped, which the vector names as the alternative.
  'v3-bad-credential-proof-overrun': { credentials: true },
  // The block inflates to a little more than the 1 MiB at which inflating stops by default.
  'v3-hdr-bomb-1MiB': { maxInflatedBlockSize: 2 << 20 },
};

/** Vectors that have a spec of their own below. */
const APART = 'v2-frame-too-large';

/** Vectors that the HTTP layer has to answer; open until there is one. */
const OPEN_UNTIL_HTTP: readonly string[] = [
  'v2-http-request-no-url',
  'v2-http-request-no-version',
  'v2-http-reply-no-version',
  'v2-http-push-no-url',
  'v2-http-content-length-mismatch',
  'v2-http-push-duplicate-header',
  'v3-http-request-no-path',
  'v3-http-request-no-version',
  'v3-http-request-no-scheme',
  'v3-http-reply-no-status',
  'v3-http-push-no-scheme',
  'v3-http-push-no-host',
  'v3-http-push-cross-origin',
  'v3-http-content-length-mismatch',
];

const GROUPS: readonly (readonly [Expectation['class'], title: string])[] = [
  ['session-error', 'end the session (checklist 16-18, 25, 43-45, 50, 69, 79, 83, 92, 93, 111)'],
  ['stream-error', 'reset a stream, and the session goes on (checklist 104)'],
  ['ignored', 'are ignored'],
  ['skipped', 'are skipped by their length (checklist 10, 15, 156, 157, 172, 281)'],
  ['accepted', 'are accepted'],
];

describe('invalid and unusual vectors', () => {
  const core = invalid.filter(({ id }) => !OPEN_UNTIL_HTTP.includes(id) && id !== APART);
  for (const [kind, title] of GROUPS) {
    describe(title, () => {
      for (const vector of core.filter((one) => expectationOf(one).class === kind)) {
        for (const version of vector.versions) {
          it(`${vector.id}, SPDY/${version}, to a ${vector.role}: ${vector.note}`, () => {
            for (const [name, cut] of CUTS) {
              const expectation = expectationOf(vector);
              const complaints = tryVector(vector, version, cut, expectation, OPTIONS[vector.id]);
              expect(complaints, name).to.deep.equal([]);
            }
          });
        }
      }
    });
  }

  describe('with default options take the alternative', () => {
    for (const id of Object.keys(OPTIONS)) {
      it(id, () => {
        const vector = invalid.find((one) => one.id === id) as InvalidVector;
        const alternative = vector.alternatives?.at(-1) as Expectation;
        const { followUp: _, ...withoutFollowUp } = vector;
        for (const version of vector.versions) {
          for (const [name, cut] of CUTS) {
            const complaints = tryVector(withoutFollowUp, version, cut, alternative);
            expect(complaints, name).to.deep.equal([]);
          }
        }
      });
    }
  });

  it(`${APART}: a SYN_STREAM of 16 MiB is inflated as it comes, nothing of it is kept, and the session ends at the limit (checklist 66, 239)`, () => {
    const vector = invalid.find(({ id }) => id === APART) as InvalidVector;
    const { engine, handler } = createEnd(SERVER, PROTO_SPDY2, { maxControlFrameSize: 65536 });
    engine.receive(bytesOf(vector));
    expect(engine.failed).to.equal(false);
    // Zeros of a header block that never ends: the zlib header with the dictionary, then stored and compressed pieces.
    const deflater = new NativeDeflater(2);
    let taken = 0;
    while (!engine.failed && taken < 16 << 20) {
      const piece = deflater.deflate(Buffer.alloc(65536));
      engine.receive(piece);
      taken += 65536;
    }
    expect(taken).to.be.within(1 << 20, (1 << 20) + 65536);
    expect(handler.sessionErrors.map(({ code }) => code)).to.deep.equal([
      'ERR_SPDY_FRAME_TOO_LARGE',
    ]);
    const frames = new FrameDecoder(engine.version).push(engine.pull() ?? Buffer.alloc(0));
    expect(frames.map(({ frame }) => frame.type)).to.deep.equal(['GOAWAY']);
  });

  it('are 150, of which exactly these wait for the HTTP layer', () => {
    expect(invalid).to.have.lengthOf(150);
    const http = invalid.filter(({ layer }) => layer === 'http').map(({ id }) => id);
    expect(http).to.have.members([...OPEN_UNTIL_HTTP, ...Object.keys(CORE_BEHAVIOUR)]);
    expect(OPEN_UNTIL_HTTP).to.have.lengthOf(14);
  });
});

function expectationOf(vector: InvalidVector): Expectation {
  return CORE_BEHAVIOUR[vector.id]?.expect ?? vector.expect;
}
