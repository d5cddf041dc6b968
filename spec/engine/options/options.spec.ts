import { expect } from 'chai';
import { checkRange, shown } from '../../../lib/common/check.ts';
import { PAIR_COST } from '../../../lib/common/header-cost.ts';
import { Engine } from '../../../lib/engine/engine.ts';
import {
  applyOption,
  type EngineOptions,
  resolveOptions,
  type WindowUpdateMode,
} from '../../../lib/engine/options/options.ts';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import {
  CLIENT,
  OPT_MAX_RECV_CTRL_FRAME_BUFFER,
  OPT_NO_AUTO_WINDOW_UPDATE,
  OPT_NO_AUTO_WINDOW_UPDATE2,
  PROTO_SPDY3_1,
  SERVER,
} from '../../../lib/protocol/constants.ts';
import { failureOf, invalidArgument, thrownBy } from '../support/facts.ts';

/** Range and default of every option that is an integer. */
const INTEGERS: readonly (readonly [
  key: keyof EngineOptions,
  min: number,
  max: number,
  server: number,
])[] = [
  ['maxConcurrentStreams', 0, 0xffffffff, 100],
  ['initialWindowSize', 0, 0x7fffffff, 65536],
  ['receiveWindowTolerance', 0, 0x7fffffff, 0],
  ['maxDataSize', 1, 16777215, 32768],
  ['compressionLevel', 0, 9, 9],
  ['compressionWindowBits', 9, 15, 13],
  ['compressionMemLevel', 1, 9, 1],
  ['maxControlFrameSize', 8192, 16777215, 65536],
  ['maxHeaderListSize', 1, 16777215, 65536],
  ['maxHeaderCount', 1, 1000000, 256],
  ['maxStreamHeaderMemory', 0, Number.MAX_SAFE_INTEGER, 102400],
  ['maxSessionHeaderMemory', 0, Number.MAX_SAFE_INTEGER, 1048576],
  ['maxInflatedBlockSize', 65536, 0x7fffffff, 1048576],
  ['maxSettingsEntries', 1, 1000000, 64],
  ['maxOutstandingPings', 1, 1000000, 10],
  ['maxQueuedReplies', 1, 10000000, 1000],
  ['maxUnconsumedBytes', 1, Number.MAX_SAFE_INTEGER, 67108864],
  ['sessionCreditLimit', 0, Number.MAX_SAFE_INTEGER, 0],
];

const FLAGS = ['flowControl', 'lenientStreams', 'credentials'] as const;

const RATES = [
  ['streamResetRate', 1000, 33],
  ['settingsRate', 100, 10],
  ['pingRate', 1000, 100],
  ['emptyDataRate', 1000, 100],
  ['goawayRate', 100, 10],
  ['headerRate', 4194304, 4194304],
  ['windowUpdateRate', 10000, 1000],
] as const;

function resolve(key: keyof EngineOptions, value: unknown): unknown {
  return resolveOptions(SERVER, { [key]: value })[key];
}

