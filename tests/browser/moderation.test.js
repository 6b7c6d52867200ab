// @ts-check
/** Keeping order from the page: what moderators see and nobody else, what it does to others, and that it is told. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sign } from "../../scripts/token.mjs";
import { startServer, UNHURRIED } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

const AUTH_SECRET = "0123456789abcdef0123456789abcdef";
const server = await startServer({ vars: { ...UNHURRIED, AUTH_SECRET } });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** Comes in by a link with a token. @param {string} room @param {string} name @param {string} role */
async function enter(room, name, role) {
  const context = await browser.newContext();
  const person = new Person(name, context, await context.newPage());
  const token = sign({ exp: Math.floor(Date.now() / 1_000) + 3_600, sub: name, name, role }, AUTH_SECRET);
  await person.page.goto(`${server.url}/${room}#token=${token}`);
  await person.isLive();
  return person;
}

/** Opens the menu of the line with this text. @param {Person} person @param {string} text */
async function openMenu(person, text) {
  const line = person.page.locator("li.line").filter({ hasText: text });
  await line.hover();
  await line.getByRole("button", { name: "More" }).click();
  const menu = person.page.getByRole("menu");
  await menu.waitFor();
  return menu;
}

/** @param {Person} person @param {string} text */
const isTold = (person, text) => person.page.getByRole("status").filter({ hasText: text }).waitFor();
/** @param {Person} person @param {string} name */
const confirm = (person, name) => person.page.getByRole("dialog").getByRole("button", { name, exact: true }).click();

test("a member reports, a moderator reads it and deletes: the text is gone for everybody", { timeout: 120_000 }, async () => {
  const [ada, bo, mo] = await Promise.all([enter("order", "Ada", "member"), enter("order", "Bo", "member"), enter("order", "Mo", "moderator")]);
  await bo.say("something rude");
  for (const person of [ada, mo]) await person.seesAll(["something rude"]);

  const ofMember = await openMenu(ada, "something rude");
  assert.deepEqual(await ofMember.getByRole("menuitem").allTextContents(), ["Reply", "Copy text", "Report…"], "no more than a member may");
  assert.equal(await ada.page.getByRole("button", { name: "Moderation" }).count(), 0);
  await ofMember.getByRole("menuitem", { name: "Report…" }).click();
  await ada.page.getByRole("dialog").getByRole("textbox").fill("be kind");
  await confirm(ada, "Report");
  await isTold(ada, "Reported. Thank you.");

  await mo.page.getByRole("button", { name: "Moderation" }).click();
  const panel = mo.page.getByRole("dialog", { name: "Moderation" });
  const report = panel.getByRole("list", { name: "Reports" }).getByRole("listitem");
  await report.filter({ hasText: "Ada" }).filter({ hasText: "something rude" }).filter({ hasText: "be kind" }).waitFor();
  assert.equal(await panel.getByRole("button", { name: "Delete all messages…" }).count(), 0, "that is the owner's");
  await report.getByRole("button", { name: "Delete…" }).click();
  await mo.page.getByRole("dialog", { name: "Delete this message?" }).getByRole("button", { name: "Delete", exact: true }).click();
  await isTold(mo, "The message is deleted.");
  await panel.getByText("Nothing is reported.").waitFor();
  await panel.getByRole("list", { name: "What was done" }).getByText("deleted a message").waitFor();
  await panel.getByRole("button", { name: "Close" }).click();
  for (const person of [ada, bo, mo]) {
    await person.sees((lines) => lines.every(({ text }) => !text.includes("rude")), "nothing rude");
    await person.page.getByText("This message was deleted.").first().waitFor();
  }
  for (const person of [ada, bo, mo]) {
    assert.deepEqual(person.complaints, [], person.name);
    await person.context.close();
  }
});

