/** Slots a vector has until SETTINGS 8 changes that (SPDY/3 2.6.9). */
const DEFAULT_SIZE = 8;

/** The client certificates that a SPDY/3 server knows, by slot (SPDY/3 2.6.9). Slots count from 1. */
export class CertificateVector {
  #size = DEFAULT_SIZE;
  readonly #slots = new Map<number, readonly Uint8Array[]>();

  /** How many slots there are. */
  get size(): number {
    return this.#size;
  }

  /** The chain in a slot (DER, leaf first), null if it is empty or does not exist. */
  get(slot: number): readonly Uint8Array[] | null {
    return this.#slots.get(slot) ?? null;
  }

  /** Puts a chain into a slot, in place of what was there; false if the slot does not exist. */
  set(slot: number, chain: readonly Uint8Array[]): boolean {
    if (slot < 1 || slot > this.#size) return false;
    this.#slots.set(slot, chain);
    return true;
  }

  /** Changes the number of slots; the low ones stay. */
  resize(size: number): void {
    this.#size = size;
    for (const slot of this.#slots.keys()) if (slot > size) this.#slots.delete(slot);
  }
}
