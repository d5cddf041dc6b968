import type { HeaderList } from '../../../protocol/frames.ts';
import type { BackRequest } from '../back/back.ts';
import type { ResolvedBack } from '../back/options.ts';
import { fieldOf, lengthOf } from '../message/fields.ts';
import { forwardRequestFields, type ResolvedHeaderRules } from '../message/forwarded.ts';
import { DEFAULT_URGENCY, urgencyOfFields } from '../message/priority.ts';
import type { FrontRequest } from './exchange.ts';

/** What is the same for all requests. */
export interface RequestRules {
  readonly headers: ResolvedHeaderRules;
  /** Whether requests go to proxies. */
  readonly forward: boolean;
}

/** Methods of which no body is expected; with all others its absence has to be told. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(
  'CONNECT DELETE GET HEAD OPTIONS TRACE'.split(' '),
);

/** A request as this back gets it. `length`: of its body, null for none, -1 if that is not known. */
export function backRequestFor(
  request: FrontRequest,
  { headers, forward }: RequestRules,
  back: ResolvedBack,
  length: number | null,
  takesPush: boolean,
): BackRequest {
  const { method, scheme, target, urgency } = request;
  const tunnel = method === 'CONNECT';
  const given = bodyLength(request, length);
  // Fields behind a body need one of unknown length.
  const fields = forwardRequestFields(request, headers, forward, given === -1);
  const own = urgencyOfFields(request.fields);
  const rewritten = headers.host === 'rewrite' && !forward;
  const authority = rewritten || request.authority === '' ? back.authority : request.authority;
  const whole = forward && !tunnel && back.protocol !== 'h2' && target.startsWith('/');
  // SPDY has a place of its own for it.
  const told = !back.protocol.startsWith('spdy');
  if (told && urgency !== null && own === null && urgency !== DEFAULT_URGENCY) {
    fields.push(['priority', `u=${urgency}`]);
  }
  return {
    method,
    scheme: forward ? scheme : back.secure ? 'https' : 'http',
    authority,
    target: whole ? `${scheme}://${request.authority}${target}` : target,
    fields,
    length: given,
    upgrade: upgradeFor(request, back),
    urgency: urgency ?? own ?? DEFAULT_URGENCY,
    takesTrailers: takesTrailers(request.fields),
    takesPush,
    client: request.client,
  };
}

/** What the back is asked to change to. HTTP/2 has that for WebSockets alone (RFC 8441), SPDY not at all. */
function upgradeFor({ method, upgrade, fields }: FrontRequest, back: ResolvedBack): string | null {
  if (back.protocol === 'http/1.1') return upgrade;
  const possible =
    back.protocol === 'h2' &&
    method === 'GET' &&
    upgrade?.toLowerCase() === 'websocket' &&
    fieldOf(fields, 'sec-websocket-key') !== null;
  return possible ? 'websocket' : null;
}

/** The length that is told. What follows a change of protocol is no body. */
function bodyLength(
  { method, upgrade, fields }: FrontRequest,
  length: number | null,
): number | null {
  if (method === 'CONNECT') return null;
  const none = length === null || upgrade !== null;
  if (none) return WITHOUT_BODY.has(method) && lengthOf(fields) === null ? null : 0;
  return length;
}

function takesTrailers(fields: HeaderList): boolean {
  const value = fieldOf(fields, 'te');
  return value !== null && /(?:^|,)\s*trailers\s*(?:$|[,;])/i.test(value);
}
