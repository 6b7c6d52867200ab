// @ts-check
/** People: who is here, who comes and goes, who is typing, and who is meant. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { holds, launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** Without the marks that keep names in their own direction. @param {string | null} text */
const plain = (text) => (text ?? "").replace(/[⁦-⁩]/g, "");

test("who is here stands in a list with initials on the colour that the room chose", async () => {
  const bo = await Client.join(server, "here", "Bo van Dam");
  const alice = await Person.enter(browser, `${server.url}/here`, "Alice");
  await alice.seesPeople("Alice", "Bo van Dam");
  const person = alice.page.getByRole("list", { name: "People" }).getByRole("listitem").filter({ hasText: "Bo van Dam" });
  assert.equal(await person.locator(".avatar").textContent(), "BD");
  assert.equal(await person.evaluate((item) => item.querySelector(".avatar")?.getAttribute("style")), `--member: ${bo.you.color};`);
  assert.equal(await alice.page.locator("#people-count").textContent(), "2");
  await bo.close();
  await alice.seesPeople("Alice");
  assert.deepEqual(alice.complaints, []);
  await alice.context.close();
});

test("who comes and goes is told in one folded note, between the lines", async () => {
  const alice = await Person.enter(browser, `${server.url}/comings`, "Alice");
  const news = await alice.hearsNews();
  const notes = alice.page.locator(".note");
  const told = async (/** @type {string} */ text) => {
    await alice.until("told", `[...document.querySelectorAll(".note")].some((note) => note.textContent.replace(/[\u2066-\u2069]/g, "") === ${JSON.stringify(text)})`);
    assert.ok((await notes.allTextContents()).map(plain).includes(text));
  };
  const crowd = [];
  for (const name of ["Bo", "Cy", "Di", "Ed"]) crowd.push(await Client.join(server, "comings", name));
  await told("Bo and 3 others joined");
  assert.equal(await notes.count(), 1);
  await crowd[0]?.say("hello");
  await alice.seesAll(["hello"]);
  await crowd[3]?.close();
  await told("Ed left");
  crowd[1]?.write({ type: "rename", name: "Cyril" });
  await told("Ed left · Cy is now Cyril");
  const order = await alice.page.locator("#lines > li").evaluateAll((items) => items.map((item) => item.className.split(" ")[0]));
  assert.deepEqual(order, ["note", "line", "note"]);
  assert.deepEqual(await news(), ["Bo: hello"], "comings are not read out");
  // Who speaks at once is told in one frame with having come; the note stands before the line.
  const fay = await Client.connect(server, "comings");
  fay.write({ type: "join", name: "Fay" });
  fay.send("here I am");
  await told("Fay joined · Ed left · Cy is now Cyril");
  await alice.seesAll(["hello", "here I am"]);
  const texts = await alice.page.locator("#lines > li").evaluateAll((items) => items.map((item) => item.textContent ?? ""));
  assert.ok(texts.findIndex((text) => text.includes("Fay") && text.includes("joined")) < texts.findIndex((text) => text.includes("here I am")), texts.join("\n"));
  await fay.close();
  await Promise.all(crowd.slice(0, 3).map((client) => client.close()));
  await alice.context.close();
});

test("who is typing is told by name, and no longer than they do", async () => {
  const alice = await Person.enter(browser, `${server.url}/typing`, "Alice");
  const typing = alice.page.locator("#typing");
  const bo = await Person.enter(browser, `${server.url}/typing`, "Bo");
  const cy = await Client.join(server, "typing", "Cy");
  const told = (/** @type {string} */ text) => alice.until(text, `document.getElementById("typing").textContent.replace(/[\u2066-\u2069]/g, "") === ${JSON.stringify(text)}`);
  /** Does something over and over, as who types does, until what it leads to is told. @param {() => unknown} act @param {string} text */
  const toldOf = async (act, text) => {
    let isTold = false;
    const telling = told(text).finally(() => (isTold = true));
    telling.catch(() => {}); // it is awaited below
    for (; !isTold; await sleep(500)) await act();
    await telling;
  };
  const types = () => bo.composer.pressSequentially("h");
  const goesOn = () => cy.write({ type: "typing", on: true });
  await toldOf(types, "Bo is typing…");
  await toldOf(() => (goesOn(), types()), "Bo and Cy are typing…");
  await bo.composer.fill("");
  await toldOf(goesOn, "Cy is typing…");
  await typing.filter({ hasNotText: "typing" }).waitFor({ timeout: 12_000 }); // Cy says no more: six seconds
  await bo.composer.pressSequentially("so");
  await typing.filter({ hasText: "typing" }).waitFor();
  await bo.page.keyboard.press("Enter");
  await alice.seesAll(["so"]);
  assert.equal(await typing.textContent(), "");
  await cy.close();
  for (const person of [alice, bo]) await person.context.close();
});

test("one changes one's name in place; a name that won't do says why", async () => {
  const alice = await Person.enter(browser, `${server.url}/rename`, "Alice");
  const bo = await Client.join(server, "rename", "Bo");
  await alice.page.getByRole("button", { name: "Change name" }).click();
  const input = alice.page.getByRole("textbox", { name: "New name" });
  await input.waitFor();
  assert.ok(await input.evaluate((element) => element === document.activeElement));
  await alice.page.keyboard.type("x".repeat(31));
  await alice.page.keyboard.press("Enter");
  await alice.page.getByRole("alert").filter({ hasText: "1 to 30 characters" }).waitFor();
  await input.fill("Alicia");
  await alice.page.keyboard.press("Enter");
  await alice.seesPeople("Alicia", "Bo");
  assert.equal((await bo.next("renamed"))["member"].name, "Alicia");
  assert.ok(await alice.page.getByRole("button", { name: "Change name" }).evaluate((element) => element === document.activeElement), "the focus is back");
  await alice.page.reload();
  await alice.isLive();
  await alice.seesPeople("Alicia", "Bo");
  await bo.close();
  await alice.context.close();
});

