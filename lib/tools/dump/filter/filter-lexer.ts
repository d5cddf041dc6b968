/** A filter that cannot be read; the message says where. */
export class FilterError extends Error {
  /** Where in the text, from 0. */
  readonly at: number;

  /** `at`: where in the text, from 0. */
  constructor(message: string, at: number) {
    super(message);
    this.name = 'FilterError';
    this.at = at;
  }
}

/** A piece of a filter. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'end';
  readonly text: string;
  readonly at: number;
}

/** Words that mean the same as operators. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['and', '&&'],
  ['or', '||'],
  ['not', '!'],
  ['eq', '=='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['contains', 'contains'],
  ['matches', 'matches'],
]);

/** Other ways to write operators. */
const SAME: ReadonlyMap<string, string> = new Map([
  ['=', '=='],
  ['~', 'matches'],
]);

const TOKENS: readonly (readonly [kind: Token['kind'] | 'space', pattern: RegExp])[] = [
  ['space', /\s+/y],
  ['number', /(?:0x[0-9a-f]+|-?\d+(?:\.\d+)?)(?![\w.:])/iy],
  ['string', /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y],
  ['name', /[\w:][\w.:/-]*/y],
  ['operator', /&&|\|\||[=!<>]=|[<>!()]|=|~/y],
];

/**
 * Cuts a filter into tokens.
 *
 * @throws FilterError for a character that belongs to none
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const { kind, found } = next(text, at);
    if (kind !== 'space') tokens.push(tokenOf(kind, found, at));
    at += found.length;
  }
  tokens.push({ kind: 'end', text: 'the end', at });
  return tokens;
}

function next(text: string, at: number): { kind: Token['kind'] | 'space'; found: string } {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return { kind, found };
  }
  const quote = text[at] === '"' || text[at] === "'";
  throw new FilterError(quote ? 'a text without its end' : `'${text[at]}' has no meaning here`, at);
}

function tokenOf(kind: Token['kind'], found: string, at: number): Token {
  const word = kind === 'name' ? WORDS.get(found.toLowerCase()) : undefined;
  if (word !== undefined) return { kind: 'operator', text: word, at };
  if (kind === 'string') {
    return { kind, text: found.slice(1, -1).replace(/\\(.)/gs, '$1'), at };
  }
  return { kind, text: kind === 'operator' ? (SAME.get(found) ?? found) : found, at };
}
