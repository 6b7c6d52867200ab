// @ts-check
// Listeners by event. One that throws is reported as an uncaught error and keeps nobody else from hearing.

/** @typedef {import("./parlor.js").Events} Events */

export class Emitter {
  /** @type {Map<keyof Events, Set<(...values: any[]) => void>>} */
  #listeners = new Map();

  /** @template {keyof Events} E @param {E} event @param {(...values: Events[E]) => void} listener */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => this.off(event, listener);
  }

  /** @template {keyof Events} E @param {E} event @param {(...values: Events[E]) => void} listener */
  off(event, listener) {
    this.#listeners.get(event)?.delete(listener);
  }

  /** @template {keyof Events} E @param {E} event @param {Events[E]} values */
  emit(event, ...values) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(...values);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
