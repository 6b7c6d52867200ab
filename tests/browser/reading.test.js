// @ts-check
/** Reading: the text under the eye stays where it is, new lines follow only from the end, what is unread is marked. */
import assert from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";
import { after, test } from "node:test";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { fill } from "./crowd.js";
import { holds, launchBrowser, Person } from "./person.js";
import { difference } from "./pictures.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

const LOREM = "We sat by the window and it rained, and nobody said anything for a while, which was fine. ";
/** A line of a length of its own. @param {number} n */
const text = (n) => `${n} ${LOREM.repeat(1 + ((n * 7) % 5)).slice(0, 10 + ((n * 37) % 230))}`;

/** @param {Person} person @param {number} top_px */
const scrollTo = (person, top_px) => person.page.evaluate((top) => void (/** @type {HTMLElement} */ (document.getElementById("scroller")).scrollTop = top), top_px);
/** @param {Person} person */
const scrollTop = (person) => person.page.evaluate(() => /** @type {HTMLElement} */ (document.getElementById("scroller")).scrollTop);

await fill(server, "long", 600, text);

/** Anti-aliased edges differ by so much when they are painted anew. */
const PAINT_NOISE = 8;

for (const zoom of [1, 1.1, 1.5]) {
  test(`older lines come in above without the text moving a pixel, at a zoom of ${zoom}`, async () => {
    const zoomed = await launchBrowser([`--force-device-scale-factor=${zoom}`, "--window-size=900,700"]);
    const alice = await Person.enter(zoomed, `${server.url}/long`, "Alice", { viewport: null });
    assert.equal(Math.round((await alice.page.evaluate(() => devicePixelRatio)) * 100) / 100, zoom);
    /** @type {(() => void)[]} */
    const held = [];
    let wake = () => {};
    await alice.page.routeWebSocket(/./, (socket) => {
      socket.connectToServer().onMessage((frame) => {
        if (!String(frame).startsWith('{"type":"history"')) return socket.send(frame);
        held.push(() => socket.send(frame));
        wake();
      });
    });
    await alice.page.reload();
    await alice.isLive();
    const clip = await alice.page.locator("#scroller").boundingBox();
    assert.ok(clip);
    for (const [top_px, first] of [[903.3, 337], [611.7, 137]]) {
      await scrollTo(alice, Number(top_px));
      while (held.length === 0) await /** @type {Promise<void>} */ (new Promise((resolve) => (wake = resolve)));
      await alice.isDrawn();
      const before = await alice.page.screenshot({ clip });
      for (const release of held.splice(0)) release();
      await alice.until("drawn", () => document.getElementById("older")?.textContent !== "Loading…");
      await alice.isDrawn();
      const after = await alice.page.screenshot({ clip });
      const shown = (await alice.lines())[0]?.seq ?? 0;
      assert.ok(shown >= Number(first) && shown < Number(first) + 200, `older lines: from ${shown}`);
      assert.ok((await difference(alice.page, before, after)) <= PAINT_NOISE, `the same picture, from ${top_px}`);
    }
    assert.deepEqual(alice.complaints, []);
    await zoomed.close();
  });
}

test("scrolling by steps through lines that are taken off and brought back moves each by just the step", async () => {
  const alice = await Person.enter(browser, `${server.url}/long`, "Alice", { deviceScaleFactor: 1.25, viewport: { width: 900, height: 700 } });
  const walk = (/** @type {number} */ step_px, /** @type {number} */ steps) => alice.page.evaluate(async ([step, count]) => {
    const scroller = /** @type {HTMLElement} */ (document.getElementById("scroller"));
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const tops = () => new Map([...document.querySelectorAll(".line[data-seq]")].map((line) => [line.getAttribute("data-seq"), /** @type {Element} */ (line.querySelector(".bubble")).getBoundingClientRect().top]));
    const wrong = [];
    let lines_max = 0;
    let swaps = 0;
    /** At the top older lines may still be on the way. */
    const isLoading = () => scroller.scrollTop === 0 && document.getElementById("older")?.textContent === "Loading…";
    for (let n = 0; n < Number(count); n += 1) {
      while (isLoading()) await frame();
      const before = tops();
      const at = scroller.scrollTop;
      scroller.scrollTop += Number(step);
      const moved = scroller.scrollTop - at;
      for (let i = 0; i < 3; i += 1) await frame();
      const after = tops();
      if ([...after.keys()][0] !== [...before.keys()][0]) swaps += 1;
      for (const [seq, top] of after) {
        const was = before.get(seq);
        if (was !== undefined && top > -200 && top < 900 && Math.abs(was - moved - top) > 1 / 32) wrong.push([n, seq, was - moved - top]);
      }
      lines_max = Math.max(lines_max, after.size);
    }
    return { wrong, lines_max, swaps, first: Number([...tops().keys()][0]), last: Number([...tops().keys()].at(-1)) };
  }, [step_px, steps]);
  const up = await walk(-600, 130);
  assert.deepEqual(up.wrong, []);
  assert.ok(up.lines_max <= 300 && up.swaps >= 5, JSON.stringify(up));
  assert.equal(up.first, 1, "the beginning of the room");
  await alice.page.getByText("This is where long begins").waitFor();
  const down = await walk(600, 130);
  assert.deepEqual(down.wrong, []);
  assert.ok(down.lines_max <= 300, JSON.stringify(down));
  assert.equal(down.last, 600);
  await alice.context.close();
});

