import { expect } from 'chai';
import type { EngineOptions } from '../../lib/engine/options/options.ts';
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

/** Which statements of the checklist the vectors test. */
const STATEMENTS: Readonly<Record<string, readonly string[]>> = {
  '(checklist 10)': [
    'v2-bad-unknown-type',
    'v2-bad-type-zero',
    'v3-bad-unknown-type',
    'v3-bad-type-zero',
  ],
  '(checklist 172)': ['v2-bad-window_update-in-v2'],
  '(checklist 156)': ['v2-bad-noop-with-payload'],
  '(checklist 157)': ['v3-bad-noop-in-v3'],
  '(checklist 281)': ['v3-bad-credential-in-3.1'],
  '(checklist 282)': ['v3-bad-credential-proof-overrun'],
  '(checklist 50)': ['v2-bad-syn_stream-short', 'v3-bad-syn_stream-short'],
  '(checklist 69)': ['v2-bad-syn_reply-short'],
  '(checklist 83)': ['v3-bad-headers-short'],
  '(checklist 93)': ['v2-bad-rst-short', 'v2-bad-rst-long', 'v3-bad-rst-short'],
  '(checklist 147)': ['v2-bad-ping-long', 'v3-bad-ping-short', 'v3-bad-ping-long'],
  '(checklist 159)': ['v2-bad-goaway-8'],
  '(checklist 117)': [
    'v2-bad-settings-short',
    'v2-bad-settings-count-low',
    'v2-bad-settings-partial-entry',
    'v3-bad-settings-count-low',
  ],
  '(checklist 117, 118)': ['v3-bad-settings-count-high'],
  '(checklist 25)': ['v2-bad-data-stream0', 'v3-bad-data-stream0'],
  '(checklist 79)': ['v2-bad-syn_reply-stream0'],
  '(checklist 92)': ['v2-bad-headers-stream0', 'v3-bad-headers-stream0'],
  '(checklist 43)': ['v3-bad-syn_stream-stream0'],
  '(checklist 15)': ['v2-bad-version-ping', 'v2-bad-version-0'],
  '(checklist 17)': ['v2-bad-version-syn_stream', 'v3-bad-version-syn_stream'],
  '(checklist 18)': ['v3-bad-version-4-syn_reply'],
  '(checklist 13)': ['v2-flags-rst-unknown', 'v3-flags-rst-unknown', 'v3-flags-syn_stream-unknown'],
  '(checklist 13, 149)': ['v2-flags-ping-unknown'],
  '(checklist 14)': ['v2-reserved-bit-stream-id', 'v3-reserved-bit-stream-id'],
  '(checklist 35)': ['v3-bad-data-compressed'],
  '(checklist 44)': ['v2-bad-syn_stream-odd-from-server', 'v3-bad-syn_stream-even-from-client'],
  '(checklist 45)': [
    'v2-bad-syn_stream-decreasing',
    'v3-bad-syn_stream-decreasing',
    'v2-bad-syn_stream-older-active',
    'v3-bad-syn_stream-older-active',
  ],
  '(checklist 46)': ['v2-bad-syn_stream-duplicate-closed', 'v3-bad-syn_stream-duplicate-active'],
  '(checklist 61, 63, 64)': ['v2-syn_stream-over-max-concurrent'],
  '(checklist 162)': ['v3-syn_stream-after-goaway-sent'],
  '(checklist 71)': ['v2-bad-syn_reply-twice'],
  '(checklist 70)': ['v3-bad-syn_reply-twice'],
  '(checklist 72)': ['v2-bad-syn_reply-unknown'],
  '(checklist 74)': ['v2-bad-syn_reply-from-initiator', 'v3-bad-syn_reply-from-initiator'],
  '(checklist 76)': ['v2-bad-syn_reply-after-fin'],
  '(checklist 73)': ['v3-syn_reply-after-reset'],
  '(checklist 26)': ['v2-bad-data-idle', 'v3-bad-data-idle'],
  '(checklist 33)': ['v2-data-closed'],
  '(checklist 32)': ['v3-bad-data-closed'],
  '(checklist 28)': ['v3-bad-data-before-syn_reply'],
  '(checklist 30)': ['v3-bad-data-after-fin'],
  '(checklist 37)': ['v3-bad-data-on-push'],
  '(checklist 86)': ['v2-bad-headers-before-syn_reply', 'v3-bad-headers-before-syn_reply'],
  '(checklist 88)': ['v2-bad-headers-unknown'],
  '(checklist 89)': ['v3-bad-headers-after-fin'],
  '(checklist 98, 99)': ['v2-rst-unknown', 'v3-rst-unknown'],
  '(checklist 96)': ['v2-rst-status0'],
  '(checklist 97)': ['v3-rst-status-unknown'],
  '(checklist 100)': ['v3-bad-rst-stream0'],
  '(checklist 151)': [
    'v2-ping-own-parity-unsolicited',
    'v2-ping-own-parity-unsolicited-client',
    'v3-ping-own-parity-unsolicited',
  ],
  '(checklist 181)': ['v3-bad-window_update-short', 'v3-bad-window_update-long'],
  '(checklist 178)': ['v3-flow-stream-overrun', 'v31-flow-session-overrun'],
  '(checklist 182)': ['v3-wu-zero-delta-stream'],
  '(checklist 183)': ['v31-wu-zero-delta-session'],
  '(checklist 185)': ['v31-wu-overflow-session'],
  '(checklist 188)': ['v3-wu-stream0'],
  '(checklist 187)': ['v3-wu-after-our-fin'],
  '(checklist 123)': ['v3-settings-duplicate-id'],
  '(checklist 127)': ['v3-settings-id-zero'],
  '(checklist 126)': ['v3-settings-unordered'],
  '(checklist 200)': ['v3-settings-window-overflow'],
  '(checklist 168)': ['v3-goaway-raised'],
  '(checklist 207, 224)': ['v2-hdr-empty-name', 'v3-hdr-empty-name'],
  '(checklist 210, 224)': ['v2-hdr-duplicate', 'v3-hdr-duplicate'],
  '(checklist 209, 224)': [
    'v2-hdr-name-ctl',
    'v3-hdr-name-ctl',
    'v2-hdr-name-nonascii',
    'v3-hdr-name-nonascii',
  ],
  '(checklist 212, 224)': [
    'v2-hdr-value-trailing-nul',
    'v3-hdr-value-trailing-nul',
    'v2-hdr-value-double-nul',
    'v3-hdr-value-double-nul',
  ],
  '(checklist 216, 224)': ['v2-hdr-value-crlf', 'v3-hdr-value-crlf'],
  '(checklist 213)': ['v3-hdr-value-empty'],
  '(checklist 214)': ['v2-hdr-value-empty'],
  '(checklist 218, 224)': [
    'v2-hdr-count-too-low',
    'v3-hdr-count-too-low',
    'v2-hdr-value-overrun',
    'v3-hdr-value-overrun',
    'v2-hdr-truncated-count',
    'v3-hdr-truncated-count',
  ],
  '(checklist 218, 219)': ['v2-hdr-count-huge', 'v3-hdr-count-huge'],
  '(checklist 232)': ['v2-zlib-garbage', 'v3-zlib-garbage'],
  '(checklist 231)': ['v2-zlib-wrong-dictionary', 'v3-zlib-wrong-dictionary'],
  '(checklist 233)': ['v2-zlib-stream-end', 'v3-zlib-stream-end'],
  '(checklist 65, 238)': ['v3-hdr-bomb-1MiB'],
  '(checklist 248)': ['v2-push-without-unidirectional', 'v3-push-without-unidirectional'],
  '(checklist 277)': [
    'v2-bad-push-assoc0',
    'v3-bad-push-assoc0',
    'v2-bad-client-unidirectional',
    'v3-bad-client-assoc',
  ],
};

