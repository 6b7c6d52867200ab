// @ts-check
/** The page's headers in a real browser: it works with them, what they forbid does not, and who may frame it is the operator's to say. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { startServer } from "../harness.js";
import { launchBrowser, Person } from "./person.js";

/** Another site, which shows the page in a frame. @type {Record<string, string>} */
const framed = {};
const site = createServer((request, response) => {
  const target = framed[request.url ?? ""] ?? "about:blank";
  response.setHeader("content-type", "text/html").end(`<!doctype html><title>Another site</title><iframe src="${target}"></iframe>`);
});
await once(site.listen(0, "127.0.0.1"), "listening");
after(() => site.close());
const origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (site.address()).port}`;

const server = await startServer();
after(() => server.close());
const framable = await startServer({ vars: { FRAME_ANCESTORS: origin } });
after(() => framable.close());
framed["/refused"] = `${server.url}/den`;
framed["/allowed"] = `${framable.url}/den`;
const browser = await launchBrowser();
after(() => browser.close());

test("every page and file has the headers, and the page says who may frame it", async () => {
  for (const path of ["/", "/den", "/page/main.js", "/style/base.css", "/favicon.svg", "/client/parlor.js", "/sw.js"]) {
    const { headers } = await server.request(path);
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/, path);
    assert.match(policy, /object-src 'none'; base-uri 'none'; form-action 'none'/, path);
    assert.doesNotMatch(policy, /unsafe|\*/, path);
    assert.equal(headers["x-content-type-options"], "nosniff", path);
    assert.equal(headers["referrer-policy"], "same-origin", path);
    assert.match(String(headers["permissions-policy"]), /camera=\(\), microphone=\(\)/, path);
  }
  for (const [from, ancestors] of /** @type {const} */ ([[server, "'none'"], [framable, origin]])) {
    for (const path of ["/", "/den"]) {
      assert.ok(String((await from.request(path)).headers["content-security-policy"]).includes(`frame-ancestors ${ancestors}`), path);
    }
  }
});

test("the page works with them, and injected scripts and styles don't", async () => {
  const ada = await Person.enter(browser, `${server.url}/den`, "Ada");
  await ada.say("hello");
  await ada.seesAll(["hello"]);
  assert.deepEqual(ada.complaints, [], "no violation of the policy among them");
  const broken = await ada.page.evaluate(async () => {
    /** @type {string[]} */
    const directives = [];
    document.addEventListener("securitypolicyviolation", (event) => directives.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    const style = document.createElement("style");
    style.textContent = "body { display: none }";
    const elsewhere = document.createElement("script");
    elsewhere.src = "https://evil.example/x.js";
    const base = document.createElement("base");
    base.href = "https://evil.example/";
    const button = document.createElement("button");
    button.setAttribute("onclick", "window.injected = true");
    document.head.append(script, style, elsewhere, base);
    document.body.append(button);
    button.click();
    await fetch("https://evil.example/").catch(() => {});
    for (let turns = 0; directives.length < 6 && turns < 100; turns += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    return { directives: directives.sort(), injected: "injected" in window, base: document.baseURI };
  });
  assert.deepEqual(broken.directives, ["base-uri", "connect-src", "script-src-attr", "script-src-elem", "script-src-elem", "style-src-elem"]);
  assert.equal(broken.injected, false);
  assert.equal(broken.base, `${server.url}/den`);
  await ada.context.close();
});

test("no other site shows the page in a frame, but one that is named", async () => {
  const page = await browser.newPage();
  const shows = async () => {
    const frame = page.frames().find((one) => one.parentFrame());
    return frame ? frame.getByLabel("Your name").isVisible().catch(() => false) : false;
  };
  /** @type {string[]} */
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  await page.goto(`${origin}/refused`);
  const refused = () => said.some((text) => /frame-ancestors 'none'/.test(text));
  if (!refused()) await page.waitForEvent("console", { predicate: refused });
  assert.equal(await shows(), false);
  await page.goto(`${origin}/allowed`);
  await page.frameLocator("iframe").getByLabel("Your name").waitFor();
  assert.equal(await shows(), true);
  await page.close();
});
