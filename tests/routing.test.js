// @ts-check
/** Every URL answers as the table in docs/PROTOCOL.md says, whoever asks and however it is spelled. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { Client, startServer, UpgradeRefused } from "./harness.js";

const server = await startServer();
after(() => server.close());

const PUBLIC = new URL("../public/", import.meta.url);
const NAVIGATION = { accept: "text/html,*/*", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const LONGEST = "a".repeat(64);

/** @param {import("./http.js").HttpAnswer} answer @param {number} status @param {string} code */
function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.match(String(answer.headers["content-type"]), /^application\/json/);
  assert.equal(answer.json.error.code, code);
  assert.equal(typeof answer.json.error.message, "string");
  assert.notEqual(answer.json.error.message, "");
}

/** Gets the page, maybe by way of a better spelling of the path. @param {string} path @param {Record<string, string>} [headers] */
async function assertPage(path, headers) {
  let answer = await server.request(path, { headers });
  if (answer.status === 307) answer = await server.request(String(answer.headers.location), { headers });
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers["content-type"]), /^text\/html/);
  assert.equal(answer.text, readFileSync(new URL("index.html", PUBLIC), "utf8"));
}

for (const path of ["/", "/kitchen", "/~Zm9vYmFyYmF6cXV4", "/a.b_c~d-e", `/${LONGEST}`, "/%7Eprivate", "/k%69tchen", "/7?x=y"]) {
  test(`GET ${path.slice(0, 20)} is the page`, async () => {
    await assertPage(path);
    await assertPage(path, NAVIGATION);
  });
}

for (const [path, room] of [
  ["/", "default"],
  ["/?x=y", "default"],
  ["/kitchen", "kitchen"],
  ["/Kitchen", "Kitchen"],
  ["/~Zm9vYmFyYmF6cXV4", "~Zm9vYmFyYmF6cXV4"],
  ["/%7Eprivate", "~private"],
  ["/k%69tchen", "kitchen"],
  ["/7", "7"],
  ["/a.b_c~d-e", "a.b_c~d-e"],
  [`/${LONGEST}`, LONGEST],
  ["/default", "default"],
  ["/API", "API"],
  ["/api.v2", "api.v2"],
]) {
  test(`an upgrade of ${path?.slice(0, 20)} joins the room ${room?.slice(0, 20)}`, async () => {
    const client = await Client.connect(server, String(path).slice(1));
    assert.equal((await client.join("Alice")).room, room);
    await client.close();
  });
}

for (const path of [
  "/-a", "/.a", "/_a", `/${LONGEST}a`, "/a%20b", "/a%2Fb", "/a/b", "/kitchen/", "//", "/caf%C3%A9", "/a+b", "/a%00",
  "/%", "/%ff", "/a@b", "/a%3Fb", "/%E2%80%AEabc",
]) {
  test(`${path.slice(0, 20)} is no room, neither as a page nor as an upgrade`, async () => {
    assertRefused(await server.request(path), 400, "invalid_room");
    assertRefused(await server.request(path, { headers: NAVIGATION }), 400, "invalid_room");
    assertRefused(await server.upgrade(path), 400, "invalid_room");
  });
}

test("a room may not be named like something that the server answers itself", async () => {
  for (const name of ["api", "health", "metrics", "status", "index.html"]) {
    const upgrade = await server.upgrade(`/${name}`);
    if (name === "api") assert.ok([400, 404].includes(upgrade.status)); // not a room, and no path of the API either
    else assertRefused(upgrade, 400, "invalid_room");
    assertRefused(await server.request(`/api/rooms/${name}`), 400, "invalid_room");
  }
});

test("no file of the page can become a room", async () => {
  const files = readdirSync(PUBLIC, { withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { name } of files) {
    const upgrade = await server.upgrade(`/${name}`);
    assert.notEqual(upgrade.status, 101, name); // some are served before the Worker sees the request
    assertRefused(await server.request(`/api/rooms/${name}/messages`), 400, "invalid_room");
  }
});

test("the page's files are served as they are", async () => {
  const files = readdirSync(PUBLIC, { recursive: true, encoding: "utf8" }).filter((path) => /.\.(js|css|svg)$/.test(path));
  assert.ok(files.length > 0);
  for (const path of files) {
    const answer = await server.request(`/${path}`);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.text, readFileSync(new URL(path, PUBLIC), "utf8"), path);
  }
});

