// @ts-check
/**
 * Pages that behave as those of other chats, in Chromium, against Parlor: alone with the operator's
 * DEFAULT_DIALECT as if it were their own server, and all of them with Parlor's page in one room.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, extname } from "node:path";
import { after, test } from "node:test";
import { startServer, UNHURRIED } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

const PAGES = new URL("pages/", import.meta.url);
const TYPES = /** @type {Record<string, string>} */ ({ ".html": "text/html", ".js": "text/javascript" });

const browser = await launchBrowser();
after(() => browser.close());
const pages = createServer(async (request, response) => {
  const file = basename(new URL(request.url ?? "/", "http://pages").pathname);
  const type = TYPES[extname(file)];
  const content = type === undefined ? undefined : await readFile(new URL(file, PAGES)).catch(() => undefined);
  response.writeHead(content === undefined ? 404 : 200, { "Content-Type": type ?? "text/plain" }).end(content);
}).listen(0, "127.0.0.1");
await once(pages, "listening");
after(() => pages.close());
const { port } = /** @type {import("node:net").AddressInfo} */ (pages.address());

/** @typedef {import("playwright-core").Page} Page */

/** What went wrong on any page. @type {string[]} */
const complaints = [];

/**
 * Opens a page. An alert, which injected HTML would raise, is a complaint.
 * @param {string} dialect @param {import("../harness.js").Server} server @param {Record<string, string>} [query] @returns {Promise<Page>}
 */
async function open(dialect, server, query = {}) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(`${dialect}: ${error.stack}`));
  page.on("dialog", (dialog) => (complaints.push(`${dialect}: ${dialog.message()}`), dialog.dismiss()));
  await page.goto(`http://127.0.0.1:${port}/${dialect}.html?${new URLSearchParams({ server: `127.0.0.1:${server.port}`, ...query })}`);
  return page;
}

/** How a person says who they are and what they say on each page. @type {Record<string, { enter: (page: Page, name: string) => Promise<void>, say: (page: Page, text: string) => Promise<void>, text: (page: Page) => Promise<string> }>} */
const PEOPLE = {
  "scalesocket": {
    enter: (page, name) => page.locator("#nick").fill(name),
    say: async (page, text) => {
      await page.locator("#message:enabled").fill(text);
      await page.locator("#message").press("Enter");
    },
    text: (page) => page.locator("#messages").inputValue(),
  },
  "ws-chat": {
    enter: async (page, name) => {
      await page.locator("#username").fill(name);
      await page.getByRole("button", { name: "Join" }).click();
      await page.locator("#messages").filter({ hasText: `${name} joined the chat` }).waitFor(); // it is shown nothing of before
    },
    say: async (page, text) => {
      await page.locator("#message").fill(text);
      await page.getByRole("button", { name: "Send" }).click();
    },
    text: (page) => page.locator("#messages").innerText(),
  },
  "simple-chat": {
    enter: async (page, name) => {
      await page.locator("#input:enabled").fill(name);
      await page.locator("#input").press("Enter");
      await page.locator("#status").filter({ hasText: ":" }).filter({ hasNotText: "Choose" }).waitFor();
    },
    say: async (page, text) => {
      await page.locator("#input:enabled").fill(text);
      await page.locator("#input").press("Enter");
    },
    text: (page) => page.locator("#content").innerText(),
  },
  "text": {
    enter: async (page, name) => {
      await page.locator("#name").fill(name);
      await page.locator("#name").press("Tab");
      await page.locator("#users").filter({ hasText: name }).waitFor();
    },
    say: async (page, text) => {
      await page.locator("#message").fill(text);
      await page.getByRole("button", { name: "Send" }).click();
    },
    text: (page) => page.locator("#messages").innerText(),
  },
};

/** Waits until a page shows a text. @param {string} dialect @param {Page} page @param {string} text */
async function shows(dialect, page, text) {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const shown = (await PEOPLE[dialect]?.text(page)) ?? "";
    if (shown.includes(text)) return shown;
    assert.ok(performance.now() < deadline, `${dialect} does not show ${text}, but:\n${shown}`);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
}

