import { isDeepStrictEqual } from 'node:util';
import type { GoldenFrame } from '../support/golden-form.ts';
import type { GoldenCallback } from '../support/recording-handler.ts';

/*
 * Does what an engine did in a step satisfy a golden scenario? A port of golden/compare.py; the letters N1 to N7 are those of
 * golden/README.md. Expected objects are subsets: more fields in the actual object do not matter.
 */

/** Expected frames and callbacks: fields of a frame or callback, any of which may be missing. */
export interface Expected {
  readonly cb?: unknown;
  readonly type?: unknown;
  readonly streamId?: unknown;
  readonly flags?: unknown;
  readonly length?: unknown;
  readonly error?: unknown;
  readonly [field: string]: unknown;
}

/** What was, or should be, seen in a step. */
export interface Observation {
  readonly ret?: unknown;
  readonly error?: string;
  readonly callbacks?: readonly Expected[];
  readonly frames?: readonly Expected[];
  readonly wantRead?: boolean;
  readonly wantWrite?: boolean;
  readonly queueSize?: number;
}

/** What an engine did in a step. */
export interface Actual {
  readonly ret: unknown;
  readonly error: string | null;
  readonly callbacks: readonly GoldenCallback[];
  readonly frames: readonly GoldenFrame[];
  readonly wantRead: boolean;
  readonly wantWrite: boolean;
  readonly queueSize: number;
}

type Any = 'any';

/** Where a correct new engine differs from Spdylay in a step. */
export interface Override {
  readonly ret?: unknown;
  readonly callbacks?: readonly Expected[] | Any;
  readonly frames?: readonly Expected[] | Any;
  readonly wantRead?: boolean | Any;
  readonly wantWrite?: boolean | Any;
  readonly queueSize?: number | Any;
  readonly orderFree?: boolean;
  readonly callbacksMayAdd?: readonly string[];
  readonly callbacksMayLack?: readonly string[];
  readonly orCallbacks?: string;
  readonly orEmpty?: boolean;
  readonly errorOneOf?: readonly number[];
  readonly framesOneOf?: readonly (readonly Expected[])[];
  readonly framesInOrder?: readonly Expected[];
  readonly framesContain?: readonly Expected[];
  readonly noFrames?: readonly Expected[];
  readonly dataTotals?: Readonly<Record<string, { readonly bytes: number; readonly fin?: string }>>;
}

/** Fields that are never compared (N1, N3). */
const IGNORED: ReadonlySet<string> = new Set([
  'errorName',
  'payloadHex',
  'headersError',
  'zlibDictId',
  'unused',
  'hex',
  'priorityByte',
  'dataHex',
]);

/** Name of the record of a call made from inside a callback; it is not compared. */
export const INNER_CALL = '(call inside callback)';

/**
 * Complaints about one step; none means that it is passed. `action` is the step's `do`: the return value of `recv`
 * is not compared (N4).
 */
export function compareStep(
  action: string,
  observed: Observation,
  override: Override,
  actual: Actual,
): string[] {
  const wanted = { ...observed, ...override };
  return [
    ...(action === 'recv' ? [] : compareReturn(wanted.ret, actual)),
    ...compareCallbacks(wanted.callbacks, override, actual.callbacks),
    ...compareFrames(wanted.frames, override, actual.frames),
    ...compareTotals(override, actual.frames),
    ...compareState('wantRead', wanted.wantRead, actual.wantRead),
    ...compareState('wantWrite', wanted.wantWrite, actual.wantWrite),
    ...compareState('queueSize', wanted.queueSize, actual.queueSize),
  ];
}

function compareReturn(wanted: unknown, actual: Actual): string[] {
  if (wanted === undefined || wanted === 'any') return [];
  let fits: boolean;
  if (wanted === 'error') fits = typeof actual.ret === 'number' && actual.ret < 0;
  else if (typeof wanted === 'string') fits = actual.error === wanted;
  else fits = isDeepStrictEqual(actual.ret, wanted);
  return fits ? [] : [`returned ${show(actual.ret)} instead of ${show(wanted)}`];
}

function compareState(name: string, wanted: unknown, actual: unknown): string[] {
  if (wanted === undefined || wanted === 'any' || wanted === actual) return [];
  return [`${name} is ${show(actual)}, not ${show(wanted)}`];
}

function compareCallbacks(
  wanted: readonly Expected[] | Any | undefined,
  override: Override,
  callbacks: readonly GoldenCallback[],
): string[] {
  if (wanted === undefined || wanted === 'any') return [];
  const complaints: string[] = [];
  const actual = merge(normalize(callbacks), 'on_data_send');
  let expected = merge(normalize(wanted), 'on_data_send');
  const reasons = override.errorOneOf;
  if (reasons) {
    expected = expected.map(({ error: _, ...rest }) => rest);
    const wrong = actual.filter((callback) => callback.cb === 'on_ctrl_not_send');
    if (wrong.some((callback) => !reasons.includes(callback.error as number))) {
      complaints.push('on_ctrl_not_send has another reason');
    }
  }
  const difference = compareSequence(expected, actual, override);
  const instead = actual.some((callback) => callback.cb === override.orCallbacks);
  const nothing = override.orEmpty === true && actual.length === 0;
  if (difference !== null && !instead && !nothing) complaints.push(`callbacks: ${difference}`);
  return complaints;
}

