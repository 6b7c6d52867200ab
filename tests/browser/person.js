// @ts-check
/**
 * A person before the real page in Chromium: does what people do, by the labels that people read,
 * and tells what they would see.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox", // as root
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Long enough for a reconnect with backoff on a loaded machine. */
const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{ seq: number, text: string, state: string }} Line */

/** @param {string[]} [options] of Chromium's command line */
export function launchBrowser(options = []) {
  return chromium.launch({ executablePath: EXECUTABLE, args: [...ARGUMENTS, ...options] });
}

export class Person {
  /** What the page complained of, less what the network did to it. @type {string[]} */
  complaints = [];

  /** @param {string} name @param {import("playwright-core").BrowserContext} context @param {Page} page */
  constructor(name, context, page) {
    this.name = name;
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(DEADLINE_MS);
    page.on("pageerror", (error) => this.complaints.push(String(error.stack)));
    page.on("console", (message) => {
      const isNetwork = /WebSocket connection to .* failed|net::ERR_/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !isNetwork) this.complaints.push(message.text());
    });
  }

  /**
   * Opens a browser profile of one's own and goes to the room.
   * @param {import("playwright-core").Browser} browser @param {string} url @param {string} name
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  static async enter(browser, url, name, options) {
    return Person.enterIn(await browser.newContext(options), url, name);
  }

  /** Goes to the room in a profile that there is. @param {import("playwright-core").BrowserContext} context @param {string} url @param {string} name */
  static async enterIn(context, url, name) {
    const person = new Person(name, context, await context.newPage());
    await person.page.goto(url);
    await person.page.getByLabel("Your name").fill(name);
    await person.page.getByRole("button", { name: "Join", exact: true }).click();
    await person.isLive();
    return person;
  }

  get composer() {
    return this.page.getByRole("textbox", { name: "Message", exact: true });
  }

  /** The element of the line with this text. @param {string} text */
  line(text) {
    return this.page.getByRole("list", { name: "Messages" }).locator(".line").filter({ has: this.page.getByText(text, { exact: true }) });
  }

  /** Waits until something holds on the page. @param {string} what @param {string | (() => unknown)} condition  Runs in the page. */
  async until(what, condition) {
    await holds(this.page, condition).catch((error) => assert.fail(`${this.name}: not ${what}: ${error.message}`));
  }

  async isLive() {
    await this.page.getByRole("status").filter({ hasText: /live/i }).waitFor();
  }

  /** Writes a line and sends it, without waiting for what becomes of it. @param {string} text */
  async say(text) {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Says several lines, one after the other. @param {string[]} texts */
  async sayAll(texts) {
    for (const text of texts) await this.say(text);
  }

  /** The lines on the page, from the top. @returns {Promise<Line[]>} */
  lines() {
    return this.page.getByRole("list", { name: "Messages" }).locator(".line").evaluateAll((items) =>
      items.map((item) => ({
        seq: Number(item.getAttribute("data-seq")),
        text: item.querySelector(".text")?.textContent ?? "",
        state: item.getAttribute("data-state") ?? "",
      })),
    );
  }

  /** Waits until the lines are as they should be. @param {(lines: Line[]) => boolean} condition @param {string} what */
  async sees(condition, what) {
    const deadline = performance.now() + DEADLINE_MS;
    let lines = await this.lines();
    while (!condition(lines)) {
      const seen = lines.map(({ seq, text, state }) => `${seq} ${state} ${text}`).join("\n");
      assert.ok(performance.now() < deadline, `${this.name} does not see ${what}, but:\n${seen}`);
      await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      lines = await this.lines();
    }
    return lines;
  }

  /** Waits until all lines with these texts are there, and acknowledged. @param {string[]} texts */
  seesAll(texts) {
    const isSent = (/** @type {Line[]} */ lines) => (/** @type {string} */ text) =>
      lines.some((line) => line.text === text && line.state === "sent");
    return this.sees((lines) => texts.every(isSent(lines)), `all of ${texts.length} lines`);
  }

  /** Waits until just these people are listed. @param {string[]} names */
  async seesPeople(...names) {
    const people = this.page.getByRole("list", { name: "People" }).getByRole("listitem").locator(".person-name");
    await people.first().waitFor();
    const wanted = names.toSorted();
    const deadline = performance.now() + DEADLINE_MS;
    for (let listed; !isDeepStrictEqual(listed, wanted); ) {
      assert.ok(performance.now() < deadline, `${this.name} sees ${listed}, not ${wanted}`);
      if (listed) await sleep(LOOK_EVERY_MS);
      listed = (await people.allTextContents().catch(() => [])).toSorted(); // the page may be on the way to another
    }
  }

  /** Waits until what was changed, as the size of the window, is drawn, and all that follows from it. */
  async isDrawn() {
    await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))));
  }

  /** Keeps all that is read out from now on; what was read goes away after a while. Returns how to get it. */
  async hearsNews() {
    await this.page.evaluate(() => {
      /** @type {string[]} */
      const news = [];
      Object.assign(window, { news });
      const log = /** @type {HTMLElement} */ (document.getElementById("news"));
      new MutationObserver((changes) => changes.forEach(({ addedNodes }) => news.push(...[...addedNodes].map(({ textContent }) => (textContent ?? "").trim())))).observe(log, { childList: true });
    });
    return () => this.page.evaluate(() => /** @type {string[]} */ (Reflect.get(window, "news")));
  }
}

/**
 * Waits until a function, or an expression, is true on a page, and returns what it is then. Playwright's own
 * `waitForFunction` evaluates again from within the page, which our Content-Security-Policy rightly forbids.
 * @template A
 * @param {import("playwright-core").Page} page
 * @param {string | ((argument: A) => unknown)} condition
 * @param {A} [argument]
 * @returns {Promise<any>}
 */
export async function holds(page, condition, argument) {
  const deadline = performance.now() + DEADLINE_MS;
  /** @type {unknown} */
  let lastError;
  for (;;) {
    // Its frame may be on the way to another page.
    const value = await page.evaluate(/** @type {any} */ (condition), argument).catch((error) => void (lastError = error));
    if (value) return value;
    assert.ok(performance.now() < deadline, `not within ${DEADLINE_MS} ms: ${condition} ${lastError ?? ""}`);
    await sleep(LOOK_EVERY_MS);
  }
}
