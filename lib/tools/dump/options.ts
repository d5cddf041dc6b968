import type { ProtocolVersion } from '../../protocol/version.ts';

/** How bytes are read as SPDY. */
export interface DumpOptions {
  /** The version of SPDY, where it is known; without this SPDY/3 and SPDY/3.1, which look alike, are taken for SPDY/3.1. */
  readonly version?: ProtocolVersion | null | undefined;
  /** Whether values of credentials and cookies are shown; default false: they are `***`. */
  readonly secrets?: boolean | undefined;
}