const GROUPS: readonly (readonly [Expectation['class'], title: string])[] = [
  ['session-error', 'end the session (checklist 21, 111, 114)'],
  ['stream-error', 'reset a stream, and the session goes on (checklist 104)'],
  ['ignored', 'are ignored'],
  ['skipped', 'are skipped by their length'],
  ['accepted', 'are accepted'],
];

describe('invalid and unusual vectors', () => {
  const core = invalid.filter(({ id }) => !OPEN_UNTIL_HTTP.includes(id) && id !== APART);
  for (const [kind, title] of GROUPS) {
    describe(title, () => {
      for (const vector of core.filter((one) => expectationOf(one).class === kind)) {
        for (const version of vector.versions) {
          const title = `${vector.id}, SPDY/${version}, to a ${vector.role}: ${vector.note}`;
          it(`${title} ${statementsOf(vector.id)}`, () => {
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

  it('are all there where the statements name them', () => {
    const named = Object.values(STATEMENTS).flat();
    expect(invalid.map(({ id }) => id)).to.include.members(named);
  });

  it('are 150, of which exactly these wait for the HTTP layer', () => {
    expect(invalid).to.have.lengthOf(150);
    const http = invalid.filter(({ layer }) => layer === 'http').map(({ id }) => id);
    expect(http).to.have.members([...OPEN_UNTIL_HTTP, ...Object.keys(CORE_BEHAVIOUR)]);
    expect(OPEN_UNTIL_HTTP).to.have.lengthOf(14);
  });
});

function statementsOf(id: string): string {
  return Object.keys(STATEMENTS).find((key) => STATEMENTS[key]?.includes(id)) ?? '';
}

function expectationOf(vector: InvalidVector): Expectation {
  return CORE_BEHAVIOUR[vector.id]?.expect ?? vector.expect;
}
