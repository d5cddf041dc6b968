import type { FrontRequest, ResponseHead } from '../relay/exchange.ts';
import { faultOf, fieldOf, isValue, lengthOf } from './fields.ts';
import { forwardResponseFields, type ResolvedHeaderRules } from './forwarded.ts';
import type { MessageBody } from './message-body.ts';

/** Interim responses to a request that are passed on: nothing slows a back down that sends them. */
export const MAX_INTERIM = 100;

/** What is wrong with the head of a final response of a back, null if it can go to every client. */
export function faultOfHead({ status, fields }: ResponseHead): string | null {
  if (!(status >= 200 && status <= 599)) return 'a status that is none';
  return Number.isNaN(lengthOf(fields)) ? 'no valid content-length' : faultOf(fields);
}

/** The head of a response as the client gets it. */
export function clientHead(
  head: ResponseHead,
  body: MessageBody | null,
  { method, protocol }: FrontRequest,
  rules: ResolvedHeaderRules,
): ResponseHead {
  const { status } = head;
  // Fields behind a body need one of unknown length, and another protocol than HTTP/1.0.
  const trailed = body !== null && body.length === null && protocol !== 'http/1.0';
  const framed = trailed
    ? forwardResponseFields(head.fields, rules, 'http/1.1', 'content-length')
    : forwardResponseFields(head.fields, rules, 'http/1.1', 'content-length', 'trailer');
  if (body !== null) {
    if (body.length !== null) framed.push(['content-length', String(body.length)]);
  } else if (status === 204) {
    // It has none, and tells none (RFC 9110 8.6).
  } else if (method === 'HEAD' || status === 304) {
    const length = lengthOf(head.fields);
    if (length !== null) framed.push(['content-length', String(length)]);
  } else framed.push(['content-length', '0']);
  return { status, message: messageOf(head), fields: framed };
}

/** The head of a response that begins a tunnel. */
export function tunnelHead(
  head: ResponseHead,
  request: FrontRequest,
  rules: ResolvedHeaderRules,
): ResponseHead {
  const { status } = head;
  const fields = forwardResponseFields(head.fields, rules, 'http/1.1', 'content-length', 'trailer');
  const upgrade = fieldOf(head.fields, 'upgrade') ?? request.upgrade;
  if (status === 101 && upgrade !== null) {
    fields.push(['connection', 'Upgrade'], ['upgrade', upgrade]);
  }
  return { status, message: messageOf(head), fields };
}

/** A text that no message can carry is left out. */
function messageOf({ message }: ResponseHead): string {
  return isValue(message) ? message : '';
}
