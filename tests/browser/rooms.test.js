// @ts-check
/** The front page's list of rooms: who is where, walked into by hand or keyboard, and said plainly when there is none. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, startServer } from "../harness.js";
import { eventually, listed } from "../numbers.js";
import { launchBrowser } from "./person.js";

const server = await startServer();
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** Opens the front page. @param {import("playwright-core").BrowserContextOptions} [options] */
async function open(options) {
  const page = await (await browser.newContext(options)).newPage();
  return { page, rooms: page.getByRole("list", { name: "Open rooms" }).getByRole("listitem") };
}

test("nobody is anywhere: it says so", async () => {
  const { page, rooms } = await open();
  await page.goto(server.url);
  await page.getByText("Nobody is in an open room now").waitFor();
  assert.equal(await rooms.count(), 0);
  await page.context().close();
});

test("rooms are listed with how many are in each; one is filled in, and joined", async () => {
  const clients = [await Client.join(server, "tea-time", "Alice"), await Client.join(server, "tea-time", "Bob")];
  clients.push(await Client.join(server, "~private", "Carol"), await Client.join(server, "a".repeat(64), "Dave"));
  await eventually(() => listed(server, "tea-time"), (room) => room?.connections === 2);
  await eventually(() => listed(server, "a".repeat(64)), (room) => room?.connections === 1);
  const { page, rooms } = await open({ viewport: { width: 320, height: 640 } });
  await page.goto(server.url);
  const teaTime = page.getByRole("button", { name: "tea-time 2 here" });
  await teaTime.waitFor();
  assert.equal(await rooms.count(), 2, "the private one is not listed");
  const width = await page.evaluate(() => [document.documentElement.scrollWidth, document.querySelector(".rooms-list")?.scrollWidth]);
  assert.ok(Number(width[0]) <= 320 && Number(width[1]) <= 320, `fits 320 px: ${width}`);
  await teaTime.focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.getByRole("textbox", { name: "Room" }).inputValue(), "tea-time");
  assert.ok(await page.getByLabel("Your name").evaluate((input) => input === document.activeElement), "the name is missing still");
  await page.keyboard.type("Eve");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: /live/i }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/tea-time");
  assert.equal(await page.getByRole("list", { name: "Open rooms" }).count(), 0, "in a room there is no list");
  await page.context().close();
  await Promise.all(clients.map((client) => client.close()));
});

test("names stay text, the empty are not shown, and a page in front looks again after ten seconds at the earliest", async () => {
  const { page, rooms } = await open();
  let looks = 0;
  const list = [{ name: "<b>bold</b>", connections: 3 }, { name: "empty", connections: 0 }];
  await page.route("**/api/rooms?*", (route) => route.fulfill({ json: looks++ === 0 ? list : [{ name: "later", connections: 1 }] }));
  await page.clock.install();
  await page.goto(server.url);
  await rooms.filter({ hasText: "<b>bold</b>" }).waitFor();
  assert.equal(await rooms.count(), 1);
  const comeBack = () => page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await comeBack();
  assert.equal(looks, 1, "too soon");
  await page.clock.fastForward(10_000);
  await comeBack();
  await rooms.filter({ hasText: "later" }).waitFor();
  assert.equal(looks, 2);
  await page.context().close();
});

test("a list that does not come is said to be missing, and harms nothing else", async () => {
  const { page } = await open();
  await page.route("**/api/rooms?*", (route) => route.fulfill({ status: 500, body: "{}" }));
  await page.goto(server.url);
  await page.getByText("The list of rooms did not come").waitFor();
  await page.getByRole("textbox", { name: "Room" }).fill("still-works");
  await page.getByLabel("Your name").fill("Frank");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.getByRole("status").filter({ hasText: /live/i }).waitFor();
  await page.context().close();
});
