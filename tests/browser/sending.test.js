// @ts-check
/** Sending: at once on the page, told honestly what becomes of it, by the keys that people expect. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: { ...UNHURRIED, TEXT_CHARS_MAX: "100" } });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

/** A room's frames held back until released. @param {Person} person @param {(frame: string) => boolean} isHeld */
async function holdFrames(person, isHeld) {
  /** @type {(() => void)[]} */
  const held = [];
  let isHolding = true;
  await person.page.routeWebSocket(/./, (socket) => {
    const room = socket.connectToServer();
    room.onMessage((frame) => {
      if (isHolding && isHeld(String(frame))) held.push(() => socket.send(frame));
      else socket.send(frame);
    });
  });
  await person.page.reload();
  await person.isLive();
  return () => {
    isHolding = false;
    for (const send of held) send();
  };
}

test("a line is there at once as pending, keeps its element and its place, and is sent when its own message comes", async () => {
  const alice = await Person.enter(browser, `${server.url}/optimistic`, "Alice");
  const release = await holdFrames(alice, (frame) => frame.includes('"mine'));
  await alice.say("mine 1");
  await alice.say("mine 2");
  assert.deepEqual((await alice.lines()).map(({ text, state }) => [text, state]), [["mine 1", "pending"], ["mine 2", "pending"]]);
  assert.equal(await alice.composer.inputValue(), "");
  const element = await alice.line("mine 1").elementHandle();
  const bo = await Client.join(server, "optimistic", "Bo");
  /** Every order in which the lines were seen. */
  await alice.page.evaluate(() => {
    const list = /** @type {HTMLElement} */ (document.getElementById("lines"));
    /** @type {(string | null)[][]} */
    const orders = [];
    Object.assign(window, { orders });
    new MutationObserver(() => orders.push([...list.querySelectorAll(".text")].map((text) => text.textContent))).observe(list, { childList: true, subtree: true });
  });
  await bo.say("hers");
  await alice.sees((lines) => lines.length === 2 || lines.some(({ text }) => text === "hers"), "something");
  release();
  await alice.seesAll(["mine 1", "mine 2", "hers"]);
  assert.ok(await element?.evaluate((item) => item.isConnected), "the same element");
  const final = (await alice.lines()).map(({ text }) => text);
  const orders = /** @type {string[][]} */ (await alice.page.evaluate("window.orders"));
  for (const order of orders) assert.deepEqual(final.filter((text) => order.includes(text)), order, "no two lines ever changed places");
  await alice.page.close();
});

test("a refused line says why, keeps its place, and is sent again or discarded", async () => {
  const alice = await Person.enter(browser, `${server.url}/refused`, "Alice");
  await alice.say("\u200b"); // text to the page, nothing to the server
  await alice.page.getByText("There is nothing in it to send").first().waitFor();
  await alice.say("after it");
  await alice.seesAll(["after it"]);
  assert.deepEqual((await alice.lines()).map(({ state }) => state), ["failed", "sent"], "it stays where it was");
  await alice.page.getByRole("button", { name: "Retry" }).click();
  await alice.sees(([first, second]) => first?.text === "after it" && second?.state === "failed", "it refused again, at the end");
  assert.ok(await alice.composer.evaluate((text) => text === document.activeElement), "the focus is not lost with the button");
  await alice.page.getByRole("button", { name: "Discard" }).click();
  await alice.sees((lines) => lines.length === 1, "it gone");
  assert.deepEqual(alice.complaints, []);
  await alice.page.close();
});

test("Enter sends, Shift+Enter breaks the line, an Enter of an input method does neither", async () => {
  const alice = await Person.enter(browser, `${server.url}/keys`, "Alice");
  await alice.composer.pressSequentially("one");
  await alice.page.keyboard.press("Shift+Enter");
  await alice.composer.pressSequentially("two");
  await alice.page.keyboard.press("Enter");
  await alice.seesAll(["one\ntwo"]);
  const height = await alice.line("one two").locator(".text").evaluate((text) => text.getBoundingClientRect().height / parseFloat(getComputedStyle(text).lineHeight));
  assert.ok(height > 1.5, "the break is shown");

  const devtools = await alice.context.newCDPSession(alice.page);
  await devtools.send("Input.imeSetComposition", { text: "かな", selectionStart: 2, selectionEnd: 2 });
  await alice.page.keyboard.press("Enter");
  await devtools.send("Input.insertText", { text: "仮名" });
  assert.equal((await alice.lines()).length, 1, "nothing was sent");
  assert.match(await alice.composer.inputValue(), /^仮名/);
  await alice.page.keyboard.press("Enter");
  await alice.seesAll(["仮名"]);
  await alice.page.close();
});

test("on a touch keyboard Enter breaks the line and the button sends", async () => {
  const alice = await Person.enter(browser, `${server.url}/touch`, "Alice", { hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } });
  await alice.composer.pressSequentially("one");
  await alice.page.keyboard.press("Enter");
  await alice.composer.pressSequentially("two");
  assert.equal(await alice.composer.inputValue(), "one\ntwo");
  await alice.page.getByRole("button", { name: "Send" }).tap();
  await alice.seesAll(["one\ntwo"]);
  assert.ok(await alice.composer.evaluate((text) => text === document.activeElement), "the keyboard stays");
  await alice.page.close();
});

test("what one began to write is kept for each room, also with the page closed", async () => {
  const tea = await Person.enter(browser, `${server.url}/tea`, "Alice");
  await tea.composer.fill("half a sen");
  const coffee = await Person.enterIn(tea.context, `${server.url}/coffee`, "Alice");
  assert.equal(await coffee.composer.inputValue(), "");
  await coffee.composer.fill("something else");
  await tea.page.close();
  const back = await Person.enterIn(tea.context, `${server.url}/tea`, "Alice");
  assert.equal(await back.composer.inputValue(), "half a sen");
  await back.composer.press("Enter");
  await back.seesAll(["half a sen"]);
  await back.page.reload();
  await back.isLive();
  assert.equal(await back.composer.inputValue(), "");
  await coffee.page.reload();
  assert.equal(await coffee.composer.inputValue(), "something else");
  await tea.context.close();
});

test("near the limit that the server names one sees how much is left, and over it nothing is lost", async () => {
  const alice = await Person.enter(browser, `${server.url}/limit`, "Alice");
  await alice.composer.fill("x".repeat(90));
  assert.equal(await alice.page.locator("#composer-left").isVisible(), false);
  await alice.composer.fill("😀".repeat(95));
  await alice.page.getByText("5 left").waitFor();
  await alice.composer.fill("e\u0301".repeat(101)); // one character each, once composed
  await alice.page.getByText("1 too many").waitFor();
  assert.equal(await alice.composer.getAttribute("aria-invalid"), "true");
  await alice.composer.press("Enter");
  await alice.page.getByRole("alert").filter({ hasText: "100 characters at most" }).waitFor();
  assert.equal((await alice.composer.inputValue()).length, 202, "the text stays");
  await alice.composer.fill("e\u0301".repeat(100));
  await alice.page.getByText("nothing left").or(alice.page.getByText("0 left")).waitFor();
  await alice.composer.press("Enter");
  await alice.sees((lines) => lines.length === 1 && lines[0]?.state === "sent", "it sent");
  assert.deepEqual(alice.complaints, []);
  await alice.page.close();
});
