// @ts-check
/** What each dialect's client sends and gets, frame by frame, from its connection on. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, startServer, UNHURRIED } from "../harness.js";
import { Chatter, DIALECTS } from "./chatter.js";

const server = await startServer({ vars: UNHURRIED });
after(() => server.close());

const COLORS = ["red", "green", "blue", "magenta", "purple", "plum", "orange"];

test("scalesocket: objects come back with who sent them", async () => {
  const room = "scale";
  const ada = await Chatter.connect(server, room, "scalesocket");
  const { _from: a } = await ada.hears(await joinOf(ada));
  const bo = await Chatter.connect(server, room, "scalesocket");
  const { _from: b } = await bo.hears(await joinOf(bo));
  assert.ok(Number.isSafeInteger(a) && Number.isSafeInteger(b) && a !== b);
  await ada.hears({ t: "Join", _from: b });
  ada.say({ nick: "Ada", text: "tea?" });
  for (const one of [ada, bo]) await one.hears({ nick: "Ada", text: "tea?", _from: a });
  bo.say({ move: [1, 2], deep: { t: "x" } });
  for (const one of [ada, bo]) await one.hears({ move: [1, 2], deep: { t: "x" }, _from: b });
  const late = await Chatter.connect(server, room, "scalesocket");
  await late.hears({ nick: "Ada", text: "tea?", _from: a });
  await late.hears({ move: [1, 2], deep: { t: "x" }, _from: b });
  const { _from: c } = await late.hears(await joinOf(late));
  await ada.hears({ t: "Join", _from: c });
  await bo.close();
  await ada.hears({ t: "Leave", _from: b });
  await late.hears({ t: "Leave", _from: b });
});

test("scalesocket: the last 64 are replayed singly, oldest first", async () => {
  const room = "scale-replay";
  const ada = await Client.join(server, room, "Ada");
  for (let n = 1; n <= 70; n++) ada.send(`${n}`);
  await ada.until(() => ada.log.length === 70);
  const bo = await Chatter.connect(server, room, "scalesocket");
  for (let n = 7; n <= 70; n++) await bo.hears({ nick: "Ada", text: `${n}`, _from: ada.you.id });
  await bo.hears(await joinOf(bo));
});

test("ws-chat: join, message, leave", async () => {
  const room = "ws";
  const ada = await Chatter.connect(server, room, "ws-chat");
  ada.say({ type: "join", username: "Ada" });
  await ada.hears({ type: "system", text: "Ada joined the chat" });
  const mute = await Chatter.connect(server, room, "ws-chat");
  ada.say({ type: "message", text: "it's <tea>?" });
  const escaped = { type: "message", username: "Ada", text: "it&#039;s &lt;tea&gt;?" };
  for (const one of [ada, mute]) await one.hears(escaped);
  mute.say({ type: "message", text: "who knows" });
  for (const one of [ada, mute]) {
    await one.hears({ type: "system", text: "Anonymous joined the chat" });
    await one.hears({ type: "message", username: "Anonymous", text: "who knows" });
  }
  await ada.close();
  await mute.hears({ type: "system", text: "Ada left the chat" });
});

test("ws-chat: names are cut at 30 characters, texts at 500", async () => {
  const ada = await Chatter.connect(server, "ws-cut", "ws-chat");
  ada.say({ type: "join", username: "n".repeat(31) });
  await ada.hears({ type: "system", text: `${"n".repeat(30)} joined the chat` });
  ada.say({ type: "message", text: `${"<".repeat(500)}x` });
  await ada.hears({ type: "message", username: "n".repeat(30), text: "&lt;".repeat(500) });
});

test("simple-chat: a name, a colour, messages, and the history for who comes later", async () => {
  const room = "simple";
  const ada = await Chatter.connect(server, room, "simple-chat");
  ada.say("<Ada>");
  await ada.until(() => ada.frames.length === 1, "color");
  const { data: color } = ada.heard[0];
  await ada.hears({ type: "color", data: color });
  assert.ok(COLORS.includes(color), color);
  ada.say("it's <tea>?");
  const said = { text: "it's &lt;tea&gt;?", author: "&lt;Ada&gt;", color };
  await ada.hears({ type: "message", data: said });
  const bo = await Chatter.connect(server, room, "simple-chat");
  await bo.hears({ type: "history", data: [said] });
  ada.say("milk?");
  await bo.hears({ type: "message", data: { ...said, text: "milk?" } }); // though without a name yet
  bo.say("Bo");
  bo.say("yes"); // without waiting for the colour
  await bo.until(() => bo.heard.some(({ data }) => data.text === "yes"), "message");
  const [, , { type, data: other }, { data: yes }] = bo.heard;
  assert.equal(type, "color");
  assert.notEqual(other, color);
  assert.deepEqual(yes, { text: "yes", author: "Bo", color: other });
});

test("simple-chat: seven have seven colours, an eighth one of them; history is the newest 100", async () => {
  const room = "simple-colors";
  const ada = await Client.join(server, "simple-colors-history", "Ada");
  const everybody = await Promise.all(Array.from({ length: 8 }, () => Chatter.connect(server, room, "simple-chat")));
  const colors = [];
  for (const [n, one] of everybody.entries()) {
    one.say(`member ${n}`);
    await one.until(() => one.frames.length === 1, "color");
    colors.push(one.heard[0].data);
  }
  assert.deepEqual(new Set(colors.slice(0, 7)), new Set(COLORS));
  assert.ok(COLORS.includes(colors[7]));
  for (let n = 1; n <= 103; n++) ada.send(`${n}`);
  await ada.until(() => ada.log.length === 103);
  const late = await Chatter.connect(server, "simple-colors-history", "simple-chat");
  await late.until(() => late.frames.length === 1, "history");
  const texts = late.heard[0].data.map((/** @type {any} */ entry) => entry.text);
  assert.deepEqual(texts, Array.from({ length: 100 }, (_, n) => `${n + 4}`));
});

