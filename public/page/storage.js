// @ts-check
// Web storage that may be denied or full: then nothing is kept, and the page works all the same.

/** @param {() => Storage} storage @param {string} key */
export function read(storage, key) {
  try {
    return storage().getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {() => Storage} storage @param {string} key @param {string | undefined} value */
export function write(storage, key, value) {
  try {
    if (value === undefined) storage().removeItem(key);
    else storage().setItem(key, value);
  } catch {
    // denied or full: forgotten
  }
}
