// @ts-check
/** Five dialects in one room: one conversation, in one order, with no frame that a client does not know; and asleep. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { Chatter } from "./chatter.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

/** Five people, one in each dialect. @param {string} room */
async function gather(room) {
  const [scale, ws, simple, text] = await Promise.all(
    ["scalesocket", "ws-chat", "simple-chat", "text"].map((dialect) => Chatter.connect(server, room, dialect)),
  );
  const member = await Client.join(server, room, "Member");
  assert.ok(scale && ws && simple && text);
  await scale.until(() => scale.frames.some((frame) => frame.includes("Join")), "Join");
  ws.say({ type: "join", username: "Web" });
  simple.say("Simple");
  await ws.getsToHear({ type: "system", text: "Web joined the chat" });
  await simple.until(() => simple.heard.some(({ type }) => type === "color"), "color");
  const say = [
    (/** @type {string} */ it) => scale.say({ nick: "Scale", text: it }),
    (/** @type {string} */ it) => ws.say({ type: "message", text: it }),
    (/** @type {string} */ it) => simple.say(it),
    (/** @type {string} */ it) => text.say(it),
    (/** @type {string} */ it) => void member.send(it),
  ];
  /** The texts that each has seen, in order. */
  const seen = () => ({
    scale: scale.heard.filter((frame) => frame.text !== undefined).map((frame) => frame.text),
    ws: ws.heard.filter(({ type }) => type === "message").map((frame) => frame.text),
    simple: simple.heard.flatMap(({ type, data }) => (type === "history" ? data : type === "message" ? [data] : [])).map(({ text }) => text),
    member: member.log.map((message) => message.text),
  });
  const settled = async (/** @type {number} */ count) => {
    await member.until(() => member.log.length >= count);
    const is = { scale, ws, simple };
    for (const [name, one] of /** @type {["scale" | "ws" | "simple", Chatter][]} */ (Object.entries(is))) {
      await one.until(() => seen()[name].length >= count, `${count} messages`);
    }
    await text.until(() => text.frames.includes("the last word"), "last word");
  };
  return { scale, ws, simple, text, member, say, seen, settled };
}

test("five dialects see the same conversation in the same order, and only frames they know", async () => {
  const { scale, ws, simple, text, member, say, seen, settled } = await gather("together");
  const rounds = 12;
  for (let round = 0; round < rounds; round++) {
    for (const [who, speak] of say.entries()) speak(`${who} says ${round}`);
    member.write({ type: "typing", on: round % 2 === 0 });
  }
  member.write({ type: "rename", name: "Renamed" });
  await member.until(() => member.log.length === rounds * say.length);
  member.send("the last word");
  await settled(rounds * say.length + 1);
  const { member: order, ...others } = seen();
  for (const [dialect, texts] of Object.entries(others)) assert.deepEqual(texts, order, dialect);
  const heardByText = text.frames.filter((frame) => !frame.startsWith("{"));
  assert.deepEqual(heardByText, order.filter((it) => !it.startsWith("3 says")), "all but its own");
  const names = new Set(member.log.map(({ from }) => from.name));
  assert.deepEqual(names, new Set(["Scale", "Web", "Simple", "Anonymous", "Member", "Renamed"].filter((name) => names.has(name))));
  for (const frame of scale.heard) {
    const fields = Object.keys(frame).sort().join();
    assert.ok(["_from,nick,text", "_from,t"].includes(fields), fields);
  }
  for (const frame of ws.heard) assert.ok(["system", "message"].includes(frame.type), frame.type);
  for (const frame of simple.heard) assert.ok(["history", "color", "message"].includes(frame.type), frame.type);
  for (const frame of text.frames.filter((frame) => frame.startsWith("{"))) assert.match(frame, /"type":"(typing|stopTyping)"/);
  const { json } = await server.request("/api/rooms/together");
  assert.equal(json.messages, order.length);
});

test("every dialect sleeps and wakes: nobody is asked again, nothing is lost", async () => {
  const room = "asleep";
  const { scale, ws, simple, text, member, say, seen, settled } = await gather(room);
  const viewer = await Chatter.connect(server, room, "simple-chat"); // without a name
  text.say({ type: "setUsername", user: "Plain" });
  await text.until(() => text.frames.some((frame) => frame.includes("userList")), "userList");
  const frames = [scale, ws, simple].map((one) => one.frames.length);
  let count = 0;
  for (const [who, speak] of say.entries()) {
    await server.evict(room);
    speak(`${who}, who was asleep`);
    count += 1;
    await member.until(() => member.log.length === count);
  }
  await server.evict(room);
  member.send("the last word");
  await settled(count + 1);
  const { member: order, ...others } = seen();
  for (const [dialect, texts] of Object.entries(others)) assert.deepEqual(texts, order, dialect);
  assert.deepEqual([scale, ws, simple].map((one, n) => one.frames.length - (frames[n] ?? 0)), [6, 6, 6], "messages and nothing else");
  assert.deepEqual(new Set(member.log.map(({ from }) => from.name)), new Set(["Scale", "Web", "Simple", "Plain", "Member"]));
  await viewer.until(() => viewer.frames.length === 6, "all messages");
  await server.evict(room);
  viewer.say("Viewer");
  await viewer.until(() => viewer.heard.at(-1).type === "color", "color");
  await text.until(() => /userList.*Viewer/.test(text.frames.at(-1) ?? ""), "userList with the newcomer");
  await ws.close();
  assert.equal((await member.next("left")).member_count, 5);
});

test("what is said over HTTP is heard in every dialect", async () => {
  const room = "posted";
  const { scale, ws, simple, text } = await gather(room);
  await server.request(`/api/rooms/${room}/messages`, { method: "POST", body: JSON.stringify({ id: "1", name: "Bot", text: "beep" }) });
  await scale.until(() => scale.heard.some((frame) => frame.nick === "Bot" && frame.text === "beep"), "beep");
  await ws.getsToHear({ type: "message", username: "Bot", text: "beep" });
  await simple.until(() => simple.heard.some(({ data }) => data.text === "beep" && data.author === "Bot"), "beep");
  await text.getsToHear("beep");
});
