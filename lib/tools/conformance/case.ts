import type { ProtocolVersion } from '../../protocol/version.ts';
import type { Peer } from './peer.ts';

/** How much the text demands: it says MUST; it says SHOULD, or leaves a choice; it says nothing, but a good peer holds. */
export type ConformanceLevel = 'must' | 'should' | 'robust';

/** One thing that a peer is tested for, on a connection of its own. */
export interface ConformanceCase {
  /** Names it for good: group and number, as `ping/2`. */
  readonly id: string;
  /** Where the text says so, as `SPDY/3 2.6.5`. */
  readonly section: string;
  /** What the peer has to do, in a sentence. */
  readonly title: string;
  /** How much it has to. */
  readonly level: ConformanceLevel;
  /** Whether it loads the peer on purpose. */
  readonly hostile: boolean;
  /** Whether a version has it. */
  readonly applies: (version: ProtocolVersion) => boolean;
  /** Carries it out: throws a Mismatch, or a Skip when it cannot tell. */
  readonly run: (peer: Peer) => Promise<void>;
}

/** What differs from most cases. */
export interface CaseMarks {
  readonly level?: ConformanceLevel | undefined;
  readonly hostile?: true | undefined;
  readonly applies?: ((version: ProtocolVersion) => boolean) | undefined;
}

/** Cases of a group, numbered in their order. */
export function group(name: string): {
  readonly cases: ConformanceCase[];
  readonly add: (
    section: string,
    title: string,
    run: (peer: Peer) => Promise<void>,
    marks?: CaseMarks,
  ) => void;
} {
  const cases: ConformanceCase[] = [];
  return {
    cases,
    add: (section, title, run, marks = {}) => {
      cases.push({
        id: `${name}/${cases.length + 1}`,
        section,
        title,
        level: marks.level ?? 'must',
        hostile: marks.hostile ?? false,
        applies: marks.applies ?? (() => true),
        run,
      });
    },
  };
}

/** SPDY/3 and SPDY/3.1. */
export const since3 = ({ wire }: ProtocolVersion): boolean => wire === 3;

/** SPDY/3.1. */
export const since31 = ({ sessionWindow }: ProtocolVersion): boolean => sessionWindow;
