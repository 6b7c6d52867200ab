// @ts-check
// Parts of the page that are fetched when they are wanted first. A bad network may let one down: it is asked
// for again. Only a module that could not be had is fetched anew, one that fails is not, so a module must not wait
// for another's `import()` but through this.

const TRIES_MAX = 5;
const AGAIN_MS = 250; // doubled each time

/**
 * Loads a part. Rejects if it can't be had within some 4 s.
 * @template Part
 * @param {() => Promise<Part>} part  An `import()`.
 * @returns {Promise<Part>}
 */
export async function load(part) {
  for (let tries = 1; ; tries++) {
    try {
      return await part();
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * 2 ** (tries - 1)));
    }
  }
}
