import { inflateSync } from 'node:zlib';
import { expect } from 'chai';
import { npnGetVersion, selectNextProtocol } from '../../lib/session/transport/negotiate.ts';
import { readJson } from '../support/corpus-data.ts';
import type { Override } from './golden-compare.ts';
import { replayScenario, type Scenario, type Style, VERSION_NUMBERS } from './golden-replay.ts';

/** A difference from a scenario beyond its own `expectSteps`. */
interface Deviation {
  readonly why: string;
  /** The only style that differs. Default: both. */
  readonly style?: Style;
  readonly steps: Readonly<Record<string, Override>>;
}

const UPLOAD_COUNTS =
  'the DATA frame that Spdylay (and send() here) has taken out of the queue already is still queued when it is pulled later';

/**
 * Where this engine deliberately differs from what a scenario expects, beyond its own `expectSteps`: what is expected
 * instead in which step, and why. Everything else is compared without mercy.
 */
const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  'hdr-invalid-recv-v2': {
    why: 'how a block that breaks the rules is shown is free: here without its empty values, and names untruncated',
    steps: {
      8: { callbacks: [{ cb: 'on_invalid_ctrl_recv', status: 1, frame: { streamId: 9 } }] },
      22: { callbacks: [{ cb: 'on_invalid_ctrl_recv', status: 1, frame: { streamId: 23 } }] },
    },
  },
  'sched-upload-vs-request': {
    why: UPLOAD_COUNTS,
    style: 'pull',
    steps: { 1: { queueSize: 1 }, 2: { queueSize: 2 } },
  },
  'sched-ping-between-data': {
    why: `${UPLOAD_COUNTS}, so that PING overtakes it`,
    style: 'pull',
    steps: { 1: { queueSize: 1 }, 2: { queueSize: 2 }, 3: { queueSize: 1, orderFree: true } },
  },
  'out-connection-window-update-waits': {
    why: UPLOAD_COUNTS,
    style: 'pull',
    steps: { 1: { queueSize: 1 }, 2: { queueSize: 2 } },
  },
  'second-data-while-deferred': {
    why: 'the second item waits behind the deferred one, so there is nothing to write; after the resumption both are queued',
    steps: { 4: { wantWrite: false, queueSize: 0 }, 6: { queueSize: 2 } },
  },
  'fail-session-with-stream': {
    why: 'the queued reply is dropped, and reported, when the session fails, so that GOAWAY alone is left',
    steps: {
      2: {
        callbacksMayAdd: ['on_stream_close', 'on_ctrl_not_send'],
        wantRead: false,
        queueSize: 1,
      },
      3: { wantRead: false, queueSize: 1 },
    },
  },
  'fail-session-twice': {
    why: 'wantWrite is true while GOAWAY waits (D1), in these steps as in the one after them',
    steps: { 0: { wantWrite: true }, 1: { wantWrite: true }, 2: { wantWrite: true } },
  },
};

/** Scenarios that make no sense in a style. */
const LEFT_OUT: Readonly<Record<Style, readonly string[]>> = {
  send: [],
  // About a frame of which some bytes have left. With pull() it has left when it was pulled.
  pull: ['out-initial-state-reply'],
};

