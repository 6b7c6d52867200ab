// @ts-check
/**
 * Cross-site WebSocket hijacking from a real browser: a page on another port is another origin. It can't connect
 * where ALLOWED_ORIGINS leaves it out, and can where it is named; nor can it post.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { startServer } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

const site = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>Another site</title>"));
await once(site.listen(0, "127.0.0.1"), "listening");
after(() => site.close());
const origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (site.address()).port}`;

const closed = await startServer({ vars: { ALLOWED_ORIGINS: "https://site.example" } });
after(() => closed.close());
const named = await startServer({ vars: { ALLOWED_ORIGINS: `https://site.example ${origin}` } });
after(() => named.close());
const browser = await launchBrowser();
after(() => browser.close());

/** What a page of the other site gets that opens a socket and joins. @param {string} url */
async function hijack(url, query = "") {
  const page = await browser.newPage();
  await page.goto(origin);
  const seen = await page.evaluate(
    (address) =>
      /** @type {Promise<{ opened: boolean, code?: number, frames: string[] }>} */ (
        new Promise((resolve) => {
          const socket = new WebSocket(address, ["parlor.v1"]);
          /** @type {{ opened: boolean, frames: string[] }} */
          const seen = { opened: false, frames: [] };
          socket.onopen = () => {
            seen.opened = true;
            socket.send('{"type":"join","name":"Eve"}');
          };
          socket.onmessage = ({ data }) => {
            seen.frames.push(JSON.parse(data).type);
            resolve(seen);
          };
          socket.onclose = ({ code }) => resolve({ ...seen, code });
        })
      ),
    `${url.replace("http", "ws")}/den${query}`,
  );
  const posted = await page.evaluate(
    (address) => fetch(address, { method: "POST", mode: "no-cors", body: '{"id":"1","name":"Eve","text":"by the back door"}' }).then(() => true, () => false),
    `${url}/api/rooms/den/messages`,
  );
  await page.close();
  return { ...seen, posted };
}

test("a page of an origin that is not named is refused before the upgrade, and its post too", async () => {
  const { opened, code, frames } = await hijack(closed.url);
  assert.deepEqual({ opened, code, frames }, { opened: false, code: 1006, frames: [] });
  assert.equal((await closed.request("/api/rooms/den")).status, 404, "no room was touched");
});

test("nor does it hear anything where it asks to be refused by a close", async () => {
  const { code, frames } = await hijack(closed.url, "?refusals=close");
  assert.deepEqual({ code, frames }, { code: 4403, frames: [] });
});

test("one that is named comes in", async () => {
  const { opened, frames } = await hijack(named.url);
  assert.deepEqual({ opened, frames }, { opened: true, frames: ["welcome"] });
});

test("the deployment's own page comes in, whatever is named", async () => {
  const ada = await Person.enter(browser, `${closed.url}/den`, "Ada");
  await ada.say("hello");
  await ada.seesAll(["hello"]);
  await ada.context.close();
});
