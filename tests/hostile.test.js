// @ts-check
/**
 * Hostile inputs, kept as data in tests/hostile: each gets its one specified answer, and two members of the same
 * room who chat meanwhile notice nothing but what is specified.
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { request as httpRequest } from "node:http";
import { once } from "node:events";
import { after, test } from "node:test";
import { Chatter } from "./dialects/chatter.js";
import { Client, startServer, UNHURRIED } from "./harness.js";
import { readAnswer } from "./http.js";
import { Bystanders } from "./hostile/bystanders.js";
import { bytes, frame, inputs, spell } from "./hostile/inputs.js";

/** @typedef {import("./hostile/inputs.js").Input} Input */

/** Fewer would be a file that got lost. */
const INPUTS_MIN = 500;
/** An answer that takes longer is none. */
const ANSWER_MS = 30_000;
/** Inputs from one connection: below the number that ends it for wasting the room's time. */
const INPUTS_PER_CONNECTION = 100;
const SECRET = "0123456789abcdef0123456789abcdef";
const ROOM = "hostile";

const server = await startServer({ vars: { ...UNHURRIED, CONNECTIONS_PER_ADDRESS_MAX: "1000" } });
const guarded = await startServer({ vars: { ...UNHURRIED, ALLOWED_ORIGINS: "https://site.example" } });
const closed = await startServer({ vars: { ...UNHURRIED, AUTH_SECRET: SECRET } });
after(() => Promise.all([server.close(), guarded.close(), closed.close()]));

/** @type {Set<string>} */
const played = new Set();

/**
 * Plays each input as a test of its own name, while the bystanders talk.
 * @param {string} file @param {Bystanders} bystanders @param {(input: Input) => Promise<void>} play
 */
function each(file, bystanders, play) {
  for (const [index, input] of inputs(file).entries()) {
    const { what, ...rest } = input;
    const print = JSON.stringify([file, rest]);
    assert.ok(!played.has(print), `${file}: the same input twice: ${print}`);
    played.add(print);
    test(`${file} ${index}: ${what}`, () => bystanders.meanwhile(() => play(input)));
  }
}

/** An attacker who comes again when the connection has ended, or was used long enough. */
class Attacker {
  /** @type {Client | undefined} */ client;
  #inputs = 0;

  /** @param {string} room @param {Bystanders} bystanders */
  constructor(room, bystanders) {
    this.room = room;
    this.bystanders = bystanders;
  }

