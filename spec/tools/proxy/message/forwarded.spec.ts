import { expect } from 'chai';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import {
  type ForwardedRule,
  forwardRequestFields,
  forwardResponseFields,
  isLoop,
  type ResolvedHeaderRules,
} from '../../../../lib/tools/proxy/message/forwarded.ts';
import type { FrontRequest } from '../../../../lib/tools/proxy/relay/exchange.ts';

const CAME: HeaderList = [
  ['x-forwarded-for', '10.0.0.1'],
  ['x-forwarded-for', '10.0.0.2'],
  ['x-forwarded-proto', 'gopher'],
  ['x-forwarded-host', 'evil'],
  ['forwarded', 'for=10.0.0.1'],
];

function request(fields: HeaderList, address: string | null = '192.0.2.1'): FrontRequest {
  return {
    protocol: 'spdy/3.1',
    method: 'GET',
    scheme: 'https',
    authority: 'example.com',
    target: '/',
    fields,
    body: null,
    upgrade: null,
    urgency: null,
    absolute: false,
    client: { address, port: 1, localAddress: null, localPort: 0, secure: true },
  };
}

function rules(own: Partial<ResolvedHeaderRules>): ResolvedHeaderRules {
  const none = { xForwarded: 'drop', forwarded: 'drop' } as const;
  return { name: 'p', via: false, host: 'keep', maxPasses: 1, ...none, ...own };
}

describe('tools/proxy/message/forwarded', () => {
  const expected: Readonly<Record<ForwardedRule, HeaderList>> = {
    append: [
      ['x-forwarded-for', '10.0.0.1, 10.0.0.2, 192.0.2.1'],
      ['x-forwarded-proto', 'https'],
      ['x-forwarded-host', 'example.com'],
    ],
    replace: [
      ['x-forwarded-for', '192.0.2.1'],
      ['x-forwarded-proto', 'https'],
      ['x-forwarded-host', 'example.com'],
    ],
    keep: CAME.slice(0, 4),
    drop: [],
  };

  it('tells how the client has connected, whatever its request says of itself', () => {
    const asked = request([]);
    const plain = { ...asked, client: { ...asked.client, secure: false } };
    const all = rules({ xForwarded: 'replace', forwarded: 'replace' });
    expect(forwardRequestFields(plain, all, false)).to.deep.include.members([
      ['x-forwarded-proto', 'http'],
      ['forwarded', 'for=192.0.2.1;by=_p;proto=http;host="example.com"'],
    ]);
  });

  for (const rule of Object.keys(expected) as ForwardedRule[]) {
    it(`x-forwarded-*: ${rule}`, () => {
      const fields = forwardRequestFields(request(CAME), rules({ xForwarded: rule }), false);
      expect(fields).to.deep.equal(expected[rule]);
    });
  }

  for (const rule of ['append', 'replace', 'drop'] as const) {
    it(`x-forwarded-*: ${rule} passes no name on that a server may take for one of these`, () => {
      const aliases = ['x_forwarded_for', 'x-forwarded_proto', 'x_real_ip', 'X_Real-Ip'].map(
        (name) => [name.toLowerCase(), '10.0.0.9'] as const,
      );
      const fields = forwardRequestFields(
        request([...aliases, ['x-forwardedfor', 'kept'], ['x-real-ipv6', 'kept']]),
        rules({ xForwarded: rule }),
        false,
      );
      expect(fields.filter(([, value]) => value === '10.0.0.9')).to.deep.equal([]);
      expect(fields.filter(([, value]) => value === 'kept').length).to.equal(2);
    });

    it(`x-forwarded-*: ${rule}: what else is claimed of the client`, () => {
      const claims: HeaderList = [
        ['x-real-ip', '10.0.0.1'],
        ['x-forwarded-port', '1'],
        ['x-forwarded-user', 'root'],
      ];
      const fields = forwardRequestFields(request(claims), rules({ xForwarded: rule }), false);
      expect(fields.filter(([name]) => claims.some(([claim]) => claim === name))).to.deep.equal(
        rule === 'append' ? claims : [],
      );
    });
  }

  it('knows requests that go round in circles by its own name in via', () => {
    const loop = (own: Partial<ResolvedHeaderRules>, ...via: string[]): boolean =>
      isLoop(request(via.map((value) => ['via', value] as const)), rules({ via: true, ...own }));
    expect(loop({}, '1.1 p')).to.equal(true);
    expect(loop({}, '1.0 a, 1.1\tP (comment)')).to.equal(true);
    expect(loop({}, '1.1 pp', '1.1 p:80', 'p')).to.equal(false);
    expect(loop({ maxPasses: 3 }, '1.1 p, 2 p')).to.equal(false);
    expect(loop({ maxPasses: 3 }, '1.1 p, 2 p', '1.1 p')).to.equal(true);
    expect(loop({ via: false }, '1.1 p')).to.equal(false);
  });

  it('forwarded: append, replace, keep', () => {
    const value = (rule: ForwardedRule, address?: string | null): string | undefined =>
      forwardRequestFields(request(CAME, address), rules({ forwarded: rule }), false).find(
        ([name]) => name === 'forwarded',
      )?.[1];
    const own = 'by=_p;proto=https;host="example.com"';
    expect(value('append')).to.equal(`for=10.0.0.1, for=192.0.2.1;${own}`);
    expect(value('replace')).to.equal(`for=192.0.2.1;${own}`);
    expect(value('replace', '2001:db8::1')).to.equal(`for="[2001:db8::1]";${own}`);
    expect(value('replace', null)).to.equal(`for=unknown;${own}`);
    expect(value('keep')).to.equal('for=10.0.0.1');
  });

  it('tells nothing of the client to another proxy but what it is told to, and leaves it its credentials', () => {
    const fields = [['proxy-authorization', 'Basic eA=='], ...CAME] as HeaderList;
    expect(
      forwardRequestFields(request(fields), rules({ xForwarded: 'replace' }), true),
    ).to.deep.equal(fields.slice(0, 5));
    expect(forwardRequestFields(request(fields), rules({}), false)).to.deep.equal([]);
  });

  it('adds itself to via', () => {
    const came = [['via', '1.0 other']] as const;
    expect(forwardRequestFields(request(came), rules({ via: true }), false)).to.deep.equal([
      ['via', '1.0 other'],
      ['via', '1.1 p'],
    ]);
    expect(forwardResponseFields([], rules({ via: true }), 'h2')).to.deep.equal([['via', '2 p']]);
    expect(forwardResponseFields([['via', 'x']], rules({}), 'h2')).to.deep.equal([['via', 'x']]);
  });

  it('is not told what to take away by those whom it forwards', () => {
    const came = [['connection', 'x-forwarded-for, via'], ...CAME] as HeaderList;
    const fields = forwardRequestFields(
      request(came),
      rules({ xForwarded: 'replace', via: true }),
      false,
    );
    expect(fields.map(([name]) => name)).to.include.members(['x-forwarded-for', 'via']);
  });
});
