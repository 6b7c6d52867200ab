// @ts-check
// Who came, went and changed names since the last message, folded: who went and came back did neither.
// Pure. Loaded when the first of them is seen.

import { words } from "./words.js";

/** @typedef {import("../client/parlor.js").Member} Member */

const NAMES_MAX = 3; // of new names told in one note

export class Comings {
  /** Names by member id. @type {Map<number, string>} */
  #joined = new Map();
  /** @type {Map<number, string>} */
  #left = new Map();
  /** @type {Map<number, { from: string, to: string }>} */
  #renamed = new Map();

  get isEmpty() {
    return this.#joined.size + this.#left.size + this.#renamed.size === 0;
  }

  /** In words. */
  toString() {
    const names = [...this.#renamed.values()].map(({ from, to }) => words.renamedTo(from, to));
    const joined = few([...this.#joined.values()], words.joinedOne, words.joinedTwo, words.joinedMany);
    const left = few([...this.#left.values()], words.goneOne, words.goneTwo, words.goneMany);
    return [joined, left, ...names.slice(-NAMES_MAX)].filter(Boolean).join(" · ");
  }

  /** @param {Member} member */
  joins({ id, name }) {
    if (!this.#left.delete(id)) this.#joined.set(id, name);
  }

  /** @param {Member} member */
  leaves({ id, name }) {
    this.#renamed.delete(id);
    if (!this.#joined.delete(id)) this.#left.set(id, name);
  }

  /** @param {Member} member @param {string} from */
  renames({ id, name }, from) {
    if (this.#joined.has(id)) return this.#joined.set(id, name);
    const first = this.#renamed.get(id)?.from ?? from;
    if (first === name) this.#renamed.delete(id);
    else this.#renamed.set(id, { from: first, to: name });
  }
}

/**
 * @param {string[]} names
 * @param {(name: string) => string} one @param {(name: string, other: string) => string} two @param {(name: string, count: number) => string} many
 */
function few([name, other, ...more], one, two, many) {
  if (name === undefined) return "";
  if (other === undefined) return one(name);
  return more.length === 0 ? two(name, other) : many(name, more.length + 1);
}
