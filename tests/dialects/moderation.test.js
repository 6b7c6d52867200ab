// @ts-check
/**
 * What moderation looks like to clients that know none of it: what is not taken is dropped without a word, who is
 * removed is closed, what is deleted is left out of what a newcomer is shown, and nobody gets a frame that is new to it.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sign } from "../../scripts/token.mjs";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { Chatter, DIALECTS } from "./chatter.js";

const AUTH_SECRET = "0123456789abcdef0123456789abcdef";
const server = await startServer({ vars: { ...UNHURRIED, AUTH_SECRET } });
after(() => server.close());

/** @param {Record<string, unknown>} claims */
const token = (claims) => sign({ exp: Math.floor(Date.now() / 1_000) + 3_600, ...claims }, AUTH_SECRET);
/** How each says its name and a line. @type {Record<string, { enter: (one: Chatter) => void, say: (one: Chatter, text: string) => void }>} */
const SPEECH = {
  scalesocket: { enter: (one) => one.say({ nick: "Bo", text: "here" }), say: (one, text) => one.say({ nick: "Bo", text }) },
  "ws-chat": { enter: (one) => one.say({ type: "join", username: "Bo" }), say: (one, text) => one.say({ type: "message", text }) },
  "simple-chat": { enter: (one) => one.say("Bo"), say: (one, text) => one.say(text) },
  text: { enter: () => {}, say: (one, text) => one.say(text) },
};

/** @param {string} dialect @param {string} room */
async function meet(dialect, room) {
  const owner = await Client.join(server, room, "Olga", { headers: { Authorization: `Bearer ${token({ role: "owner", sub: "olga" })}` } });
  const bo = await Chatter.connect(server, room, `${dialect}&token=${token({ sub: "bo", rooms: [room] })}`);
  const speech = SPEECH[dialect];
  assert.ok(speech);
  speech.enter(bo);
  const say = (/** @type {string} */ text) => speech.say(bo, text);
  /** Whatever Bo says is on its way before this is heard. @param {string} text */
  const hears = async (text) => {
    say(text);
    return owner.next((frame) => frame.type === "message" && frame.text === text);
  };
  /** @param {Record<string, unknown>} order */
  const order = async (order) => {
    owner.write(order);
    return owner.next((frame) => frame.type === "record" && frame.action === order.type);
  };
  const texts = () => owner.log.map(({ text }) => text);
  return { owner, bo, say, hears, order, texts };
}

for (const dialect of DIALECTS) {
  const acts = { lock: [{ type: "lock", on: true }, { type: "lock", on: false }], mute: [{ type: "mute", sub: "bo" }, { type: "unmute", sub: "bo" }], slow_mode: [{ type: "slow_mode", interval_ms: 3_600_000 }, { type: "slow_mode", interval_ms: 0 }] };
  for (const [act, [begin, end]] of Object.entries(acts)) {
    test(`${dialect}: what ${act} forbids is dropped without a word`, async () => {
      const { bo, say, hears, order, texts, owner } = await meet(dialect, `${act}-${dialect}`);
      await hears("before");
      await order(/** @type {any} */ (begin));
      const heard = bo.frames.length;
      say("meanwhile");
      await owner.say("of the owner");
      await bo.until(() => bo.frames.some((frame) => frame.includes("of the owner")), "the owner's line");
      assert.ok(bo.frames.slice(heard).every((frame) => frame.includes("of the owner") || frame.includes('"color"')), "no new kind of frame");
      assert.equal(bo.end, undefined, "nobody is closed for it");
      await bo.close(); // what it sent is served before that
      await owner.next("left");
      assert.ok(!texts().includes("meanwhile"));
      await order(/** @type {any} */ (end));
    });
  }

  test(`${dialect}: what is deleted is not shown to who comes later`, async () => {
    const { bo, hears, order } = await meet(dialect, `deleted-${dialect}`);
    const { seq } = await hears("one");
    await hears("two");
    const heard = bo.frames.length;
    await order({ type: "delete", seq });
    await hears("three");
    await bo.until(() => dialect === "text" || bo.frames.slice(heard).some((frame) => frame.includes("three")), "three");
    const late = await Chatter.connect(server, `deleted-${dialect}`, `${dialect}&token=${token({ sub: "late" })}`);
    SPEECH[dialect]?.enter(late);
    await hears("four");
    await late.until(() => late.frames.some((frame) => frame.includes("four")), "four");
    assert.ok(!late.frames.some((frame) => /\bone\b/.test(frame)), "a deleted line is not shown");
    await order({ type: "clear" });
    const { seq: first } = await hears("a new beginning");
    assert.equal(first, 1);
  });

  test(`${dialect}: who is removed is closed, who is banned stays out`, async () => {
    const { owner, bo, hears, order } = await meet(dialect, `gone-${dialect}`);
    await hears("one");
    await order({ type: "remove", sub: "bo" });
    assert.deepEqual((await bo.ended())?.code, 4403);
    const again = await Chatter.connect(server, `gone-${dialect}`, `${dialect}&token=${token({ sub: "bo" })}`);
    SPEECH[dialect]?.enter(again);
    SPEECH[dialect]?.say(again, "back");
    await owner.next((frame) => frame.type === "message" && frame.text === "back");
    await order({ type: "ban", sub: "bo" });
    assert.equal((await again.ended())?.code, 4403);
    const refused = await server.upgrade(`/gone-${dialect}?dialect=${dialect}&token=${token({ sub: "bo" })}`);
    assert.equal(refused.status, 403);
    assert.equal(refused.json.error.code, "banned");
  });
}
