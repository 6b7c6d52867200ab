// @ts-check
/**
 * Without a network: the page and the newest lines are there all the same, what is written goes out later,
 * and after a deploy nobody sees an old page, or parts of two.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startServer, UNHURRIED } from "../harness.js";
import { startEdge } from "./edge.js";
import { holds, launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** Waits until the service worker has its snapshot. @param {import("playwright-core").Page} page */
async function isInstalled(page) {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (!(await caches.match("/taken-at"))) await new Promise((resolve) => setTimeout(resolve, 50));
  });
}

test("a page that was open once opens without a network: its room's lines, and what is written then", { timeout: 120_000 }, async () => {
  const alice = await Person.enter(browser, `${server.url}/tunnel`, "Alice");
  const bob = await Person.enter(browser, `${server.url}/tunnel`, "Bob");
  await bob.say("see you behind the tunnel");
  await alice.seesAll(["see you behind the tunnel"]);
  await alice.say("see you");
  await alice.seesAll(["see you behind the tunnel", "see you"]);
  await isInstalled(alice.page);
  await holds(alice.page, () => localStorage.getItem("parlor.history tunnel")?.includes('"see you"'));

  await alice.context.setOffline(true);
  await alice.page.reload();
  const lines = await alice.sees((lines) => lines.length >= 2, "the lines that were kept");
  assert.deepEqual(lines.map(({ text }) => text), ["see you behind the tunnel", "see you"]);
  const own = await alice.page.locator("li.own .text").allTextContents();
  assert.deepEqual(own, ["see you"], "one's own are known");
  await alice.page.getByRole("status").filter({ hasText: /offline|reconnecting/i }).first().waitFor();
  await alice.say("written in the tunnel");
  await alice.sees((lines) => lines.some(({ text, state }) => text === "written in the tunnel" && state === "pending"), "the line that waits");

  // Its menus are there as well, though none was opened before.
  await alice.page.locator("li.line").first().hover();
  await alice.page.locator("li.line").first().getByRole("button", { name: "More" }).click();
  await alice.page.getByRole("menuitem", { name: "Copy text" }).waitFor();
  await alice.page.keyboard.press("Escape");

  await alice.page.goto(server.url);
  await alice.page.getByRole("heading", { name: "Parlor" }).waitFor();
  await alice.page.goto(`${server.url}/tunnel`);
  await alice.sees((lines) => lines.length >= 3, "all of them");
  await alice.context.setOffline(false);
  await alice.isLive();
  await bob.seesAll(["written in the tunnel"]);
  assert.deepEqual([...alice.complaints, ...bob.complaints], []);
  for (const { context } of [alice, bob]) await context.close();
});

test("where nothing of a room is kept, the page opens and says how it is", { timeout: 60_000 }, async () => {
  const alice = await Person.enter(browser, `${server.url}/known`, "Alice");
  await isInstalled(alice.page);
  await alice.context.setOffline(true);
  await alice.page.goto(`${server.url}/never-seen`);
  await alice.page.getByRole("heading", { name: "Join never-seen" }).waitFor();
  await alice.page.getByRole("button", { name: "Join", exact: true }).click();
  await alice.page.getByRole("status").filter({ hasText: /offline|reconnecting/i }).first().waitFor();
  assert.deepEqual(await alice.lines(), []);
  // What the server answers in its own way is not the page, with or without a network.
  await assert.rejects(alice.page.goto(`${server.url}/health`), /ERR_INTERNET_DISCONNECTED/);
  await alice.context.close();
});

test("after a deploy the next visit is of the new page, with a network and without", { timeout: 120_000 }, async () => {
  let deploy = 1;
  const edge = await startEdge(server, {
    alter: (path, body) => {
      if (path === "/" || path === "/tea") return body.replace("<title>Parlor", `<title>Parlor ${deploy}`);
      return path === "/page/words/en.js" ? body.replace("Your name", `Your name, ${deploy}`) : body;
    },
  });
  after(() => edge.close());
  const page = await (await browser.newContext()).newPage();
  const isOf = async (/** @type {number} */ number) => {
    assert.equal(await page.title(), `Parlor ${number}`);
    await page.getByLabel(`Your name, ${number}`, { exact: true }).waitFor();
  };
  await page.goto(edge.url);
  await isOf(1);
  await isInstalled(page);

  deploy = 2;
  await page.goto(`${edge.url}/tea`);
  await isOf(2);
  // The snapshot follows what was seen to be new, in whole.
  await holds(page, async () => {
    for (const name of await caches.keys()) {
      const snapshot = await caches.open(name);
      const [taken, words, shell] = await Promise.all(["/taken-at", "/page/words/en.js", "/"].map(async (path) => (await snapshot.match(path))?.text()));
      if (taken && words?.includes('"Your name, 2"') && shell?.includes("Parlor 2")) return true;
    }
    return false;
  });
  await page.context().setOffline(true);
  await page.goto(edge.url);
  await isOf(2);

  // Begun without a network, and then there is one again, with another deploy: no parts of both.
  deploy = 3;
  await page.context().setOffline(false);
  edge.isSlow = true; // slower than one would wait for a page
  await page.goto(`${edge.url}/tea`);
  await isOf(2);
  edge.isSlow = false;
  await page.goto(`${edge.url}/tea`);
  await isOf(3);
  await page.context().close();
});

test("it can be installed", async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(server.url);
  const session = await page.context().newCDPSession(page);
  const { errors } = await session.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  await isInstalled(page);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // A window without a profile on disk installs nothing; nothing else may be in the way.
  assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito"), []);
  await page.context().close();
});