/** Which statements of the checklist the scenarios test. */
const STATEMENTS: Readonly<Record<string, readonly string[]>> = {
  '(checklist 5)': ['syn-recv-bytewise-v2', 'input-all-frames-bytewise'],
  '(checklist 13, 14, 55)': ['syn-recv-flags-and-reserved-bits'],
  '(checklist 52)': ['syn-recv-priority-v2'],
  '(checklist 46)': ['syn-recv-duplicate-closed'],
  '(checklist 44)': ['syn-recv-wrong-parity-server'],
  '(checklist 43)': ['syn-recv-id-zero'],
  '(checklist 50)': ['syn-recv-short'],
  '(checklist 208, 224)': ['syn-recv-uppercase-v2'],
  '(checklist 58, 277)': ['syn-recv-unidirectional-at-server'],
  '(checklist 59)': ['push-recv-fin-uni'],
  '(checklist 78)': ['push-recv-syn-reply'],
  '(checklist 247)': ['push-outlives-associated'],
  '(checklist 109, 253)': ['push-server-cancelled-associated'],
  '(checklist 248)': ['push-recv-not-unidirectional'],
  '(checklist 70)': ['reply-recv-twice-v3'],
  '(checklist 75)': ['reply-recv-after-fin-v3'],
  '(checklist 73)': ['reply-recv-after-own-reset'],
  '(checklist 87)': ['headers-recv-peer-stream'],
  '(checklist 89)': ['headers-recv-after-fin-v3'],
  '(checklist 86)': ['headers-recv-before-reply'],
  '(checklist 88)': ['headers-recv-unknown'],
  '(checklist 22, 23)': ['data-recv-empty'],
  '(checklist 26)': ['data-recv-unknown-v2'],
  '(checklist 34)': ['data-recv-closing'],
  '(checklist 29, 115)': ['data-recv-before-reply-v2'],
  '(checklist 31)': ['data-recv-after-fin-v2'],
  '(checklist 33)': ['data-recv-closed-v2'],
  '(checklist 37)': ['data-recv-on-own-unidirectional'],
  '(checklist 35)': ['data-recv-compressed-flag'],
  '(checklist 97)': ['rst-recv'],
  '(checklist 98, 99)': ['rst-recv-unknown'],
  '(checklist 101, 102)': ['rst-recv-refuses-queued'],
  '(checklist 147)': ['bad-ping-long'],
  '(checklist 181)': ['bad-window-update-long'],
  '(checklist 117, 118)': ['bad-settings-count-overflow'],
  '(checklist 159)': ['bad-goaway-8-v2'],
  '(checklist 221)': ['bad-headers-no-block'],
  '(checklist 231)': ['bad-zlib-wrong-dictionary'],
  '(checklist 218, 224)': ['bad-block-trailing', 'bad-block-name-length'],
  '(checklist 10, 157)': ['types-unknown-v3'],
  '(checklist 16)': ['version-other-blockless-v3'],
  '(checklist 18)': ['version-unknown-syn-reply-aborts'],
  '(checklist 65, 238)': ['limit-syn-stream', 'limit-boundary'],
  '(checklist 8)': ['limit-options'],
  '(checklist 211, 215)': ['hdr-merge-empty-first'],
  '(checklist 54)': ['submit-priority-too-large'],
  '(checklist 39)': ['submit-headers-fin-then-data'],
  '(checklist 80)': ['not-send-syn-reply'],
  '(checklist 47, 278)': ['sched-classes'],
  '(checklist 40, 279)': ['sched-upload-vs-request'],
  '(checklist 130)': ['sched-max-concurrent'],
  '(checklist 172)': ['flow-v2-none', 'flow-update-ignored-v2'],
  '(checklist 174, 177, 179)': ['flow-session'],
  '(checklist 201)': ['flow-initial-zero'],
  '(checklist 180)': ['flow-fin-needs-no-window'],
  '(checklist 185)': ['flow-overflow-session'],
  '(checklist 183)': ['flow-delta-zero-session'],
  '(checklist 135)': ['flow-settings-too-big'],
  '(checklist 191-193)': ['flowrecv-session'],
  '(checklist 174, 178)': ['flowrecv-overrun-session'],
  '(checklist 162, 167, 171)': ['goaway-send'],
  '(checklist 163)': ['goaway-then-request'],
  '(checklist 164)': ['goaway-recv-stalled-requests'],
  '(checklist 165, 168)': ['goaway-recv-raised'],
  '(checklist 161)': ['goaway-last-good-refused'],
  '(checklist 111, 115)': ['fail-session-with-stream'],
  '(checklist 171)': ['fail-session-twice'],
  '(checklist 123, 127, 128, 196)': ['settings-recv'],
  '(checklist 124, 125, 127)': ['settings-submit'],
  '(checklist 149)': ['ping-echo'],
  '(checklist 152)': ['ping-two-outstanding'],
};

