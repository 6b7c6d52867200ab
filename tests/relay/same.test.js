// @ts-check
/**
 * The same conversation, said to the room itself and said at one of its relays: each of those in it is told the same
 * frames at each step. Both rooms are crowds; what differs from one run to another (numbers drawn by lot, times, notes) is
 * made alike first, and how many a crowd is told it is, which comes when it comes, is left out.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sign } from "../../scripts/token.mjs";
import { Client, fence, startServer, UpgradeRefused } from "../harness.js";
import { crowd, eventually } from "./crowd.js";

const AUTH_SECRET = "0123456789abcdef0123456789abcdef";
/** As many talk here as the room holds itself. */
const TALKERS = ["ada", "bo", "mo", "olga", "swift"];
const ROLES = /** @type {Record<string, string>} */ ({ mo: "moderator", olga: "owner" });
const SLOW = /** @type {Record<string, object>} */ ({ swift: { rate_burst: 3, rate_per_second: 0.01 } });
const server = await startServer({ vars: { AUTH_SECRET, RELAY_ABOVE: String(TALKERS.length), RELAY_CONNECTIONS_MAX: "100" }, watched: true });
after(() => server.close());

/** What is done at each step: by whom, the frames (text is sent as it is), and who is ended by it. @type {[string, (object | string | Buffer)[], string?][]} */
const STEPS = [
  ["ada", [{ type: "send", id: "a-1", text: "tea?" }]],
  ["ada", [{ type: "send", id: "a-1", text: "tea?" }, { type: "send", id: "a-1", text: "coffee?" }]],
  ["bo", [{ type: "send", id: "b-1", text: "yes", reply_to: 1 }, { type: "send", id: "b-2", text: "no", reply_to: 999 }, { type: "send", id: "b-3", text: "no", reply_to: 0 }]],
  ["bo", [{ type: "send", id: "b-4", text: "" }, { type: "send", id: "b-5", text: " \u200b " }, { type: "send", id: "b-6", text: "x".repeat(2_001) }]],
  ["bo", [{ type: "send", id: "", text: "x" }, { type: "send", id: "x".repeat(65), text: "x" }, { type: "send", id: "b-7" }, { type: "send", text: "x" }, { type: "send", id: 7, text: "x" }]],
  ["bo", [{ type: "send", id: "b-8", text: "x".repeat(2_000), reply_to: null, new_field: 1 }]],
  ["ada", [{ type: "typing", on: true }, { type: "typing", on: false }, { type: "typing" }, { type: "typing", on: "yes" }]],
  ["bo", [{ type: "rename", name: "Bob" }]],
  ["bo", [{ type: "send", id: "b-9", text: "under another name" }]],
  ["bo", [{ type: "rename", name: "Bob" }]],
  ["bo", [{ type: "rename", name: "" }, { type: "rename", name: "x".repeat(31) }, { type: "rename", name: "a\u202eb" }, { type: "rename" }]],
  ["ada", [{ type: "history" }, { type: "history", limit: 2 }, { type: "history", before: 3 }, { type: "history", after: 1, limit: 2 }]],
  ["ada", [{ type: "history", limit: 0 }, { type: "history", limit: 201 }, { type: "history", before: 3, after: 1 }, { type: "history", before: "x" }, { type: "history", after: 9_999 }]],
  ["ada", [{ type: "send", id: "a-2", text: "in between" }]],
  ["ada", [{ type: "join", name: "Ada" }, "no JSON", "[]", { type: "fly" }, '{"type":"ping"}', '{"type": "ping"}']],
  ["swift", [...[1, 2, 3, 4, 5].map((n) => ({ type: "send", id: `s-${n}`, text: "fast" }))]],
  ["ada", [{ type: "report", seq: 1, reason: "rude" }, { type: "report", seq: 999, reason: "x" }, { type: "report", seq: 1, reason: "x".repeat(501) }, { type: "report", seq: 1 }]],
  ["ada", [{ type: "delete", seq: 1 }, { type: "lock", on: true }, { type: "clear" }, { type: "ban", sub: "bo" }]],
  ["mo", [{ type: "delete", seq: 1 }, { type: "delete", seq: 999 }, { type: "delete" }]],
  ["ada", [{ type: "history", limit: 200 }]],
  ["ada", [{ type: "send", id: "a-1", text: "tea?" }]],
  ["mo", [{ type: "mute", sub: "ada", for_ms: 60_000 }]],
  ["ada", [{ type: "send", id: "a-3", text: "muted" }, { type: "typing", on: true }]],
  ["mo", [{ type: "unmute", sub: "ada" }, { type: "mute", sub: "ada", for_ms: 0 }, { type: "mute" }, { type: "mute", sub: "ada", member: 1 }]],
  ["mo", [{ type: "mute", sub: "olga" }, { type: "ban", sub: "mo" }, { type: "clear" }]],
  ["mo", [{ type: "slow_mode", interval_ms: 60_000 }]],
  ["ada", [{ type: "send", id: "a-4", text: "once" }]],
  ["ada", [{ type: "send", id: "a-5", text: "twice" }]],
  ["mo", [{ type: "slow_mode", interval_ms: 0 }, { type: "slow_mode", interval_ms: 1e12 }, { type: "lock", on: true }]],
  ["ada", [{ type: "send", id: "a-6", text: "locked" }]],
  ["mo", [{ type: "send", id: "m-1", text: "not for me" }, { type: "lock", on: false }]],
  ["olga", [{ type: "clear" }]],
  ["ada", [{ type: "send", id: "a-1", text: "tea? anew" }]],
  ["ada", [{ type: "history" }]],
  ["mo", [{ type: "remove", sub: "bo" }], "bo"],
  ["mo", [{ type: "ban", sub: "bo", for_ms: 60_000 }]],
  ["mo", [...Array.from({ length: 9 }, (_, n) => ({ type: "send", id: `m-${n + 2}`, text: "x", reply_to: 999 }))]],
  ["mo", [{ type: "send", id: "m-11", text: "in between" }]],
  ["mo", [...Array.from({ length: 5 }, (_, n) => ({ type: "send", id: `m-${n + 12}`, text: "x", reply_to: 999 })), ...Array.from({ length: 4 }, () => ({ type: "mute" }))]],
  ["mo", [{ type: "slow_mode", interval_ms: 0 }]],
  ["mo", [...Array.from({ length: 10 }, (_, n) => (n % 2 ? { type: "slow_mode", interval_ms: 1e12 } : { type: "send", id: `m-${n + 20}`, text: "x", reply_to: 0 }))], "mo"],
  ["ada", [...Array.from({ length: 10 }, () => "no JSON")], "ada"],
  ["swift", [Buffer.from("binary")], "swift"],
];

