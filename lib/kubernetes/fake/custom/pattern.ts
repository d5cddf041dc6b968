import vm from 'node:vm';

/** What letters behind a backslash stand for in both worlds; what `\s` is differs. */
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: '\\x07', f: '\\f', n: '\\n', r: '\\r', t: '\\t', v: '\\v' },
  ...{ d: '\\d', D: '\\D', w: '\\w', W: '\\W' },
};

/** Those that stand for something outside of brackets only. */
const OUTSIDE: Readonly<Record<string, string>> = {
  ...{ A: '^', z: '$', b: '\\b', B: '\\B', s: '[\\t\\n\\f\\r ]', S: '[^\\t\\n\\f\\r ]' },
};

/** Classes in brackets, as `[[:alpha:]]`. */
const NAMED: Readonly<Record<string, string>> = {
  ...{ alnum: '0-9A-Za-z', alpha: 'A-Za-z', digit: '0-9', lower: 'a-z', upper: 'A-Z' },
  ...{ space: '\\t-\\r ', word: '\\w', xdigit: '0-9A-Fa-f' },
};

/** What is one thing of a pattern: a class by its name, an escape, a count, a group that is none, or a character. */
const PART =
  /\[:(\w+):\]|\\x\{([\dA-Fa-f]{1,6})\}|\\x([\dA-Fa-f]{2})|\\([\s\S])|(\{\d{1,4}(?:,\d{0,4})?\})|(\(\?:)|(\(\?)|[\s\S]/gu;

/** What is no pattern at all for RE2. */
const NEVER = /^\(\?<?[=!]|^\\[1-9]/;

/**
 * A pattern of a schema as Kubernetes reads it (RE2): `unknown` where it says something that this server cannot, `wrong` where it is none. Neither
 * lookarounds nor references to groups are patterns there.
 */
export function readPattern(text: string): RegExp | 'unknown' | 'wrong' {
  let source = '';
  /** Where the brackets began, behind `^`; null outside of them. */
  let opened: number | null = null;
  for (const match of text.matchAll(PART)) {
    const [part, named, long, short, escaped, count, open, special] = match;
    if (opened === null && NEVER.test(text.slice(match.index))) return 'wrong';
    const code = long ?? short;
    const isFirst = opened === source.length;
    if (code !== undefined) source += `\\u{${code}}`;
    else if (escaped !== undefined) {
      const meant = escapeOf(escaped, opened !== null);
      if (meant === null) return 'unknown';
      source += meant;
    } else if (special !== undefined && opened === null) return 'unknown';
    else if (opened === null) {
      source += count ?? open ?? outside(part);
      if (part.startsWith('[')) opened = source.length;
      // A class by its name stands in brackets only.
      if (named !== undefined) return 'unknown';
    } else if (named !== undefined) {
      const meant = Object.hasOwn(NAMED, named) ? NAMED[named] : undefined;
      if (meant === undefined) return 'unknown';
      source += meant;
    } else if (part === '^' && isFirst && source.endsWith('[')) {
      source += '^';
      opened = source.length;
    } else if (part === ']' && !isFirst) {
      source += ']';
      opened = null;
    } else source += inside(part);
  }
  try {
    return new RegExp(source, 'u');
  } catch {
    return 'wrong';
  }
}

function escapeOf(letter: string, isInside: boolean): string | null {
  if (Object.hasOwn(ESCAPES, letter)) return ESCAPES[letter] as string;
  if (letter === 's' && isInside) return '\\t\\n\\f\\r ';
  if (!isInside && Object.hasOwn(OUTSIDE, letter)) return OUTSIDE[letter] as string;
  return /^[!-~]$/.test(letter) && !/[\dA-Za-z]/.test(letter) ? literal(letter) : null;
}

/** A dot is any character but the end of a line, of which there is one. */
function outside(part: string): string {
  if (part === '.') return '[^\\n]';
  return part === '{' || part === '}' || part === ']' ? literal(part) : part;
}

/** In brackets only a hyphen says something; what of a longer part is there is characters. */
function inside(part: string): string {
  return part === '-' ? part : [...part].map(literal).join('');
}

function literal(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}

/** Longest text, in code units, that no pattern takes long for; and the milliseconds that others have. */
const SHORT = 16;
const TIME_MS = 1000;

const TEST = 'pattern.test(text)';
let context: { pattern?: RegExp; text?: string } | null = null;

/** Whether a text matches; null where that takes too long, as it never does in Kubernetes. */
export function matches(pattern: RegExp, text: string): boolean | null {
  if (text.length <= SHORT) return pattern.test(text);
  context ??= vm.createContext({});
  Object.assign(context, { pattern, text });
  try {
    return vm.runInContext(TEST, context, { timeout: TIME_MS }) as boolean;
  } catch {
    return null;
  }
}
