// @ts-check
// `node scripts/screenshots.mjs [--docs]`: takes pictures of the page as people see it, from the built worker
// (`npm test -- build`), into tests/browser/screenshots, to be looked at. With --docs also those in docs/.

import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { sign } from "./token.mjs";
import { ROOT } from "./toolchain.mjs";
import { Client, startServer, UNHURRIED } from "../tests/harness.js";
import { launchBrowser, Person } from "../tests/browser/person.js";

/** @typedef {import("playwright-core").BrowserContextOptions} Options */

const FOLDER = join(ROOT, "tests", "browser", "screenshots");
const WIDE = { viewport: { width: 1100, height: 720 } };
const NARROW = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const DARK = /** @type {const} */ ({ colorScheme: "dark" });
const ARABIC = { locale: "ar" };
/** Which of them are shown in the documents, and as what. @type {Map<string, string>} */
const DOCS = new Map([["busy", "parlor.png"], ["busy-narrow-dark", "parlor-phone.png"], ["busy-arabic", "parlor-arabic.png"]]);
const AUTH_SECRET = "0123456789abcdef0123456789abcdef";

/** What is said in the pictures. */
const ENGLISH = [
  ["Ada", "Has anybody finished chapter nine?"],
  ["Grace", "Last night. I did not see that letter coming."],
  ["Grace", "No more before Linus has read it, though."],
  ["Linus", "Thank you! I am on the train, two stations to go, and the connection is what it is."],
  ["Noor", "أنا في الفصل العاشر، والرسالة تغيّر كل شيء."],
  ["Ada", "The map is at https://maps.example/the-island, it helps a lot."],
];
const ARABIC_LINES = [
  ["ليلى", "هل أنهى أحد الفصل التاسع؟"],
  ["نور", "ليلة أمس. لم أتوقع تلك الرسالة!"],
  ["Ada", "Neither did I."],
  ["ليلى", "الخريطة هنا: https://maps.example/the-island"],
];

mkdirSync(FOLDER, { recursive: true });
const server = await startServer({ vars: UNHURRIED });
const closed = await startServer({ vars: { ...UNHURRIED, AUTH_SECRET } });
const browser = await launchBrowser();
try {
  await talk();
  await front("front", WIDE);
  await front("front-narrow", NARROW);
  await front("front-dark", { ...WIDE, ...DARK });
  await front("front-arabic", { ...NARROW, ...ARABIC });
  await entry("entry-narrow", NARROW);
  await room("busy", WIDE, "reading-room");
  await room("busy-dark", { ...WIDE, ...DARK }, "chapter-nine");
  await room("busy-narrow", NARROW, "book-club");
  await room("busy-narrow-dark", { ...NARROW, ...DARK }, "night-owls");
  await room("busy-arabic", { ...WIDE, ...ARABIC }, "ghurfa");
  await room("busy-arabic-narrow", { ...NARROW, ...ARABIC }, "maktaba");
  await room("empty", WIDE, "empty");
  await room("empty-narrow", NARROW, "empty");
  await room("offline", NARROW, "train", async (person) => {
    await person.context.setOffline(true);
    await person.page.locator("#composer-text").fill("In the tunnel. See you behind it!");
    await person.page.locator(".composer-send").click();
    await person.page.locator('#status[data-phase="offline"]').waitFor();
  });
  await room("menu", WIDE, "library", async ({ page }) => {
    await page.locator("li.line").last().hover();
    await page.locator('li.line [data-act="more"]').last().click();
    await page.getByRole("menu").waitFor();
  });
  await room("share", NARROW, "library", async ({ page }) => {
    await page.locator("#people-toggle").click();
    await page.locator("#share").click();
    await page.getByRole("dialog").waitFor();
  });
  await moderation("moderation", WIDE);
  await moderation("moderation-narrow", NARROW);
  await embedded("embedded", WIDE);
} finally {
  await browser.close();
  await server.close();
  await closed.close();
}
console.log(`look at them: ${FOLDER}`);

/** Fills the rooms. */
async function talk() {
  for (const where of ["reading-room", "chapter-nine", "book-club", "night-owls", "train", "library"]) await say(where, ENGLISH);
  for (const where of ["ghurfa", "maktaba"]) await say(where, ARABIC_LINES);
}

