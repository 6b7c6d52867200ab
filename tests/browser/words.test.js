// @ts-check
/** The page in the reader's language: chosen from the browser, its direction too, and no word from anywhere else. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startServer, UNHURRIED } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** @param {string} locale @param {string} path */
async function open(locale, path) {
  const context = await browser.newContext({ locale });
  const person = new Person("Ada", context, await context.newPage());
  await person.page.goto(server.url + path);
  return person;
}

for (const [locale, path, language, direction, join] of [
  ["en-GB", "/", "en", "ltr", "Join"],
  ["ar-EG", "/", "ar", "rtl", "انضم"],
  ["fr-FR", "/", "en", "ltr", "Join"],
  ["en-GB", "/?lang=ar", "ar", "rtl", "انضم"],
  ["ar", "/?lang=en", "en", "ltr", "Join"],
  ["ar", "/?lang=tlh", "ar", "rtl", "انضم"],
]) {
  test(`a browser in ${locale} at ${path} reads ${language}`, async () => {
    const ada = await open(String(locale), String(path));
    await ada.page.getByRole("button", { name: join, exact: true }).waitFor();
    const html = await ada.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);
    assert.deepEqual(html, [language, direction]);
    assert.deepEqual(ada.complaints, []);
    await ada.context.close();
  });
}

test("a room in Arabic: mirrored, names and texts in their own direction, nothing cut off", async () => {
  const ada = await open("ar", "/ghurfa");
  await ada.page.getByLabel("اسمك").fill("Ada");
  await ada.page.getByRole("button", { name: "انضم", exact: true }).click();
  await ada.page.getByRole("status").filter({ hasText: "متصل" }).first().waitFor();
  await ada.page.getByLabel("الرسالة", { exact: true }).fill("plain English!");
  await ada.page.keyboard.press("Enter");
  await ada.page.locator('li[data-state="sent"]').waitFor();
  const at = await ada.page.evaluate(() => {
    const left = (/** @type {string} */ selector) => document.querySelector(selector)?.getBoundingClientRect().left ?? NaN;
    const text = document.querySelector(".text");
    return { people: left("#people-panel"), talk: left(".talk"), direction: text && getComputedStyle(text).direction, overflow: document.documentElement.scrollWidth - innerWidth };
  });
  assert.ok(at.people < at.talk, "people are at the left");
  assert.equal(at.direction, "ltr", "an English line in an Arabic page");
  assert.ok(at.overflow <= 0);
  assert.deepEqual(ada.complaints, []);
  await ada.context.close();
});

/** A language in which every word is marked, so that a word without a mark is one that no file of words has. @param {string} source */
const marked = (source) => source.replace(/^(\/\/.*|import .*|const say .*)$|("(?:[^"\\]|\\.)*"|`[^`]*`)/gm, (line, kept, text) => (kept ? line : text.replace(/^(["`])(.*)(["`])$/s, "$1‹$2›$3")));

test("every word on the page comes from the files of words", { timeout: 60_000 }, async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const ada = new Person("Ada", context, await context.newPage());
  await ada.page.route("**/page/words/en*.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: marked(await answer.text()) });
  });
  /** What people read on the page now that has no mark. @param {string} where @param {RegExp} others  Names, texts, times. */
  const unmarked = async (where, others) => {
    const texts = await ada.page.evaluate(() => {
      /** @type {string[]} */
      const found = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node instanceof Text && !node.parentElement?.closest("noscript, script, style")) found.push(node.data);
        if (node instanceof Element) for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(node.getAttribute(name) ?? "");
      }
      return [...found, document.title];
    });
    const bare = texts.map((text) => text.replace(/‹[^‹›]*(‹[^‹›]*›[^‹›]*)*›/g, "").trim());
    assert.deepEqual(bare.filter((text) => /\p{L}/u.test(text) && !others.test(text)), [], where);
  };

  await ada.page.goto(server.url);
  await ada.page.getByText("‹Nobody is in an open room now").waitFor();
  await unmarked("front page", /^Parlor$/);
  await ada.page.goto(`${server.url}/marks`);
  await ada.page.getByRole("button", { name: "‹Join›" }).click();
  await ada.page.getByText("‹Tell the others what to call you.›").waitFor();
  await unmarked("entry", /^Parlor$/);
  await ada.page.locator("#entry-name").fill("Ada");
  await ada.page.keyboard.press("Enter");
  await ada.page.locator('#status[data-phase="live"]').waitFor();
  await ada.page.locator("#composer-text").fill("a text");
  await ada.page.keyboard.press("Enter");
  await ada.page.locator('li[data-state="sent"]').waitFor();
  await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  const ofPeople = /^(Ada|A|a text|marks( · Parlor)?|Parlor|\d.*(AM|PM)|\w+ \d+, .*(AM|PM)|\w+day, .*(AM|PM))$/;
  await unmarked("room", ofPeople);
  await ada.page.locator("li.line").hover();
  await ada.page.locator('li.line [data-act="more"]').click();
  await ada.page.getByRole("menu").waitFor();
  await unmarked("menu", ofPeople);
  await ada.page.keyboard.press("Escape");
  await ada.page.locator("#share").click();
  await ada.page.getByRole("dialog").waitFor();
  await unmarked("sharing", ofPeople);
  await context.close();
});