/** Says it all. @param {string} room @param {boolean} onRelay */
async function play(room, onRelay) {
  /** @param {string} sub @param {object} [claims] */
  const as = (sub, claims) => ({
    headers: { Authorization: `Bearer ${sign({ exp: Math.floor(Date.now() / 1_000) + 3_600, sub, role: ROLES[sub] ?? "member", rate_burst: 1_000, rate_per_second: 1_000, ...SLOW[sub], ...claims }, AUTH_SECRET)}` },
  });
  const come = async () => {
    /** @type {Map<string, Client>} */
    const talkers = new Map();
    for (const name of TALKERS) talkers.set(name, await Client.join(server, room, name, as(name)));
    return talkers;
  };
  const others = () => crowd(server, room, TALKERS.length, as("other"));
  if (onRelay) await others();
  const talkers = await come();
  if (!onRelay) await others();
  await eventually(async () => server.logs.some((line) => line.startsWith(`made ${room}/`)));
  const olga = /** @type {Client} */ (talkers.get("olga"));
  /** @type {Map<Client, number>} */
  const read = new Map();
  const alike = maker();
  const news = (/** @type {string} */ name, /** @type {Client} */ client) => {
    const frames = client.frames.slice(read.get(client) ?? 0).filter(({ type, text }) => type !== "presence" && text !== "fence");
    read.set(client, client.frames.length);
    return frames.map((frame) => `${name}: ${JSON.stringify(alike(frame))}`).sort();
  };
  /** @type {string[][]} */
  const told = [];
  const settle = async () => {
    const here = [...talkers.values()].filter(({ isOpen }) => isOpen);
    // What only one is told is not in line with what all are: twice round is enough for it.
    for (let n = 0; n < 2; n++) await fence(olga, ...here.filter((one) => one !== olga));
  };
  const welcomes = [...talkers].flatMap(([name, client]) => news(name, client));
  // The room's own come before there is a crowd, and are told of each other.
  told.push(welcomes.filter((line) => !line.includes('"type":"joined"')));
  for (const [who, frames, gone] of STEPS) {
    const actor = /** @type {Client} */ (talkers.get(who));
    const pongs = () => actor.frames.filter(({ type }) => type === "pong").length;
    const wanted = pongs() + frames.filter((frame) => String(frame).includes("ping")).length + 1;
    for (const frame of frames) actor.writeRaw(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
    if (gone !== undefined) await talkers.get(gone)?.closed();
    else {
      // Once all of it was taken in: what others say comes behind it then. The platform does not answer what is spelled so.
      actor.writeRaw('{ "type": "ping" }');
      await actor.until(() => pongs() === wanted);
    }
    await settle();
    const ends = [];
    for (const [name, client] of talkers) if (!client.isOpen) ends.push(`${name}: closed ${(await client.closed()).code}`);
    told.push([`${who} ${JSON.stringify(frames).slice(0, 200)}`, ...[...talkers].flatMap(([name, client]) => news(name, client)), ...ends]);
  }
  // Who comes back, in each way that there is.
  const refused = await Client.connect(server, room, as("bo")).catch((error) => error);
  assert.ok(refused instanceof UpgradeRefused);
  told.push([`bo: ${refused.answer.status} ${refused.answer.json.error.code}`]);
  const epoch = olga.frames.findLast(({ type }) => type === "cleared")?.epoch;
  for (const after of [undefined, { epoch, seq: 1 }, { epoch, seq: 9_999 }, { epoch: "another", seq: 1 }]) {
    const back = await Client.connect(server, room, as("ada"));
    back.write({ type: "send", id: "too-soon", text: "x" });
    back.write({ type: "join", name: " " });
    for (let n = 0; n < 2; n++) await back.next("error");
    await back.join("ada", { after, session: "nonsense" });
    await settle();
    told.push([`back after ${JSON.stringify(after?.seq)}`, ...news("ada", back)]);
    await back.close();
  }
  const { json } = await server.request(`/api/rooms/${room}/messages`, as("ada"));
  told.push([JSON.stringify(alike(json))]);
  return told;
}

/** Makes frames of two runs alike. */
function maker() {
  /** @type {Map<unknown, string>} */
  const lots = new Map();
  const drawn = (/** @type {string} */ kind, /** @type {unknown} */ value) => lots.get(value) ?? lots.set(value, `${kind} ${lots.size}`).get(value);
  /** @param {any} value @param {string} [key] @returns {unknown} */
  const alike = (value, key) => {
    // Members are listed by their numbers, which are drawn.
    if (key === "members") return alike(value.toSorted((/** @type {any} */ one, /** @type {any} */ other) => (one.name < other.name ? -1 : 1)));
    if (Array.isArray(value)) return value.map((one) => alike(one));
    if (value?.text === "fence") return { ...Object(alike({ ...value, text: "a fence" })), id: "-" };
    if (typeof value === "object" && value !== null) {
      const entries = Object.entries(value).filter(([name]) => name !== "color" && name !== "member_count");
      return Object.fromEntries(entries.map(([name, one]) => [name, alike(one, name)]));
    }
    if (key === "session" || key === "sent_at" || key === "at" || key === "until" || key === "retry_after_ms") return key;
    if (key === "room") return key;
    if (key === "message") return value.replace(/\d+ ms/, "some ms");
    if (key === "epoch" || (key === "id" && typeof value === "number")) return drawn(key, value);
    return value;
  };
  return alike;
}

test("a conversation is the same at the room and at a relay, frame by frame", async () => {
  const here = await play("in-the-room", false);
  const there = await play("on-a-relay", true);
  for (const [n, step] of here.entries()) assert.deepEqual(there[n], step);
  assert.equal(there.length, here.length);
});