test("/health answers, also to a browser that navigates there", async () => {
  for (const headers of [{}, NAVIGATION]) {
    const answer = await server.request("/health", { headers });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, { status: "ok" });
  }
});

test("the numbers answer, also to a browser that navigates there", async () => {
  for (const headers of [{}, NAVIGATION]) {
    for (const [path, type] of /** @type {const} */ ([["/api/rooms", /^application\/json/], ["/status", /^application\/json/], ["/metrics", /^application\/openmetrics-text/]])) {
      const answer = await server.request(path, { headers });
      assert.equal(answer.status, 200, path);
      assert.match(String(answer.headers["content-type"]), type);
    }
  }
});

test("what the server answers itself is never the page", async () => {
  for (const path of ["/api", "/api/", "/api/rooms", "/api/rooms/never-used", "/status", "/metrics"]) {
    const answer = await server.request(path, { headers: NAVIGATION });
    assert.doesNotMatch(String(answer.headers["content-type"]), /html/, path);
  }
});

test("an unknown path under /api is not found", async () => {
  for (const path of ["/api", "/api/", "/api/nothing", "/api/rooms/kitchen/nothing", "/api/rooms/kitchen/messages/1", "/api/-/standing", "/status/", "/metrics/kitchen"]) {
    assertRefused(await server.request(path), 404, "not_found");
  }
});

test("a wrong method names the right ones", async () => {
  for (const [method, path, allowed] of [
    ["DELETE", "/api/rooms/kitchen", ["GET"]],
    ["POST", "/api/rooms/kitchen", ["GET"]],
    ["PUT", "/api/rooms/kitchen/messages", ["GET", "POST"]],
    ["DELETE", "/api/rooms/kitchen/messages", ["GET", "POST"]],
    ["POST", "/health", ["GET"]],
    ["POST", "/api/rooms", ["GET"]],
    ["DELETE", "/status", ["GET"]],
    ["PUT", "/metrics", ["GET"]],
  ]) {
    const answer = await server.request(String(path), { method: String(method) });
    assertRefused(answer, 405, "method_not_allowed");
    const allow = String(answer.headers.allow).split(/, */);
    for (const one of allowed ?? []) assert.ok(allow.includes(one), `${method} ${path}: ${allow}`);
    assert.ok(!allow.includes(String(method)));
  }
});

test("an illegal room name is refused by the API too", async () => {
  for (const name of ["-a", `${LONGEST}a`, "a%20b", "caf%C3%A9", "%ff"]) {
    assertRefused(await server.request(`/api/rooms/${name}`), 400, "invalid_room");
    assertRefused(await server.request(`/api/rooms/${name}/messages`), 400, "invalid_room");
  }
});

test("the subprotocol parlor.v1 is echoed, and only when offered", async () => {
  const offered = await Client.connect(server, "dialects", { protocols: ["parlor.v1"] });
  assert.equal(offered.socket.protocol, "parlor.v1");
  const amongOthers = await Client.connect(server, "dialects", { protocols: ["parlor.v1", "bearer.abc"] });
  assert.equal(amongOthers.socket.protocol, "parlor.v1");
  const byQuery = await Client.connect(server, "dialects", { dialect: "parlor.v1" });
  assert.equal(byQuery.socket.protocol, "");
  const byDefault = await Client.connect(server, "dialects");
  assert.equal(byDefault.socket.protocol, "");
  for (const client of [offered, amongOthers, byQuery, byDefault]) {
    assert.equal((await client.join("Alice")).protocol, 1);
    await client.close();
  }
});

test("an unknown dialect is refused before the upgrade", async () => {
  for (const options of [{ dialect: "klingon" }, { protocols: ["klingon.v9"] }]) {
    const refusal = await Client.connect(server, "never-entered", options).catch((error) => error);
    assert.ok(refusal instanceof UpgradeRefused);
    assertRefused(refusal.answer, 400, "unknown_dialect");
  }
  assertRefused(await server.request("/api/rooms/never-entered"), 404, "unknown_room");
});
