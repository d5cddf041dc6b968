import {
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  FLAG_SETTINGS_CLEAR_SETTINGS,
  HEADERS,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
} from './constants.ts';
import type { ControlFrame } from './frames.ts';
import { FRAME_NAMES } from './names.ts';

/** A control frame as it is told to people and other programs; its headers are told apart from it. */
export interface ControlFacts {
  /** As `SYN_STREAM`; `TYPE_77` for a type that SPDY does not have. */
  readonly type: string;
  /** 0 for frames of the session. */
  readonly stream: number;
  /** As `flagNames()` has them. */
  readonly flags: string[];
  /** Bytes behind the 8 of the frame header. */
  readonly length: number;
  /** What else is in the frame, by the names of `ControlFrame`. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

/** Fields that stand elsewhere in the facts, or are large. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'version',
  'flags',
  'length',
  'type',
  'streamId',
  'headers',
  'proof',
  'certificates',
]);

const FIN = [CTRL_FLAG_FIN, 'FIN'] as const;
const NO_FLAGS: readonly (readonly [flag: number, name: string])[] = [];
/** The flags that frames of a type have. */
const FLAG_NAMES: Readonly<Record<number, typeof NO_FLAGS>> = {
  [SYN_STREAM]: [FIN, [CTRL_FLAG_UNIDIRECTIONAL, 'UNIDIRECTIONAL']],
  [SYN_REPLY]: [FIN],
  [HEADERS]: [FIN],
  [SETTINGS]: [[FLAG_SETTINGS_CLEAR_SETTINGS, 'CLEAR_SETTINGS']],
};

/** What is told of a control frame. */
export function frameFacts(frame: ControlFrame): ControlFacts {
  const { type, flags, length } = frame;
  const stream = 'streamId' in frame ? frame.streamId : 0;
  const facts = { type: frameName(type), stream, flags: flagNames(type, flags), length };
  const fields = Object.entries(frame).filter(([name]) => !ELSEWHERE.has(name));
  return fields.length === 0 ? facts : { ...facts, fields: Object.fromEntries(fields) };
}

/** The name of a type of control frames. */
export function frameName(type: number): string {
  return FRAME_NAMES[type] ?? `TYPE_${type}`;
}

/** The names of the flags of a control frame, null for DATA; bits that mean nothing are one number, as `0x04`. */
export function flagNames(type: number | null, flags: number): string[] {
  const names: string[] = [];
  let rest = flags;
  for (const [flag, name] of type === null ? [FIN] : (FLAG_NAMES[type] ?? NO_FLAGS)) {
    if ((flags & flag) === 0) continue;
    names.push(name);
    rest &= ~flag;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16).padStart(2, '0')}`);
  return names;
}