test("new lines follow at the end only; elsewhere a button says how many, and goes there", async () => {
  const alice = await Person.enter(browser, `${server.url}/long`, "Alice");
  const bo = await Client.join(server, "long", "Bob");
  const end = () => alice.page.evaluate(() => {
    const { scrollTop, scrollHeight, clientHeight } = /** @type {HTMLElement} */ (document.getElementById("scroller"));
    return scrollHeight - scrollTop - clientHeight;
  });
  const title = await alice.page.title();
  assert.ok(await end() < 1, "one begins at the end");
  await bo.say("follows");
  await alice.seesAll(["follows"]);
  assert.ok(await end() < 1);
  assert.equal(await alice.page.locator("#newer").isVisible(), false);
  await scrollTo(alice, (await scrollTop(alice)) - 700);
  await alice.isDrawn();
  const at = await scrollTop(alice);
  await bo.say("does not follow");
  const button = alice.page.locator("#newer");
  await button.filter({ hasText: "1 new" }).waitFor();
  await bo.say("nor this one");
  await button.filter({ hasText: "2 new" }).waitFor();
  assert.equal(await scrollTop(alice), at);
  await holds(alice.page, (wanted) => document.title === wanted, `(2) ${title}`); // what draws it is loaded with the first
  assert.match(await alice.page.locator("link[rel=icon]").getAttribute("href") ?? "", /^data:image\/svg\+xml,.*%3E2%3C/, "and the icon");
  await button.click();
  await button.waitFor({ state: "hidden" });
  assert.ok(await end() < 1);
  assert.equal(await alice.page.title(), title);
  assert.equal(await alice.page.locator("link[rel=icon]").getAttribute("href"), "/favicon.svg");
  assert.notEqual(await alice.page.evaluate(() => document.activeElement?.tagName), "BODY", "the focus is not lost with the button");
  await scrollTo(alice, 2_000);
  await alice.isDrawn();
  await alice.say("what I say is at the end");
  await alice.seesAll(["what I say is at the end"]);
  assert.ok(await end() < 1);
  await bo.close();
  await alice.context.close();
});

test("a divider marks the first unread line, in each room, when one comes back", async () => {
  const alice = await Person.enter(browser, `${server.url}/visits`, "Alice");
  const bo = await Client.join(server, "visits", "Bob");
  await bo.say("seen");
  await alice.seesAll(["seen"]);
  const divider = alice.page.locator(".unread");
  assert.equal(await divider.count(), 0, "what one sees is read");
  await alice.page.close();
  for (let n = 1; n <= 3; n += 1) await bo.say(`unseen ${n}`);
  const back = await Person.enterIn(alice.context, `${server.url}/visits`, "Alice");
  await back.seesAll(["unseen 3"]);
  assert.equal(await back.page.locator(".unread").count(), 1);
  assert.equal(await back.line("unseen 1").locator(".unread").innerText(), "New");
  const elsewhere = await Person.enterIn(alice.context, `${server.url}/long`, "Alice");
  assert.equal(await elsewhere.page.locator(".unread").count(), 0, "a room of its own");
  await elsewhere.page.close();
  await bo.say("while one looks");
  await back.seesAll(["while one looks"]);
  assert.equal(await back.line("unseen 1").locator(".unread").count(), 1, "it stays for this visit");
  await back.say("I have read it");
  await back.seesAll(["I have read it"]);
  assert.equal(await back.page.locator(".unread").count(), 0, "who speaks has read");
  await back.page.reload();
  await back.seesAll(["I have read it"]);
  assert.equal(await back.page.locator(".unread").count(), 0);
  await bo.close();
  await alice.context.close();
});

