// @ts-check
/**
 * Clients that nobody here wrote, on a bad network, with workerd killed in the midst: by their own
 * reconnect, and no more of parlor.v1 than join, `after` and the repeat of what was not acknowledged.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import PartySocket from "partysocket";
import ReconnectingWebSocket from "reconnecting-websocket";
import WebSocket from "ws";
import { Server, UNHURRIED } from "../harness.js";
import { Driver, Guest } from "./clients/guest.js";
import { PythonDriver, missing } from "./clients/python.js";
import { FaultProxy } from "./proxy.js";
import { pagesOf, rowsOf, settle, verdict } from "./verdict.js";

const ROOM = "guests";
const LINES = 60;
const PAUSE_MS = 20;
const NAMES = ["Ada", "Grace", "Mary"];
/** Nobody is to miss more than can be resumed. A connection that has not joined does not stay for long. */
const VARS = { ...UNHURRIED, RESUME_MESSAGES_MAX: "5000", JOIN_TIMEOUT_MS: "1500" };
/** As a browser's: one that is given up while it still connects throws at nobody, though nobody listens any more. */
class PageSocket extends WebSocket {
  /** @param {string | URL} url @param {string | string[]} [protocols] */
  constructor(url, protocols) {
    super(url, protocols);
    this.on("error", () => {});
  }
}
/** Their own settings, for much to happen in little time. */
const OPTIONS = { WebSocket: PageSocket, minReconnectionDelay: 50, maxReconnectionDelay: 1_000, connectionTimeout: 3_000, maxEnqueuedMessages: 0 };
/** Generous for a loaded machine. */
const PROGRESS_MS_MAX = 60_000;

/** @param {Guest} guest @param {import("./clients/guest.js").Reconnecting} socket */
async function talk(guest, socket) {
  const driver = new Driver(guest, socket);
  for (let n = 1; n <= LINES; n++) {
    await sleep(PAUSE_MS);
    driver.say(`${guest.name} says ${n}`);
  }
  return driver;
}

/** @type {Record<string, (guest: Guest, port: number) => Promise<{ stop(): void }> | { stop(): void }>} */
const CLIENTS = {
  partysocket: (guest, port) => {
    const where = { host: `127.0.0.1:${port}`, basePath: ROOM, protocol: /** @type {const} */ ("ws") };
    return talk(guest, new PartySocket({ ...where, protocols: ["parlor.v1"], ...OPTIONS }));
  },
  "reconnecting-websocket": (guest, port) => {
    // Its types have a default export where its module is one.
    const Socket = /** @type {typeof ReconnectingWebSocket.default} */ (/** @type {unknown} */ (ReconnectingWebSocket));
    return talk(guest, new Socket(`ws://127.0.0.1:${port}/${ROOM}`, "parlor.v1", OPTIONS));
  },
  "Python's websockets": (guest, port) => new PythonDriver(guest, `ws://127.0.0.1:${port}/${ROOM}`, LINES),
};

for (const [kind, enter] of Object.entries(CLIENTS)) {
  test(`${kind}: through a bad network and a crash, nothing lost, doubled or out of order`, { timeout: 180_000 }, async (t) => {
    const why = enter === CLIENTS["Python's websockets"] ? await missing() : undefined;
    if (why) return t.skip(why);
    const folder = await mkdtemp(join(tmpdir(), "parlor-clients-"));
    const server = new Server(folder, { vars: VARS });
    await server.start();
    const proxies = NAMES.map((_, n) => new FaultProxy(() => server.port, `${kind}/${n}`));
    const guests = NAMES.map((name) => new Guest(name));
    await Promise.all(proxies.map((proxy) => proxy.listen()));
    const talking = Promise.all(guests.map((guest, n) => enter(guest, /** @type {FaultProxy} */ (proxies[n]).port)));
    try {
      for (const share of [0.3, 0.6]) {
        await until(() => count(guests, "acknowledged") >= share * LINES * NAMES.length, `${share} of all is acknowledged`);
        await server.kill();
      }
      await until(() => count(guests, "said") === LINES * NAMES.length, "everything is said");
      for (const proxy of proxies) proxy.calm();
      await settle(guests, server, ROOM);
      const pages = await pagesOf(server, ROOM);
      await server.stop();
      assert.deepEqual([...guests.flatMap(({ violations }) => violations), ...verdict(guests, pages, rowsOf(folder))], []);
      assert.equal(pages.length, LINES * NAMES.length);
      const welcomes = guests.reduce((sum, guest) => sum + guest.welcomes, 0);
      assert.ok(welcomes >= NAMES.length * 2, "they did come back");
      t.diagnostic(`${pages.length} acknowledged sends, ${welcomes - NAMES.length} resumes, 2 SIGKILLs`);
    } finally {
      for (const driver of await talking) driver.stop();
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await server.close();
    }
  });
}

/** @param {Guest[]} guests @param {"acknowledged" | "said"} what */
const count = (guests, what) => guests.reduce((sum, guest) => sum + guest[what].size, 0);

/** @param {() => boolean} holds @param {string} what */
async function until(holds, what) {
  const deadline = performance.now() + PROGRESS_MS_MAX;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `not within ${PROGRESS_MS_MAX} ms: ${what}`);
    await sleep(5);
  }
}
