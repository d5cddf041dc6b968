import { inflateSync } from 'node:zlib';
import { expect } from 'chai';
import { npnGetVersion, selectNextProtocol } from '../../lib/session/negotiate.ts';
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
        for (const version of [scenario.version, ...(scenario.alsoVersions ?? [])]) {
          it(`${scenario.id}, SPDY/${version}: ${scenario.title}`, () => {
            const number = VERSION_NUMBERS[version];
            expect(replayScenario(scenario, number, style, overrides)).to.deep.equal([]);
          });
        }
      }
    });
  }

  it('are all there, and no deviation names one that is not', () => {
    expect(scenarios).to.have.lengthOf(128);
    const named = [...Object.keys(DEVIATIONS), ...LEFT_OUT.pull];
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
