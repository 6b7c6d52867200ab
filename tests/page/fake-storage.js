// @ts-check
// A `localStorage` for Node: as much of it as the page's modules use.

/** Puts an empty one in place, and returns it. */
export function fakeStorage() {
  /** @type {Record<string, string>} */
  const items = {};
  const methods = {
    getItem: (/** @type {string} */ key) => items[key] ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void (items[key] = value),
    removeItem: (/** @type {string} */ key) => void delete items[key],
  };
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(items, name, { value });
  Object.defineProperty(globalThis, "localStorage", { value: items, configurable: true });
  return items;
}
