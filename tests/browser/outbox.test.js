// @ts-check
/**
 * Lines typed without a connection outlive the page: after a reload they are there as pending, and are
 * sent once when the connection is back, also where two tabs of one person have them.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startServer, UNHURRIED } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

const TYPED = ["typed on a train", "and in a tunnel", "مرحبا"];

/** @param {import("./person.js").Line[]} lines @param {string[]} texts @param {string} state */
const areAll = (lines, texts, state) =>
  assert.deepEqual(lines.filter(({ text }) => texts.includes(text)).map(({ text, state }) => [text, state]), texts.map((text) => [text, state]));

/** The room as stored. @param {string} room */
async function storedTexts(room) {
  const { messages } = (await server.request(`/api/rooms/${room}/messages?limit=200`)).json;
  return messages.map((/** @type {{ text: string }} */ { text }) => text);
}

test("typed offline, reloaded, still there, sent once", { timeout: 120_000 }, async () => {
  const url = `${server.url}/train`;
  const alice = await Person.enter(browser, url, "Alice");
  let isCut = false; // a reload needs the page, so only the sockets are cut
  await alice.context.routeWebSocket(/./, (socket) => {
    if (isCut) socket.close();
    else socket.connectToServer();
  });
  await alice.say("at the station");
  await alice.seesAll(["at the station"]);

  await alice.context.setOffline(true);
  // A socket that is routed outlives the network: the page lets go of it once it is told.
  await alice.page.getByRole("status").filter({ hasText: "Offline" }).waitFor();
  await alice.sayAll(TYPED);
  areAll(await alice.lines(), TYPED, "pending");
  isCut = true;
  await alice.context.setOffline(false);
  await alice.page.reload();
  areAll(await alice.sees((lines) => lines.length >= TYPED.length, "the lines that are pending"), TYPED, "pending");
  const authors = await alice.page.getByRole("list", { name: "Messages" }).locator(".author").allTextContents();
  assert.ok(authors.every((author) => author === "Alice"), String(authors));

  const tab = new Person("Alice's other tab", alice.context, await alice.context.newPage());
  await tab.page.goto(url);
  await tab.page.getByLabel("Your name").fill("Alice");
  await tab.page.getByRole("button", { name: "Join", exact: true }).click();
  areAll(await tab.sees((lines) => lines.length >= TYPED.length, "the lines that are pending"), TYPED, "pending");

  isCut = false;
  for (const person of [alice, tab]) areAll(await person.seesAll(TYPED), TYPED, "sent");
  const bob = await Person.enter(browser, url, "Bob");
  areAll(await bob.seesAll(TYPED), TYPED, "sent");
  await alice.seesPeople("Alice", "Bob");
  assert.deepEqual(await storedTexts("train"), ["at the station", ...TYPED]);

  await alice.page.reload();
  await alice.isLive();
  areAll(await alice.seesAll(["at the station", ...TYPED]), TYPED, "sent");
  await alice.say("home");
  await bob.seesAll(["home"]);
  assert.deepEqual(await storedTexts("train"), ["at the station", ...TYPED, "home"]);
  for (const person of [alice, tab, bob]) assert.deepEqual(person.complaints, [], person.name);
});

test("what was refused is offered again after a reload, and is gone once discarded", { timeout: 120_000 }, async () => {
  const alice = await Person.enter(browser, `${server.url}/refused`, "Alice");
  await alice.say("\u200b"); // which the page takes for text and the server for nothing
  const isFailed = (/** @type {import("./person.js").Line[]} */ lines) => lines.some(({ state }) => state === "failed");
  await alice.sees(isFailed, "the refusal");
  await alice.page.reload();
  await alice.isLive();
  await alice.sees(isFailed, "the refusal after a reload");
  await alice.page.getByRole("button", { name: "Discard" }).click();
  await alice.sees((lines) => lines.length === 0, "nothing");
  await alice.page.reload();
  await alice.isLive();
  assert.deepEqual(await alice.lines(), []);
  assert.deepEqual(alice.complaints, []);
});
