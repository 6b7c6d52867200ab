// @ts-check
/** A network that lets single requests down: parts of the page that are fetched when they are wanted come all the same. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** Of what is fetched once a room is there. */
const LATER = ["comings", "view/actions", "view/mention-list", "view/rename", "view/share", "view/shortcuts", "words/en-dialogs", "dialog-words"];

test("what did not come at first is fetched again", { timeout: 120_000 }, async () => {
  const context = await browser.newContext({ serviceWorkers: "block" }); // one that has all files has no need of the network
  /** @type {Set<string>} */
  const lost = new Set();
  await context.route(/\/page\//, (route) => {
    const part = LATER.find((name) => route.request().url().endsWith(`/page/${name}.js`));
    if (part === undefined || lost.has(part)) return route.continue();
    lost.add(part);
    return route.abort();
  });
  const alice = await Person.enterIn(context, `${server.url}/patchy`, "Alice");
  const bo = await Client.join(server, "patchy", "Bo");
  await alice.page.locator(".note").filter({ hasText: "Bo" }).waitFor();

  await alice.say("hello");
  await alice.seesAll(["hello"]);
  await alice.line("hello").hover();
  await alice.line("hello").getByRole("button", { name: "More" }).click();
  await alice.page.getByRole("menuitem", { name: "Copy text" }).waitFor();
  await alice.page.keyboard.press("Escape");

  await alice.composer.fill("@");
  await alice.composer.press("B");
  await alice.page.getByRole("option", { name: "Bo" }).waitFor();
  await alice.page.keyboard.press("Escape");
  await alice.page.keyboard.press("Control+/");
  await alice.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await alice.page.keyboard.press("Escape");
  await alice.page.locator("#share").click();
  await alice.page.getByRole("dialog").waitFor();
  await alice.page.keyboard.press("Escape");
  await alice.page.locator("#rename-open").click();
  await alice.page.locator("#rename-name").waitFor();

  assert.deepEqual([...lost].sort(), [...LATER].sort(), "each was lost once");
  const ours = alice.complaints.filter((complaint) => complaint !== "Service Worker registration blocked by Playwright");
  assert.deepEqual(ours, []);
  await bo.close();
  await context.close();
});
