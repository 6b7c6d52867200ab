// @ts-check
/** The judges themselves: each kind of broken promise is seen, by the log or by the verdict. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Log, lineOf } from "./log.js";
import { verdict } from "./verdict.js";

/** @typedef {import("./log.js").Message} Message */

const NAMES = ["Ada", "Grace"];

/** @param {number} seq @param {Partial<Message>} [fields] @returns {Message} */
function message(seq, fields) {
  const speaker = (seq - 1) % NAMES.length;
  const from = { id: speaker + 1, name: /** @type {string} */ (NAMES[speaker]), color: "#336699" };
  return { seq, id: `line-${Math.ceil(seq / NAMES.length)}`, from, text: `text ${seq}`, sent_at: 1_000 + seq, ...fields };
}

/** A room of eight messages that two have said, in which all is well. */
function sound() {
  const rows = Array.from({ length: 8 }, (_, n) => message(n + 1));
  const witnesses = NAMES.map((name, n) => {
    const own = rows.filter(({ from }) => from.name === name);
    return {
      name,
      member: n + 1,
      log: { base: 0, lines: rows.map(lineOf), head: rows.length },
      said: new Map(own.map(({ id, text }) => [id, text])),
      acknowledged: new Map(own.map(({ id, seq }) => [id, seq])),
    };
  });
  return { rows, pages: [...rows], witnesses };
}

/** @typedef {ReturnType<typeof sound>} Room */

/** What is done to a sound room, and what the verdict says of it. @type {Record<string, [(room: Room) => void, RegExp]>} */
const WRONGS = {
  "an acknowledged message that is lost": [({ rows }) => rows.pop(), /line-4 is lost, acknowledged as 8/],
  "a message stored twice": [({ rows }) => rows.push(message(9, { id: "line-1", from: message(1).from })), /stored as 1 and as 9/],
  "a gap in the table": [({ rows }) => rows.splice(3, 1), /seq 5 as its number 4/],
  "another order in one log": [({ witnesses: [ada] }) => ada?.log.lines.splice(2, 0, ...ada.log.lines.splice(4, 1)), /the log of Ada has/],
  "a log that ends too soon": [({ witnesses: [, grace] }) => grace?.log.lines.pop(), /the log of Grace has undefined/],
  "a message seen that is not stored": [({ witnesses: [ada] }) => ada?.log.lines.push(lineOf(message(9))), /goes on after the table's end/],
  "history that is not the table": [({ pages }) => pages.pop(), /the paged history has undefined/],
  "another text than was said": [({ witnesses: [ada] }) => ada?.said.set("line-1", "else"), /is text 1, not else/],
  "another seq than was acknowledged": [({ witnesses: [ada] }) => ada?.acknowledged.set("line-1", 2), /stored as 1, acknowledged as 2/],
  "a message that nobody said": [({ rows }) => rows.push(message(9, { id: "line-99" })), /9 stored, 8 said/],
};

test("a sound room has nothing against it", () => {
  const { rows, pages, witnesses } = sound();
  assert.deepEqual(verdict(witnesses, pages, rows), []);
});

for (const [name, [spoil, complaint]] of Object.entries(WRONGS)) {
  test(`the verdict sees ${name}`, () => {
    const room = sound();
    spoil(room);
    assert.match(verdict(room.witnesses, room.pages, room.rows).join("\n"), complaint);
  });
}

test("what one said first comes first, unless it was refused for now", () => {
  const { rows, pages, witnesses } = sound();
  const [ada] = witnesses;
  assert.ok(ada);
  ada.said = new Map([...ada.said].reverse());
  assert.match(verdict(witnesses, pages, rows).join("\n"), /line-3 is before what was said before it/);
  assert.deepEqual(verdict([{ ...ada, refused: new Set(ada.said.keys()) }, ...witnesses.slice(1)], pages, rows), []);
});

test("a client's log takes repeats, and refuses gaps and other words", () => {
  const log = new Log();
  log.begin(4);
  assert.equal(log.take(message(5)), undefined);
  assert.equal(log.take(message(6)), undefined);
  assert.equal(log.take(message(5)), undefined, "again");
  assert.match(String(log.take(message(8))), /gap/);
  assert.match(String(log.take(message(6, { text: "else" }))), /came where/);
  assert.equal(log.head, 6);
});
