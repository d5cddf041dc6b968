import { expect } from 'chai';
import {
  type ProxyHeader,
  parseProxyHeader,
} from '../../../../lib/http/server/connection/proxy-protocol.ts';
import { proxyHeaderOf } from '../../../../lib/tools/proxy/back/proxy-header.ts';
import type { ClientFacts } from '../../../../lib/tools/proxy/relay/exchange.ts';

const CLIENT: ClientFacts = {
  address: '192.0.2.1',
  port: 1234,
  localAddress: '198.51.100.1',
  localPort: 443,
  secure: true,
};

const SOURCE = { address: '192.0.2.1', port: 1234, family: 'IPv4' };
const DESTINATION = { address: '198.51.100.1', port: 443, family: 'IPv4' };

describe('tools/proxy/back/proxy-header', () => {
  it('is a line in version 1', () => {
    const line = (client: ClientFacts | null): string => proxyHeaderOf(1, client, 'h2').toString();
    expect(line(CLIENT)).to.equal('PROXY TCP4 192.0.2.1 198.51.100.1 1234 443\r\n');
    expect(line({ ...CLIENT, address: '2001:db8::1', localAddress: '::1' })).to.equal(
      'PROXY TCP6 2001:db8::1 ::1 1234 443\r\n',
    );
    expect(line({ ...CLIENT, localAddress: '::1' })).to.equal('PROXY UNKNOWN\r\n');
    expect(line({ ...CLIENT, address: null, localAddress: null })).to.equal('PROXY UNKNOWN\r\n');
    expect(line(null)).to.equal('PROXY UNKNOWN\r\n');
  });

  it('tells what is spoken and whether the client speaks TLS in version 2', () => {
    const read = (client: ClientFacts | null, alpn: string | null = null) => {
      const bytes = proxyHeaderOf(2, client, alpn);
      const { length, ...facts } = parseProxyHeader(bytes) as ProxyHeader;
      expect(length).to.equal(bytes.length);
      return facts;
    };
    const both = { source: SOURCE, destination: DESTINATION };
    expect(read(CLIENT)).to.deep.equal({ proxied: true, ...both, alpn: null, tls: true });
    expect(read({ ...CLIENT, secure: false }, 'spdy/3.1')).to.deep.equal({
      proxied: true,
      ...both,
      alpn: 'spdy/3.1',
      tls: false,
    });
    const none = { source: null, destination: null };
    const unix = { ...CLIENT, address: null, localAddress: null };
    expect(read(unix)).to.deep.equal({ proxied: true, ...none, alpn: null, tls: true });
    expect(read(null)).to.deep.equal({ proxied: false, ...none, alpn: null, tls: false });
    for (const address of ['2001:db8::1', '::1', '::', '::ffff:192.0.2.1', '1:2:3:4:5:6:7:8']) {
      const facts = read({ ...CLIENT, address, localAddress: '::2' });
      expect(facts.source).to.deep.equal({ address, port: 1234, family: 'IPv6' });
    }
  });
});
