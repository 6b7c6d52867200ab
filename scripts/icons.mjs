// @ts-check
// `node scripts/icons.mjs`: draws public/page/icons from public/favicon.svg, in Chromium. Run it when the
// mark changes; the icons are kept in the repository.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { findBrowser } from "./setup.mjs";
import { ROOT } from "./toolchain.mjs";

const PAPER = "#1c6653"; // of the mark, so that a mask of any shape cuts through nothing but it
/** The mark fills a square; under a mask only the middle 80 % are sure to be seen. @type {{ file: string, size: number, isMasked: boolean }[]} */
const ICONS = [
  { file: "192.png", size: 192, isMasked: false },
  { file: "512.png", size: 512, isMasked: false },
  { file: "maskable-512.png", size: 512, isMasked: true },
  { file: "apple-180.png", size: 180, isMasked: true },
];

const svg = readFileSync(join(ROOT, "public", "favicon.svg"), "utf8");
const browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox"] });
for (const { file, size, isMasked } of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const width = isMasked ? 80 : 100;
  const margin = (100 - width) / 2;
  await page.setContent(`<style>body { margin: 0; background: ${isMasked ? PAPER : "transparent"} } svg { display: block; width: ${width}vw; margin: ${margin}vw }</style>${svg}`);
  writeFileSync(join(ROOT, "public", "page", "icons", file), await page.screenshot({ omitBackground: !isMasked }));
  await page.close();
}
await browser.close();
