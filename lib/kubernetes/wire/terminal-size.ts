/** Size of a terminal in characters, 1 to 65535. */
export interface TerminalSize {
  /** Characters in a line, from 1 to 65535. */
  readonly columns: number;
  /** Lines of the screen, from 1 to 65535. */
  readonly rows: number;
}

/** Longest text of one size: more is no size. */
const MAX_TEXT = 1024;

/** Reads the resize stream of a terminal: JSON objects behind each other, cut anywhere. What is no size is skipped. */
export class TerminalSizeReader {
  #text = '';

  /** Takes bytes and returns the sizes that they complete. */
  push(chunk: Buffer): TerminalSize[] {
    const sizes: TerminalSize[] = [];
    const pieces = (this.#text + chunk.toString('latin1')).split('}');
    this.#text = pieces.pop() as string;
    if (this.#text.length > MAX_TEXT) this.#text = '';
    for (const piece of pieces) {
      const size = piece.length > MAX_TEXT ? null : parseSize(`${piece}}`);
      if (size !== null) sizes.push(size);
    }
    return sizes;
  }
}

function parseSize(text: string): TerminalSize | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  // As Go reads JSON, in which these are written by some in small letters.
  const fields = Object.entries(value ?? {}).map(([name, given]) => [name.toLowerCase(), given]);
  const { width: columns, height: rows } = Object.fromEntries(fields) as Record<string, unknown>;
  return isExtent(columns) && isExtent(rows) ? { columns, rows } : null;
}

function isExtent(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535;
}
