import { expect } from 'chai';
import { firstLine, foreignProtocol } from '../../lib/framing/foreign-protocol.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('foreignProtocol()', () => {
  const starts: readonly (readonly [string, string])[] = [
    ['HTTP/1.1 400 Bad Request\r\n', 'HTTP/1.1'],
    ['HTTP/1.0 200 OK\r\n', 'HTTP/1.0'],
    ['GET / HTTP/1.1\r\n', 'HTTP/1.1'],
    ['OPTIONS * HTTP/1.1\r\n', 'HTTP/1.1'],
    ['CONNECT a:443 HTTP/1.1\r\n', 'HTTP/1.1'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HTTP/2'],
    ['\0\0\x12\x04\0\0\0\0\0', 'HTTP/2'],
    ['\x16\x03\x01\x02\0\x01\0\x01', 'TLS'],
    ['\x15\x03\x03\0\x02\x02\x46', 'TLS'],
    ['SSH-2.0-OpenSSH_9.6\r\n', 'SSH'],
    ['EHLO client.example.com\r\n', 'SMTP'],
    ['HELO a\r\n', 'SMTP'],
    ['220 mail.example.com ESMTP\r\n', 'SMTP or FTP'],
    ['220-mail.example.com\r\n', 'SMTP or FTP'],
    ['+OK ready\r\n', 'POP3'],
    ['* OK IMAP4rev1\r\n', 'IMAP'],
    ['PROXY TCP4 1.2.3.4', 'the PROXY protocol'],
    ['\r\n\r\n\0\r\nQUIT\n', 'the PROXY protocol'],
  ];
  for (const [start, name] of starts) {
    it(`knows ${name} by ${JSON.stringify(start)}`, () => {
      expect(foreignProtocol(bytes(start))).to.equal(name);
      expect(foreignProtocol(bytes(start.slice(0, 8)))).to.equal(name);
    });
  }

  it('takes nothing else for a protocol that it knows', () => {
    const others = [
      '',
      '\0\0\0\x01\x01\0\0\0',
      '\0\0\0\x04\x01\0\0\0',
      '\x80\x03\0\x04',
      'GETS',
      'HTTP/2',
      '2200',
      '\x16\x04\0\0',
    ];
    for (const other of others) expect(foreignProtocol(bytes(other)), other).to.equal(null);
  });
});

describe('firstLine()', () => {
  it('is the printable beginning', () => {
    expect(firstLine(bytes('HTTP/1.1 400 Bad Request\r\nA: b'))).to.equal(
      'HTTP/1.1 400 Bad Request',
    );
    expect(firstLine(bytes('\x16\x03'))).to.equal('');
    expect(firstLine(bytes(''))).to.equal('');
    expect(firstLine(bytes('x'.repeat(100)))).to.equal('x'.repeat(80));
  });
});
