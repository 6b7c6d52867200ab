// @ts-check
/** Access: by keys, by ear, with little sight, in a narrow window, on a phone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { fill } from "./crowd.js";
import { holds, launchBrowser, Person } from "./person.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TEXT = "We sat by the window and it rained. ";

await fill(server, "talk", 90, (n) => `${n} ${TEXT.repeat(1 + (n % 3))}`);

/** What axe finds wrong with the page as it is. @param {Person} person */
async function violations(person) {
  await person.page.evaluate(AXE);
  const found = await person.page.evaluate(() => /** @type {any} */ (window).axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html.slice(0, 160)).join(" | ")}`);
}

/** A room with something of everything in it. @param {import("playwright-core").BrowserContextOptions} options @param {string} room */
async function busyRoom(options, room) {
  const alice = await Person.enter(browser, `${server.url}/${room}`, "Alice", options);
  const bo = await Client.join(server, room, "Bo");
  await bo.say("@Alice, see https://a.example/x");
  await bo.say("🎉");
  const { seq } = await bo.say("مرحبا");
  await alice.say("mine @Bo");
  await bo.say("an answer", { reply_to: seq });
  await alice.say("\u200b"); // refused
  await alice.seesAll(["mine @Bo", "an answer"]);
  await alice.sees((lines) => lines.some(({ state }) => state === "failed"), "the refusal");
  return { alice, bo };
}

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing wrong with a busy room, its panels and its list of keys, ${colorScheme}`, async () => {
    const { alice, bo } = await busyRoom({ colorScheme }, `axe-${colorScheme}`);
    assert.deepEqual(await violations(alice), []);
    await alice.composer.pressSequentially("@b");
    await alice.page.getByRole("option").first().waitFor();
    assert.deepEqual(await violations(alice), [], "with names offered");
    await alice.page.keyboard.press("Escape");
    await alice.page.keyboard.press("Control+/");
    await alice.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    assert.deepEqual(await violations(alice), [], "with the list of keys");
    await alice.page.keyboard.press("Escape");
    await alice.page.setViewportSize({ width: 360, height: 700 });
    await alice.page.locator("#people-toggle").click();
    assert.deepEqual(await violations(alice), [], "narrow, with the panel");
    await alice.page.keyboard.press("Escape");
    await alice.context.setOffline(true);
    await alice.page.locator("#banner").waitFor();
    assert.deepEqual(await violations(alice), [], "offline");
    assert.deepEqual(alice.complaints, []);
    await bo.close();
    await alice.context.close();
  });
}

