import type { HeaderList } from '../../../protocol/frames.ts';
import { fieldOf } from './fields.ts';

/** What a request without a priority has (RFC 9218 4.1). */
export const DEFAULT_URGENCY = 3;

/** The urgency of RFC 9218, 0 to 7, of a SPDY priority: 3 bits in SPDY/3 (2.6.1), 2 in SPDY/2. */
export function urgencyOf(priority: number, version: string): number {
  return version === 'spdy/2' ? 2 * priority : priority;
}

/** The SPDY priority of an urgency: the other way round. */
export function priorityOf(urgency: number, version: string): number {
  return version === 'spdy/2' ? urgency >> 1 : urgency;
}

/** The urgency that a field `priority` tells, null without one. */
export function urgencyOfFields(fields: HeaderList): number | null {
  const value = fieldOf(fields, 'priority');
  if (value === null) return null;
  const urgency = /(?:^|[\s,])u=([0-7])(?=\s*(?:$|[,;]))/.exec(value)?.[1];
  return urgency === undefined ? DEFAULT_URGENCY : Number(urgency);
}
