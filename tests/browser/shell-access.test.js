// @ts-check
/** Access to what is around the conversation: the front page, the question for a name, menus, dialogs, an embedded room. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, test } from "node:test";
import { sign } from "../../scripts/token.mjs";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { violations } from "./axe.js";
import { launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** @param {string} url @param {import("playwright-core").BrowserContextOptions} [options] */
async function open(url, options) {
  const context = await browser.newContext(options);
  const person = new Person("Ada", context, await context.newPage());
  await person.page.goto(url);
  return person;
}

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const locale of ["en", "ar"]) {
    test(`front page and entry, ${colorScheme}, ${locale}: nothing for axe to find`, { timeout: 120_000 }, async () => {
      const bo = await Client.join(server, "tea", "Bo");
      await bo.say("hello");
      const ada = await open(server.url, { colorScheme, locale });
      await ada.page.evaluate(() => localStorage.setItem("parlor.seen tea", JSON.stringify({ epoch: "e", seq: 0, at_ms: 1 })));
      await ada.page.reload();
      await ada.page.locator("#recent-list .unread-dot").waitFor();
      assert.deepEqual(await violations(ada.page), [], "front page");
      await ada.page.locator("#entry-join").click();
      await ada.page.locator("#entry-name-error").waitFor();
      assert.deepEqual(await violations(ada.page), [], "with mistakes pointed out");
      await ada.page.goto(`${server.url}/tea`);
      await ada.page.locator("#entry-name").waitFor();
      assert.deepEqual(await violations(ada.page), [], "entry");
      assert.deepEqual(ada.complaints, []);
      await ada.context.close();
      await bo.close();
    });
  }
}

test("menus, dialogs, the moderator's panel: nothing for axe to find, and the focus comes back", { timeout: 120_000 }, async () => {
  const AUTH_SECRET = "0123456789abcdef0123456789abcdef";
  const closed = await startServer({ vars: { ...UNHURRIED, AUTH_SECRET } });
  after(() => closed.close());
  const token = (/** @type {Record<string, unknown>} */ claims) => sign({ exp: Math.floor(Date.now() / 1_000) + 3_600, ...claims }, AUTH_SECRET);
  const bo = await Client.join(closed, "hall", "Bo", { headers: { Authorization: `Bearer ${token({ sub: "bo" })}` } });
  const { seq } = await bo.say("hello");
  bo.write({ type: "report", seq, reason: "just so" });
  const olga = await open(`${closed.url}/hall#token=${token({ sub: "olga", name: "Olga", role: "owner" })}`);
  await olga.isLive();
  const { page } = olga;

  await page.locator("li.line").hover();
  const more = page.locator('li.line [data-act="more"]');
  await more.click();
  await page.getByRole("menu").waitFor();
  assert.deepEqual(await violations(page), [], "menu");
  await page.keyboard.press("Escape");
  assert.ok(await more.evaluate((button) => button === document.activeElement), "back where it was opened");

  await more.click();
  await page.getByRole("menuitem", { name: /^Ban/ }).click();
  await page.getByRole("dialog").waitFor();
  assert.deepEqual(await violations(page), [], "dialog");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.ok(await page.evaluate(() => document.activeElement !== document.body), "the focus is not lost");

  await page.getByRole("button", { name: "Moderation" }).click();
  await page.getByRole("list", { name: "Reports" }).waitFor();
  assert.deepEqual(await violations(page), [], "moderator's panel");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Moderation" }).and(page.locator(":focus")).waitFor();

  await page.locator("#share").click();
  await page.getByRole("dialog").waitFor();
  assert.deepEqual(await violations(page), [], "sharing");
  assert.deepEqual(olga.complaints, []);
  await olga.context.close();
});

test("an embedded room: nothing for axe to find in it", { timeout: 60_000 }, async () => {
  const page = `<!doctype html><html lang="en"><title>Site</title><main><h1>Site</h1><parlor-chat room="inside" name="Ada"></parlor-chat></main><script type="module" src="${server.url}/client/parlor-chat.js"></script></html>`;
  const site = createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  await once(site.listen(0, "127.0.0.1"), "listening");
  after(() => site.close());
  const ada = await open(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (site.address()).port}`);
  await ada.isLive();
  await ada.say("hello");
  await ada.seesAll(["hello"]);
  assert.deepEqual(await violations(ada.page), []);
  await ada.context.close();
});

test("at 320 px and at twice the size nothing is cut off or to be scrolled sideways; what is touched is 44 px", { timeout: 60_000 }, async () => {
  for (const [width, zoom] of [[320, 1], [640, 2]]) {
    const ada = await open(server.url, { viewport: { width: Number(width) / Number(zoom), height: 640 }, deviceScaleFactor: Number(zoom) });
    await ada.page.evaluate(() => localStorage.setItem(`parlor.seen ${"x".repeat(64)}`, JSON.stringify({ epoch: "e", seq: 0, at_ms: 1 })));
    await ada.page.reload();
    await ada.page.locator("#recent-list li").waitFor();
    const found = await ada.page.evaluate(() => ({
      overflow: document.documentElement.scrollWidth - innerWidth,
      small: [...document.querySelectorAll("button, input, a.listed-room")].filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44).map((element) => element.outerHTML.slice(0, 100)),
    }));
    assert.ok(found.overflow <= 0, `${found.overflow} px`);
    assert.deepEqual(found.small, []);
    await ada.context.close();
  }
});