test("who comes back to more than fits begins to read where it was left", async () => {
  const alice = await Person.enter(browser, `${server.url}/much`, "Alice", { viewport: { width: 900, height: 600 } });
  const bo = await Client.join(server, "much", "Bob");
  await bo.say("seen");
  await alice.seesAll(["seen"]);
  await alice.page.close();
  for (let n = 1; n <= 40; n += 1) await bo.say(`unseen ${n}`);
  const back = await Person.enterIn(alice.context, `${server.url}/much`, "Alice");
  await back.page.locator("#newer").filter({ hasText: "40 new" }).waitFor();
  const box = await back.page.locator(".unread").boundingBox();
  assert.ok(box && box.y > 50 && box.y < 400, `the divider is in sight: ${JSON.stringify(box)}`);
  await back.page.keyboard.press("Escape");
  await bo.close();
  await alice.context.close();
});

test("days are set apart, times are the reader's, in full on hover and for who listens; runs of one author are grouped", async () => {
  const alice = await Person.enter(browser, `${server.url}/days`, "Alice", { locale: "en-GB", timezoneId: "Pacific/Auckland" });
  const day_ms = 86_400_000;
  const now_ms = Date.now();
  await alice.page.routeWebSocket(/./, (socket) => {
    socket.connectToServer().onMessage((frame) => {
      const aged = JSON.parse(String(frame));
      for (const message of aged.messages ?? []) message.sent_at = now_ms - Number(message.text.split(" ")[0]) * day_ms;
      socket.send(JSON.stringify(aged));
    });
  });
  const [bo, cy] = [await Client.join(server, "days", "Bob"), await Client.join(server, "days", "Cyd")];
  for (const said of ["400 days ago", "3 days ago", "1 day ago"]) await bo.say(said);
  for (const said of ["0 today", "0 and again"]) await bo.say(said);
  await cy.say("0 too");
  await alice.seesAll(["0 too"]); // what one has not seen is set apart, too
  await alice.page.reload();
  await alice.isLive();
  await alice.seesAll(["0 too"]);
  const days = await alice.page.locator(".day time").allInnerTexts();
  const format = (/** @type {number} */ ago, /** @type {Intl.DateTimeFormatOptions} */ options) => new Intl.DateTimeFormat("en-GB", { timeZone: "Pacific/Auckland", ...options }).format(now_ms - ago * day_ms);
  const isThisYear = format(3, { year: "numeric" }) === format(0, { year: "numeric" });
  assert.deepEqual(days, [
    format(400, { dateStyle: "long" }),
    format(3, isThisYear ? { weekday: "long", day: "numeric", month: "long" } : { dateStyle: "long" }),
    "Yesterday",
    "Today",
  ]);
  const time = alice.line("1 day ago").locator("time.line-time");
  assert.equal(await time.getAttribute("title"), format(1, { dateStyle: "full", timeStyle: "medium" }));
  assert.equal(await time.locator("[aria-hidden]").textContent(), format(1, { timeStyle: "short" }));
  assert.equal(await time.locator(".unseen").textContent(), format(1, { dateStyle: "long", timeStyle: "short" }));
  assert.equal(await alice.line("1 day ago").locator(".bubble").getAttribute("title"), format(1, { dateStyle: "full", timeStyle: "medium" }));
  const shown = await alice.page.locator(".line").evaluateAll((lines) => lines.map((line) => (line.querySelector(".line-head")?.getBoundingClientRect().height ?? 0) > 10));
  assert.deepEqual(shown, [true, true, true, true, false, true], "a run shows who only once");
  await Promise.all([bo.close(), cy.close()]);
  await alice.context.close();
});

