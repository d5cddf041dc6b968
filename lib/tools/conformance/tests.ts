import type { ConformanceCase } from './case.ts';
import { CLIENT_CASES } from './cases/client.ts';
import { FRAMING_CASES } from './cases/framing.ts';
import { HEADER_CASES, HTTP_CASES, PUSH_CASES } from './cases/headers.ts';
import { HOSTILE_CASES } from './cases/hostile.ts';
import { GOAWAY_CASES, PING_CASES, SETTINGS_CASES, WINDOW_CASES } from './cases/session.ts';
import { STREAM_CASES } from './cases/streams.ts';
import { WIRE_CASES } from './cases/wire.ts';

/** What servers are tested for. */
export const SERVER_TESTS: readonly ConformanceCase[] = [
  ...FRAMING_CASES,
  ...STREAM_CASES,
  ...SETTINGS_CASES,
  ...PING_CASES,
  ...GOAWAY_CASES,
  ...WINDOW_CASES,
  ...HEADER_CASES,
  ...HTTP_CASES,
  ...PUSH_CASES,
  ...WIRE_CASES,
  ...HOSTILE_CASES,
];

/** What clients are tested for. */
export const CLIENT_TESTS: readonly ConformanceCase[] = CLIENT_CASES;
