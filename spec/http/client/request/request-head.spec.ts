import http from 'node:http';
import { expect } from 'chai';
import type { RequestOptions } from '../../../../lib/http/client/request/options.ts';
import { RequestFields } from '../../../../lib/http/client/request/request-fields.ts';
import { headText, setFields } from '../../../../lib/http/client/request/request-head.ts';

class Message extends RequestFields {
  readonly headersSent = false;
}

function messageWith(headers: unknown, more: RequestOptions = {}): Message {
  const message = new Message();
  setFields(message, { headers, ...more } as RequestOptions, 'host.example');
  return message;
}

describe('http/client/request/request-head', () => {
  const values: readonly [name: string, value: unknown][] = [
    ['text', 'a'],
    ['a number', 5],
    ['a URL', new URL('http://e.example/next')],
    ['a Date', new Date(0)],
    ['null', null],
    ['bytes', Buffer.from('"tag"')],
    ['an object with toString()', { toString: () => 'text' }],
    ['a list', ['a', 'b']],
    ['an empty list', []],
  ];
  for (const [name, value] of values) {
    it(`gives ${name} the value that http gives it`, async () => {
      const request = http.request({ headers: { 'x-v': value as string } });
      request.on('error', () => {});
      request.destroy();
      const message = messageWith({ 'x-v': value });
      expect(message.getHeader('x-v')).to.equal(request.getHeader('x-v'));
      const texts = Array.isArray(value) ? value : [String(value)];
      const fields = message.fields.filter(([field]) => field === 'x-v');
      expect(fields.map(([, text]) => text)).to.deep.equal(texts);
    });
  }

  it('refuses what http refuses', () => {
    expect(() => messageWith({ 'x-v': undefined })).to.throw(TypeError, 'x-v');
    expect(() => messageWith({ 'bad name': 'a' })).to.throw(TypeError, 'bad name');
    expect(() => messageWith({ 'x-v': 'a\nb' })).to.throw(TypeError, 'x-v');
    expect(() => messageWith([['x-v', 'a\nb']])).to.throw(TypeError, 'x-v');
  });

  it('takes pairs, names and values in turn, and whatever yields pairs', () => {
    const given = [
      [
        ['A', '1'],
        ['a', '2'],
        ['B', ['3', '4']],
      ],
      ['A', '1', 'a', '2', 'B', '3', 'b', '4'],
      new Map([
        ['A', ['1', '2']],
        ['B', ['3', '4']],
      ]),
    ];
    for (const headers of given) {
      expect(messageWith(headers).fields).to.deep.equal([
        ['a', '1'],
        ['a', '2'],
        ['b', '3'],
        ['b', '4'],
        ['host', 'host.example'],
      ]);
    }
    expect(messageWith(new Headers({ a: '1', host: 'other' })).fields).to.deep.equal([
      ['a', '1'],
      ['host', 'other'],
    ]);
    for (const none of [null, undefined, {}, [], { host: '' }]) {
      expect(messageWith(none).fields).to.deep.equal([['host', 'host.example']]);
    }
  });

  it('adds credentials unless there are some', () => {
    const auth = { auth: 'a:b' };
    expect(messageWith(null, auth).getHeader('authorization')).to.equal('Basic YTpi');
    const own = messageWith({ Authorization: 'own' }, auth);
    expect(own.getHeader('authorization')).to.equal('own');
  });

  it('gives the head as text', () => {
    const text = headText('GET', '/a', [
      ['host', 'x'],
      ['a', 'b'],
    ]);
    expect(text).to.equal('GET /a HTTP/1.1\r\nhost: x\r\na: b\r\n\r\n');
  });
});
