// @ts-check
/** The connection, told honestly: what it is, why, and once per change. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startServer, UNHURRIED } from "../harness.js";
import { holds, launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

test("connecting, live, reconnecting with a countdown and a way to try now: each told once, however many tries", async () => {
  const context = await browser.newContext();
  /** @type {"open" | "refused" | "held"} */
  let road = "held";
  let tries = 0;
  let open = () => {};
  await context.addInitScript(() => {
    /** @type {string[]} */
    const told = [];
    Object.assign(window, { told });
    addEventListener("DOMContentLoaded", () => {
      const status = /** @type {HTMLElement} */ (document.getElementById("status"));
      new MutationObserver(() => told.push(status.textContent ?? "")).observe(status, { childList: true, characterData: true, subtree: true });
    });
  });
  /** @type {Set<import("playwright-core").WebSocketRoute>} */
  const sockets = new Set();
  await context.routeWebSocket(/./, async (socket) => {
    tries += 1;
    if (road === "held") await /** @type {Promise<void>} */ (new Promise((resolve) => (open = resolve)));
    if (road === "refused") return socket.close({ code: 1012 });
    sockets.add(socket);
    socket.connectToServer();
  });
  const alice = new Person("Alice", context, await context.newPage());
  await alice.page.goto(`${server.url}/road`);
  await alice.page.getByLabel("Your name").fill("Alice");
  await alice.page.getByRole("button", { name: "Join", exact: true }).click();
  await alice.page.getByRole("status").filter({ hasText: "Connecting" }).waitFor();
  road = "open";
  open();
  await alice.isLive();
  const told = () => alice.page.evaluate("window.told");
  assert.deepEqual(await told(), ["Connecting", "Live"]);

  road = "refused";
  for (const socket of sockets) await socket.close({ code: 1012 });
  sockets.clear();
  await alice.page.getByRole("status").filter({ hasText: "Reconnecting" }).waitFor();
  const banner = alice.page.locator("#banner");
  await banner.filter({ hasText: /Trying again in \d+ s/ }).waitFor();
  const before = tries;
  await holds(alice.page, () => /in [2-9] s|in \d\d s/.test(document.getElementById("banner-text")?.textContent ?? "")); // a wait long enough to be cut short
  while (tries < before + 3) {
    await alice.page.getByRole("button", { name: "Try now" }).click({ timeout: 5_000 }).catch(() => {});
  }
  assert.deepEqual(await told(), ["Connecting", "Live", "Reconnecting"], "told once, through all tries");
  road = "open";
  await alice.say("said meanwhile");
  await alice.page.getByRole("button", { name: "Try now" }).click({ timeout: 3_000 }).catch(() => {});
  await alice.isLive();
  await banner.waitFor({ state: "hidden" });
  await alice.seesAll(["said meanwhile"]);
  assert.deepEqual(await told(), ["Connecting", "Live", "Reconnecting", "Live"]);
  assert.deepEqual(alice.complaints, []);
  await context.close();
});

test("offline is said so, and one is back by oneself", async () => {
  const alice = await Person.enter(browser, `${server.url}/offline`, "Alice");
  await alice.context.setOffline(true);
  await alice.page.getByRole("status").filter({ hasText: "Offline" }).waitFor();
  await alice.page.locator("#banner").filter({ hasText: "What you write is sent when you are back" }).waitFor();
  await alice.say("written offline");
  assert.equal((await alice.lines())[0]?.state, "pending");
  await alice.context.setOffline(false);
  await alice.isLive();
  await alice.seesAll(["written offline"]);
  assert.deepEqual(alice.complaints, []);
  await alice.context.close();
});

test("refused for good says why, and lets nobody write into nothing", async () => {
  const context = await browser.newContext();
  /** @type {import("playwright-core").WebSocketRoute | undefined} */
  let socket;
  await context.routeWebSocket(/./, (opened) => {
    socket = opened;
    opened.connectToServer();
  });
  const alice = await Person.enterIn(context, `${server.url}/end`, "Alice");
  await socket?.close({ code: 4403, reason: "removed by a moderator" });
  await alice.page.getByRole("status").filter({ hasText: "Disconnected. A moderator removed you" }).waitFor();
  await alice.page.locator("#banner").filter({ hasText: "A moderator removed you from this room" }).waitFor();
  assert.ok(await alice.composer.isDisabled());
  await alice.page.getByRole("button", { name: "Reload" }).click();
  await alice.isLive();
  assert.ok(await alice.composer.isEnabled());
  assert.deepEqual(alice.complaints, []);
  await context.close();
});
