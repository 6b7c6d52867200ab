// @ts-check
/** The front page: it explains itself in one screen, knows the rooms one was in, and makes private ones to share. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { eventually, listed } from "../numbers.js";
import { holds, launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** Rooms that were visited so far, as the conversation keeps them. @param {Person} person @param {Record<string, number>} seqs */
async function visited(person, seqs) {
  await person.page.goto(server.url);
  await person.page.evaluate((rooms) => {
    Object.entries(rooms).forEach(([room, seq], n) => {
      localStorage.setItem(`parlor.seen ${room}`, JSON.stringify({ epoch: "e", seq, at_ms: 1_700_000_000_000 - n }));
    });
  }, seqs);
  await person.page.reload();
}

/** @param {string} name @param {import("playwright-core").BrowserContextOptions} [options] */
async function newPerson(name, options) {
  const context = await browser.newContext(options);
  return new Person(name, context, await context.newPage());
}

for (const [what, viewport] of /** @type {const} */ ([["a laptop", { width: 1280, height: 720 }], ["a phone", { width: 390, height: 844 }]])) {
  test(`one screen of ${what} says what this is and what to do`, async () => {
    const ada = await newPerson("Ada", { viewport });
    await ada.page.goto(server.url);
    await ada.page.getByText("Nobody is in an open room now").waitFor();
    for (const seen of [ada.page.getByRole("heading", { name: "Parlor" }), ada.page.getByText("Rooms to talk in."), ada.page.getByRole("button", { name: "Join", exact: true }), ada.page.getByRole("button", { name: "New private room" })]) {
      const box = await seen.boundingBox();
      assert.ok(box && box.y >= 0 && box.y + box.height <= viewport.height, `${await seen.textContent()} at ${box?.y}`);
    }
    const sizes = await ada.page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]);
    assert.ok(Number(sizes[0]) <= 0, "nothing to scroll sideways");
    if (what === "a laptop") assert.ok(Number(sizes[1]) <= 0, `all of it in one screen: ${sizes[1]}`);
    assert.deepEqual(ada.complaints, []);
    await ada.context.close();
  });
}

test("the rooms one was in, the latest first, with a dot where something was said since; one can be forgotten", async () => {
  const bo = await Client.join(server, "tea", "Bo");
  await bo.say("one");
  await bo.say("two");
  const quiet = await Client.join(server, "quiet", "Bo");
  await quiet.say("nothing since");
  await eventually(() => listed(server, "tea"), (room) => room?.messages === 2);
  await eventually(() => listed(server, "quiet"), (room) => room?.messages === 1);
  await (await Client.join(server, "~Zm9vYmFyYmF6cXV4", "Bo")).say("hush");
  const ada = await newPerson("Ada");
  await visited(ada, { "tea": 1, "~Zm9vYmFyYmF6cXV4": 1, "quiet": 1 });
  const rooms = ada.page.getByRole("list", { name: "Your rooms" }).getByRole("listitem");
  await rooms.filter({ hasText: "tea" }).getByText("something new").waitFor();
  const names = await rooms.locator("bdi").allTextContents();
  assert.deepEqual(names, ["tea", "Private room Zm9vYm…", "quiet"]);
  assert.equal(await rooms.getByText("something new").count(), 1);

  await rooms.filter({ hasText: "Private room" }).getByRole("button", { name: /^Forget/ }).click();
  assert.deepEqual(await rooms.locator("bdi").allTextContents(), ["tea", "quiet"]);
  assert.ok(await rooms.nth(1).getByRole("link").evaluate((link) => link === document.activeElement), "the focus goes on to the next");
  assert.equal(await ada.page.evaluate(() => localStorage.getItem("parlor.seen ~Zm9vYmFyYmF6cXV4")), null);

  await ada.page.getByLabel("Your name").fill("Ada");
  await rooms.filter({ hasText: "tea" }).getByRole("link").click();
  await ada.isLive();
  assert.equal(new URL(ada.page.url()).pathname, "/tea");
  await ada.seesAll(["one", "two"]);
  assert.deepEqual(ada.complaints, []);
  await ada.context.close();
});

test("a new private room, and a link that brings somebody in", { timeout: 60_000 }, async () => {
  const ada = await newPerson("Ada", { permissions: ["clipboard-read", "clipboard-write"] });
  await ada.page.goto(server.url);
  await ada.page.getByLabel("Your name").fill("Ada");
  await ada.page.getByRole("button", { name: "New private room" }).click();
  await ada.isLive();
  const { pathname, href } = new URL(ada.page.url());
  assert.match(pathname, /^\/~[\w-]{22}$/);
  await ada.page.getByRole("heading", { name: "Private room" }).waitFor();
  await ada.page.getByRole("main").getByRole("button", { name: "Share link" }).click(); // where the room begins
  const dialog = ada.page.getByRole("dialog", { name: "Bring somebody in" });
  assert.equal(await dialog.getByLabel("Link").inputValue(), href);
  const told = dialog.getByText("Copied.").waitFor(); // for two seconds: who only begins to look then may miss it
  await Promise.all([told, dialog.getByRole("button", { name: "Copy link" }).click()]);
  const copied = await ada.page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, href);
  await ada.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  const bo = await Person.enter(browser, copied, "Bo");
  await bo.seesPeople("Ada", "Bo");
  assert.deepEqual([...ada.complaints, ...bo.complaints], []);
  const list = (await server.request("/api/rooms")).json;
  assert.ok(list.every((/** @type {{ name: string }} */ { name }) => !name.startsWith("~")), "listed nowhere");
  for (const { context } of [ada, bo]) await context.close();
});

test("on a phone the device's own sharing is asked first", async () => {
  const ada = await newPerson("Ada", { isMobile: true, hasTouch: true, viewport: { width: 390, height: 844 } });
  await ada.page.addInitScript(() => {
    const shared = /** @type {ShareData[]} */ ([]);
    Object.assign(window, { shared });
    Object.assign(navigator, { canShare: () => true, share: async (/** @type {ShareData} */ data) => void shared.push(data) });
  });
  await ada.page.goto(`${server.url}/picnic`);
  await ada.page.getByLabel("Your name").fill("Ada");
  await ada.page.getByRole("button", { name: "Join", exact: true }).tap();
  await ada.page.getByRole("main").getByRole("button", { name: "Share link" }).tap();
  await holds(ada.page, () => Reflect.get(window, "shared").length === 1);
  assert.deepEqual(await ada.page.evaluate(() => Reflect.get(window, "shared")), [{ title: "picnic", url: `${server.url}/picnic` }]);
  assert.equal(await ada.page.getByRole("dialog").count(), 0);
  await ada.context.close();
});