test("text: the text alone, to all but the sender", async () => {
  const room = "text";
  const [ada, bo, cy] = await Promise.all(["", "", ""].map(() => Chatter.connect(server, room, "text")));
  const member = await Client.join(server, room, "Member");
  assert.ok(ada && bo && cy);
  ada.say("tea?");
  assert.equal((await member.next("message")).from.name, "Anonymous");
  for (const one of [bo, cy]) await one.hears("tea?");
  ada.say("{}");
  for (const one of [bo, cy]) await one.hears({});
  bo.say("yes");
  for (const one of [ada, cy]) await one.hears("yes");
});

test("text: who speaks JSON is told who is here, others are not", async () => {
  const room = "text-list";
  const ada = await Chatter.connect(server, room, "text");
  const bo = await Chatter.connect(server, room, "text");
  ada.say({ type: "setUsername", user: "Ada" });
  await ada.until(() => ada.frames.length === 1, "userList");
  assert.deepEqual(ada.heard[0].users.sort(), ["Ada", "Anonymous"]);
  ada.skip();
  ada.say({ type: "typing", user: "Ada" });
  await bo.hears({ type: "typing", user: "Ada" });
  ada.say({ type: "stopTyping", user: "Ada" });
  await bo.hears({ type: "stopTyping", user: "Ada" });
  ada.say({ room: "anything", message: "tea?" });
  await bo.hears("tea?");
  bo.say({ type: "setUsername", name: "Bo" });
  await bo.until(() => bo.frames.length === 4, "userList");
  assert.deepEqual(bo.heard[3].users.sort(), ["Ada", "Bo"]);
  await ada.until(() => ada.frames.length === 2, "userList");
  await bo.close();
  await ada.until(() => ada.frames.length === 3, "userList");
  assert.deepEqual(ada.heard[2], { type: "userList", users: ["Ada"] });
  assert.ok(!ada.frames.includes("tea?"), "nothing of one's own");
});

test("the dialect by query, by subprotocol, by the operator's variable; `/` is the room `default`", async () => {
  for (const dialect of DIALECTS) {
    const byQuery = await Chatter.connect(server, "choice", dialect);
    const byProtocol = await Chatter.connect(server, "choice", undefined, { protocols: [dialect] });
    assert.equal(byProtocol.socket.protocol, dialect);
    assert.equal(byQuery.socket.protocol, "");
  }
  const other = await startServer({ vars: { DEFAULT_DIALECT: "simple-chat" } });
  try {
    const ada = await Chatter.connect(other, "");
    ada.say("Ada");
    await ada.until(() => ada.frames.length === 1, "color");
    ada.say("tea?");
    const member = await Client.join(other, "default", "Member", { protocols: ["parlor.v1"] });
    await member.until(() => member.log.some(({ text }) => text === "tea?"));
  } finally {
    await other.close();
  }
});

/** What a connection of scalesocket hears of its own joining, whatever its number. @param {Chatter} one */
async function joinOf(one) {
  const mine = () => one.heard.find(({ t }) => t === "Join");
  await one.until(() => mine() !== undefined, "Join");
  return mine();
}