test("an @ offers names, by keys and by hand, and a mention of oneself stands out", async () => {
  const alice = await Person.enter(browser, `${server.url}/mentions`, "Alice");
  const bo = await Client.join(server, "mentions", "Bo Bright");
  const ben = await Client.join(server, "mentions", "Ben");
  await alice.seesPeople("Alice", "Bo Bright", "Ben");
  const options = alice.page.getByRole("listbox", { name: "Mention" }).getByRole("option");
  await alice.composer.pressSequentially("hi @b");
  await options.nth(1).waitFor();
  const selected = () => options.evaluateAll((all) => all.find((option) => option.getAttribute("aria-selected") === "true")?.lastChild?.textContent);
  const active = () => alice.composer.evaluate((text) => document.getElementById(text.getAttribute("aria-activedescendant") ?? "")?.lastChild?.textContent);
  const [first, second] = await options.evaluateAll((all) => all.map((option) => option.lastChild?.textContent));
  assert.deepEqual([first, second].sort(), ["Ben", "Bo Bright"]);
  assert.deepEqual([await selected(), await active()], [first, first]);
  await alice.page.keyboard.press("ArrowDown");
  assert.deepEqual([await selected(), await active()], [second, second]);
  await alice.page.getByRole("status").filter({ hasText: "2 people" }).waitFor({ state: "attached" });
  await alice.page.keyboard.press("Escape");
  await options.first().waitFor({ state: "hidden" });
  await alice.composer.pressSequentially("o");
  await options.first().waitFor();
  await alice.page.keyboard.press("Enter");
  assert.equal(await alice.composer.inputValue(), "hi @Bo Bright ", "taken, not sent");
  assert.equal((await alice.lines()).length, 0);
  await alice.composer.pressSequentially("and @be");
  await options.first().click();
  assert.equal(await alice.composer.inputValue(), "hi @Bo Bright and @Ben ");
  await alice.page.keyboard.press("Enter");
  await alice.seesAll(["hi @Bo Bright and @Ben"]);
  assert.deepEqual(await alice.page.locator(".mention").allTextContents(), ["@Bo Bright", "@Ben"]);
  await bo.say("thanks @alice, and @nobody");
  await alice.seesAll(["thanks @alice, and @nobody"]);
  assert.deepEqual(await alice.page.locator(".to-me mark").allTextContents(), ["@alice"]);
  assert.deepEqual(alice.complaints, []);
  await Promise.all([bo.close(), ben.close()]);
  await alice.context.close();
});

test("unread lines are counted in the title while the page is hidden, and notifications come only where asked for", async () => {
  const alice = await Person.enter(browser, `${server.url}/notify`, "Alice", { permissions: ["notifications"] });
  await alice.page.addInitScript(() => {
    /** @type {unknown[]} */
    const shown = [];
    Object.assign(window, { shown, asked: 0 });
    const Real = Notification;
    window.Notification = /** @type {any} */ (class extends Real {
      /** @param {string} title @param {NotificationOptions} [options] */
      constructor(title, options) {
        super(title, options);
        shown.push([title, options?.body]);
      }

      /** @override */
      static async requestPermission() {
        Object.assign(window, { asked: /** @type {any} */ (window).asked + 1 });
        return Real.requestPermission();
      }
    });
  });
  await alice.page.reload();
  await alice.isLive();
  const title = await alice.page.title();
  const bo = await Client.join(server, "notify", "Bo");
  /** Headless Chromium hides no page: it is told that one is. @param {DocumentVisibilityState} state */
  const become = (state) => alice.page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
  const count = (/** @type {string} */ wanted) => holds(alice.page, (text) => document.title === text, wanted);
  await become("hidden");
  await bo.say("one");
  await bo.say("two @Alice");
  await count(`(2) ${title}`);
  assert.deepEqual(await alice.page.evaluate("[window.asked, window.shown]"), [0, []], "nobody asked");
  await become("visible");
  await count(title);
  assert.equal(await alice.line("one").locator(".unread").count(), 1);
  await alice.page.getByRole("button", { name: "Notify of mentions" }).click();
  await alice.page.getByRole("button", { name: "Notifies of mentions", pressed: true }).waitFor();
  assert.equal(await alice.page.evaluate("window.asked"), 1);
  await bo.say("@Alice, while you look");
  await alice.seesAll(["@Alice, while you look"]);
  await become("hidden");
  await bo.say("not for anybody");
  await bo.say("@Alice, are you there?");
  await count(`(2) ${title}`);
  assert.deepEqual((await alice.page.evaluate("window.shown")).map((/** @type {string[]} */ [said, body]) => [plain(said ?? ""), body]), [["Bo mentioned you in notify", "@Alice, are you there?"]]);
  await become("visible");
  await alice.page.getByRole("button", { name: "Notifies of mentions" }).click();
  await alice.page.getByRole("button", { name: "Notify of mentions", pressed: false }).waitFor();
  assert.deepEqual(alice.complaints, []);
  await bo.close();
  await alice.context.close();
});
