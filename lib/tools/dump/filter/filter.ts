import type { DumpFrame } from '../events.ts';
import { type FieldReader, fieldOf } from './filter-fields.ts';
import { FilterError, type Token, tokensOf } from './filter-lexer.ts';

/** Whether a frame is one of those that are meant. */
export type FrameFilter = (frame: DumpFrame) => boolean;

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** How deep parentheses and `!` may stand in each other. */
const MOST_DEPTH = 100;

/**
 * Reads a filter as `stream == 5 && type == DATA`. Fields are compared by `==`, `!=`, `<`, `<=`, `>`, `>=`, `contains` and `matches` (a regular
 * expression); alone they ask whether a frame has them. `&&`, `||`, `!` and parentheses combine; `and`, `or`, `not`, `eq` and so on mean the same.
 * Text is compared without regard to case. A comparison with a field that the frame does not have is false.
 *
 * @throws FilterError for what is none
 */
export function parseFilter(text: string): FrameFilter {
  return new FilterParser(text).parse();
}

class FilterParser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): FrameFilter {
    const filter = this.#either();
    const rest = this.#take();
    if (rest.kind !== 'end') throw unexpected(rest, 'the end');
    return filter;
  }

  #either(): FrameFilter {
    const parts = [this.#both()];
    while (this.#is('||')) parts.push(this.#both());
    return parts.length === 1
      ? (parts[0] as FrameFilter)
      : (frame) => parts.some((part) => part(frame));
  }

  #both(): FrameFilter {
    const parts = [this.#single()];
    while (this.#is('&&')) parts.push(this.#single());
    return parts.length === 1
      ? (parts[0] as FrameFilter)
      : (frame) => parts.every((part) => part(frame));
  }

  #single(): FrameFilter {
    const token = this.#take();
    if (token.kind === 'operator' && (token.text === '!' || token.text === '(')) {
      if (++this.#depth > MOST_DEPTH) throw new FilterError('too many parentheses', token.at);
      const inner = token.text === '!' ? this.#single() : this.#either();
      this.#depth--;
      if (token.text === '!') return (frame) => !inner(frame);
      const close = this.#take();
      if (close.text !== ')') throw unexpected(close, "')'");
      return inner;
    }
    if (token.kind !== 'name') throw unexpected(token, 'a field');
    const field = fieldOf(token.text);
    if (typeof field === 'string') throw new FilterError(field, token.at);
    return this.#comparison(field);
  }

  #comparison(field: FieldReader): FrameFilter {
    const token = this.#tokens[this.#next] as Token;
    const { kind, text } = token;
    if (kind !== 'operator' || ['&&', '||', ')'].includes(text)) {
      if (kind === 'operator' || kind === 'end') return (frame) => field(frame).length > 0;
      throw unexpected(token, 'a comparison');
    }
    this.#next++;
    const value = this.#take();
    if (value.kind === 'operator' || value.kind === 'end') throw unexpected(value, 'a value');
    const test = testOf(token, value);
    return (frame) => field(frame).some(test);
  }

  #take(): Token {
    const token = this.#tokens[this.#next] as Token;
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  #is(operator: string): boolean {
    const token = this.#tokens[this.#next] as Token;
    if (token.kind !== 'operator' || token.text !== operator) return false;
    this.#next++;
    return true;
  }
}

function testOf({ text, at }: Token, value: Token): (one: string | number) => boolean {
  const wanted = value.text.toLowerCase();
  const number = Number(value.text);
  const same = (one: string | number): boolean =>
    typeof one === 'number' ? one === number : one.toLowerCase() === wanted;
  switch (text) {
    case '==':
      return same;
    case '!=':
      return (one) => !same(one);
    case 'contains':
      return (one) => String(one).toLowerCase().includes(wanted);
    case 'matches': {
      const pattern = patternOf(value);
      return (one) => pattern.test(String(one));
    }
    default: {
      const compare = COMPARISONS[text];
      if (compare === undefined) throw new FilterError(`'${text}' is no comparison`, at);
      if (value.kind !== 'number') throw new FilterError(`${text} takes a number`, value.at);
      return (one) => compare(Number(one), number);
    }
  }
}

function patternOf({ text, at }: Token): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch (error) {
    throw new FilterError((error as Error).message, at);
  }
}

function unexpected({ text, at }: Token, wanted: string): FilterError {
  return new FilterError(
    `${wanted} should stand here, not ${text === 'the end' ? text : `'${text}'`}`,
    at,
  );
}
