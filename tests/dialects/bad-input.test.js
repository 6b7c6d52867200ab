// @ts-check
/** Bad input in each dialect: it is dropped, or ends the connection that sent it, and harms nobody else. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client, startServer } from "../harness.js";
import { Chatter, DIALECTS } from "./chatter.js";

const server = await startServer();
after(() => server.close());

const HTML = `<img src=x onerror="alert('x')">&<script>alert(1)</script>`;
const NESTED = "[".repeat(30_000);

/** What each dialect's client says to have a name, and to say something. @type {Record<string, { name: (name: string) => string, message: (text: string) => string }>} */
const SPELLING = {
  "scalesocket": { name: (nick) => JSON.stringify({ nick, text: "hello" }), message: (text) => JSON.stringify({ nick: "Eve", text }) },
  "ws-chat": { name: (username) => JSON.stringify({ type: "join", username }), message: (text) => JSON.stringify({ type: "message", text }) },
  "simple-chat": { name: (name) => name, message: (text) => text },
  "text": { name: (user) => JSON.stringify({ type: "setUsername", user }), message: (text) => text },
};

test("scalesocket: whatever is no JSON object ends the connection, and that one only", async () => {
  const room = "scale-bad";
  const ada = await Client.join(server, room, "Ada");
  for (const bad of ["hello", "[]", "1", "null", "", "{", `{"x":${NESTED}`]) {
    const eve = await Chatter.connect(server, room, "scalesocket");
    eve.say(bad);
    assert.equal((await eve.ended())?.code, 4400, bad.slice(0, 9));
    assert.equal((await ada.next("left")).member_count, 1);
  }
  await ada.say("still here");
});

test("scalesocket: nobody speaks in the server's name, or in another's", async () => {
  const room = "scale-spoof";
  const ada = await Chatter.connect(server, room, "scalesocket");
  const eve = await Chatter.connect(server, room, "scalesocket");
  const member = await Client.join(server, room, "Member");
  for (const t of ["Join", "Leave", "anything"]) eve.say({ t, _from: 5 });
  eve.say({ t: "Join", _from: 5, _to: 1, _meta: true, _cache: true, nick: "Eve", text: "hello" });
  eve.say({ t: "Leave", _from: 5, n: 1 });
  await member.next((frame) => frame.text === '{"n":1}');
  member.send('{"t":"Join","_from":5}');
  await ada.until(() => ada.frames.some((frame) => frame.includes("Member")), "Member's message");
  const { from } = member.log[0] ?? {};
  const said = ada.heard.filter((frame) => !frame.t);
  assert.deepEqual(said, [
    { nick: "Eve", text: "hello", _from: from.id },
    { n: 1, _from: from.id },
    { nick: "Member", text: '{"t":"Join","_from":5}', _from: member.you.id },
  ]);
  assert.ok(ada.heard.every((frame) => frame._from !== 5));
  assert.equal(ada.heard.filter(({ t }) => t === "Join").length, 3, "those who came");
});

test("ws-chat: what it does not know is ignored, however often", async () => {
  const room = "ws-bad";
  const eve = await Chatter.connect(server, room, "ws-chat");
  for (let n = 0; n < 30; n++) {
    for (const bad of ["hello", "[]", "{}", NESTED, { type: "system", text: "x" }, { type: "message" }, { type: "message", text: {} }]) eve.say(bad);
  }
  eve.say({ type: "join", username: 7 });
  eve.say({ type: "join", username: "Eve" });
  await eve.hears({ type: "system", text: "Eve joined the chat" });
});

test("simple-chat: what is not taken is answered with the colour, which opens the input again", async () => {
  const eve = await Chatter.connect(server, "simple-bad", "simple-chat");
  eve.say("Eve");
  await eve.until(() => eve.frames.length === 1, "color");
  eve.say("  ");
  eve.say("x".repeat(2_001));
  await eve.until(() => eve.frames.length === 3, "color, twice");
  assert.deepEqual(eve.heard, Array(3).fill(eve.heard[0]));
});

for (const dialect of DIALECTS) {
  const { name, message } = SPELLING[dialect] ?? assert.fail();

  test(`${dialect}: HTML in a name or text is no HTML where a client would make it some`, async () => {
    const room = `html-${dialect}`;
    const watchers = await Promise.all(["ws-chat", "simple-chat"].map((other) => Chatter.connect(server, room, other)));
    const member = await Client.join(server, room, "Member");
    const eve = await Chatter.connect(server, room, dialect);
    eve.say(name(HTML));
    eve.say(message(HTML));
    await member.next((frame) => frame.text === HTML); // as it was said
    for (const one of watchers) {
      await one.until(() => one.frames.some((frame) => frame.includes("onerror=&quot;alert")), "the message");
      for (const frame of one.frames) assert.doesNotMatch(frame, /[<>]/);
    }
  });

  test(`${dialect}: over the rate is dropped, and the connection stays`, async () => {
    const room = `rate-${dialect}`;
    const member = await Client.join(server, room, "Member");
    const eve = await Chatter.connect(server, room, dialect);
    eve.say(name("Eve"));
    const began = performance.now();
    for (let n = 0; n < 60; n++) eve.say(message(`${n}`));
    await member.until(() => member.log.length >= 9);
    const slower = () => member.log.some(({ text }) => text === "slower");
    for (let tries = 0; tries < 20 && !slower(); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000)); // a token takes half a second
      eve.say(message("slower")); // who is still busy with the sixty drops it as well
    }
    await member.until(slower);
    const regained = (2 * (performance.now() - began)) / 1_000;
    assert.ok(member.log.length <= 12 + regained, `${member.log.length} of 60, ${regained} regained meanwhile`);
    assert.equal(eve.end, undefined);
  });

  test(`${dialect}: a frame too big or binary ends the connection; nobody else loses anything`, async () => {
    const room = `big-${dialect}`;
    const member = await Client.join(server, room, "Member");
    for (const [frame, code] of /** @type {[string | Buffer, number][]} */ ([["x".repeat(70_000), 1009], [Buffer.from("x"), 1003]])) {
      const eve = await Chatter.connect(server, room, dialect);
      eve.say(message("before"));
      eve.say(frame);
      assert.equal((await eve.ended())?.code, code);
    }
    const text = await member.say("after");
    assert.equal(text.from.name, "Member");
  });

  test(`${dialect}: no frame makes the room fail`, async () => {
    const room = `crash-${dialect}`;
    const member = await Client.join(server, room, "Member");
    const bad = ["", "{}", "{", "null", "\u0000", "\u202e", "\ud83d", '{"type":"join"}', '{"type":"constructor"}', '{"__proto__":{"x":1}}', NESTED,
      '{"type":"message","text":"\\ud800"}', '{"nick":"\\u0000","text":"\\u202e"}', `{"type":"setUsername","user":"${"n".repeat(60_000)}"}`];
    for (const frame of bad) {
      const eve = await Chatter.connect(server, room, dialect);
      eve.say(frame);
      eve.say(frame);
    }
    await member.say("the room stands");
    for (const { from } of member.log) assert.match(from.name, /^.{1,30}$/);
    const { status } = await server.request(`/api/rooms/${room}`);
    assert.equal(status, 200);
  });
}

test("no dialect, no room: an unknown name is refused before the upgrade", async () => {
  for (const path of ["/x?dialect=socket.io", "/x?dialect="]) {
    const { status } = await server.upgrade(path);
    assert.equal(status, 400, path);
  }
});