test("links are safe and open elsewhere, emoji alone are large, HTML stays text", async () => {
  const alice = await Person.enter(browser, `${server.url}/texts`, "Alice");
  await alice.sayAll(["see https://a.example/x(1).", "javascript:alert(1) <img src=x onerror=alert(1)>", "🎉 👩‍👩‍👧", "🎉 hooray"]);
  await alice.seesAll(["🎉 hooray"]);
  const links = await alice.page.locator(".text a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.getAttribute("target"), a.getAttribute("rel")]));
  assert.deepEqual(links, [["https://a.example/x(1)", "_blank", "noopener noreferrer"]]);
  assert.equal(await alice.page.locator(".text img").count(), 0);
  const size = (/** @type {string} */ said) => alice.line(said).locator(".text").evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
  assert.ok((await size("🎉 👩‍👩‍👧")) > 2 * (await size("🎉 hooray")));
  assert.deepEqual(alice.complaints, []);
  await alice.context.close();
});

test("long words break, and each text runs in its own direction", async () => {
  const alice = await Person.enter(browser, `${server.url}/words`, "Alice", { viewport: { width: 320, height: 640 } });
  const long = "Donaudampfschifffahrtsgesellschaft".repeat(12);
  await alice.sayAll([long, "مرحبا بكم في الغرفة", "hello"]);
  await alice.seesAll(["hello"]);
  const overflow = await alice.page.evaluate(() => [document.documentElement.scrollWidth, /** @type {HTMLElement} */ (document.getElementById("scroller")).scrollWidth - /** @type {HTMLElement} */ (document.getElementById("scroller")).clientWidth]);
  assert.deepEqual(overflow, [320, 0]);
  const direction = (/** @type {string} */ said) => alice.line(said).locator(".text").evaluate((element) => getComputedStyle(element).direction);
  assert.equal(await direction("مرحبا بكم في الغرفة"), "rtl");
  assert.equal(await direction("hello"), "ltr");
  await alice.context.close();
});

test("10,000 lines are scrolled through with at most 300 on the page, and how long the frames take", { timeout: 290_000 }, async (t) => {
  await fill(server, "huge", 10_000, (n) => `${n} ${LOREM.slice(0, 10 + ((n * 37) % 60))}`, 200);
  t.diagnostic(`filled after ${Math.round(performance.now() / 1_000)} s`);
  const alice = await Person.enter(browser, `${server.url}/huge`, "Alice", { viewport: { width: 900, height: 700 } });
  const devtools = await alice.context.newCDPSession(alice.page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" }); // of the page alone, whatever else runs
  const spent = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.filter(({ name }) => ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"].includes(name)).reduce((sum, { value }) => sum + value * 1_000, 0);
  };
  const before_ms = await spent();
  const { first, lines_max, frames_ms, turned_ms } = await alice.page.evaluate(async () => {
    const scroller = /** @type {HTMLElement} */ (document.getElementById("scroller"));
    const frames_ms = [];
    let lines_max = 0;
    const first = () => Number(document.querySelector(".line[data-seq]")?.getAttribute("data-seq"));
    const began_ms = performance.now();
    let before_ms = began_ms;
    for (let idle = 0; idle < 240; ) {
      const at_ms = await /** @type {Promise<number>} */ (new Promise((resolve) => requestAnimationFrame(resolve)));
      frames_ms.push(at_ms - before_ms);
      before_ms = at_ms;
      lines_max = Math.max(lines_max, document.querySelectorAll(".line").length);
      scroller.scrollTop -= 700; // a screen a frame: faster than anybody scrolls
      const isLoading = document.getElementById("older")?.textContent === "Loading…";
      idle = first() === 1 && scroller.scrollTop === 0 ? 240 : scroller.scrollTop === 0 && !isLoading ? idle + 1 : 0;
    }
    return { first: first(), lines_max, frames_ms: frames_ms.slice(1).sort((a, b) => a - b), turned_ms: performance.now() - began_ms };
  });
  const at = (/** @type {number} */ share) => Math.round(frames_ms[Math.floor(share * (frames_ms.length - 1))] ?? 0);
  const over = frames_ms.filter((ms) => ms > 50).length;
  const own_ms = ((await spent()) - before_ms) / frames_ms.length;
  t.diagnostic(`${frames_ms.length} frames in ${Math.round(turned_ms / 1_000)} s: median ${at(0.5)} ms, 95 of 100 within ${at(0.95)} ms, longest ${at(1)} ms, ${over} over 50 ms; of the processor ${own_ms.toFixed(1)} ms a frame for script, style and layout; load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`);
  assert.equal(first, 1);
  assert.ok(lines_max <= 300, `${lines_max} lines on the page`);
  assert.ok(own_ms <= 50, `${own_ms} ms a frame`);
  assert.deepEqual(alice.complaints, []);
  await alice.context.close();
});
