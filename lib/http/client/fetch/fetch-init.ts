import { checkObject } from '../../../common/check.ts';
import { nearestName, unknownOption } from '../../../common/option-names.ts';
import type { SpdyAgent } from '../agent.ts';

/** Options of `fetch()`: those of the standard one, and these. */
export interface FetchInit extends Omit<RequestInit, 'duplex'> {
  /** `'half'`, which is the default: the standard asks for it with a body that is a stream, and the types of browsers leave it out. */
  readonly duplex?: 'half' | undefined;
  /** The agent that has the sessions. Default: `globalAgent()`. */
  readonly agent?: SpdyAgent | undefined;
  /** Priority of the stream: 0 is the most urgent. */
  readonly streamPriority?: number | undefined;
}

/** Of the standard, which Node's types know in part. */
const INIT_NAMES: ReadonlySet<string> = new Set([
  'agent',
  'streamPriority',
  'body',
  'cache',
  'credentials',
  'duplex',
  'headers',
  'integrity',
  'keepalive',
  'method',
  'mode',
  'priority',
  'redirect',
  'referrer',
  'referrerPolicy',
  'signal',
  'window',
]);

/** For Node's own `fetch()`: to leave it unheeded would send the request elsewhere. */
const FOR_OTHERS = 'dispatcher';

/**
 * Checks the names of options. The standard heeds no others, and libraries hand theirs down, so only a name that is like one of these is refused.
 *
 * @throws InvalidArgumentError for a name that is most likely mistaken, and for what is no object
 */
export function checkInit(init: FetchInit): void {
  checkObject('options', init);
  for (const [name, value] of Object.entries(init)) {
    if (INIT_NAMES.has(name) || value === undefined) continue;
    if (name === FOR_OTHERS || nearestName(name, INIT_NAMES) !== null)
      throw unknownOption('fetch()', name, INIT_NAMES);
  }
}
