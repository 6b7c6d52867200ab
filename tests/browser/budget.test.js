// @ts-check
/**
 * What a visit costs: bytes, requests to others, and the time until one can do something on a slow phone
 * network, measured over HTTP/2 with compression, as the platform serves it. Over the budget it fails.
 *
 * Weight is the sum of the gzipped bodies of all that a first visit fetches, the page itself included, by one
 * who opens no menu or dialog. What the service worker fetches afterwards, for the times without a network,
 * nobody waits for.
 */
import assert from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { startServer } from "../harness.js";
import { withoutComments } from "../../scripts/page.mjs";
import { startEdge } from "./edge.js";
import { holds, launchBrowser } from "./person.js";

const WEIGHT_BYTES_MAX = 60 * 1_024;
const FIRST_INTERACTION_MS_MAX = 1_000;
/** Lighthouse's "slow 4G": 150 ms there and back, 1.6 Mbit/s down, 0.75 up. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: (1_600 * 1_024) / 8, uploadThroughput: (750 * 1_024) / 8 };
const NETWORK_MS_MAX = 650; // what a middling phone needs for the rest is some 200 ms
const TRIES = 5; // the fastest counts: the machine may be busy with something else, the page can't be
const BUSY_LOAD = 0.5; // processes a core, beyond which the clock says more of the others than of the page

const server = await startServer();
after(() => server.close());
const edge = await startEdge(server, { isTls: true, alter: (path, body) => (path.endsWith(".js") ? withoutComments(body) : body) }); // as it is deployed
after(() => edge.close());
const browser = await launchBrowser();
after(() => browser.close());

/** Opens a page in a profile of its own, and notes what it fetches. @param {{ locale?: string }} [options] */
async function newVisit({ locale } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, serviceWorkers: "block", ...(locale ? { locale } : {}) });
  const page = await context.newPage();
  /** @type {import("playwright-core").Response[]} */
  const answers = [];
  page.on("response", (answer) => answers.push(answer));
  return { page, answers };
}

/** @param {import("playwright-core").Response[]} answers */
async function weigh(answers) {
  const files = await Promise.all(
    answers.filter((answer) => !answer.url().includes("/api/")).map(async (answer) => {
      const { pathname, origin } = new URL(answer.url());
      return { pathname, origin, bytes: gzipSync(await answer.body(), { level: 9 }).length };
    }),
  );
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { files, bytes };
}

/** @param {string} what @param {import("playwright-core").Response[]} answers @param {import("node:test").TestContext} t */
async function assertLight(what, answers, t) {
  const { files, bytes } = await weigh(answers);
  t.diagnostic(`${what}: ${(bytes / 1_024).toFixed(1)} KiB gzipped in ${files.length} files`);
  const heaviest = files.sort((a, b) => b.bytes - a.bytes).slice(0, 12).map((file) => `${file.bytes} ${file.pathname}`);
  assert.ok(bytes <= WEIGHT_BYTES_MAX, `${bytes} bytes; the heaviest:\n${heaviest.join("\n")}`);
  assert.deepEqual(files.filter(({ origin }) => origin !== edge.url), [], "nothing from anywhere else");
}

for (const locale of ["en", "ar"]) {
  test(`the front page and a room are light (${locale})`, { timeout: 60_000 }, async (t) => {
    const front = await newVisit({ locale });
    await front.page.goto(edge.url);
    await front.page.locator("#rooms-note:visible, #rooms-list:visible").first().waitFor();
    await front.page.waitForLoadState("networkidle");
    await assertLight("front page", front.answers, t);
    await front.page.context().close();

    const room = await newVisit({ locale });
    await room.page.goto(`${edge.url}/tea`);
    await room.page.locator("#entry-name").fill("Ada");
    await room.page.keyboard.press("Enter");
    await room.page.locator('#status[data-phase="live"]').waitFor();
    await room.page.locator("#composer-text").fill("hello");
    await room.page.keyboard.press("Enter");
    await room.page.locator('li[data-state="sent"]').first().waitFor();
    await assertLight("room, from its link to the first line sent", room.answers, t);
    await room.page.context().close();
  });
}

/**
 * How long until there is something to do: the form is there, has its words and obeys. Beside the time by the
 * clock it returns what no busy machine changes: the time on the network alone, which is round trips one after the
 * other and bytes, and the processor's for the page alone.
 * @param {string} path @param {string} locale
 */
