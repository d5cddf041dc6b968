import { PACKAGE_VERSION } from '../../../common/package-version.ts';
import { requestToSpdy } from '../../../http/message-head.ts';
import type { Header, HeaderList } from '../../../protocol/frames.ts';

/** A request in the form that each protocol takes. */
export interface LoadMessage {
  readonly method: string;
  readonly body: Uint8Array | null;
  /** Of the request line. */
  readonly path: string;
  readonly spdy: HeaderList;
  /** With pseudo headers, values by name. */
  readonly h2: Readonly<Record<string, string | string[]>>;
  /** Names and values in turn. */
  readonly http1: readonly string[];
}

const PSEUDO: Readonly<Record<string, string>> = { ':host': 'host', ':authority': 'host' };

/**
 * The request for a URL; `given` fields are added, or replace those that have their names.
 *
 * @throws InvalidArgumentError for a method, host, path or name that no request can have
 */
export function loadMessage(url: URL, given: HeaderList, body: Uint8Array | null): LoadMessage {
  const fields = new Map<string, string>([
    [':method', body === null ? 'GET' : 'POST'],
    [':scheme', url.protocol.slice(0, -1)],
    [':path', `${url.pathname}${url.search}`],
    ['host', url.host],
    ['accept', '*/*'],
    ['user-agent', `spdyload/${PACKAGE_VERSION}`],
    ...(body === null ? [] : [['content-length', String(body.length)] as const]),
  ]);
  const further: Header[] = [];
  for (const [name, value] of given) {
    const known = PSEUDO[name] ?? name;
    if (fields.has(known)) fields.set(known, value);
    else further.push([known, value]);
  }
  const part = (name: string): string => fields.get(name) as string;
  const [method, scheme, path, host] = [
    part(':method'),
    part(':scheme'),
    part(':path'),
    part('host'),
  ];
  const own = [...fields].filter(([name]) => !name.startsWith(':') && name !== 'host');
  const headers = [...own, ...further];
  return {
    method,
    body,
    path,
    spdy: requestToSpdy({ method, scheme, host, path, headers }),
    h2: {
      ':method': method,
      ':scheme': scheme,
      ':authority': host,
      ':path': path,
      ...valuesByName(headers),
    },
    http1: ['host', host, ...headers.flat()],
  };
}

function valuesByName(headers: HeaderList): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const others = byName[name];
    byName[name] = others === undefined ? value : [others, value].flat();
  }
  return byName;
}
