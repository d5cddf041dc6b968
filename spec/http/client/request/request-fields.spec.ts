import { OutgoingMessage } from 'node:http';
import { expect } from 'chai';
import { RequestFields } from '../../../../lib/http/client/request/request-fields.ts';

class Message extends RequestFields {
  headersSent = false;
}

type Fields = Pick<
  OutgoingMessage,
  | 'appendHeader'
  | 'getHeader'
  | 'getHeaderNames'
  | 'getHeaders'
  | 'hasHeader'
  | 'removeHeader'
  | 'setHeader'
  | 'setHeaders'
> & { getRawHeaderNames(): string[] };

/** What a message says of its fields, and what a call came to. */
function outcome(message: Fields, act: (message: Fields) => unknown): object {
  let result: unknown;
  try {
    result = act(message);
    if (result === message) result = 'itself';
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException;
    result = { name, code };
  }
  return {
    result,
    headers: message.getHeaders(),
    names: message.getHeaderNames(),
    rawNames: message.getRawHeaderNames(),
  };
}

describe('http/client/request/request-fields', () => {
  const acts: Record<string, (message: Fields) => unknown> = {
    'setHeader() with text': (message) => message.setHeader('X-A', 'a'),
    'setHeader() with a number': (message) => message.setHeader('x-a', 5),
    'setHeader() with a list': (message) => message.setHeader('X-List', ['a', 'b']),
    'setHeader() in place of another one': (message) => message.setHeader('x-LIST', 'c'),
    'setHeader() without a value': (message) => message.setHeader('x-a', undefined as never),
    'setHeader() with a bad name': (message) => message.setHeader('x a', 'a'),
    'setHeader() with a name that is none': (message) => message.setHeader(5 as never, 'a'),
    'setHeader() with a bad value': (message) => message.setHeader('x-a', 'a\r\nb: c'),
    'setHeader() with the name of a prototype': (message) => message.setHeader('__proto__', 'a'),
    'appendHeader() to none': (message) => message.appendHeader('X-New', 'a'),
    'appendHeader() to text': (message) => message.appendHeader('x-text', 'b'),
    'appendHeader() to a list': (message) => message.appendHeader('x-several', ['c', 'd']),
    'appendHeader() with a bad value': (message) => message.appendHeader('x-text', '\n'),
    'setHeaders() with Headers': (message) => {
      const headers = new Headers({ 'X-Text': 'new', 'x-other': 'o' });
      headers.append('set-cookie', 'a=1');
      headers.append('set-cookie', 'b=2');
      return message.setHeaders(headers);
    },
    'setHeaders() with a Map': (message) =>
      message.setHeaders(new Map<string, string | string[]>([['set-cookie', ['a', 'b']]]) as never),
    'setHeaders() with an object': (message) => message.setHeaders({ a: 'b' } as never),
    'setHeaders() with nothing': (message) => message.setHeaders(null as never),
    'setHeaders() with pairs': (message) => message.setHeaders([['a', 'b']] as never),
    'removeHeader()': (message) => message.removeHeader('X-TEXT'),
    'removeHeader() of none': (message) => message.removeHeader('x-none'),
    'removeHeader() of a name that is none': (message) => message.removeHeader(5 as never),
    'getHeader()': (message) => message.getHeader('x-TEXT'),
    'getHeader() of a list': (message) => message.getHeader('x-several'),
    'getHeader() of none': (message) => message.getHeader('constructor'),
    'getHeader() of a name that is none': (message) => message.getHeader(undefined as never),
    'hasHeader()': (message) => message.hasHeader('X-Text'),
    'hasHeader() of none': (message) => message.hasHeader('toString'),
    'hasHeader() of a name that is none': (message) => message.hasHeader(null as never),
  };
  for (const [name, act] of Object.entries(acts)) {
    it(`does as http does at ${name}`, () => {
      const messages: Fields[] = [new OutgoingMessage() as never, new Message() as never];
      const [expected, got] = messages.map((message) => {
        message.setHeader('X-Text', 'a').setHeader('X-Several', ['a', 'b']);
        return outcome(message, act);
      });
      expect(got).to.deep.equal(expected);
    });
  }

  it('refuses every change once the head has left, as http does', () => {
    const message = new Message();
    message.setHeader('a', 'b');
    message.headersSent = true;
    const code = 'ERR_HTTP_HEADERS_SENT';
    expect(() => message.setHeader('a', 'c'))
      .to.throw('Cannot set')
      .with.property('code', code);
    expect(() => message.setHeaders(new Map()))
      .to.throw('Cannot set')
      .with.property('code', code);
    expect(() => message.appendHeader('a', 'c'))
      .to.throw('append')
      .with.property('code', code);
    expect(() => message.removeHeader('a'))
      .to.throw('remove')
      .with.property('code', code);
    expect(message.fields).to.deep.equal([['a', 'b']]);
  });

  it('does not change a list that it was given', () => {
    const list = ['a'];
    const message = new Message().setHeader('a', list).appendHeader('a', 'b');
    expect(list).to.deep.equal(['a']);
    expect(message.getHeader('a')).to.deep.equal(['a', 'b']);
  });
});
