import { readFileSync } from 'node:fs';
import type tls from 'node:tls';
import { lateTls } from '../../common/late-modules.ts';

/**
 * Who may certify a proxy: those whom Node trusts anyway, and these. (Node takes either its own or the given ones. Before Node 22.15 it does not
 * tell which its own are.)
 */
export function proxyAuthorities(
  more: NonNullable<tls.ConnectionOptions['ca']>,
): (string | Buffer)[] {
  const { rootCertificates, getCACertificates } = lateTls() as typeof tls & {
    getCACertificates?: () => string[];
  };
  const own = getCACertificates?.() ?? [...rootCertificates, ...extraAuthorities()];
  return [...own, ...[more].flat()];
}

function extraAuthorities(): Buffer[] {
  const { NODE_EXTRA_CA_CERTS: file = '' } = process.env;
  try {
    return file === '' ? [] : [readFileSync(file)];
  } catch {
    // Node has complained of it at its start.
    return [];
  }
}