  async connection() {
    if (this.client?.isOpen && this.#inputs++ < INPUTS_PER_CONNECTION) return this.client;
    if (this.client?.isOpen) await this.leave();
    this.client = await Client.join(server, this.room, "Eve");
    this.#inputs = 0;
    await this.bystanders.notice("joined Eve");
    return this.client;
  }

  async leave() {
    await this.client?.close();
    await this.bystanders.notice("left");
  }

  /** The answers to a frame: all until the answer to a ping that follows it. @param {string | Buffer} data @param {boolean} isPing whether it is a ping itself */
  async answers(data, isPing) {
    const client = await this.connection();
    const before = client.frames.length;
    client.writeRaw(data);
    client.writeRaw('{"type": "ping", "fence": true}');
    const pongs = isPing ? 2 : 1;
    await client.until(() => client.frames.slice(before).filter((it) => it.type === "pong").length === pongs);
    const answers = client.frames.slice(before, client.frames.findLastIndex((it) => it.type === "pong"));
    return answers.filter((it) => it.from?.name !== "Ada");
  }
}

/** @param {import("./harness.js").Client} client @param {number} code @param {string | Buffer} data */
async function assertEnds(client, data, code) {
  client.writeRaw(data);
  assert.equal((await client.closed()).code, code);
}

/** Asserts what an error may say. @param {any} error @param {string} code */
function assertError(error, code) {
  assert.equal(error.code, code, JSON.stringify(error).slice(0, 300));
  assert.ok(Object.keys(error).every((key) => ["type", "code", "message", "temporary", "retry_after_ms", "id"].includes(key)));
  assert.ok(typeof error.message === "string" && error.message.length > 0 && error.message.length < 300, error.message.slice(0, 400));
  assert.doesNotMatch(error.message, /panicked|\.rs\b|RuntimeError|wasm|at .*\.js/, "no internals");
}

{
  const bystanders = await Bystanders.join(server, ROOM);
  const attacker = new Attacker(ROOM, bystanders);
  each("parlor.v1", bystanders, async (input) => {
    if (input.close !== undefined) {
      await assertEnds(await attacker.connection(), frame(input), input.close);
      return bystanders.notice("left");
    }
    const answers = await attacker.answers(frame(input), input.frame?.type === "pong");
    if (input.error !== undefined) {
      assert.deepEqual(answers.map(({ type }) => type), ["error"]);
      assertError(answers[0], input.error);
      return bystanders.notice();
    }
    if (input.frame !== undefined) {
      assert.deepEqual(answers, [input.frame]);
      return bystanders.notice();
    }
    await bystanders.notice(`Eve: ${input.message}`);
    const { messages } = (await server.request(`/api/rooms/${ROOM}/messages`)).json;
    const stored = messages.findLast((/** @type {any} */ message) => message.from.name === "Eve");
    assert.equal(stored.text, input.message, "stored as it was sent");
  });
  test("parlor.v1: all in all nothing is missing", async () => {
    bystanders.assertWhole();
    await attacker.leave();
  });
}

{
  const room = "hostile-before";
  const bystanders = await Bystanders.join(server, room);
  each("before-join", bystanders, async ({ send, error }) => {
    const lurker = await Client.connect(server, room);
    lurker.writeRaw(spell(send));
    assertError(await lurker.next("error"), error);
    await bystanders.notice();
    await lurker.join("Eve");
    await lurker.close();
    await bystanders.notice("joined Eve", "left");
  });
}

{
  const room = "hostile-names";
  const bystanders = await Bystanders.join(server, room);
  each("names", bystanders, async ({ name, becomes, error }) => {
    const wished = spell(name);
    const client = await Client.connect(server, room);
    client.write({ type: "join", name: wished });
    if (error !== undefined) {
      assertError(await client.next("error"), error);
      await bystanders.notice();
      await client.join("Eve");
      client.write({ type: "rename", name: wished });
      assertError(await client.next("error"), error);
      await client.close();
      return bystanders.notice("joined Eve", "left");
    }
    assert.equal((await client.next("welcome")).you.name, becomes);
    await bystanders.notice(`joined ${becomes}`);
    client.write({ type: "rename", name: "Eve" });
    client.write({ type: "rename", name: wished });
    await client.next((frame) => frame.type === "renamed" && frame.member.name === becomes);
    await bystanders.notice("renamed Eve", `renamed ${becomes}`);
    await client.close();
    await bystanders.notice("left");
  });
}

/** How a client of a dialect takes a name, and says something. @type {Record<string, { name: string, say: (text: string) => string }>} */
const DIALECTS = {
  "scalesocket": { name: '{"nick":"Eve","text":"hello"}', say: (text) => JSON.stringify({ nick: "Eve", text }) },
  "ws-chat": { name: '{"type":"join","username":"Eve"}', say: (text) => JSON.stringify({ type: "message", text }) },
  "simple-chat": { name: "Eve", say: (text) => text },
  "text": { name: '{"type":"setUsername","user":"Eve"}', say: (text) => text },
};

for (const [dialect, { name, say }] of Object.entries(DIALECTS)) {
  const room = `hostile-${dialect}`;
  const bystanders = await Bystanders.join(server, room);
  const watcher = await Chatter.connect(server, room, dialect);
  if (dialect === "simple-chat") watcher.say("Watcher");
  let fences = 0;

  /** Has the attacker say something that is heard, so that what came before was heard too, or not at all. @param {Chatter} eve */
  const fence = async (eve) => {
    const text = `fence ${++fences}`;
    eve.say(say(text));
    const { listener } = bystanders;
    await listener.until(() => listener.frames.some((frame) => frame.text === text));
    const heard = await bystanders.hear();
    assert.equal(heard.pop()?.text, text);
    return heard;
  };

  each(dialect, bystanders, async (input) => {
    const eve = await Chatter.connect(server, room, dialect);
    eve.say(name);
    await fence(eve);
    const shown = watcher.frames.length;
    eve.say(frame(input));
    if (input.close !== undefined) {
      assert.equal((await eve.ended())?.code, input.close);
      return bystanders.notice("left");
    }
    const heard = await fence(eve);
    await watcher.until(() => watcher.frames.some((told) => told.includes(`fence ${fences}`)), "the fence");
    const told = watcher.frames.slice(shown);
    const messages = heard.filter(({ type }) => type === "message").map(({ from, text }) => ({ name: from.name, text }));
    const expected = input.said ?? [];
    if (input.said === undefined) assert.deepEqual(messages, []);
    else assert.deepEqual(messages, [{ name: expected.name === "KEEP" ? "Eve" : expected.name, text: spell(expected.text) }]);
    if (input.renames !== undefined) {
      const renamed = heard.filter(({ type }) => type === "renamed").map(({ member }) => member.name);
      assert.deepEqual(renamed, input.renames === "Eve" ? [] : [input.renames]);
    }
    if (input.heard !== undefined) assert.deepEqual(heard.map(({ type }) => type), input.heard);
    if (input.dropped) assert.deepEqual(heard, []);
    if (input.shown !== undefined && dialect !== "text") {
      const parsed = told.map((frame) => JSON.parse(frame));
      const matches = (/** @type {any} */ frame) => contains(frame, input.shown);
      assert.ok(parsed.some(matches), `shown as ${told[0]}`);
    } else if (input.shown !== undefined) {
      assert.ok(told.includes(input.shown));
    }
    if (dialect === "ws-chat" || dialect === "simple-chat") {
      for (const frame of told) assert.doesNotMatch(frame, /<|>/, "escaped for who inserts HTML");
    }
    await eve.close();
    const rest = await bystanders.hear();
    assert.deepEqual(rest.map(({ type }) => type), ["left"]);
  });
  test(`${dialect}: all in all nothing is missing`, () => bystanders.assertWhole());
}

/** Whether a frame has all that another one has. @param {any} frame @param {any} part @returns {boolean} */
function contains(frame, part) {
  if (typeof part !== "object" || part === null) return frame === part;
  return typeof frame === "object" && frame !== null && Object.entries(part).every(([key, value]) => contains(frame[key], value));
}

{
  const bystanders = await Bystanders.join(server, "hostile-http");
  each("urls", bystanders, async ({ path, method, body, upgrade, status, code }) => {
    const answer = upgrade ? await server.upgrade(path) : await server.request(path, { method, body });
    assert.equal(answer.status, status, answer.text.slice(0, 300));
    if (code !== undefined) assertError(answer.json?.error, code);
    await bystanders.notice();
  });
  each("headers", bystanders, async ({ path, headers, upgrade, method, body, status, code, guarded: isGuarded }) => {
    const asked = isGuarded ? guarded : server;
    const spelled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, spell(/** @type {any} */ (value))]));
    const answer = upgrade ? await asked.upgrade(path, spelled) : await asked.request(path, { method, headers: spelled, body });
    assert.equal(answer.status, status, answer.text.slice(0, 300));
    if (code !== undefined) assertError(answer.json?.error, code);
    await bystanders.notice();
  });
  each("bodies", bystanders, async ({ body, chunked, endless, status, code, message }) => {
    const answer = await post(bytes(body), chunked, endless);
    assert.equal(answer.status, status, answer.text.slice(0, 300));
    if (code !== undefined) assertError(answer.json?.error, code);
    else assert.equal(answer.json.text, message);
    const texts = (await bystanders.hear()).map(({ text }) => text);
    assert.deepEqual(texts, status === 201 ? [message] : []);
  });
  test("over HTTP: all in all nothing is missing", () => bystanders.assertWhole());
}

