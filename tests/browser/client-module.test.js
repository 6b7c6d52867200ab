// @ts-check
/** The page of docs/CLIENT.md, as it stands there, on another site: it imports the client from Parlor and talks. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { Client, startServer } from "../harness.js";
import { launchBrowser } from "./person.js";

const server = await startServer();
after(() => server.close());
const browser = await launchBrowser();
after(() => browser.close());

test("the page of docs/CLIENT.md does what it says, on another site", { timeout: 60_000 }, async () => {
  const guide = readFileSync(new URL("../../docs/CLIENT.md", import.meta.url), "utf8");
  const [, html = ""] = /^```html\n(.*?)^```/ms.exec(guide) ?? [];
  const site = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(html.replaceAll("https://parlor.example", server.url));
  });
  await once(site.listen(0, "127.0.0.1"), "listening");
  after(() => site.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (site.address());

  const page = await browser.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByText("live").waitFor();
  const bo = await Client.join(server, "kitchen", "Bo");
  await page.getByLabel("Message").fill("hello from elsewhere");
  await page.keyboard.press("Enter");
  await page.getByText("Ada: hello from elsewhere").waitFor();
  await bo.until(() => bo.log.some(({ text }) => text === "hello from elsewhere"));
  await bo.say("welcome");
  await page.getByText("Bo: welcome").waitFor();
  assert.deepEqual(complaints, []);
  await page.close();
});