const scenarios = readJson<Scenario[]>('scenarios.json');

describe('golden scenarios: what Spdylay did, and where a new engine should differ', () => {
  const STYLES: readonly (readonly [Style, string])[] = [
    ['send', 'written by send() through sendCb'],
    ['pull', 'pulled'],
  ];
  for (const [style, title] of STYLES) {
    describe(title, () => {
      for (const scenario of scenarios) {
        if (scenario.version === null || LEFT_OUT[style].includes(scenario.id)) continue;
        const deviation = DEVIATIONS[scenario.id];
        const applies = deviation && (deviation.style ?? style) === style;
        const overrides = mergeSteps(scenario.expectSteps ?? {}, applies ? deviation.steps : {});
        const statements = statementsOf(scenario.id);
        for (const version of [scenario.version, ...(scenario.alsoVersions ?? [])]) {
          it(`${scenario.id}, SPDY/${version}: ${scenario.title}${statements}`, () => {
            const number = VERSION_NUMBERS[version];
            expect(replayScenario(scenario, number, style, overrides)).to.deep.equal([]);
          });
        }
      }
    });
  }

  it('are all there, and no table names one that is not', () => {
    expect(scenarios).to.have.lengthOf(128);
    const named = [
      ...Object.keys(DEVIATIONS),
      ...LEFT_OUT.pull,
      ...Object.values(STATEMENTS).flat(),
    ];
    expect(scenarios.map(({ id }) => id)).to.include.members(named);
  });
});

describe('golden functions', () => {
  interface FunctionArgs {
    readonly list?: readonly string[];
    readonly name?: string;
    readonly hex?: string;
  }
  interface FunctionScenario {
    readonly id: string;
    readonly steps: readonly { readonly args: FunctionArgs }[];
    readonly observed: readonly { readonly ret: unknown }[];
  }
  const cases = (id: string) => {
    const scenario = readJson<FunctionScenario[]>('scenarios.json').find((one) => one.id === id);
    if (!scenario) throw new Error(`no scenario ${id}`);
    return scenario.steps.map(({ args }, index) => [args, scenario.observed[index]?.ret] as const);
  };

  it('npn-select: selectNextProtocol takes the best version of a list of names', () => {
    for (const [{ list, hex = '' }, ret] of cases('npn-select')) {
      const selected = selectNextProtocol(list ?? Buffer.from(hex, 'hex')) ?? {
        version: -1,
        protocol: null,
      };
      const answer = { version: selected.version, selected: selected.protocol };
      expect(answer, JSON.stringify(list)).to.deep.equal(ret);
    }
  });

  it('npn-version: npnGetVersion knows exact names only', () => {
    for (const [{ name }, ret] of cases('npn-version')) {
      expect(npnGetVersion(String(name)), String(name)).to.equal(ret);
    }
  });

  it('gzip-inflate: is left to node:zlib, which gives the same bytes and refuses the same', () => {
    const [good, bad] = cases('gzip-inflate');
    const pieces = good?.[1] as { text: string }[];
    const bytes = Buffer.from(String(good?.[0].hex), 'hex');
    const text = inflateSync(bytes, { finishFlush: 2 }).toString('latin1');
    expect(text).to.equal(pieces.map((piece) => piece.text).join(''));
    expect(() => inflateSync(Buffer.from(String(bad?.[0].hex), 'hex'))).to.throw();
  });
});

function statementsOf(id: string): string {
  const key = Object.keys(STATEMENTS).find((one) => STATEMENTS[one]?.includes(id));
  return key ? ` ${key}` : '';
}

function mergeSteps(
  expected: Readonly<Record<string, Override>>,
  ours: Readonly<Record<string, Override>>,
): Record<string, Override> {
  const merged: Record<string, Override> = { ...expected };
  for (const [index, override] of Object.entries(ours)) {
    merged[index] = { ...merged[index], ...override };
  }
  return merged;
}