function compareFrames(
  wanted: readonly Expected[] | Any | undefined,
  override: Override,
  frames: readonly GoldenFrame[],
): string[] {
  const complaints: string[] = [];
  const raw = normalize(frames);
  const actual = merge(raw, 'DATA');
  const differs = (list: readonly Expected[], orderFree: boolean): string | null =>
    compareSequence(merge(normalize(list), 'DATA'), actual, { orderFree });

  if (wanted !== undefined && wanted !== 'any') {
    const difference = differs(wanted, override.orderFree ?? false);
    if (difference !== null) complaints.push(`frames: ${difference}`);
  }
  if (override.framesOneOf?.every((list) => differs(list, false) !== null)) {
    complaints.push(`frames: none of the alternatives but ${show(actual)}`);
  }
  const inOrder = normalize(override.framesInOrder ?? []);
  for (const frame of raw) if (inOrder[0] && contains(inOrder[0], frame)) inOrder.shift();
  if (inOrder[0]) complaints.push(`frames: out of order, missing ${show(inOrder[0])}`);
  for (const frame of normalize(override.framesContain ?? [])) {
    if (!actual.some((other) => contains(frame, other))) {
      complaints.push(`frames: lack ${show(frame)}`);
    }
  }
  for (const frame of normalize(override.noFrames ?? [])) {
    if (actual.some((other) => contains(frame, other))) {
      complaints.push(`frames: must not contain ${show(frame)}`);
    }
  }
  return complaints;
}

function compareTotals(override: Override, frames: readonly GoldenFrame[]): string[] {
  return Object.entries(override.dataTotals ?? {}).flatMap(([stream, total]) => {
    const data = frames.filter(
      (frame) => frame.type === 'DATA' && (stream === '*' || String(frame.streamId) === stream),
    );
    const bytes = data.reduce((sum, frame) => sum + (frame.length ?? 0), 0);
    const fins = data.map((frame) => ((frame.flags ?? 0) & 1) === 1);
    const finLast = fins.pop() === true && !fins.includes(true);
    if (bytes === total.bytes && (total.fin === undefined || finLast)) return [];
    return [`DATA of stream ${stream}: ${bytes} bytes instead of ${total.bytes}, or FIN misplaced`];
  });
}

/** Null when `actual` is what was expected, else the first difference. */
function compareSequence(
  expected: readonly Expected[],
  actual: readonly Expected[],
  rules: Pick<Override, 'orderFree' | 'callbacksMayAdd' | 'callbacksMayLack'>,
): string | null {
  const mayLack = (item: Expected | undefined): boolean =>
    rules.callbacksMayLack?.includes(item?.cb as string) ?? false;
  const left = expected.filter((item) => item.cb !== INNER_CALL);
  const find = (item: Expected): number => {
    if (rules.orderFree) return left.findIndex((wanted) => contains(wanted, item));
    while (left[0] && !contains(left[0], item) && mayLack(left[0])) left.shift();
    return left[0] && contains(left[0], item) ? 0 : -1;
  };
  for (const item of actual) {
    if (item.cb === INNER_CALL) continue;
    const index = find(item);
    if (index >= 0) left.splice(index, 1);
    else if (!rules.callbacksMayAdd?.includes(item.cb as string)) {
      return `unexpected ${show(item)}${left[0] ? ` where ${show(left[0])} was expected` : ''}`;
    }
  }
  const missing = left.find((item) => !mayLack(item));
  return missing ? `missing ${show(missing)}` : null;
}

/** Whether `actual` has everything that `wanted` has, ignored fields aside. */
function contains(wanted: unknown, actual: unknown): boolean {
  if (!isRecord(wanted)) return isDeepStrictEqual(wanted, actual);
  if (!isRecord(actual)) return false;
  return Object.entries(wanted).every(
    ([key, value]) => IGNORED.has(key) || (key in actual && contains(value, actual[key])),
  );
}

type Pairs = readonly (readonly [name: string, value: unknown])[];

/** N1: headers become groups by name, sorted; the order among values of one name is kept. */
function normalize(list: readonly object[]): Expected[] {
  return list.map((item) => normalizeValue(item) as Expected);
}

function normalizeValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalizeValue);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'headers' ? groupHeaders(inner as Pairs | null) : normalizeValue(inner),
    ]),
  );
}

/** Headers that could not be read are null in the recordings, and an empty list in our frame objects. */
function groupHeaders(pairs: Pairs | null): unknown[] {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs ?? []) {
    const key = name.toLowerCase();
    const values = typeof value === 'string' ? value.split('\0') : [JSON.stringify(value)];
    groups.set(key, [...(groups.get(key) ?? []), ...values]);
  }
  return [...groups]
    .map(([name, values]) => {
      const filled = values.filter((value) => value !== '');
      return [name, filled.length > 0 ? filled : ['']] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** N2: DATA frames (on_data_send calls) of one stream that follow each other count as one. */
function merge(list: readonly Expected[], kind: 'DATA' | 'on_data_send'): Expected[] {
  const merged: { -readonly [K in keyof Expected]: Expected[K] }[] = [];
  for (const item of list) {
    const previous = merged.at(-1);
    const kinds = [item, previous].map((other) => other?.cb ?? other?.type);
    if (previous && kinds.every((name) => name === kind) && previous.streamId === item.streamId) {
      if ('length' in previous && 'length' in item) {
        previous.length = Number(previous.length) + Number(item.length);
      } else {
        delete previous.length;
      }
      previous.flags = Number(previous.flags ?? 0) | Number(item.flags ?? 0);
    } else {
      merged.push({ ...item });
    }
  }
  return merged;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