async function firstInteraction(path, locale) {
  const { page } = await newVisit({ locale });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", SLOW_4G);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.addInitScript(() => {
    const observer = new MutationObserver(() => {
      const form = document.querySelector("#entry-form");
      if (!(form instanceof HTMLFormElement) || !form.onsubmit || !form.checkVisibility()) return;
      observer.disconnect();
      performance.mark("there"); // what comes after it was not needed for it
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("usable"))); // painted
    });
    observer.observe(document, { subtree: true, childList: true, attributes: true });
  });
  await page.goto(edge.url + path);
  const usable_ms = Number(await holds(page, () => performance.getEntriesByName("usable")[0]?.startTime));
  const { metrics } = await session.send("Performance.getMetrics");
  const own_ms = (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN) * 1_000; // and what came until we looked
  const files = await page.evaluate(() => {
    const before = performance.getEntriesByName("there")[0]?.startTime ?? 0;
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return all.filter((entry) => entry.startTime === 0 || entry.startTime + entry.duration < before).map((entry) => {
      const { name, startTime, responseEnd, encodedBodySize } = /** @type {PerformanceResourceTiming} */ (entry);
      return { path: new URL(name).pathname, start_ms: startTime, end_ms: responseEnd, bytes: encodedBodySize };
    });
  });
  await page.context().close();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const trips = roundTrips(files);
  const network_ms = trips * SLOW_4G.latency + (bytes / SLOW_4G.downloadThroughput) * 1_000;
  return { usable_ms, network_ms, own_ms, trips, bytes, files };
}

/** How many round trips follow one another: a file that was asked for when another had come is one further. @param {{ start_ms: number, end_ms: number }[]} files */
function roundTrips(files) {
  /** @type {{ end_ms: number, depth: number }[]} */
  const seen = [];
  for (const { start_ms, end_ms } of files.sort((a, b) => a.start_ms - b.start_ms)) {
    const before = seen.filter((other) => other.end_ms <= start_ms).map(({ depth }) => depth);
    seen.push({ end_ms, depth: Math.max(0, ...before) + 1 });
  }
  return Math.max(...seen.map(({ depth }) => depth));
}

for (const [path, locale] of /** @type {const} */ ([["/", "en"], ["/tea", "en"], ["/", "ar"]])) {
  test(`${path} in ${locale} can be used within a second on slow 4G`, { timeout: 120_000 }, async (t) => {
    const visits = [await firstInteraction(path, locale)]; // the edge has nothing ready yet
    const least = (/** @type {"usable_ms" | "network_ms" | "own_ms"} */ what) => Math.min(...visits.map((visit) => visit[what]));
    while (visits.length <= TRIES && (least("usable_ms") > FIRST_INTERACTION_MS_MAX || least("network_ms") > NETWORK_MS_MAX)) visits.push(await firstInteraction(path, locale));
    const usable_ms = least("usable_ms");
    const own_ms = least("own_ms");
    const network_ms = least("network_ms"); // on a busy machine more arrives before the form is there than it needs
    const { trips, bytes, files } = visits.find((visit) => visit.network_ms === network_ms) ?? /** @type {typeof visits[0]} */ (visits[0]);
    t.diagnostic(`usable after ${Math.round(usable_ms)} ms, of which on the network ${Math.round(network_ms)} and of the processor ${Math.round(own_ms)}: ${trips} round trips, ${files.length} files, ${(bytes / 1_024).toFixed(1)} KiB`);
    if (process.env["SHOW_FILES"]) console.table(files);
    assert.ok(network_ms <= NETWORK_MS_MAX, `${Math.round(network_ms)} ms on the network alone`);
    assert.ok(network_ms + own_ms <= FIRST_INTERACTION_MS_MAX, `${Math.round(network_ms)} ms on the network, ${Math.round(own_ms)} ms of the processor`);
    const isBusy = (loadavg()[0] ?? 0) > BUSY_LOAD * availableParallelism();
    if (isBusy && usable_ms > FIRST_INTERACTION_MS_MAX) return t.diagnostic("the machine is busy with something else: the clock is not held against the page");
    assert.ok(usable_ms <= FIRST_INTERACTION_MS_MAX, `${Math.round(usable_ms)} ms`);
  });
}
