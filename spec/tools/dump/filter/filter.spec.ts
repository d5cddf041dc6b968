import { expect } from 'chai';
import type { DumpFrame } from '../../../../lib/tools/dump/events.ts';
import { parseFilter } from '../../../../lib/tools/dump/filter/filter.ts';
import { FIELD_NAMES } from '../../../../lib/tools/dump/filter/filter-fields.ts';
import { FilterError } from '../../../../lib/tools/dump/filter/filter-lexer.ts';

const FRAME: DumpFrame = {
  event: 'frame',
  connection: 1,
  time: 5,
  number: 7,
  direction: 's2c',
  offset: 100,
  type: 'SYN_REPLY',
  stream: 5,
  flags: ['FIN'],
  length: 33,
  headers: [
    [':status', '404 Not Found'],
    ['content-type', 'text/html'],
    ['set-cookie', 'a'],
    ['set-cookie', 'b'],
  ],
  headerBytes: { compressed: 29, plain: 80 },
  warnings: ['a second SYN_REPLY'],
};

const RESET: DumpFrame = {
  ...FRAME,
  type: 'RST_STREAM',
  headers: [],
  flags: [],
  fields: { status: 3 },
  warnings: [],
};

describe('parseFilter()', () => {
  const holds: readonly string[] = [
    'stream == 5',
    'stream==5 && type==SYN_REPLY',
    'stream eq 5 and type eq syn_reply',
    'stream != 4',
    'length > 32 && length >= 33 && length < 34 && length <= 33',
    'direction == s2c',
    'status == 404',
    'status == "404 Not Found"',
    'status contains "not found"',
    'header.content-type matches "^text/"',
    'header.content-type ~ "html$"',
    'header.set-cookie == b',
    'header.:status contains 404',
    'fin',
    'flags == FIN',
    'warning contains reply',
    '!unidirectional',
    'not (type == DATA or type == PING)',
    'type == DATA || stream == 5',
    'type == DATA && stream == 6 || stream == 5',
    'stream = 0x5',
    "type == 'SYN_REPLY'",
    'plain > 50 && compressed == 29',
    'number == 7 && connection == 1 && offset == 100 && time == 5',
    'host == x || length == 33',
  ];
  for (const text of holds) {
    it(`holds: ${text}`, () => expect(parseFilter(text)(FRAME)).to.equal(true));
  }

  const fails: readonly string[] = [
    'stream == 4',
    'window > 0',
    'window != 0',
    'type == DATA',
    'host',
    'header.accept == x',
    'stream == 5 && !fin',
    'stream == five',
    'unidirectional',
  ];
  for (const text of fails) {
    it(`fails: ${text}`, () => expect(parseFilter(text)(FRAME)).to.equal(false));
  }

  it('knows the reason of a reset by number and by name', () => {
    for (const text of ['reason == 3', 'reason == REFUSED_STREAM']) {
      expect(parseFilter(text)(RESET)).to.equal(true);
      expect(parseFilter(text)(FRAME)).to.equal(false);
    }
  });

  it('reads every field', () => {
    for (const name of FIELD_NAMES) expect(parseFilter(name)(FRAME)).to.be.a('boolean');
  });

  const wrong: readonly [string, string, number][] = [
    ['strem == 5', "there is no field 'strem', did you mean stream?", 0],
    ['xyzzy == 5', "there is no field 'xyzzy'", 0],
    ['constructor', "there is no field 'constructor'", 0],
    ['stream == ', 'a value should stand here, not the end', 10],
    ['stream 5', "a comparison should stand here, not '5'", 7],
    ['stream == 5 type', "the end should stand here, not 'type'", 12],
    ['(stream == 5', "')' should stand here, not the end", 12],
    ['', 'a field should stand here, not the end', 0],
    ['5 == stream', "a field should stand here, not '5'", 0],
    ['stream < x', '< takes a number', 9],
    ['stream == "5', 'a text without its end', 10],
    ['stream % 5', "'%' has no meaning here", 7],
    ['type matches "["', 'Invalid regular expression: /[/i: Unterminated character class', 13],
    ['stream ! 5', "'!' is no comparison", 7],
    [`${'!'.repeat(101)}fin`, 'too many parentheses', 100],
  ];
  for (const [text, message, at] of wrong) {
    it(`refuses: ${text.slice(0, 20)}`, () => {
      expect(() => parseFilter(text))
        .to.throw(FilterError, message)
        .with.property('at', at);
    });
  }
});
