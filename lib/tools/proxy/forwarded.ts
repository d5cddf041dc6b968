import { isIPv6 } from 'node:net';
import type { Header, HeaderList } from '../../protocol/frames.ts';
import type { ClientFacts, FrontRequest } from './exchange.ts';
import { endToEnd, without } from './fields.ts';

/** What becomes of a field that tells of the client: `'append'` adds to what came, `'replace'` tells only what is known here, `'keep'` passes it on as it came, `'drop'` takes it away. */
export type ForwardedRule = 'append' | 'replace' | 'keep' | 'drop';

/** How header fields are changed on their way. */
export interface HeaderRules {
  /**
   * Name of this proxy in `via` and `proxy-status`. Default `'spdyproxy'`. A request whose `via` has that name goes round in circles, and is answered 508:
   * at once if the name was given, at the eighth time if it is the default, which other proxies may have.
   */
  readonly name?: string;
  /** Whether `via` is added to requests and responses. Default true. */
  readonly via?: boolean;
  /**
   * For `x-forwarded-for`, `x-forwarded-proto` and `x-forwarded-host`; of these only the first one can be appended to. `'replace'` and `'drop'` take
   * everything else away that begins with `x-forwarded-`, and `x-real-ip`. Default `'replace'`.
   */
  readonly xForwarded?: ForwardedRule;
  /** For `forwarded` (RFC 7239). Default `'drop'`. */
  readonly forwarded?: ForwardedRule;
  /** `'keep'`: the back gets the host that the client named. `'rewrite'`: that of its own URL. Default `'keep'`. */
  readonly host?: 'keep' | 'rewrite';
}

/** Header rules with their defaults. */
export interface ResolvedHeaderRules extends Required<HeaderRules> {
  /** How often `via` may have the name of this proxy, less one. */
  readonly maxPasses: number;
}

/** What says of a client where it comes from. Some servers (CGI, WSGI) take `_` and `-` in names for the same. */
const CLAIM = /^x[-_](?:forwarded[-_]|real[-_]ip$)/;

/** The fields of a request as the back gets them, but for `host` and the framing of the body. */
export function forwardRequestFields(
  request: FrontRequest,
  rules: ResolvedHeaderRules,
  toProxy: boolean,
): HeaderList {
  const { client, authority, scheme } = request;
  let fields: Header[] = without(
    endToEnd(request.fields),
    'host',
    'content-length',
    ...(toProxy ? [] : ['proxy-authorization']),
  );
  // A tunnel, and a request to another proxy, say who they are for themselves.
  if (!toProxy) {
    fields = forwardX(fields, rules.xForwarded, client, scheme, authority);
  }
  fields = forwardOne(fields, 'forwarded', rules.forwarded, () => elementOf(request, rules.name));
  if (rules.via) addVia(fields, request.protocol, rules.name);
  return fields;
}

/** Whether a request has come through here so often that it goes round in circles. */
export function isLoop(
  { fields }: FrontRequest,
  { via, name, maxPasses }: ResolvedHeaderRules,
): boolean {
  if (!via) return false;
  let passes = 0;
  for (const [field, value] of fields) {
    if (field !== 'via') continue;
    for (const hop of value.split(',')) {
      const [, receivedBy = ''] = hop.trim().split(/[ \t]+/);
      if (receivedBy.toLowerCase() === name.toLowerCase()) passes++;
    }
  }
  return passes >= maxPasses;
}

/** The fields of a response as the client gets them. */
export function forwardResponseFields(
  fields: HeaderList,
  rules: ResolvedHeaderRules,
  protocol: string,
): HeaderList {
  const kept = endToEnd(fields);
  if (rules.via) addVia(kept, protocol, rules.name);
  return kept;
}

function forwardX(
  fields: Header[],
  rule: ForwardedRule,
  client: ClientFacts,
  scheme: string,
  authority: string,
): Header[] {
  if (rule === 'keep') return fields;
  // Who may be trusted to say that spells it as everybody does.
  const given = fields.filter(
    ([name]) => !CLAIM.test(name) || (rule === 'append' && !name.includes('_')),
  );
  if (rule === 'drop') return given;
  const kept = forwardOne(given, 'x-forwarded-for', rule, () => client.address ?? 'unknown');
  const all = without(kept, 'x-forwarded-proto', 'x-forwarded-host');
  all.push(['x-forwarded-proto', scheme]);
  if (authority !== '') all.push(['x-forwarded-host', authority]);
  return all;
}

/** Treats a field that is a list of hops. */
function forwardOne(
  fields: Header[],
  name: string,
  rule: ForwardedRule,
  own: () => string,
): Header[] {
  if (rule === 'keep') return fields;
  const kept = without(fields, name);
  if (rule === 'drop') return kept;
  const former = fields.filter((field) => field[0] === name).map(([, value]) => value);
  kept.push([name, (rule === 'append' ? [...former, own()] : [own()]).join(', ')]);
  return kept;
}

/** An element of `forwarded`: what is known of this hop. */
function elementOf({ client, authority, scheme }: FrontRequest, name: string): string {
  const { address } = client;
  const node = address === null ? 'unknown' : isIPv6(address) ? `"[${address}]"` : address;
  const host = authority === '' ? '' : `;host="${authority.replaceAll(/["\\]/g, '')}"`;
  return `for=${node};by=_${name};proto=${scheme}${host}`;
}

function addVia(fields: Header[], protocol: string, name: string): void {
  const version = protocol === 'h2' ? '2' : protocol === 'http/1.0' ? '1.0' : '1.1';
  fields.push(['via', `${version} ${name}`]);
}
