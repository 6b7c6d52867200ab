// @ts-check
// Who came, went and changed names since the last message, folded: who went and came back did neither.
// Pure.

/** @typedef {import("../client/parlor.js").Member} Member */

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

  get joined() {
    return [...this.#joined.values()];
  }

  get left() {
    return [...this.#left.values()];
  }

  get renamed() {
    return [...this.#renamed.values()];
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