test("mute and its lifting, removal, ban, from a line's menu and from the list of people", { timeout: 120_000 }, async () => {
  const [bo, mo] = await Promise.all([enter("troubles", "Bo", "member"), enter("troubles", "Mo", "moderator")]);
  await bo.say("hello");
  await mo.seesAll(["hello"]);
  const menu = await openMenu(mo, "hello");
  await menu.getByRole("menuitem", { name: /^Mute/ }).click();
  await mo.page.getByRole("dialog").getByLabel("For how long?").selectOption({ label: "1 hour" });
  await confirm(mo, "Mute");
  await isTold(mo, "is muted.");
  await bo.say("can you hear me?");
  await bo.sees((lines) => lines.some(({ text, state }) => text === "can you hear me?" && state === "failed"), "the refusal");
  await bo.page.getByText("A moderator has muted you.").first().waitFor();

  await mo.page.getByRole("button", { name: "Moderation" }).click();
  const panel = mo.page.getByRole("dialog", { name: "Moderation" });
  await panel.getByRole("list", { name: "Muted" }).getByRole("button", { name: "Lift" }).click();
  await isTold(mo, "may speak.");
  await panel.getByRole("list", { name: "Muted" }).waitFor({ state: "detached" });
  await panel.getByRole("button", { name: "Close" }).click();
  await bo.page.getByRole("button", { name: "Retry" }).click();
  await mo.seesAll(["can you hear me?"]);

  // By keyboard, from the list of people.
  const more = mo.page.getByRole("list", { name: "People" }).getByRole("button", { name: /More of .*Bo/ });
  await more.focus();
  await mo.page.keyboard.press("Enter");
  await mo.page.getByRole("menuitem", { name: /^Mute/ }).and(mo.page.locator(":focus")).waitFor();
  await mo.page.keyboard.press("End");
  await mo.page.getByRole("menuitem", { name: /^Ban/ }).and(mo.page.locator(":focus")).waitFor();
  await mo.page.keyboard.press("ArrowUp");
  await mo.page.keyboard.press("Enter");
  await confirm(mo, "Remove");
  await isTold(mo, "was removed.");
  await bo.page.getByText("A moderator removed you from this room.").first().waitFor();
  await mo.seesPeople("Mo");
  assert.equal(await bo.page.evaluate(() => localStorage.getItem("parlor.history troubles")), null, "nothing is kept of a room one was put out of");
  for (const person of [bo, mo]) {
    assert.deepEqual(person.complaints, [], person.name);
    await person.context.close();
  }
});

test("slow mode and a lock bind members, and they are told; an owner begins anew", { timeout: 120_000 }, async () => {
  const [ada, olga] = await Promise.all([enter("hall", "Ada", "member"), enter("hall", "Olga", "owner")]);
  await ada.say("before");
  await olga.seesAll(["before"]);
  await olga.page.getByRole("button", { name: "Moderation" }).click();
  const panel = olga.page.getByRole("dialog", { name: "Moderation" });
  await panel.getByLabel("Time between two messages of a member").selectOption({ label: "30 seconds" });
  await ada.page.getByText("Slow mode: a message every 30 seconds.").waitFor();
  await panel.getByLabel("Only moderators may write").check();
  await ada.page.getByText("The room is locked: only moderators may write.").waitFor();
  assert.equal(await olga.page.locator("#rules").isVisible(), false, "it doesn't bind an owner");
  await ada.say("too late");
  await ada.sees((lines) => lines.some(({ text, state }) => text === "too late" && state === "failed"), "the refusal");
  await panel.getByLabel("Only moderators may write").uncheck();
  await ada.page.getByText("Slow mode: a message every 30 seconds.").waitFor();
  await ada.page.getByRole("button", { name: "Discard" }).click();

  await panel.getByRole("button", { name: "Delete all messages…" }).click();
  await olga.page.getByRole("dialog", { name: "Delete all messages?" }).getByRole("button", { name: "Delete all", exact: true }).click();
  for (const person of [ada, olga]) await person.sees((lines) => lines.length === 0, "nothing");
  await panel.getByRole("button", { name: "Close" }).click();
  for (const person of [ada, olga]) {
    assert.deepEqual(person.complaints, [], person.name);
    await person.context.close();
  }
});

test("a reader is told that one can only read", { timeout: 60_000 }, async () => {
  const rae = await enter("reading", "Rae", "reader");
  await rae.page.getByText("You can read here, but not write.").waitFor();
  assert.deepEqual(rae.complaints, []);
  await rae.context.close();
});
