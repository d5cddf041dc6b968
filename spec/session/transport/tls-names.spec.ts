import { expect } from 'chai';
import {
  isTcpOption,
  isTlsOption,
  tcpPart,
  tlsPart,
} from '../../../lib/session/transport/tls-names.ts';

describe('session/transport/tls-names', () => {
  it('knows the options of TLS by what Node reads', () => {
    const names = ['ca', 'cert', 'key', 'pfx', 'minVersion', 'ciphers', 'rejectUnauthorized'];
    const server = ['SNICallback', 'ALPNCallback', 'requestCert', 'ticketKeys', 'handshakeTimeout'];
    const client = ['servername', 'checkServerIdentity', 'secureContext', 'session'];
    for (const name of [...names, ...server, ...client]) {
      expect(isTlsOption(name), name).to.equal(true);
    }
    for (const name of ['host', 'rejectUnauthorised', 'tls', 'constructor', '']) {
      expect(isTlsOption(name), name).to.equal(false);
    }
  });

  it('parts options of TLS and of TCP', () => {
    const options = { ca: 'x', key: undefined, family: 6, port: 5 };
    expect(tlsPart(options)).to.deep.equal({ ca: 'x' });
    expect(tcpPart(options)).to.deep.equal({ family: 6 });
    expect(isTcpOption('lookup')).to.equal(true);
    expect(isTcpOption('host')).to.equal(false);
  });
});
