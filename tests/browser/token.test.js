// @ts-check
/** A token in the page's address: it lets one in, leaves the address at once, and what is wrong with it is said. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sign } from "../../scripts/token.mjs";
import { Client, startServer } from "../harness.js";
import { eventually, listed } from "../numbers.js";
import { launchBrowser, Person } from "./person.js";

const AUTH_SECRET = "0123456789abcdef0123456789abcdef";
const server = await startServer({ vars: { AUTH_SECRET } });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** @param {Record<string, unknown>} [claims] */
const token = (claims = {}) => sign({ exp: Math.floor(Date.now() / 1_000) + 3_600, ...claims }, AUTH_SECRET);
/** @param {Record<string, unknown>} [claims] */
const bearer = (claims) => ({ headers: { Authorization: `Bearer ${token(claims)}` } });

/** Opens an address and, where a name is asked for, gives one. @param {string} path */
async function open(path, name = "Ada") {
  const context = await browser.newContext();
  const person = new Person(name, context, await context.newPage());
  await person.page.goto(server.url + path);
  return person;
}

/** @param {Person} person */
async function giveName({ page, name }) {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Join", exact: true }).click();
}

/** Waits until the page says something. @param {Person} person @param {string} text */
const says = ({ page }, text) => page.getByText(text).first().waitFor();

for (const before of ["#token=", "?token=", "?x=1&token=", "#line-5&token="]) {
  test(`${before}… lets one in, is gone from the address at once, and a reload stays in`, async () => {
    const shown = token({ sub: "ada" });
    const ada = await open(`/den${before}${shown}`);
    const rest = before.replace(/[?&#]?token=$/, "");
    assert.equal(ada.page.url(), `${server.url}/den${rest}`);
    await giveName(ada);
    await ada.isLive();
    await ada.say(`by ${before}`);
    await ada.seesAll([`by ${before}`]);
    await ada.page.reload();
    await ada.isLive();
    assert.ok(!server.logs.join("\n").includes(shown), "in the logs");
    assert.deepEqual(ada.complaints, []);
    await ada.context.close();
  });
}

test("it is for one room and one tab", async () => {
  const ada = await open(`/den#token=${token({ name: "Ada" })}`);
  await ada.isLive();
  const kept = await ada.page.evaluate(() => [Object.keys(sessionStorage), Object.values(localStorage).join()]);
  assert.ok(/** @type {string[]} */ (kept[0]).includes("parlor.token:den"));
  assert.doesNotMatch(String(kept[1]), /eyJ/);
  const other = await ada.context.newPage();
  await other.goto(`${server.url}/den`);
  await other.getByLabel("Your name").fill("Ada");
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await other.getByText("a token is needed here").first().waitFor();
  await ada.context.close();
});

test("who is named by the token is not asked for a name, nor offered another", async () => {
  const ada = await open(`/named#token=${token({ name: "Åda", sub: "ada" })}`);
  await ada.isLive();
  await ada.seesPeople("Åda");
  assert.equal(await ada.page.getByRole("button", { name: "Change name" }).isVisible(), false);
  await ada.context.close();
});

test("a link with another token, followed in the same tab, comes in anew", async () => {
  const ada = await open(`/again#token=${token({ name: "Ada" })}`);
  await ada.isLive();
  await ada.page.evaluate((hash) => void (location.hash = hash), `token=${token({ name: "Bo" })}`);
  await ada.seesPeople("Bo");
  assert.equal(new URL(ada.page.url()).hash, "");
  await ada.context.close();
});

for (const [what, claims, why] of /** @type {[string, Record<string, unknown>, string][]} */ ([
  ["has expired", { exp: 1_000 }, "the token has expired"],
  ["is for other rooms", { rooms: ["kitchen"] }, "the token is for other rooms"],
  ["is for somebody else's service", { aud: "elsewhere" }, "the token is for another audience"],
])) {
  test(`a token that ${what}: the page says so and stops`, async () => {
    const ada = await open(`/den#token=${token({ name: "Ada", ...claims })}`);
    await says(ada, why);
    await ada.page.getByRole("status").filter({ hasText: "Disconnected" }).waitFor();
    assert.deepEqual(ada.complaints, []);
    await ada.context.close();
  });
}

test("who is banned is told so", async () => {
  const mo = await Client.join(server, "strict", "Mo", bearer({ role: "moderator", sub: "mo" }));
  mo.write({ type: "ban", sub: "bo" });
  await mo.next("record");
  const bo = await open(`/strict#token=${token({ name: "Bo", sub: "bo" })}`);
  await says(bo, "a moderator has banned you from this room");
  await bo.context.close();
});

test("on the front page it shows the rooms that it opens, and lets one into them", async () => {
  const bo = await Client.join(server, "team-tea", "Bo", bearer());
  await Client.join(server, "secret", "Mo", bearer());
  await eventually(() => listed(server, "team-tea", bearer()), (room) => room?.connections === 1);
  await eventually(() => listed(server, "secret", bearer()), (room) => room?.connections === 1);
  const ada = await open(`/#token=${token({ rooms: ["team-*"] })}`);
  assert.equal(ada.page.url(), `${server.url}/`);
  const rooms = ada.page.getByRole("list", { name: "Open rooms" }).getByRole("listitem");
  await rooms.filter({ hasText: "team-tea" }).click();
  assert.equal(await rooms.count(), 1);
  await giveName(ada);
  await ada.isLive();
  await bo.next("joined");
  await ada.context.close();
});
