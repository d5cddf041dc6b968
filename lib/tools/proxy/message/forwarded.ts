import { isIPv6 } from 'node:net';
import type { Settled } from '../../../common/option-names.ts';
import type { Header, HeaderList } from '../../../protocol/frames.ts';
import type { ClientFacts, FrontRequest } from '../relay/exchange.ts';
import { endToEnd } from './fields.ts';

/** What becomes of a field that tells of the client: `'append'` adds to what came, `'replace'` tells only what is known here, `'keep'` passes it on as it came, `'drop'` takes it away. */
export type ForwardedRule = 'append' | 'replace' | 'keep' | 'drop';

/** How header fields are changed on their way. */
export interface HeaderRules {
  /**
   * Name of this proxy in `via` and `proxy-status`. Default `'spdyproxy'`. A request whose `via` has that name goes round in circles, and is answered 508:
   * at once if the name was given, at the eighth time if it is the default, which other proxies may have.
   */
  readonly name?: string | undefined;
  /** Whether `via` is added to requests and responses. Default true. */
  readonly via?: boolean | undefined;
  /**
   * For `x-forwarded-for`, `x-forwarded-proto` and `x-forwarded-host`; of these only the first one can be appended to. `'replace'` and `'drop'` take
   * everything else away that begins with `x-forwarded-`, and `x-real-ip`. Default `'replace'`.
   */
  readonly xForwarded?: ForwardedRule | undefined;
  /** For `forwarded` (RFC 7239). Default `'drop'`. */
  readonly forwarded?: ForwardedRule | undefined;
  /** `'keep'`: the back gets the host that the client named. `'rewrite'`: that of its own URL. Default `'keep'`. */
  readonly host?: 'keep' | 'rewrite' | undefined;
}

/** Header rules with their defaults. */
export interface ResolvedHeaderRules extends Settled<HeaderRules> {
  /** How often `via` may have the name of this proxy, less one. */
  readonly maxPasses: number;
}

/** What says of a client where it comes from. Some servers (CGI, WSGI) take `_` and `-` in names for the same. */
const CLAIM = /^x[-_](?:forwarded[-_]|real[-_]ip$)/;

/**
 * The fields of a request as the back gets them, but for `host` and the framing of the body.
 *
 * @param trailed whether fields may follow the body
 */
export function forwardRequestFields(
  request: FrontRequest,
  rules: ResolvedHeaderRules,
  toProxy: boolean,
  trailed = true,
): Header[] {
  const { forwarded } = rules;
  // A tunnel, and a request to another proxy, say who they are for themselves.
  const xForwarded = toProxy ? 'keep' : rules.xForwarded;
  const hops: string[] = [];
  const clients: string[] = [];
  const kept: Header[] = [];
  for (const field of endToEnd(request.fields, 'host', 'content-length')) {
    const name = field[0];
    if (name === 'forwarded' && forwarded !== 'keep') hops.push(field[1]);
    else if (xForwarded !== 'keep' && CLAIM.test(name)) {
      if (name === 'x-forwarded-for') clients.push(field[1]);
      else if (xForwarded === 'append' && isOther(name)) kept.push(field);
    } else if ((toProxy || name !== 'proxy-authorization') && (trailed || name !== 'trailer')) {
      kept.push(field);
    }
  }
  addX(kept, request, xForwarded, clients);
  if (forwarded === 'append' || forwarded === 'replace') {
    const own = elementOf(request, rules.name);
    kept.push(['forwarded', listOf(forwarded, hops, own)]);
  }
  if (rules.via) addVia(kept, request.protocol, rules.name);
  return kept;
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

/** The fields of a response as the client gets them, without those of some names. */
export function forwardResponseFields(
  fields: HeaderList,
  rules: ResolvedHeaderRules,
  protocol: string,
  ...dropped: readonly string[]
): Header[] {
  const kept = endToEnd(fields, ...dropped);
  if (rules.via) addVia(kept, protocol, rules.name);
  return kept;
}

/** Whether a claim may stay where others are appended to: who may be trusted to say that spells it as everybody does. */
function isOther(name: string): boolean {
  return !name.includes('_') && name !== 'x-forwarded-proto' && name !== 'x-forwarded-host';
}

function addX(
  fields: Header[],
  { client, authority }: FrontRequest,
  rule: ForwardedRule,
  clients: readonly string[],
): void {
  if (rule === 'keep' || rule === 'drop') return;
  fields.push(['x-forwarded-for', listOf(rule, clients, client.address ?? 'unknown')]);
  fields.push(['x-forwarded-proto', protoOf(client)]);
  if (authority !== '') fields.push(['x-forwarded-host', authority]);
}

/** A list of hops, of which the last one is known here. */
function listOf(rule: 'append' | 'replace', former: readonly string[], own: string): string {
  return rule === 'append' && former.length > 0 ? `${former.join(', ')}, ${own}` : own;
}

/** An element of `forwarded`: what is known of this hop. */
function elementOf({ client, authority }: FrontRequest, name: string): string {
  const { address } = client;
  const node = address === null ? 'unknown' : isIPv6(address) ? `"[${address}]"` : address;
  const host = authority === '' ? '' : `;host="${authority.replaceAll(/["\\]/g, '')}"`;
  return `for=${node};by=_${name};proto=${protoOf(client)}${host}`;
}

/** How the client has connected, whatever its request says of itself. */
function protoOf({ secure }: ClientFacts): string {
  return secure ? 'https' : 'http';
}

function addVia(fields: Header[], protocol: string, name: string): void {
  const version = protocol === 'h2' ? '2' : protocol === 'http/1.0' ? '1.0' : '1.1';
  fields.push(['via', `${version} ${name}`]);
}
