// @ts-check
/**
 * What one address may ask: of the Worker in a minute, through the platform's limiters, and of one room. The
 * platform's windows are aligned to the clock's minutes, so what is counted in one is asked well before its end.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, startServer, UpgradeRefused } from "./harness.js";

const LIMIT = 3;
const vars = { CONNECTIONS_PER_ADDRESS_MAX: "2" };
const server = await startServer({ vars, ratelimits: { UPGRADES_BY_ADDRESS: LIMIT, REQUESTS_BY_ADDRESS: LIMIT } });
after(() => server.close());
const unbound = await startServer({ vars, ratelimits: {} });
after(() => unbound.close());

/** @param {string} address */
const from = (address) => ({ "CF-Connecting-IP": address });

/** The platform's window, and what a test needs of it on a loaded machine. */
const WINDOW_MS = 60_000, TEST_MS_MAX = 10_000;

/** Waits for the next window where this one is nearly over. */
async function inOneWindow() {
  const left_ms = WINDOW_MS - (Date.now() % WINDOW_MS);
  if (left_ms < TEST_MS_MAX) await sleep(left_ms + 10);
}

/** Asks until it is refused; returns how often it was not, and the refusal. @param {(at: number) => Promise<import("./http.js").HttpAnswer>} ask */
async function untilRefused(ask) {
  for (let served = 0; served <= 2 * LIMIT; served += 1) {
    const answer = await ask(served);
    if (answer.status === 429) return { served, answer };
  }
  return assert.fail("never refused");
}

test("an address over its rate of upgrades gets 429 before a room is touched, and others don't", async () => {
  await inOneWindow();
  const { served, answer } = await untilRefused((at) => server.upgrade(`/flooded-${at}`, from("203.0.113.1")));
  assert.ok(served >= LIMIT, `${served}`);
  assert.deepEqual([answer.json.error.code, answer.json.error.temporary, answer.headers["retry-after"]], ["rate_limited", true, "60"]);
  assert.equal((await server.upgrade("/untouched", from("203.0.113.1"))).status, 429);
  assert.equal((await server.upgrade("/flooded", from("203.0.113.2"))).status, 101);
  assert.equal((await server.request("/api/rooms/untouched", { headers: from("203.0.113.2") })).status, 404);
  const told = await Client.connect(server, "flooded", { headers: from("203.0.113.1"), query: { refusals: "close" } });
  assert.equal((await told.closed()).code, 4429);
});

test("and the same for pages and the HTTP API, apart from upgrades", async () => {
  await inOneWindow();
  const paths = ["/", "/api/rooms", "/api/rooms/x/messages", "/status", "/health", "/-illegal-"];
  const { served } = await untilRefused((at) => server.request(paths[at % paths.length] ?? "/", { headers: from("203.0.113.3") }));
  assert.ok(served >= LIMIT, `${served}`);
  const body = { id: "1", name: "Bot", text: "x" };
  const posted = await server.request("/api/rooms/unposted/messages", { method: "POST", body, headers: from("203.0.113.3") });
  assert.equal(posted.status, 429);
  assert.equal((await server.upgrade("/x", from("203.0.113.3"))).status, 101);
});

test("a network of IPv6 is one address", async () => {
  await inOneWindow();
  const { answer } = await untilRefused((at) => server.upgrade(`/six-${at}`, from(`2001:db8:0:1::${at + 1}`)));
  assert.equal(answer.json.error.code, "rate_limited");
  assert.equal((await server.upgrade("/six", from("2001:db8:0:2::1"))).status, 101);
});

test("this very machine, and who has bound no limiter, is not limited", async () => {
  for (let count = 0; count <= 3 * LIMIT; count += 1) {
    assert.equal((await server.upgrade("/here")).status, 101);
    assert.equal((await server.request("/health")).status, 200);
    assert.equal((await unbound.request("/health", { headers: from("203.0.113.1") })).status, 200);
  }
});

test("one address holds so many connections of a room and no more, whatever it says of itself", async () => {
  const headers = from("198.51.100.1");
  const [one] = [await Client.join(unbound, "held", "Ada", { headers }), await Client.join(unbound, "held", "Bo", { headers })];
  const third = await Client.connect(unbound, "held", { headers: { ...headers, "Parlor-Visitor": "{}" } }).catch((error) => error);
  assert.ok(third instanceof UpgradeRefused);
  assert.deepEqual([third.answer.status, third.answer.json.error.code], [429, "too_many_connections"]);
  await unbound.evict("held");
  const again = await Client.connect(unbound, "held", { headers }).catch((error) => error);
  assert.ok(again instanceof UpgradeRefused, "the count outlives sleep");
  await Client.join(unbound, "held", "Mo", { headers: from("198.51.100.2") });
  await Client.join(unbound, "elsewhere", "Eve", { headers });
  await one?.close();
  const free = async () => (await unbound.upgrade("/held", headers)).status;
  const deadline = performance.now() + TEST_MS_MAX;
  while ((await free()) !== 101) assert.ok(performance.now() < deadline, "its place is free again");
});