describe('engine/options/options', () => {
  it('has a default for every option', () => {
    expect(resolveOptions(SERVER, {})).to.deep.equal({
      ...Object.fromEntries(INTEGERS.map(([key, , , fallback]) => [key, fallback])),
      ...Object.fromEntries(RATES.map(([key, burst, perSecond]) => [key, { burst, perSecond }])),
      windowUpdates: 'auto',
      headerEncoding: 'latin1',
      headerCompression: 'indexed',
      sensitiveHeaders: [],
      flowControl: true,
      lenientStreams: false,
      credentials: false,
      now: null,
    });
  });

  it('larger blocks have more memory and a higher rate', () => {
    const options = resolveOptions(SERVER, { maxHeaderListSize: 1 << 20, maxHeaderCount: 1000 });
    expect(options.maxStreamHeaderMemory).to.equal((1 << 20) + 1000 * PAIR_COST);
    expect(options.maxSessionHeaderMemory).to.equal(8 * options.maxStreamHeaderMemory);
    expect(options.headerRate).to.deep.equal({ burst: 1 << 26, perSecond: 1 << 26 });
  });

  it('more streams have more memory for headers, and a client, which opens its own, has', () => {
    const ofServer = (maxConcurrentStreams: number): number =>
      resolveOptions(SERVER, { maxConcurrentStreams }).maxSessionHeaderMemory;
    expect([1, 1000].map(ofServer)).to.deep.equal([1 << 20, 8_192_000]);
    const { headerRate } = resolveOptions(SERVER, { maxConcurrentStreams: 1000 });
    expect(headerRate).to.deep.equal({ burst: 8_192_000, perSecond: 4_194_304 });
    expect(resolveOptions(CLIENT, {}).maxSessionHeaderMemory).to.equal(1 << 24);
  });

  it('deflate compresses at a server, and stores at a client (checklist 240)', () => {
    expect(resolveOptions(SERVER, {}).compressionLevel).to.equal(9);
    expect(resolveOptions(CLIENT, {}).compressionLevel).to.equal(0);
    expect(resolveOptions(CLIENT, { compressionLevel: 6 }).compressionLevel).to.equal(6);
  });

  it('a level asks for deflate, unless the compression is named; each has its window', () => {
    const resolved = (options: EngineOptions): unknown[] => {
      const { headerCompression, compressionWindowBits } = resolveOptions(CLIENT, options);
      return [headerCompression, compressionWindowBits];
    };
    expect(resolved({})).to.deep.equal(['indexed', 13]);
    expect(resolved({ compressionLevel: 0 })).to.deep.equal(['deflate', 11]);
    expect(resolved({ headerCompression: 'deflate' })).to.deep.equal(['deflate', 11]);
    expect(resolved({ headerCompression: 'indexed', compressionLevel: 9 })).to.deep.equal([
      'indexed',
      13,
    ]);
    expect(resolved({ compressionWindowBits: 9 })).to.deep.equal(['indexed', 9]);
  });

  it('takes names of secrets, and copies them', () => {
    const given = [':path', 'X-Token'];
    const names = resolve('sensitiveHeaders', given);
    expect(names).to.deep.equal(given);
    expect(names).not.to.equal(given);
    for (const wrong of [null, 'cookie', [''], ['caf\u00e9'], [5]]) {
      expect(failureOf(() => resolve('sensitiveHeaders', wrong))).to.deep.equal(
        invalidArgument('sensitiveHeaders must be an array of header names'),
      );
    }
  });

  it('takes integers in their range and no others (checklist 8)', () => {
    for (const [key, min, max] of INTEGERS) {
      expect(resolve(key, undefined), key).to.be.a('number');
      expect([resolve(key, min), resolve(key, max)], key).to.deep.equal([min, max]);
      const infinity = key === 'receiveWindowTolerance' ? [] : [Number.POSITIVE_INFINITY];
      for (const wrong of [min - 1, max + 1, min + 0.5, Number.NaN, ...infinity, '1', null, true]) {
        expect(failureOf(() => resolve(key, wrong))).to.deep.equal(
          invalidArgument(`${key} must be an integer from ${min} to ${max}, got ${shown(wrong)}`),
        );
      }
    }
  });

  it('takes Infinity for a receive window that nobody watches', () => {
    expect(resolve('receiveWindowTolerance', Number.POSITIVE_INFINITY)).to.equal(
      Number.POSITIVE_INFINITY,
    );
  });

  it('lets blocks inflate to four times the limit of what is kept, at least to 1 MiB', () => {
    const limits = [1, 262144, 262145, 16777215].map((maxHeaderListSize) => {
      const options = resolveOptions(SERVER, { maxHeaderListSize });
      return [options.maxHeaderListSize, options.maxInflatedBlockSize];
    });
    expect(limits).to.deep.equal([
      [1, 1048576],
      [262144, 1048576],
      [262145, 1048580],
      [16777215, 67108860],
    ]);
    const options = { maxHeaderListSize: 100, maxInflatedBlockSize: 99 };
    expect(failureOf(() => resolveOptions(SERVER, options))).to.deep.equal(
      invalidArgument('maxInflatedBlockSize must be an integer from 100 to 2147483647, got 99'),
    );
  });

  it('takes true and false', () => {
    for (const key of FLAGS) {
      expect([resolve(key, true), resolve(key, false)]).to.deep.equal([true, false]);
      for (const wrong of [0, 1, 'true', null]) {
        expect(failureOf(() => resolve(key, wrong))).to.deep.equal(
          invalidArgument(`${key} must be true or false, got ${shown(wrong)}`),
        );
      }
    }
  });

  it('takes one of several words', () => {
    for (const mode of ['auto', 'manual', 'consume']) {
      expect(resolve('windowUpdates', mode)).to.equal(mode);
    }
    for (const encoding of ['latin1', 'utf8']) {
      expect(resolve('headerEncoding', encoding)).to.equal(encoding);
    }
    for (const compression of ['indexed', 'deflate']) {
      expect(resolve('headerCompression', compression)).to.equal(compression);
    }
    expect(failureOf(() => resolve('headerCompression', 'gzip'))).to.deep.equal(
      invalidArgument("headerCompression must be one of indexed, deflate, got 'gzip' (string)"),
    );
    expect(failureOf(() => resolve('windowUpdates', 'never'))).to.deep.equal(
      invalidArgument("windowUpdates must be one of auto, manual, consume, got 'never' (string)"),
    );
    expect(failureOf(() => resolve('headerEncoding', null))).to.deep.equal(
      invalidArgument('headerEncoding must be one of latin1, utf8, got null'),
    );
  });

  it('takes rates with two numbers, and copies them', () => {
    for (const [key] of RATES) {
      const given = { burst: 0, perSecond: 0.5 };
      const rate = resolve(key, given);
      expect(rate).to.deep.equal(given);
      expect(rate).not.to.equal(given);
      for (const wrong of [
        null,
        5,
        {},
        { burst: 1 },
        { perSecond: 1 },
        { burst: -1, perSecond: 1 },
        { burst: 1, perSecond: Number.NaN },
        { burst: '1', perSecond: 1 },
      ]) {
        expect(failureOf(() => resolve(key, wrong))).to.deep.equal(
          invalidArgument(`${key} must be { burst, perSecond } with numbers of at least 0`),
        );
      }
    }
  });

  it('takes a clock', () => {
    const now = (): number => 0;
    expect(resolveOptions(SERVER, { now }).now).to.equal(now);
    for (const wrong of [5, null]) {
      expect(failureOf(() => resolve('now', wrong))).to.deep.equal(
        invalidArgument(`now must be a function, got ${shown(wrong)}`),
      );
    }
  });

  it('are an object', () => {
    for (const wrong of [null, 5, 'auto']) {
      const options = wrong as unknown as EngineOptions;
      expect(failureOf(() => resolveOptions(SERVER, options))).to.deep.equal(
        invalidArgument(`options must be an object, got ${shown(wrong)}`),
      );
    }
  });

  it('checkRange() says what was expected and what came', () => {
    for (const value of [1, 2, 3])
      expect(failureOf(() => checkRange('n', value, 1, 3))).to.equal(null);
    expect(failureOf(() => checkRange('n', 0, 1, 3))).to.deep.equal(
      invalidArgument('n must be an integer from 1 to 3, got 0'),
    );
    expect(failureOf(() => checkRange('slot', 1, 0, 0))).to.deep.equal(
      invalidArgument('slot must be 0, got 1'),
    );
    expect(thrownBy(() => checkRange('n', {}, 1, 3))).to.be.instanceOf(InvalidArgumentError);
  });

  describe('numbered as in Spdylay', () => {
    it('switch automatic WINDOW_UPDATE off and on again', () => {
      const options = resolveOptions(SERVER, {});
      const credit: { mode: WindowUpdateMode } = { mode: 'auto' };
      const modes = [
        [OPT_NO_AUTO_WINDOW_UPDATE, 1],
        // What one option has switched off is not switched on by the other.
        [OPT_NO_AUTO_WINDOW_UPDATE2, 0],
        [OPT_NO_AUTO_WINDOW_UPDATE, 0],
        [OPT_NO_AUTO_WINDOW_UPDATE2, 1],
        [OPT_NO_AUTO_WINDOW_UPDATE, 0],
        [OPT_NO_AUTO_WINDOW_UPDATE2, 0],
      ].map(([option = 0, value = 0]) => {
        applyOption(options, credit, option, value);
        return credit.mode;
      });
      expect(modes).to.deep.equal(['manual', 'manual', 'auto', 'consume', 'consume', 'auto']);
    });

    it('are on or off', () => {
      const engine = new Engine(SERVER, PROTO_SPDY3_1);
      for (const option of [OPT_NO_AUTO_WINDOW_UPDATE, OPT_NO_AUTO_WINDOW_UPDATE2]) {
        for (const wrong of [-1, 2, true, undefined]) {
          expect(failureOf(() => engine.setOption(option, wrong as number))).to.deep.equal(
            invalidArgument(`the value must be an integer from 0 to 1, got ${shown(wrong)}`),
          );
        }
      }
    });

    it('limit control frames and header blocks together, from 8192 bytes on (checklist 8)', () => {
      let options = resolveOptions(SERVER, {});
      const credit: { mode: WindowUpdateMode } = { mode: 'auto' };
      const set = (value: number): void => {
        options = applyOption(options, credit, OPT_MAX_RECV_CTRL_FRAME_BUFFER, value);
      };
      for (const wrong of [8191, 16777216, 9000.5]) {
        expect(failureOf(() => set(wrong))).to.deep.equal(
          invalidArgument(
            `the limit must be an integer from 8192 to 16777215, got ${shown(wrong)}`,
          ),
        );
      }
      expect(options.maxControlFrameSize).to.equal(65536);
      const limits = [8192, 16777215].map((value) => {
        set(value);
        const { maxControlFrameSize, maxHeaderListSize, maxInflatedBlockSize } = options;
        return [maxControlFrameSize, maxHeaderListSize, maxInflatedBlockSize];
      });
      expect(limits).to.deep.equal([
        [8192, 8192, 1048576],
        [16777215, 16777215, 67108860],
      ]);
    });

    it('are no others', () => {
      const engine = new Engine(SERVER, PROTO_SPDY3_1);
      for (const option of [0, 4, '1']) {
        expect(failureOf(() => engine.setOption(option as number, 1))).to.deep.equal(
          invalidArgument(`unknown option ${option}`),
        );
      }
    });
  });
});
