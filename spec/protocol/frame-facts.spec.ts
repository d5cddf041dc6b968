import { expect } from 'chai';
import {
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
} from '../../lib/protocol/constants.ts';
import { flagNames, frameFacts, frameName } from '../../lib/protocol/frame-facts.ts';
import { isSecret, withoutSecret } from '../../lib/protocol/secret-fields.ts';

describe('protocol/frame-facts', () => {
  it('tells type, stream, flags and length, and all other fields by their names', () => {
    const frame = { version: 3, flags: 0, length: 8, type: RST_STREAM, streamId: 5, status: 3 };
    expect(frameFacts(frame as never)).to.deep.equal({
      type: 'RST_STREAM',
      stream: 5,
      flags: [],
      length: 8,
      fields: { status: 3 },
    });
    const headers = { version: 3, flags: 1, length: 20, type: HEADERS, streamId: 1, headers: [] };
    expect(frameFacts(headers as never)).to.deep.equal({
      type: 'HEADERS',
      stream: 1,
      flags: ['FIN'],
      length: 20,
    });
    const ping = { version: 3, flags: 0, length: 4, type: PING, id: 7 };
    expect(frameFacts(ping as never)).to.deep.include({ stream: 0, fields: { id: 7 } });
  });

  it('names types, and numbers those that do not exist', () => {
    expect([SYN_STREAM, SETTINGS, 77].map(frameName)).to.deep.equal([
      'SYN_STREAM',
      'SETTINGS',
      'TYPE_77',
    ]);
  });

  it('names the flags that a type has, and tells other bits as one number', () => {
    for (const [type, flags, names] of [
      [SYN_STREAM, 3, ['FIN', 'UNIDIRECTIONAL']],
      [SYN_STREAM, 0, []],
      [SYN_REPLY, 3, ['FIN', '0x02']],
      [HEADERS, 1, ['FIN']],
      [SETTINGS, 1, ['CLEAR_SETTINGS']],
      [PING, 0x81, ['0x81']],
      [null, 1, ['FIN']],
      [null, 6, ['0x06']],
    ] as const) {
      expect(flagNames(type, flags), `${type} ${flags}`).to.deep.equal(names);
    }
  });
});

describe('protocol/secret-fields', () => {
  it('hides values of credentials and cookies, however their names are written', () => {
    expect(['cookie', 'Set-Cookie', 'AUTHORIZATION', 'accept'].map(isSecret)).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    expect(withoutSecret(['Proxy-Authorization', 'x'])).to.deep.equal([
      'Proxy-Authorization',
      '***',
    ]);
    expect(withoutSecret(['accept', 'x'])).to.deep.equal(['accept', 'x']);
  });
});
