import { expect } from 'chai';
import { InvalidArgumentError } from '../../lib/errors.ts';
import {
  type HeaderEncoding,
  headerBlockLength,
  prepareHeaders,
  presentHeaders,
} from '../../lib/framing/header-list.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import {
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  SPDY2,
  SPDY3,
  SPDY3_1,
} from '../../lib/protocol/version.ts';
import { memoryInUse } from '../scenarios/attack-support.ts';

function prepare(
  headers: HeaderList,
  version: ProtocolVersion = SPDY3_1,
  encoding: HeaderEncoding = 'latin1',
): HeaderList {
  return prepareHeaders(version, headers, encoding);
}

function expectRefusal(
  headers: unknown,
  message: string | RegExp,
  version: ProtocolVersion = SPDY3_1,
  encoding: HeaderEncoding = 'latin1',
): void {
  expect(() => prepareHeaders(version, headers as HeaderList, encoding))
    .to.throw(InvalidArgumentError, message)
    .with.property('code', 'ERR_SPDY_INVALID_ARGUMENT');
}

describe('framing/header-list', () => {
  describe('prepareHeaders', () => {
    it('keeps the order and copies the list, so that later changes do not matter (checklist 222)', () => {
      const pair: [string, string] = ['z', '1'];
      const list = [pair, ['a', '2'], [':m', '3']] as [string, string][];
      const prepared = prepare(list);
      pair[1] = 'changed';
      list.pop();
      expect(prepared).to.deep.equal([
        ['z', '1'],
        ['a', '2'],
        [':m', '3'],
      ]);
    });

    it('accepts an empty list', () => {
      for (const version of PROTOCOL_VERSIONS) expect(prepare([], version)).to.deep.equal([]);
    });

    it('lower-cases names, also those it has seen before (checklist 208)', () => {
      for (let i = 0; i < 2; i++) {
        expect(prepare([['Content-TYPE', 'Text/HTML']])).to.deep.equal([
          ['content-type', 'Text/HTML'],
        ]);
      }
      const long = 'X-Long-Name-'.repeat(20);
      expect(prepare([[long, '1']])).to.deep.equal([[long.toLowerCase(), '1']]);
    });

    it('joins the values of one name by NUL where the first one stood (checklist 210, 211)', () => {
      expect(
        prepare([
          ['set-cookie', 'a=1'],
          ['x', 'y'],
          ['Set-Cookie', 'b=2\0c=3'],
          ['SET-COOKIE', 'd=4'],
        ]),
      ).to.deep.equal([
        ['set-cookie', 'a=1\0b=2\0c=3\0d=4'],
        ['x', 'y'],
      ]);
    });

    it('merges in long lists as in short ones', () => {
      const names = Array.from({ length: 100 }, (_, index) => `name-${index}`);
      const once = names.map((name) => [name, '1'] as const);
      const prepared = prepare([...once, ...once, ['name-3', 'x'], ['extra', '']]);
      expect(prepared).to.have.length(101);
      expect(prepared[3]).to.deep.equal(['name-3', '1\x001\0x']);
      expect(prepared[99]).to.deep.equal(['name-99', '1\x001']);
      expect(prepared[100]).to.deep.equal(['extra', '']);
    });

    it('leaves empty values among several out (checklist 215)', () => {
      for (const version of PROTOCOL_VERSIONS) {
        expect(
          prepare(
            [
              ['a', ''],
              ['a', '1'],
              ['a', ''],
              ['a', '2'],
            ],
            version,
          ),
        ).to.deep.equal([['a', '1\x002']]);
      }
    });

    it('sends one empty value when all are empty, and leaves the header out in SPDY/2 (checklist 213, 214)', () => {
      const headers: HeaderList = [
        ['a', ''],
        ['b', '1'],
        ['a', ''],
        ['c', ''],
      ];
      expect(prepare(headers)).to.deep.equal([
        ['a', ''],
        ['b', '1'],
        ['c', ''],
      ]);
      expect(prepare(headers, SPDY2)).to.deep.equal([['b', '1']]);
    });

    it('writes the pseudo headers of SPDY/2 without their colon', () => {
      const headers: HeaderList = [
        [':Method', 'GET'],
        [':path', '/'],
        [':version', 'HTTP/1.1'],
        [':host', 'a'],
        [':scheme', 'http'],
        [':status', '200'],
        [':other', 'x'],
      ];
      for (let i = 0; i < 2; i++) {
        expect(prepare(headers, SPDY2)).to.deep.equal([
          ['method', 'GET'],
          ['url', '/'],
          ['version', 'HTTP/1.1'],
          ['host', 'a'],
          ['scheme', 'http'],
          ['status', '200'],
          [':other', 'x'],
        ]);
        expect(prepare(headers, SPDY3)[1]).to.deep.equal([':path', '/']);
      }
    });

    it('merges names that become equal in SPDY/2', () => {
      const headers: HeaderList = [
        ['url', '/a'],
        [':path', '/b'],
      ];
      expect(prepare(headers, SPDY2)).to.deep.equal([['url', '/a\0/b']]);
    });

    it('refuses what is no list of pairs', () => {
      expectRefusal(null, 'expected an array of pairs, got null');
      expectRefusal({ a: 'b' }, 'expected an array of pairs, got object');
      expectRefusal('text', 'got "text"');
      expectRefusal(['text'], 'headers[0]: expected a pair of strings [name, value], got "text"');
      expectRefusal([['a', 'b'], ['c']], 'headers[1]: expected a pair of strings');
      expectRefusal([['a', 'b', 'c']], 'got ["a", "b", "c"]');
      expectRefusal([['content-length', 12]], 'got ["content-length", number]');
      expectRefusal([[12, 'x']], 'got [number, "x"]');
      expectRefusal([undefined], 'got undefined');
      // A hole of an array.
      expectRefusal(new Array(1), 'got undefined');
    });

    it('refuses empty names and names with other bytes than 0x20 to 0x7e (checklist 207, 209)', () => {
      expectRefusal([['', 'x']], "headers[0]: expected a name, got ''");
      for (const name of ['a\nb', 'a\0', '\x1f', '\x7f', 'ä', '☃']) {
        expectRefusal(
          [
            ['ok', ''],
            [name, 'x'],
          ],
          'headers[1]: expected a name of characters 0x20 to 0x7e',
        );
      }
      expect(prepare([['a b!~', 'x']])).to.deep.equal([['a b!~', 'x']]);
    });

    it('does not turn other letters into ASCII ones', () => {
      // KELVIN SIGN is "k" in lower case.
      expectRefusal([['\u212a', 'x']], 'expected a name');
    });

    it('refuses control characters in values, but for HT (checklist 216)', () => {
      for (let code = 1; code < 0x80; code++) {
        const value = `a${String.fromCharCode(code)}b`;
        if (code === 9 || (code >= 0x20 && code !== 0x7f)) {
          expect(prepare([['x', value]])).to.deep.equal([['x', value]]);
        } else {
          expectRefusal([['x', value]], 'headers[0] ("x"): expected a value without control');
        }
      }
    });

    it('refuses NULs that enclose nothing (checklist 212)', () => {
      for (const value of ['\0', '\0a', 'a\0', 'a\0\0b']) {
        expectRefusal([['x', value]], 'expected non-empty values between NULs');
      }
      expect(prepare([['x', 'a\0b\0c']])).to.deep.equal([['x', 'a\0b\0c']]);
    });

    it('takes characters up to 0xff, and all of them when the encoding is UTF-8 (checklist 217)', () => {
      expect(prepare([['x', '\x80ÿ']])).to.deep.equal([['x', '\x80ÿ']]);
      expectRefusal([['x', 'snow ☃']], 'headerEncoding is latin1');
      expect(prepare([['x', 'snow ☃']], SPDY3, 'utf8')).to.deep.equal([['x', 'snow ☃']]);
    });

    it('shortens long values in messages', () => {
      expectRefusal([['x', `\n${'a'.repeat(1000)}`]], /a{59}\.\.\."$/);
    });

    it('refuses in SPDY/2 what 16 bits cannot count (checklist 223)', () => {
      const most = 'v'.repeat(65535);
      expect(prepare([[most, most]], SPDY2)).to.have.length(1);
      expectRefusal([['x', `${most}v`]], 'at most 65535 bytes in SPDY/2, got 65536', SPDY2);
      expectRefusal([[`${most}v`, 'x']], 'at most 65535 bytes in SPDY/2, got 65536', SPDY2);
      expectRefusal(
        [
          ['x', most],
          ['x', 'v'],
        ],
        'got 65537',
        SPDY2,
      );
      expectRefusal([['x', 'ä'.repeat(32768)]], 'got 65536', SPDY2, 'utf8');
      expect(prepare([['x', `${most}v`]], SPDY3)).to.have.length(1);
    });

    it('refuses more than 65535 names in SPDY/2 (checklist 223)', () => {
      const headers = Array.from({ length: 65536 }, (_, index) => [`n${index}`, 'v'] as const);
      expectRefusal(headers, 'at most 65535 names in SPDY/2, got 65536', SPDY2);
      expect(prepare(headers.slice(1), SPDY2)).to.have.length(65535);
      expect(prepare(headers, SPDY3)).to.have.length(65536);
    });

    it('stays right and small when every name is new', () => {
      for (let i = 0; i < 3000; i++) {
        expect(prepare([[`Name-${i}`, 'x']])).to.deep.equal([[`name-${i}`, 'x']]);
      }
    });
  });

  describe('presentHeaders', () => {
    it('gives the pseudo headers of SPDY/2 the names of SPDY/3', () => {
      expect(
        presentHeaders(SPDY2, [
          ['method', 'GET'],
          ['url', '/'],
          ['version', 'HTTP/1.1'],
          ['host', 'a'],
          ['scheme', 'http'],
          ['status', '200'],
          ['accept', '*/*'],
        ]),
      ).to.deep.equal([
        [':method', 'GET'],
        [':path', '/'],
        [':version', 'HTTP/1.1'],
        [':host', 'a'],
        [':scheme', 'http'],
        [':status', '200'],
        ['accept', '*/*'],
      ]);
    });

    it('makes pairs of values that NUL joins', () => {
      for (const version of [SPDY2, SPDY3]) {
        expect(
          presentHeaders(version, [
            ['a', '1\0' + '2'],
            ['b', '3'],
          ]),
        ).to.deep.equal([
          ['a', '1'],
          ['a', '2'],
          ['b', '3'],
        ]);
      }
    });

    it('leaves the list of other versions alone', () => {
      const headers: HeaderList = [['url', '/']];
      expect(presentHeaders(SPDY3, headers)).to.equal(headers);
      expect(presentHeaders(SPDY3_1, headers)).to.equal(headers);
    });
  });

  it('gives out names that keep nothing alive of which they were cut out', () => {
    for (const [version, length] of [
      [SPDY2, 20],
      [SPDY3_1, 20],
      [SPDY3_1, 100],
    ] as const) {
      const names: string[] = [];
      const before = memoryInUse();
      for (let i = 0; i < 500; i++) {
        const name = `name-${i}-`.padEnd(length, 'x');
        const block = Buffer.from(`${name}${'.'.repeat(50_000)}`).toString('latin1');
        const [header] = prepare([[block.slice(0, length), 'value']], version);
        names.push(header?.[0] as string);
      }
      const taken = memoryInUse() - before;
      expect(names.map((name) => name.length)).to.deep.equal(names.map(() => length));
      expect(taken).to.be.below(12_000_000);
    }
  });

  it('notes usual values for the next list, but none that is long', () => {
    const notes = { characters: 0, several: false, usual: [] as string[] };
    const [most, long] = ['x'.repeat(4096), 'x'.repeat(4097)];
    for (const value of ['a', most, long, '\xe9', most]) {
      const headers: HeaderList = [['name', value]];
      expect(prepareHeaders(SPDY3_1, headers, 'latin1', notes)).to.deep.equal(headers);
      expect(notes.characters).to.equal(4 + value.length);
      expect(notes.several).to.equal(value === '\xe9');
    }
    expect(notes.usual).to.deep.equal([most]);
    prepareHeaders(SPDY3_1, [['name', long]], 'latin1', notes);
    expect(notes.usual).to.deep.equal([most]);
  });

  describe('headerBlockLength', () => {
    it('counts the bytes of the plain block', () => {
      expect(headerBlockLength(SPDY2, [], 'latin1')).to.equal(2);
      expect(headerBlockLength(SPDY3, [], 'latin1')).to.equal(4);
      const headers: HeaderList = [
        ['a', 'ä'],
        ['bc', ''],
      ];
      expect(headerBlockLength(SPDY2, headers, 'latin1')).to.equal(2 + 4 + 2 + 4 + 2);
      expect(headerBlockLength(SPDY3, headers, 'utf8')).to.equal(4 + 8 + 3 + 8 + 2);
    });
  });
});