test("every text has a contrast of 4.5 to 1 with what lies behind it, in both themes", async () => {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const { alice, bo } = await busyRoom({ colorScheme }, `contrast-${colorScheme}`);
    await alice.composer.fill("x".repeat(1_950));
    await alice.page.locator("#composer-left").waitFor();
    const { checked, poor } = await alice.page.evaluate(() => {
      const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d", { willReadFrequently: true }));
      /** @param {string[]} colors painted over each other @returns {number[]} */
      const painted = (...colors) => {
        context.clearRect(0, 0, 1, 1);
        for (const color of colors) {
          context.fillStyle = color;
          context.fillRect(0, 0, 1, 1);
        }
        return [...context.getImageData(0, 0, 1, 1).data];
      };
      const luminance = (/** @type {number[]} */ rgb) => {
        const [r = 0, g = 0, b = 0] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const poor = [];
      let checked = 0;
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (!element || !node.textContent?.trim() || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || element.closest(".unseen, [disabled], script, style")) continue;
        const behind = [];
        for (let at = /** @type {Element | null} */ (element); at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
        const ground = ["white", ...behind];
        const [a, b] = [luminance(painted(...ground)), luminance(painted(...ground, getComputedStyle(element).color))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        checked += 1;
        if (contrast < 4.5) poor.push(`${contrast.toFixed(2)} ${element.className || element.tagName} "${node.textContent.trim().slice(0, 30)}"`);
      }
      return { checked, poor };
    });
    assert.ok(checked > 25, `${checked} texts`);
    assert.deepEqual(poor, [], colorScheme);
    await bo.close();
    await alice.context.close();
  }
});

test("all that one does can be done by keys, and the focus is always somewhere", async () => {
  const alice = await Person.enter(browser, `${server.url}/talk`, "Alice");
  const active = () => alice.page.evaluate(() => document.activeElement?.getAttribute("data-seq") ?? document.activeElement?.id ?? document.activeElement?.tagName);
  /** @param {string} where @param {string} [why] */
  const isAt = async (where, why) => {
    const there = () => holds(alice.page, (to) => [document.activeElement?.getAttribute("data-seq"), document.activeElement?.id].includes(to), where);
    await there().catch(async () => assert.fail(`${why ?? "focus"}: at ${await active()}, not at ${where}`));
  };
  const press = (/** @type {string} */ key) => alice.page.keyboard.press(key);
  await isAt("composer-text");
  await press("ArrowUp");
  await isAt("90", "from an empty message to the newest line");
  await press("ArrowUp");
  await isAt("89");
  await press("r");
  await isAt("composer-text", "R answers");
  await alice.page.getByText("Replying to Bo").or(alice.page.getByText("Replying to Ada")).or(alice.page.getByText("Replying to Cy")).first().waitFor();
  await press("Escape");
  await press("ArrowUp");
  for (let n = 89; n >= 2; n -= 1) {
    await holds(alice.page, (seq) => document.querySelector(`.line[data-seq="${seq}"]`) !== null, n); // lines are loaded on the way
    await press("ArrowUp");
    await isAt(String(n));
  }
  assert.ok(await alice.page.evaluate(() => {
    const box = /** @type {Element} */ (document.activeElement).getBoundingClientRect();
    return box.top >= 0 && box.bottom <= innerHeight;
  }), "what has the focus is in sight");
  await press("Home");
  await isAt("1");
  await press("Escape");
  await isAt("composer-text", "Escape goes back to writing");
  await press("ArrowUp");
  await press("?");
  const dialog = alice.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await dialog.waitFor();
  assert.ok((await dialog.getByRole("listitem").count()) >= 8);
  await press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await isAt("90", "where it was");
  await press("ArrowDown");
  await isAt("composer-text", "down from the newest line to writing");
  await alice.composer.pressSequentially("what?");
  assert.equal(await dialog.count(), 0, "a question mark can be written");
  assert.equal(await alice.composer.inputValue(), "what?");
  assert.deepEqual(alice.complaints, []);
  await alice.context.close();
});

test("landmarks are labelled, and only new lines of others are read out", async () => {
  const alice = await Person.enter(browser, `${server.url}/talk`, "Alice");
  for (const role of /** @type {const} */ (["banner", "main", "complementary"])) assert.equal(await alice.page.getByRole(role).count(), 1, role);
  assert.equal(await alice.page.getByRole("complementary", { name: "Who is here" }).count(), 1);
  const news = await alice.hearsNews();
  const log = alice.page.getByRole("log");
  assert.equal(await log.textContent(), "", "nothing of the history");
  await alice.page.evaluate(() => void (/** @type {HTMLElement} */ (document.getElementById("scroller")).scrollTop = 0));
  await alice.sees(([first]) => first?.seq === 1, "the first line");
  assert.equal(await log.textContent(), "", "nor when older lines come");
  const bo = await Client.join(server, "talk", "Bo");
  await bo.say("somebody new"); // not on the page, which shows the beginning
  await log.filter({ hasText: "Bo: somebody new" }).waitFor({ state: "attached" });
  await alice.say("said by oneself");
  await alice.seesAll(["said by oneself"]);
  assert.deepEqual(await news(), ["Bo: somebody new"]);
  const live = await alice.page.evaluate(() => [...document.querySelectorAll("[aria-live], [role=log], [role=status], [role=alert]")].filter((region) => region.querySelector("li, .line")).length);
  assert.equal(live, 0, "the lines themselves are in no live region");
  await bo.close();
  await alice.context.close();
});

test("nothing is wider than the window: at 320 pixels, at twice the size, in Arabic, on a phone", async () => {
  const long = `${server.url}/${"a".repeat(64)}`;
  const bo = await Client.join(server, "a".repeat(64), "B".repeat(30));
  await bo.say("w".repeat(500));
  await bo.say("https://a.example/" + "x".repeat(300));
  /** @type {[string, string, import("playwright-core").BrowserContextOptions][]} */
  const windows = [
    ["narrow", long, { viewport: { width: 320, height: 640 } }],
    ["zoomed", long, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
    ["Arabic", `${long}?lang=ar`, { viewport: { width: 320, height: 640 } }],
    ["phone", long, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
  ];
  for (const [what, url, options] of windows) {
    const context = await browser.newContext(options);
    const alice = new Person("Alice", context, await context.newPage());
    await alice.page.goto(url);
    await alice.page.locator("#entry-name").fill("A".repeat(30));
    await alice.page.locator("#entry-join").click();
    await alice.page.locator("#status[data-phase=live]").waitFor();
    await alice.page.locator(".line").nth(1).waitFor();
    const wide = await alice.page.evaluate(() => [document.scrollingElement, document.getElementById("scroller")].map((element) => (element?.scrollWidth ?? 0) - (element?.clientWidth ?? 0)));
    assert.deepEqual(wide, [0, 0], what);
    const box = await alice.composer.or(alice.page.locator("#composer-text")).first().boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= (options.viewport?.width ?? 0), `${what}: ${JSON.stringify(box)}`);
    assert.deepEqual(alice.complaints, [], what);
    await context.close();
  }
  await bo.close();
});

test("the soft keyboard hides neither the composer nor the newest line, and loses no place; what one touches is 44 pixels", async () => {
  const phone = { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true };
  const alice = await Person.enter(browser, `${server.url}/phone`, "Alice", phone);
  const bo = await Client.join(server, "phone", "Bo");
  await alice.composer.fill("\u200b"); // refused
  await alice.page.getByRole("button", { name: "Send" }).tap();
  await alice.sees((lines) => lines.some(({ state }) => state === "failed"), "the refusal");
  for (let n = 1; n <= 30; n += 1) await bo.say(`${n} ${TEXT}`.trim());
  await alice.sees((lines) => lines.length === 31, "all");
  const place = () => alice.page.evaluate(() => {
    const scroller = /** @type {HTMLElement} */ (document.getElementById("scroller"));
    const top = scroller.getBoundingClientRect().top;
    const first = [...document.querySelectorAll(".line")].find((line) => line.getBoundingClientRect().bottom > top);
    const composer = /** @type {Element} */ (document.getElementById("composer-text")).getBoundingClientRect();
    return { end_px: scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight, first: [first?.getAttribute("data-id"), first?.getBoundingClientRect().top], isComposerSeen: composer.bottom <= innerHeight && composer.top > 0 };
  });
  await alice.page.setViewportSize({ width: 390, height: 420 }); // as a keyboard does with interactive-widget=resizes-content
  await alice.until("at the end", () => {
    const { scrollHeight, scrollTop, clientHeight } = /** @type {HTMLElement} */ (document.getElementById("scroller"));
    return scrollHeight - scrollTop - clientHeight < 2;
  });
  assert.ok((await place()).isComposerSeen);
  await alice.page.setViewportSize({ width: 390, height: 800 });
  await alice.until("large again", () => innerHeight === 800);
  await alice.isDrawn();
  await alice.page.evaluate(() => void (/** @type {HTMLElement} */ (document.getElementById("scroller")).scrollTop -= 600));
  await alice.page.locator("#newer").waitFor();
  const before = await place();
  await alice.page.setViewportSize({ width: 390, height: 420 });
  await alice.until("smaller", () => innerHeight === 420);
  await alice.isDrawn();
  assert.deepEqual((await place()).first, before.first, "the text under the eye stays");
  assert.ok((await place()).isComposerSeen);
  await alice.page.setViewportSize({ width: 390, height: 800 });
  await alice.page.locator("#people-toggle").tap();
  const small = await alice.page.evaluate(() => [...document.querySelectorAll("#room button, #room input, #room textarea, .bar a")].flatMap((element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && (width < 43.5 || height < 43.5) ? [`${element.id || element.className} ${width}×${height}`] : [];
  }));
  assert.deepEqual(small, []);
  await bo.close();
  await alice.context.close();
});

test("the window made narrower keeps the line under the eye in its place", async () => {
  const alice = await Person.enter(browser, `${server.url}/talk`, "Alice", { viewport: { width: 1200, height: 700 } });
  await alice.page.evaluate(() => void (/** @type {HTMLElement} */ (document.getElementById("scroller")).scrollTop -= 900));
  await alice.page.locator("#newer").waitFor();
  const first = () => alice.page.evaluate(() => {
    const top = /** @type {Element} */ (document.getElementById("scroller")).getBoundingClientRect().top;
    return [...document.querySelectorAll(".line")].find((line) => line.getBoundingClientRect().bottom > top)?.getAttribute("data-seq");
  });
  const before = await first();
  await alice.page.setViewportSize({ width: 380, height: 700 });
  await alice.until("narrow", () => innerWidth === 380);
  await alice.isDrawn();
  assert.equal(await first(), before);
  await alice.context.close();
});

test("less motion, more contrast and forced colours are respected; the focus is seen", async () => {
  const alice = await Person.enter(browser, `${server.url}/talk`, "Alice");
  await alice.page.emulateMedia({ reducedMotion: "reduce" });
  const moving = await alice.page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => {
    const { transitionDuration, animationDuration, animationName } = getComputedStyle(element);
    return parseFloat(transitionDuration) > 0 || (animationName !== "none" && parseFloat(animationDuration) > 0);
  }).length);
  assert.equal(moving, 0);
  const soft = () => alice.page.locator(".line-time").first().evaluate((time) => getComputedStyle(time).color);
  const [usual] = [await soft()];
  await alice.page.emulateMedia({ contrast: "more" });
  assert.notEqual(await soft(), usual);
  await alice.page.emulateMedia({ contrast: null, forcedColors: "active" });
  const seen = await alice.page.evaluate(() => {
    const style = (/** @type {string} */ selector) => getComputedStyle(/** @type {Element} */ (document.querySelector(selector)));
    /** @type {HTMLElement} */ (document.getElementById("composer-text")).focus();
    return { bubble: style(".bubble").borderTopWidth, box: style(".composer-box").outlineStyle };
  });
  assert.deepEqual(seen, { bubble: "1px", box: "solid" });
  await alice.page.emulateMedia({ forcedColors: null });
  /** @type {string[]} */
  const unseen = [];
  for (let n = 0; n < 14; n += 1) {
    await alice.page.keyboard.press("Tab");
    unseen.push(...await alice.page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return [];
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const isSeen = (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || element.id === "composer-text";
      return isSeen ? [] : [element.id || element.className];
    }));
  }
  assert.deepEqual(unseen, []);
  await alice.context.close();
});
