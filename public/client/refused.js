// @ts-check
// What the client's promises reject with.

export class Refused extends Error {
  /** @param {import("./parlor.js").Refusal} why */
  constructor({ code, message }) {
    super(message);
    this.name = "Refused";
    this.code = code;
  }
}

/** A promise and its ends; one that rejects unheard is no uncaught error. @template T @returns {PromiseWithResolvers<T>} */
export function promised() {
  /** @type {PromiseWithResolvers<T>} */
  const ends = Promise.withResolvers();
  ends.promise.catch(() => {});
  return ends;
}