/** @param {string | Buffer} body @param {boolean} chunked whether its length is not told before @param {boolean} endless whether its end never comes */
async function post(body, chunked, endless) {
  const length = chunked ? { "transfer-encoding": "chunked" } : { "content-length": String(Buffer.byteLength(body)) };
  const outgoing = httpRequest({ host: "127.0.0.1", port: server.port, path: "/api/rooms/hostile-http/messages", method: "POST", headers: length, agent: false });
  outgoing.on("error", () => {}); // it may be answered before all of it is sent
  outgoing.write(body);
  if (!endless) outgoing.end();
  const [incoming] = await once(outgoing, "response", { signal: AbortSignal.timeout(ANSWER_MS) });
  const answer = await readAnswer(incoming);
  outgoing.destroy();
  return answer;
}

{
  const now = Math.floor(Date.now() / 1_000);
  const bystanders = await Bystanders.join(closed, ROOM, { headers: { authorization: `Bearer ${made({ header: { alg: "HS256" }, claims: { exp: "+7200" } })}` } });
  each("tokens", bystanders, async (input) => {
    const shown = input.token === undefined ? made(input) : spell(input.token);
    const [path, headers] = ways(shown)[input.where] ?? assert.fail();
    for (const answer of [await closed.upgrade(`/${ROOM}${path}`, headers), await closed.request(`/api/rooms/${ROOM}/messages${path}`, { headers })]) {
      assert.equal(answer.status, 401, answer.text);
      assertError(answer.json.error, "unauthorized");
      assert.equal(answer.json.error.message, input.reason);
    }
    await bystanders.notice();
  });

  /** @param {string} shown @returns {Record<string, [string, Record<string, string>]>} */
  function ways(shown) {
    return {
      header: ["", { authorization: `Bearer ${shown}` }],
      query: [`?token=${encodeURIComponent(shown)}`, {}],
      subprotocol: ["", { "sec-websocket-protocol": `parlor.v1, bearer.${shown}` }],
    };
  }

  /** Makes the token that an input describes. @param {Partial<Input>} input */
  function made({ header, claims = {}, payload, secret = SECRET, signature }) {
    const inTime = (/** @type {unknown} */ value) => (typeof value === "string" && /^[+-]\d+$/.test(value) ? now + Number(value) : value);
    const told = Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, inTime(value)]));
    const encode = (/** @type {string} */ text) => Buffer.from(text).toString("base64url");
    const signed = `${encode(JSON.stringify(header))}.${encode(payload === undefined ? JSON.stringify(told) : spell(payload))}`;
    const mac = createHmac("sha256", secret).update(signed).digest();
    const right = mac.toString("base64url");
    const others = {
      half: mac.subarray(0, 16).toString("base64url"),
      more: `${right}AAAA`,
      flip: Buffer.from(mac.map((byte, at) => (at === 0 ? byte ^ 1 : byte))).toString("base64url"),
      pad: `${right}=`,
      alphabet: `${right.slice(0, -4)}+/+/`,
      other: createHmac("sha256", secret).update(`${signed}x`).digest("base64url"),
    };
    return `${signed}.${signature === undefined ? right : (Object(others)[signature] ?? signature)}`;
  }
}

test("there are hundreds of inputs, each another", () => {
  assert.ok(played.size >= INPUTS_MIN, `only ${played.size}`);
});
