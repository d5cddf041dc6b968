import { KubeConfigError } from '../errors.ts';
import type { YamlText } from './yaml.ts';

/** Where a mapping stands, for messages. */
interface Place {
  /** The file. */
  readonly file: string;
  /** What people call it, as `user "dev"`; '' for the whole file. */
  readonly label: string;
  readonly path: readonly (string | number)[];
  readonly lineOf: YamlText['lineOf'];
}

/** A mapping of a kubeconfig whose fields are read by their type; a wrong type is an error that names the place. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #place: Place;

  /** @throws KubeConfigError for anything but a mapping; null is an empty one */
  private constructor(value: unknown, place: Place) {
    this.#place = place;
    if (value !== null && value !== undefined && (typeof value !== 'object' || isList(value)))
      throw new KubeConfigError(`${this.where} must be a mapping`);
    this.#values = new Map(Object.entries(value ?? {}));
  }

  /**
   * The whole of a file.
   *
   * @throws KubeConfigError unless it is a mapping
   */
  static of({ value, lineOf }: YamlText, file: string): Fields {
    return new Fields(value, { file, label: '', path: [], lineOf });
  }

  /** The place, as `FILE, line 7: user "dev"`. */
  get where(): string {
    return placeOf(this.#place, this.#place.path);
  }

  /** The place of a field, as `FILE, line 8: user "dev": token`. */
  at(name: string): string {
    const place = placeOf(this.#place, [...this.#place.path, name]);
    return `${place}: ${name}`;
  }

  /** Whether a field has any value. */
  has(name: string): boolean {
    const value = this.#values.get(name) ?? null;
    return value !== null;
  }

  /** A text, null if it is missing or empty. */
  text(name: string): string | null {
    const value = this.#values.get(name) ?? null;
    if (value === null || value === '') return null;
    if (typeof value !== 'string') throw this.wrong(name, 'must be a string');
    return value;
  }

  /** True or false; false if it is missing. */
  flag(name: string): boolean {
    const value = this.#values.get(name) ?? false;
    if (typeof value === 'boolean') return value;
    // YAML 1.1, which kubectl reads, has more words for it.
    if (typeof value === 'string') {
      if (/^(?:y|yes|on)$/i.test(value)) return true;
      if (/^(?:n|no|off)$/i.test(value)) return false;
    }
    throw this.wrong(name, 'must be true or false');
  }

  /** A value as it is; undefined if it is missing. */
  raw(name: string): unknown {
    return this.#values.get(name);
  }

  /** Texts, none if it is missing. */
  texts(name: string): string[] {
    return this.#list(name).map((value) => {
      if (typeof value !== 'string') throw this.wrong(name, 'must be a list of strings');
      return value;
    });
  }

  /** Another mapping, empty if it is missing. */
  fields(name: string): Fields {
    return this.named(name, join(this.#place.label, name));
  }

  /** Another mapping, empty if it is missing, which messages call by this label. */
  named(name: string, label: string): Fields {
    const path = [...this.#place.path, name];
    return new Fields(this.#values.get(name), { ...this.#place, label, path });
  }

  /** A list of mappings, empty if it is missing. */
  entries(name: string): Fields[] {
    const label = join(this.#place.label, name);
    return this.#list(name).map((value, index) => {
      const path = [...this.#place.path, name, index];
      return new Fields(value, { ...this.#place, label, path });
    });
  }

  /** Bytes in base64, null if they are missing. */
  bytes(name: string): Buffer | null {
    const text = this.text(name)?.replace(/\s+/g, '') ?? null;
    if (text === null) return null;
    if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(text))
      throw this.wrong(name, 'must be base64');
    return Buffer.from(text, 'base64');
  }

  /** The names of all fields. */
  get names(): string[] {
    return [...this.#values.keys()];
  }

  /** The error of a field: its place, and what is wrong with it. */
  wrong(name: string, what: string, options?: ErrorOptions): KubeConfigError {
    return new KubeConfigError(`${this.at(name)} ${what}`, options);
  }

  #list(name: string): unknown[] {
    const value = this.#values.get(name) ?? [];
    if (!isList(value)) throw this.wrong(name, 'must be a list');
    return value;
  }
}

function placeOf({ file, label, lineOf }: Place, path: readonly (string | number)[]): string {
  const line = path.length === 0 ? null : lineOf(path);
  const place = line === null ? file : `${file}, line ${line}`;
  return label === '' ? place : `${place}: ${label}`;
}

function join(label: string, name: string): string {
  return label === '' ? name : `${label}: ${name}`;
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
