import { dictionaryId } from './dictionaries.ts';
import { WORTHWHILE } from './fixed-deflate.ts';

/** Hash values. */
const HASH_BITS = 12;

/** What a compressor knows of a preset dictionary; both versions' are made once. */
export class Preset {
  /** Its bytes as characters. */
  readonly text: string;
  /** Adler-32, by which zlib headers name it. */
  readonly id: number;
  /** The last place of each beginning of four bytes by its hash, counted from 1; 0 for none. */
  readonly #places: Uint16Array = new Uint16Array(1 << HASH_BITS);

  constructor(dictionary: Uint8Array) {
    this.text = Buffer.from(dictionary).toString('latin1');
    this.id = dictionaryId(dictionary);
    for (let i = 0; i + WORTHWHILE <= this.text.length; i++)
      this.#places[hash(this.text, i)] = i + 1;
  }

  /** A place where the four bytes of `text` from `from` on may stand, or -1. */
  find(text: string, from: number): number {
    return (this.#places[hash(text, from)] as number) - 1;
  }
}

/** Presets that were made, by their dictionaries. */
const presets: WeakMap<Uint8Array, Preset> = new WeakMap();

/** The Preset of a dictionary. */
export function presetOf(dictionary: Uint8Array): Preset {
  let preset = presets.get(dictionary);
  if (preset === undefined) {
    preset = new Preset(dictionary);
    presets.set(dictionary, preset);
  }
  return preset;
}

function hash(text: string, at: number): number {
  const word =
    text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24);
  return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
}
