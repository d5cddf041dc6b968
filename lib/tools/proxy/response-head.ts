import type { Header } from '../../protocol/frames.ts';
import type { FrontRequest, ResponseHead } from './exchange.ts';
import { fieldOf, lengthOf, without } from './fields.ts';
import { forwardResponseFields, type ResolvedHeaderRules } from './forwarded.ts';
import type { MessageBody } from './message-body.ts';

/** The head of a response as the client gets it. */
export function clientHead(
  head: ResponseHead,
  body: MessageBody | null,
  { method }: FrontRequest,
  rules: ResolvedHeaderRules,
): ResponseHead {
  const { status, message } = head;
  const length = lengthOf(head.fields);
  const fields = forwardResponseFields(head.fields, rules, 'http/1.1');
  const framed = without(fields, 'content-length') as Header[];
  if (body !== null) {
    if (body.length !== null) framed.push(['content-length', String(body.length)]);
  } else if (status === 204) {
    // It has none, and tells none (RFC 9110 8.6).
  } else if (method === 'HEAD' || status === 304) {
    if (length !== null) framed.push(['content-length', String(length)]);
  } else framed.push(['content-length', '0']);
  return { status, message, fields: framed };
}

/** The head of a response that begins a tunnel. */
export function tunnelHead(
  head: ResponseHead,
  request: FrontRequest,
  rules: ResolvedHeaderRules,
): ResponseHead {
  const { status, message } = head;
  const fields = without(
    forwardResponseFields(head.fields, rules, 'http/1.1'),
    'content-length',
  ) as Header[];
  const upgrade = fieldOf(head.fields, 'upgrade') ?? request.upgrade;
  if (status === 101 && upgrade !== null) {
    fields.push(['connection', 'Upgrade'], ['upgrade', upgrade]);
  }
  return { status, message, fields };
}
