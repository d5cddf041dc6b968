import { createSecureContext, type SecureContext, type TlsOptions } from 'node:tls';
import { makeCertificate } from '../../http/server/connection/certificate.ts';
import type { ProxyFront } from '../../tools/index.ts';
import { readCertificate } from '../named-certificate.ts';
import type { CertificateFiles } from './config.ts';

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** The certificates of a front: chosen by the name that a client asks for, and read anew without an end of connections. */
export class Certificates {
  readonly #made: Certificate;
  #first: Certificate;
  #warnings: string[] = [];
  #contexts = new Map<string, SecureContext>();

  /** @throws UsageError as `readCertificate()` */
  constructor(files: readonly CertificateFiles[]) {
    this.#made = files.length === 0 ? makeCertificate(['localhost', '127.0.0.1', '::1']) : EMPTY;
    this.#first = this.#made;
    this.read(files);
  }

  /** The one for clients that ask for no name, or for another. */
  get first(): Certificate {
    return this.#first;
  }

  /** Which of them clients will not take, and why. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** For the front that has them. */
  get options(): TlsOptions {
    return {
      ...this.#first,
      SNICallback: (name, done) => done(null, this.#contextFor(name.toLowerCase())),
    };
  }

  /**
   * Reads the files anew.
   *
   * @throws UsageError as `readCertificate()`; nothing is changed then
   */
  read(files: readonly CertificateFiles[]): void {
    const read = files.map(({ key, cert }, at) => readCertificate(key, cert, at > 0));
    const contexts = new Map<string, SecureContext>();
    for (const { key, cert, names } of read) {
      const context = createSecureContext({ key, cert });
      for (const name of names) if (!contexts.has(name)) contexts.set(name.toLowerCase(), context);
    }
    this.#contexts = contexts;
    this.#warnings = read.flatMap(({ warning }) => warning ?? []);
    const [first = this.#made] = read;
    this.#first = { key: first.key, cert: first.cert };
  }

  /** Lets a front show what was read last. */
  showBy(front: ProxyFront): void {
    const { key, cert } = this.#first;
    front.server.setSecureContext({ key, cert });
  }

  #contextFor(name: string): SecureContext | undefined {
    return this.#contexts.get(name) ?? this.#contexts.get(name.replace(/^[^.]+/, '*'));
  }
}

const EMPTY: Certificate = { key: '', cert: '' };
