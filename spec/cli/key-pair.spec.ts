import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { UsageError } from '../../lib/cli/arguments.ts';
import { checkKeyPair, reasonOf, staleness } from '../../lib/cli/key-pair.ts';
import { makeCertificate } from '../../lib/http/server/connection/certificate.ts';

describe('cli/key-pair', () => {
  const own = makeCertificate(['a.example']);
  const other = makeCertificate(['b.example']);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
  const wrapped = String(privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }));
  const traditional = String(privateKey.export({ type: 'pkcs1', format: 'pem', ...encryption }));

  function faultOf(key: string, cert: string, passphrase?: string): string {
    try {
      checkKeyPair({ name: 'own.key', pem: key }, { name: 'own.cert', pem: cert }, passphrase);
      return '';
    } catch (error) {
      expect(error).to.be.instanceOf(UsageError);
      return (error as Error).message;
    }
  }

  it('takes a certificate and its key, and text around them', () => {
    expect(faultOf(own.key, own.cert)).to.equal('');
    expect(faultOf(`Key:\r\n${own.key}`, `Chain:\n${own.cert}${other.cert}`)).to.equal('');
    const both = `${own.key}${own.cert}`;
    expect(faultOf(both, both)).to.equal('');
  });

  it('tells that the files are swapped', () => {
    const fault = 'own.key is a certificate, and own.cert a private key: they are swapped';
    expect(faultOf(own.cert, own.key)).to.equal(fault);
  });

  it('tells which of them is none', () => {
    expect(faultOf('none', own.cert)).to.equal('own.key: there is no private key (PEM)');
    expect(faultOf(own.cert, own.cert)).to.equal('own.key: there is no private key (PEM)');
    expect(faultOf(own.key, 'none')).to.equal('own.cert: there is no certificate (PEM)');
    expect(faultOf(own.key, own.key)).to.equal('own.cert: there is no certificate (PEM)');
  });

  it('tells what cannot be read', () => {
    const broken = (pem: string): string => pem.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
    expect(faultOf(broken(own.key), own.cert)).to.match(
      /^own\.key: the private key cannot be read: ./,
    );
    expect(faultOf(own.key, broken(own.cert))).to.match(
      /^own\.cert: the certificate cannot be read: ./,
    );
    expect(faultOf(own.key, `${own.cert}${broken(other.cert)}`)).to.match(/^own\.cert: ./);
  });

  it('tells that a key belongs to another certificate, of the same kind or not', () => {
    const fault = 'own.key is not the private key of own.cert';
    expect(faultOf(own.key, other.cert)).to.equal(fault);
    const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(faultOf(pem, own.cert)).to.equal(fault);
  });

  for (const [form, pem] of [
    ['PKCS #8', wrapped],
    ['PKCS #1', traditional],
  ] as const) {
    it(`tells that a key is encrypted, and what to do (${form})`, () => {
      expect(faultOf(pem, own.cert)).to.match(/^own\.key: .* is encrypted, .*: openssl pkey/);
      expect(faultOf(pem, own.cert, 'wrong')).to.match(/^own\.key: .* cannot be read: ./);
      expect(faultOf(pem, own.cert, 'secret')).to.equal(
        'own.key is not the private key of own.cert',
      );
    });
  }

  it('tells a certificate that has expired, or is not valid yet', () => {
    const certificate = new X509Certificate(own.cert);
    const [from, to] = [certificate.validFrom, certificate.validTo];
    expect(staleness(certificate)).to.equal(null);
    expect(staleness(certificate, Date.parse(to) + 1)).to.equal(`has expired: ${to}`);
    expect(staleness(certificate, Date.parse(from) - 1)).to.equal(`is not valid yet: ${from}`);
  });

  it('leaves the last part of an error of OpenSSL', () => {
    expect(reasonOf(new Error('error:0480006C:PEM routines::no start line'))).to.equal(
      'no start line',
    );
    expect(reasonOf(new Error('plain'))).to.equal('plain');
  });
});
