// @ts-check
/** A room inside the page of docs/EMBEDDING.md, as it stands there, on another site. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { startServer, UNHURRIED } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

const browser = await launchBrowser();
after(() => browser.close());

const guide = readFileSync(new URL("../../docs/EMBEDDING.md", import.meta.url), "utf8");
const [, html = ""] = /^```html\n(.*?)^```/ms.exec(guide) ?? [];

/** Another site, which serves one page. @param {string} page */
async function startSite(page) {
  const site = createServer((request, response) => {
    response.setHeader("content-type", "text/html").writeHead(request.url === "/" ? 200 : 404).end(request.url === "/" ? page : "");
  });
  await once(site.listen(0, "127.0.0.1"), "listening");
  after(() => site.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (site.address());
  return `http://127.0.0.1:${port}`;
}

/** @param {string} url @param {import("playwright-core").BrowserContextOptions} [options] */
async function visit(url, options) {
  const context = await browser.newContext(options);
  const reader = new Person("reader", context, await context.newPage());
  await reader.page.goto(url);
  return reader;
}

/** @param {Person} reader */
async function join(reader) {
  await reader.page.getByLabel("Your name").fill("Reader");
  await reader.page.getByRole("button", { name: "Join", exact: true }).click();
  await reader.isLive();
}

// The origin that may: known only once the site is there, so the site comes first and learns the server's address.
let parlor = "";
const site = createServer((_, response) => response.setHeader("content-type", "text/html").end(html.replaceAll("https://parlor.example", parlor)));
await once(site.listen(0, "127.0.0.1"), "listening");
after(() => site.close());
const origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (site.address()).port}`;
const server = await startServer({ vars: { ...UNHURRIED, ALLOWED_ORIGINS: origin } });
after(() => server.close());
parlor = server.url;

test("the page of docs/EMBEDDING.md does what it says, on another site", { timeout: 120_000 }, async () => {
  const reader = await visit(origin);
  assert.equal(await reader.page.title(), "The Daily Loaf");
  await join(reader);
  const baker = await Person.enter(browser, `${server.url}/bakers`, "Baker");
  await reader.say("how warm should it be?");
  await baker.seesAll(["how warm should it be?"]);
  await baker.say("24 degrees");
  await reader.seesAll(["how warm should it be?", "24 degrees"]);
  await reader.page.getByRole("button", { name: "2 here" }).click(); // it is narrow: they are behind a button
  await reader.seesPeople("Reader", "Baker");
  await reader.page.keyboard.press("Escape");
  assert.equal(await reader.page.title(), "The Daily Loaf", "the title is the site's");
  assert.equal(new URL(reader.page.url()).pathname, "/");

  // Themed from outside, and nothing of it leaks.
  await reader.until("of the site's colour", () => {
    const own = document.querySelector("parlor-chat")?.shadowRoot?.querySelector("li.own .bubble");
    return own && getComputedStyle(own).backgroundColor === "rgb(140, 59, 14)"; // which a line that is stored takes on little by little
  });
  assert.match(await reader.page.evaluate(() => getComputedStyle(document.querySelector("h1") ?? document.body).fontFamily), /Georgia/);
  assert.equal(await reader.page.evaluate(() => document.querySelectorAll("body #room, body > .dialog").length), 0);

  // Menus and dialogs are inside too, and have their style.
  await reader.page.locator("li.line").last().hover();
  await reader.page.locator("li.line").last().getByRole("button", { name: "More" }).click();
  await reader.page.getByRole("menuitem", { name: "Report…" }).click();
  const dialog = reader.page.getByRole("dialog", { name: "Report this message" });
  await dialog.waitFor();
  assert.ok(await dialog.evaluate((element) => parseFloat(getComputedStyle(element).borderRadius) > 0));
  await reader.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  // A reload is the same person at once; leaving asks again.
  await reader.page.reload();
  await reader.isLive();
  await reader.seesAll(["24 degrees"]);
  await baker.seesPeople("Reader", "Baker");
  await reader.page.getByRole("button", { name: "2 here" }).click();
  await reader.page.getByRole("button", { name: "Leave" }).click();
  await reader.page.getByLabel("Your name").waitFor();
  await baker.seesPeople("Baker");
  assert.deepEqual([...reader.complaints, ...baker.complaints], []);
  await reader.context.close();
  await baker.context.close();
});

test("it is left when it is taken out, another room is another room, and two of them don't mix", { timeout: 120_000 }, async () => {
  const reader = await visit(origin);
  await reader.page.evaluate(() => {
    const first = document.querySelector("parlor-chat");
    first?.setAttribute("name", "One");
    const second = document.createElement("parlor-chat");
    second.setAttribute("room", "second");
    second.setAttribute("name", "Two");
    document.body.append(second);
  });
  const first = reader.page.locator("parlor-chat").first();
  const second = reader.page.locator("parlor-chat").nth(1);
  for (const chat of [first, second]) await chat.getByRole("status").filter({ hasText: /live/i }).waitFor();
  const inFirst = await Person.enter(browser, `${server.url}/bakers`, "Ada");
  const inSecond = await Person.enter(browser, `${server.url}/second`, "Bo");
  await second.getByLabel("Message", { exact: true }).fill("to the second");
  await reader.page.keyboard.press("Enter");
  await inSecond.seesAll(["to the second"]);
  await inFirst.seesPeople("One", "Ada");
  assert.equal(await first.getByText("to the second").count(), 0);

  await reader.page.evaluate(() => document.querySelectorAll("parlor-chat")[1]?.remove());
  await inSecond.seesPeople("Bo");
  await reader.page.evaluate(() => document.querySelector("parlor-chat")?.setAttribute("room", "second"));
  await inSecond.seesPeople("Bo", "One");
  await inFirst.seesPeople("Ada");
  assert.deepEqual([...reader.complaints, ...inFirst.complaints, ...inSecond.complaints], []);
  for (const { context } of [reader, inFirst, inSecond]) await context.close();
});

test("narrow, from right to left, and with the people over the lines: all inside the element", { timeout: 120_000 }, async () => {
  const reader = await visit(origin, { locale: "ar", viewport: { width: 360, height: 700 } });
  await reader.page.getByLabel("اسمك").fill("قارئ");
  await reader.page.getByRole("button", { name: "انضم", exact: true }).click();
  const toggle = reader.page.locator("parlor-chat").locator("#people-toggle");
  await toggle.click();
  const boxes = await reader.page.evaluate(() => {
    const chat = document.querySelector("parlor-chat");
    const panel = chat?.shadowRoot?.querySelector("#people-panel");
    const outer = chat?.getBoundingClientRect();
    const inner = panel?.getBoundingClientRect();
    return { outer: outer?.toJSON(), inner: inner?.toJSON(), overflow: document.documentElement.scrollWidth - innerWidth };
  });
  assert.ok(boxes.inner.top >= boxes.outer.top && boxes.inner.bottom <= boxes.outer.bottom, JSON.stringify(boxes));
  assert.ok(boxes.inner.left >= boxes.outer.left && boxes.inner.left - boxes.outer.left < 5, "at the left, where lines end");
  assert.ok(boxes.overflow <= 0);
  await reader.context.close();
});

test("a site that is not named in ALLOWED_ORIGINS is shut out, and its reader is told", { timeout: 60_000 }, async () => {
  const stranger = await startSite(html.replaceAll("https://parlor.example", server.url).replace('room="bakers"', 'room="shut"'));
  const reader = await visit(stranger);
  await reader.page.getByLabel("Your name").fill("Reader");
  await reader.page.getByRole("button", { name: "Join", exact: true }).click();
  await reader.page.getByRole("status").filter({ hasText: /reconnecting|disconnected/i }).first().waitFor();
  assert.equal((await server.request("/api/rooms/shut")).status, 404, "nobody was ever there");
  await reader.context.close();
});
