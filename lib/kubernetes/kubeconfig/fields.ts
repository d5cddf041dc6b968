import { KubeConfigError } from '../errors.ts';

/** A mapping of a kubeconfig whose fields are read by their type; a wrong type is an error that names the place. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;
  /** The place, for messages. */
  readonly where: string;

  /** @throws KubeConfigError for anything but a mapping; null is an empty one */
  constructor(value: unknown, where: string) {
    if (value !== null && value !== undefined && (typeof value !== 'object' || isList(value)))
      throw new KubeConfigError(`${where} must be a mapping`);
    this.#values = new Map(Object.entries(value ?? {}));
    this.where = where;
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
    if (typeof value !== 'string') throw this.#wrong(name, 'a string');
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
    throw this.#wrong(name, 'true or false');
  }

  /** A value as it is; undefined if it is missing. */
  raw(name: string): unknown {
    return this.#values.get(name);
  }

  /** Texts, none if it is missing. */
  texts(name: string): string[] {
    return this.#list(name).map((value) => {
      if (typeof value !== 'string') throw this.#wrong(name, 'a list of strings');
      return value;
    });
  }

  /** Another mapping, empty if it is missing. */
  fields(name: string): Fields {
    return new Fields(this.#values.get(name), `${this.where}: ${name}`);
  }

  /** Another mapping, empty if it is missing, which messages call by this name. */
  named(name: string, where: string): Fields {
    return new Fields(this.#values.get(name), where);
  }

  /** A list of mappings, empty if it is missing. */
  entries(name: string): Fields[] {
    return this.#list(name).map((value) => new Fields(value, `${this.where}: ${name}`));
  }

  /** Bytes in base64, null if they are missing. */
  bytes(name: string): Buffer | null {
    const text = this.text(name)?.replace(/\s+/g, '') ?? null;
    if (text === null) return null;
    if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(text))
      throw this.#wrong(name, 'base64');
    return Buffer.from(text, 'base64');
  }

  /** The names of all fields. */
  get names(): string[] {
    return [...this.#values.keys()];
  }

  #list(name: string): unknown[] {
    const value = this.#values.get(name) ?? [];
    if (!isList(value)) throw this.#wrong(name, 'a list');
    return value;
  }

  #wrong(name: string, what: string): KubeConfigError {
    return new KubeConfigError(`${this.where}: ${name} must be ${what}`);
  }
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
