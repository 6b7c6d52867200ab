// @ts-check
/** What the pages here have in common: where the server is (`?server=host:port`), and their elements. */

/** @param {string} [room] */
export function serverUrl(room = "") {
  const query = new URLSearchParams(location.search);
  const dialect = query.get("dialect");
  return `ws://${query.get("server")}/${room || (query.get("room") ?? "")}${dialect === null ? "" : `?dialect=${dialect}`}`;
}

/** @param {string} id @returns {HTMLElement} */
export function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no #${id}`);
  return found;
}

/** @param {string} id */
export function input(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}