const HTML = `<img src=x onerror="alert('injected')">`;

for (const [dialect, person] of Object.entries(PEOPLE)) {
  test(`${dialect}: its page runs against Parlor as against its own server`, async () => {
    const server = await startServer({ vars: { ...UNHURRIED, DEFAULT_DIALECT: dialect } });
    try {
      const ada = await open(dialect, server);
      await person.enter(ada, "Ada");
      const bo = await open(dialect, server);
      await person.enter(bo, "Bo");
      await person.say(ada, "tea?");
      await shows(dialect, bo, "tea?");
      await person.say(bo, HTML);
      for (const page of [ada, bo]) await shows(dialect, page, HTML);
      assert.equal(await ada.locator("img").count(), 0, "text, not HTML");
      await person.say(ada, "and milk");
      const shown = await shows(dialect, bo, "and milk");
      if (dialect !== "text") assert.match(shown, /Ada/);
      if (dialect === "text") {
        await ada.locator("#message").fill("m");
        await bo.locator("#typing").filter({ hasText: "Ada is typing" }).waitFor();
      }
      if (dialect === "scalesocket" || dialect === "simple-chat") {
        await bo.reload();
        await shows(dialect, bo, "tea?"); // history
        await shows(dialect, bo, "and milk");
      }
      if (dialect === "ws-chat") await shows(dialect, ada, "Bo joined the chat");
      await bo.close();
      if (dialect === "scalesocket") await shows(dialect, ada, "a participant left the chat");
      if (dialect === "ws-chat") await shows(dialect, ada, "Bo left the chat");
      await ada.close();
      assert.deepEqual(complaints, []);
    } finally {
      await server.close();
    }
  });
}

test("simple-chat: a line that is not taken does not leave the input locked", async () => {
  const server = await startServer({ vars: { DEFAULT_DIALECT: "simple-chat" } });
  try {
    const ada = await open("simple-chat", server);
    await PEOPLE["simple-chat"]?.enter(ada, "Ada");
    for (let n = 0; n < 14; n++) await PEOPLE["simple-chat"]?.say(ada, `line ${n}`); // waits for the input each time
    await PEOPLE["simple-chat"]?.say(ada, "   ");
    await ada.locator("#input:enabled").waitFor();
    await ada.close();
    assert.deepEqual(complaints, []);
  } finally {
    await server.close();
  }
});

test("all of them and Parlor's own page talk in one room", async () => {
  const server = await startServer({ vars: UNHURRIED });
  try {
    const dialects = Object.entries(PEOPLE);
    const member = await Person.enter(browser, `${server.url}/together`, "Member");
    const people = [];
    for (const [dialect, person] of dialects) {
      const page = await open(dialect, server, { room: "together", dialect });
      await person.enter(page, `from ${dialect}`);
      people.push({ dialect, person, page });
    }
    /** @type {string[]} */
    const texts = [];
    for (const { dialect, person, page } of people) {
      const text = `said in ${dialect}`;
      await person.say(page, text);
      for (const other of people) await shows(other.dialect, other.page, text);
      texts.push(text);
    }
    await member.say("said in parlor");
    texts.push("said in parlor");
    for (const { dialect, page } of people) {
      const shown = await shows(dialect, page, "said in parlor");
      const order = texts.map((text) => shown.indexOf(text));
      const sorted = [...order].sort((a, b) => (dialect === "simple-chat" ? b - a : a - b)); // that page has the newest on top
      assert.deepEqual(order, sorted, dialect);
    }
    const lines = await member.seesAll(texts);
    assert.deepEqual(lines.map(({ text }) => text), texts);
    await member.seesPeople("Member", ...dialects.map(([dialect]) => `from ${dialect}`));
    assert.deepEqual([...complaints, ...member.complaints], []);
  } finally {
    await server.close();
  }
});
