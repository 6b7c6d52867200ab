// @ts-check
/**
 * All that chance decides in a chaos run comes from here: numbers drawn from a seed and a name, so
 * that a schedule can be drawn again, and one more draw in one place moves nothing in another.
 *
 *     const lot = new Lot(17, "proxy", 3);
 *     lot.int(1, 6);
 */

export class Lot {
  #state;

  /** @param {(string | number)[]} names the seed first, then what the numbers are for */
  constructor(...names) {
    let hash = 0x811c9dc5; // FNV-1a
    for (const character of names.join("/")) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
    this.#state = hash >>> 0;
  }

  /** In [0, 1): mulberry32. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. @param {number} min @param {number} max */
  int(min, max) {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** As often of each magnitude: many small, few large. @param {number} min above 0 @param {number} max */
  magnitude(min, max) {
    return Math.round(min * (max / min) ** this.next());
  }

  /** @param {number} probability */
  chance(probability) {
    return this.next() < probability;
  }

  /** @template T @param {readonly T[]} items @returns {T} */
  pick(items) {
    return /** @type {T} */ (items[this.int(0, items.length - 1)]);
  }

  /** One of the keys, each as likely as its weight says. @template {string} K @param {Record<K, number>} weights @returns {K} */
  weighted(weights) {
    const entries = /** @type {[K, number][]} */ (Object.entries(weights));
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) if ((left -= weight) < 0) return key;
    return /** @type {[K, number]} */ (entries.at(-1))[0];
  }

  /** In another order. @template T @param {readonly T[]} items @returns {T[]} */
  shuffled(items) {
    return items
      .map((item) => ({ item, at: this.next() }))
      .sort((one, other) => one.at - other.at)
      .map(({ item }) => item);
  }
}
