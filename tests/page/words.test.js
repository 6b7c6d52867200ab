// @ts-check
// Every word that a person reads is in public/page/words/, in each language under the same name.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import * as arDialogs from "../../public/page/words/ar-dialogs.js";
import * as ar from "../../public/page/words/ar.js";
import * as enDialogs from "../../public/page/words/en-dialogs.js";
import * as en from "../../public/page/words/en.js";
import { plurals } from "../../public/page/words/plurals.js";

const PUBLIC = new URL("../../public/", import.meta.url);
const html = readFileSync(new URL("index.html", PUBLIC), "utf8");

/** @type {Record<string, Record<string, unknown>>} */
const LANGUAGES = { "en": en, "ar": ar, "en-dialogs": enDialogs, "ar-dialogs": arDialogs };

test("each file of words is tested here", () => {
  const files = readdirSync(new URL("page/words/", PUBLIC)).filter((file) => file !== "plurals.js");
  assert.deepEqual(files.sort(), Object.keys(LANGUAGES).map((language) => `${language}.js`).sort());
});

for (const [language, words] of Object.entries(LANGUAGES)) {
  const english = language.endsWith("-dialogs") ? enDialogs : en;

  test(`${language} has the words that English has, of the same kinds`, () => {
    assert.deepEqual(Object.keys(words).sort(), Object.keys(english).sort());
    for (const [name, word] of Object.entries(english)) {
      assert.equal(typeof words[name], typeof word, name);
      if (typeof word === "function") assert.equal(/** @type {Function} */ (words[name]).length, word.length, name);
      if (typeof word === "object") assert.deepEqual(Object.keys(/** @type {object} */ (words[name])), Object.keys(word), name);
      if (typeof word === "string") assert.notEqual(words[name], "", name);
    }
  });

  test(`${language} says every number from 0 to 120, and names as they are`, () => {
    for (const [name, word] of Object.entries(words)) {
      if (typeof word !== "function") continue;
      for (let n = 0; n <= 120; n++) assert.doesNotMatch(word(n, n, n), /#|undefined/, `${name} ${n}`);
      const isOfNames = /name|room|other/.test(String(word).split("=>")[0] ?? "");
      if (isOfNames) assert.match(word("Ada", "Bo", "Cy"), /Ada/, name);
    }
  });
}

test("Arabic has a form for each of its six kinds of number wherever it counts", () => {
  const source = ["ar.js", "ar-dialogs.js"].map((file) => readFileSync(new URL(`page/words/${file}`, PUBLIC), "utf8")).join("");
  const calls = [...source.matchAll(/say\(\w+, \{(.*?)\}\)/gs)].map(([, forms = ""]) => forms);
  assert.ok(calls.length > 5);
  const kinds = new Intl.PluralRules("ar").resolvedOptions().pluralCategories.sort();
  for (const forms of calls) assert.deepEqual([...forms.matchAll(/\b(\w+): "/g)].map(([, kind]) => kind).sort(), kinds, forms);
});

test("a number takes the form that goes with it, in the digits of the language", () => {
  const say = plurals("ar-EG");
  const forms = { one: "واحد", few: "# قليل", other: "#" };
  assert.deepEqual([1, 3, 100].map((n) => say(n, forms)), ["واحد", "٣ قليل", "١٠٠"]);
  assert.equal(plurals("en")(1_234, { one: "# word", other: "# words" }), "1,234 words");
});

test("index.html names its words, and has none of its own but for who has no JavaScript", () => {
  const body = html.slice(html.indexOf("<body>")).replace(/<noscript>.*?<\/noscript>|<!--.*?-->/gs, "");
  const texts = [...body.matchAll(/>([^<]*\p{L}[^<]*)</gu)].map(([, text]) => text?.trim());
  assert.deepEqual(texts, ["Parlor"], "the name of the page");
  assert.deepEqual(body.match(/\s(aria-label|placeholder|title|alt)=/g), null);
  const named = [...body.matchAll(/data-word(?:-\w+)?="(\w+)"/g)].map(([, name = ""]) => name);
  assert.ok(named.length > 20);
  for (const name of named) assert.equal(typeof (/** @type {Record<string, unknown>} */ (en)[name]), "string", name);
});

test("no word of a dialog has a name that a word of the page has", () => {
  assert.deepEqual(Object.keys(enDialogs).filter((name) => name in en), []);
});

test("every word is used", () => {
  const files = readdirSync(PUBLIC, { recursive: true, encoding: "utf8" }).filter((path) => path.startsWith("page/") && path.endsWith(".js"));
  const source = files.filter((path) => !path.startsWith("page/words/")).map((path) => readFileSync(new URL(path, PUBLIC), "utf8")).join("\n");
  const inCode = [...source.matchAll(/\bwords\.(\w+)/g)].map(([, name]) => name);
  const inMarkup = [...html.matchAll(/data-word(?:-\w+)?="(\w+)"/g)].map(([, name]) => name);
  const used = new Set([...inCode, ...inMarkup, "retry", "discard"]); // those two by `words[act]` in line.js
  assert.deepEqual([...Object.keys(en), ...Object.keys(enDialogs)].filter((name) => !used.has(name)), []);
});
