import { hostAndPort } from '../../common/network/host-and-port.ts';
import type { TapOptions } from '../../tools/index.ts';
import { type Arguments, type OptionTable, readOptionFile, UsageError } from '../arguments.ts';
import { checkKeyPair } from '../key-pair.ts';
import { checkCertificates } from '../tls-files.ts';

/** A port of a host, or a unix socket. */
export type TapPlace =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

/** Between clients and a server. */
export interface SpdydumpTap {
  /** Where clients are listened for. */
  readonly listen: TapPlace;
  readonly to: TapOptions;
}

/** The options of it. */
export const TAP_OPTIONS: OptionTable = {
  listen: { type: 'string' },
  to: { type: 'string' },
  key: { type: 'string' },
  cert: { type: 'string' },
  cacert: { type: 'string' },
  insecure: { type: 'boolean', short: 'k' },
};

/**
 * What `--listen` and `--to` say; null without them.
 *
 * @throws UsageError
 */
export function tapOption(args: Arguments): SpdydumpTap | null {
  const [listen, to] = [args.value('listen'), args.value('to')];
  if (listen === null && to === null) return null;
  if (listen === null || to === null) throw new UsageError('--listen and --to need each other');
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*?)\/?$/.exec(to) ?? [];
  const [key, cert] = [args.value('key'), args.value('cert')];
  if ((key === null) !== (cert === null)) throw new UsageError('--key and --cert need each other');
  const ca = args.value('cacert');
  const certificate =
    key === null || cert === null
      ? null
      : { key: readOptionFile('--key', key), cert: readOptionFile('--cert', cert) };
  if (certificate !== null) {
    const pair = [
      { name: '--key', pem: certificate.key },
      { name: '--cert', pem: certificate.cert },
    ] as const;
    checkKeyPair(...pair);
  }
  const trusted = ca === null ? null : readOptionFile('--cacert', ca);
  if (trusted !== null) checkCertificates('--cacert', trusted);
  return {
    listen: placeOf('listen', listen, '127.0.0.1', 0),
    to: {
      ...placeOf('to', rest, null, 1),
      ...(scheme === undefined ? {} : { tls: scheme === 'https' }),
      ...(certificate === null ? {} : { certificate }),
      ...(trusted === null ? {} : { ca: trusted }),
      verify: !args.has('insecure'),
    },
  };
}

/** Names a place as the options do. */
export function placeName(place: TapPlace | TapOptions): string {
  const { socketPath, host = '', port = 0 } = place as TapOptions;
  return socketPath === undefined ? hostAndPort(host, port) : `unix:${socketPath}`;
}

/** `HOST:PORT`, a port alone if there is a host for it, or `unix:PATH`. */
function placeOf(name: string, text: string, host: string | null, min: number): TapPlace {
  if (/^unix:./.test(text)) return { socketPath: text.slice('unix:'.length) };
  const [, given, port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  const found = given?.replace(/^\[(.*)\]$/, '$1') ?? host;
  const bare = found === given && given?.includes(':') === true;
  if (found === null || bare || port === '' || number > 65535 || number < min) {
    const form = host === null ? 'HOST:PORT' : '[ADDRESS:]PORT';
    throw new UsageError(`--${name} takes ${form} or unix:PATH, got '${text}'`);
  }
  return { host: found, port: number };
}
