// @ts-check
// Numbers in sentences: which form of a word stands with a number differs from language to language.

/** @typedef {Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }} Forms  `#` stands for the number. */

/**
 * Returns a function that says a number with the form that goes with it.
 * @param {string} language
 * @returns {(count: number, forms: Forms) => string}
 */
export function plurals(language) {
  const rules = new Intl.PluralRules(language);
  const digits = new Intl.NumberFormat(language);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace("#", digits.format(count));
}
