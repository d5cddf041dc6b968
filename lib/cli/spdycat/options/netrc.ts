import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../arguments.ts';

interface Entry {
  /** Null for `default`. */
  readonly machine: string | null;
  login: string;
  password: string;
}

/** Names and passwords of machines, as `ftp` and curl read them from `~/.netrc`. */
export class Netrc {
  readonly #entries: readonly Entry[];

  constructor(text: string) {
    this.#entries = parse(text);
  }

  /** @throws UsageError for a file that cannot be read */
  static read(file: string): Netrc {
    try {
      return new Netrc(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new UsageError(`--netrc-file: ${(error as Error).message}`);
    }
  }

  /** That of the user (the variable `NETRC` names another file); without one, nothing. */
  static ofHome({ NETRC }: NodeJS.ProcessEnv = process.env): Netrc {
    try {
      return new Netrc(readFileSync(NETRC || join(homedir(), '.netrc'), 'utf8'));
    } catch {
      return new Netrc('');
    }
  }

  /** `name:password` for a machine; null if it has none. */
  userOf(machine: string): string | null {
    const entry = this.#entries.find((one) => one.machine === null || one.machine === machine);
    return entry === undefined ? null : `${entry.login}:${entry.password}`;
  }
}

function parse(text: string): Entry[] {
  const entries: Entry[] = [];
  const words = wordsOf(text);
  for (let i = 0; i < words.length; i++) {
    const entry = entries.at(-1);
    switch (words[i]) {
      case 'machine':
        entries.push({ machine: (words[++i] ?? '').toLowerCase(), login: '', password: '' });
        break;
      case 'default':
        entries.push({ machine: null, login: '', password: '' });
        break;
      case 'login':
        i++;
        if (entry !== undefined) entry.login = words[i] ?? '';
        break;
      case 'password':
        i++;
        if (entry !== undefined) entry.password = words[i] ?? '';
        break;
      case 'account':
        i++;
        break;
    }
  }
  return entries;
}

/** Words, those in quotation marks with their spaces. Comments and macros (up to an empty line) have none. */
function wordsOf(text: string): string[] {
  const plain = text.replace(/^[ \t]*macdef[^\n]*\n(?:[^\n]+\n?)*/gm, '');
  const words: string[] = [];
  for (const [word, quoted] of plain.matchAll(/#[^\n]*|"((?:\\.|[^"\\])*)"|[^\s]+/g)) {
    if (quoted !== undefined) words.push(quoted.replace(/\\(.)/g, '$1'));
    else if (!word.startsWith('#')) words.push(word);
  }
  return words;
}
