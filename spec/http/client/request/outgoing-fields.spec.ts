import { OutgoingMessage } from 'node:http';
import { expect } from 'chai';
import { OutgoingFields } from '../../../../lib/http/client/request/outgoing-fields.ts';

describe('http/client/request/outgoing-fields', () => {
  for (const count of [3, 16, 17, 100]) {
    it(`${count} fields are kept as http keeps them`, () => {
      const fields = new OutgoingFields();
      const message = new OutgoingMessage();
      const set = (name: string, value: number | string | string[]): void => {
        fields.set(name, value);
        message.setHeader(name, value);
      };
      const append = (name: string, value: string | string[]): void => {
        fields.append(name, value);
        message.appendHeader(name, value);
      };
      const remove = (name: string): void => {
        fields.remove(name);
        message.removeHeader(name);
      };
      const agree = (step: string): void => {
        expect(fields.toObject(), step).to.deep.equal(message.getHeaders());
        expect(fields.keys, step).to.deep.equal(message.getHeaderNames());
        expect(fields.names, step).to.deep.equal(
          (message as unknown as { getRawHeaderNames(): string[] }).getRawHeaderNames(),
        );
        for (const name of ['X-0', 'x-1', `X-${count - 1}`, 'x-new', 'x-none']) {
          expect(fields.get(name), `${step}, ${name}`).to.deep.equal(message.getHeader(name));
          expect(fields.has(name), `${step}, ${name}`).to.equal(message.hasHeader(name));
        }
      };
      for (let i = 0; i < count; i++) set(`X-${i}`, i % 3 === 0 ? i : [`a${i}`, 'b']);
      agree('set');
      set('x-0', 'anew');
      set(`x-${count - 1}`, ['c']);
      agree('set anew');
      append('X-1', 'd');
      append('X-0', ['e', 'f']);
      append('X-New', 'g');
      agree('appended');
      remove('X-1');
      remove('x-none');
      agree('removed');
      append('x-1', 'h');
      agree('there again');
    });
  }

  it('become a pair for each value', () => {
    const fields = new OutgoingFields();
    fields.set('Content-Length', 5);
    fields.set('Set-Cookie', ['a', 'b']);
    fields.set('X-Text', 'c');
    expect(fields.toPairs()).to.deep.equal([
      ['content-length', '5'],
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
      ['x-text', 'c'],
    ]);
  });

  it('refuse what http refuses', () => {
    const fields = new OutgoingFields();
    const refused: [() => unknown, string][] = [
      [() => fields.set('a b', '1'), 'ERR_INVALID_HTTP_TOKEN'],
      [() => fields.set('a', undefined as never), 'ERR_HTTP_INVALID_HEADER_VALUE'],
      [() => fields.append('a', '\n'), 'ERR_INVALID_CHAR'],
      [() => fields.get(5 as never), 'ERR_INVALID_ARG_TYPE'],
      [() => fields.has(5 as never), 'ERR_INVALID_ARG_TYPE'],
      [() => fields.remove(5 as never), 'ERR_INVALID_ARG_TYPE'],
    ];
    for (const [act, code] of refused) {
      expect(act).to.throw(TypeError).with.property('code', code);
    }
    expect(fields.keys).to.deep.equal([]);
  });
});
