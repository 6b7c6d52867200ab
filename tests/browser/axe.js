// @ts-check
/** What axe finds wrong with a page as it is now. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** @param {import("playwright-core").Page} page @param {string} [selector]  The part to look at; all of it without. @returns {Promise<string[]>} */
export async function violations(page, selector) {
  await page.evaluate(AXE);
  return page.evaluate(
    async ([rules, part]) => {
      const { axe } = /** @type {any} */ (window);
      const found = await axe.run(part ?? document, { runOnly: rules });
      return found.violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html.slice(0, 160)).join(" | ")}`);
    },
    /** @type {[string[], string | undefined]} */ ([RULES, selector]),
  );
}