/** @param {string} where @param {string[][]} lines */
async function say(where, lines) {
  /** @type {Map<string, Client>} */
  const people = new Map();
  for (const [name = "", text = ""] of lines) {
    const person = people.get(name) ?? (await Client.join(server, where, name));
    people.set(name, person);
    await person.say(text);
  }
}

/** @param {Options} options */
async function newPerson(options) {
  const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
  return new Person("Mary", context, await context.newPage());
}

/** @param {string} name @param {Person} person */
async function take(name, { page, context }) {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  if (process.argv.includes("--docs") && DOCS.has(name)) await page.screenshot({ path: join(ROOT, "docs", String(DOCS.get(name))), scale: "css" });
  await context.close();
}

/** @param {string} name @param {Options} options */
async function front(name, options) {
  const person = await newPerson(options);
  await person.page.goto(server.url);
  await person.page.evaluate(() => {
    const visits = { "reading-room": 2, "~Zm9vYmFyYmF6cXV4": 0, "ghurfa": 4 };
    Object.entries(visits).forEach(([room, seq], n) => localStorage.setItem(`parlor.seen ${room}`, JSON.stringify({ epoch: "e", seq, at_ms: 9 - n })));
  });
  await person.page.reload();
  await person.page.locator("#recent-list .unread-dot").waitFor();
  await person.page.locator("#rooms-list li").first().waitFor();
  await take(name, person);
}

/** @param {string} name @param {Options} options */
async function entry(name, options) {
  const person = await newPerson(options);
  await person.page.goto(`${server.url}/reading-room`);
  await person.page.locator("#entry-name").waitFor();
  await take(name, person);
}

/** @param {string} name @param {Options} options @param {string} where @param {(person: Person) => Promise<void>} [then] */
async function room(name, options, where, then) {
  const person = await newPerson(options);
  await person.page.goto(`${server.url}/${where}`);
  await person.page.locator("#entry-name").fill(options.locale === "ar" ? "مريم" : "Mary");
  await person.page.locator("#entry-join").click();
  await person.page.locator('#status[data-phase="live"]').waitFor();
  if (where !== "empty" && !then) {
    await person.page.locator("#composer-text").fill(options.locale === "ar" ? "سأقرؤه الليلة." : "Tonight, then. I bring the biscuits.");
    await person.page.locator(".composer-send").click();
    await person.page.locator('li.own[data-state="sent"]').last().waitFor();
  }
  await then?.(person);
  await take(name, person);
}

/** @param {string} name @param {Options} options */
async function moderation(name, options) {
  const token = (/** @type {Record<string, unknown>} */ claims) => sign({ exp: Math.floor(Date.now() / 1_000) + 3_600, ...claims }, AUTH_SECRET);
  const bo = await Client.join(closed, name, "Bo", { headers: { Authorization: `Bearer ${token({ sub: "bo", name: "Bo" })}` } });
  const { seq } = await bo.say("BUY MY WATCHES!!!");
  bo.write({ type: "report", seq, reason: "third time today" });
  const person = await newPerson(options);
  await person.page.goto(`${closed.url}/${name}#token=${token({ sub: "olga", name: "Olga", role: "owner" })}`);
  await person.page.locator('#status[data-phase="live"]').waitFor();
  if (await person.page.locator("#people-toggle").isVisible()) await person.page.locator("#people-toggle").click();
  await person.page.locator("#moderate").click();
  await person.page.getByRole("list", { name: "Reports" }).waitFor();
  await take(name, person);
}

/** @param {string} name @param {Options} options */
async function embedded(name, options) {
  const [, html = ""] = /^```html\n(.*?)^```/ms.exec(readFileSync(join(ROOT, "docs", "EMBEDDING.md"), "utf8")) ?? [];
  const page = html.replaceAll("https://parlor.example", server.url).replace('room="bakers"', 'room="library" name="Mary"');
  const site = createServer((_, response) => response.setHeader("content-type", "text/html").end(page)).listen(0, "127.0.0.1");
  await once(site, "listening");
  const person = await newPerson(options);
  await person.page.goto(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (site.address()).port}`);
  await person.page.locator('#status[data-phase="live"]').waitFor();
  await person.page.locator("li.line").last().waitFor();
  await take(name, person);
  site.close();
}
