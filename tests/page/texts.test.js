// @ts-check
// What is found in texts and names: links, room names, ids.

import assert from "node:assert/strict";
import test from "node:test";
import { findLinks } from "../../public/page/links.js";
import { randomId } from "../../public/client/random-id.js";
import { newPrivateRoom, roomFromPath, roomNameProblem } from "../../public/page/room-name.js";

/** @param {string} text */
const links = (text) => findLinks(text).flatMap(({ href }) => href ?? []);

test("finds web addresses and leaves the sentence its marks", () => {
  assert.deepEqual(links("See https://a.example/x?y=1#z, and (http://b.example)."), ["https://a.example/x?y=1#z", "http://b.example/"]);
  assert.deepEqual(links("https://en.example/wiki/Rust_(language)"), ["https://en.example/wiki/Rust_(language)"]);
});

test("makes no link of anything but http and https", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "xhttps://", "https://", "www.example.org"]) {
    assert.deepEqual(links(text), [], text);
  }
});

test("the parts of a text joined are the text", () => {
  for (const text of ["", "plain", "https://a.example", "a\nhttps://a.example/)!?\nb", "https:// https://b.example/..."]) {
    assert.equal(findLinks(text).map((part) => part.text).join(""), text);
  }
});

test("room names as the protocol has them", () => {
  for (const name of ["a", "7", "~x", "Tea.time_2-~", "x".repeat(64)]) assert.equal(roomNameProblem(name), undefined, name);
  for (const name of ["", ".a", "-a", "_a", "a b", "a/b", "ä", "x".repeat(65)]) assert.equal(roomNameProblem(name), "wrong", name);
  for (const name of ["api", "health", "metrics", "status", "client", "page"]) assert.equal(roomNameProblem(name), "reserved", name);
});

test("the room in a path", () => {
  assert.equal(roomFromPath("/"), "");
  assert.equal(roomFromPath("/~a%2Db"), "~a-b");
  assert.equal(roomFromPath("/%"), "%");
});

test("ids and private rooms are 22 characters of 128 random bits", () => {
  const ids = new Set(Array.from({ length: 1_000 }, randomId));
  assert.equal(ids.size, 1_000);
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{22}$/);
  assert.equal(roomNameProblem(newPrivateRoom()), undefined);
});
